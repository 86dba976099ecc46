"""One use case a file; this listing is what webhooks can do."""
