"""The operators' command line: the one place that knows all services."""
