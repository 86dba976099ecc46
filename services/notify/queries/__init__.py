"""Everything that is read, one question a file."""
