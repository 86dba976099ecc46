"""What routing adds to the operator's console: what is stuck."""
