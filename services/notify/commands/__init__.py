"""Everything that changes state, one use case a file."""
