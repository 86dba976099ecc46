"""One read a file."""
