"""One use case a file; this listing is what intake can do."""
