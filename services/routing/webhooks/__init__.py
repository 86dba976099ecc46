"""Webhooks: an agency's own system is told of its dossiers over HTTP, signed, in order, until it has them."""
