"""One use case a file; this listing is what routing can do."""
