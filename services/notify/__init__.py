"""Tells citizens what happened to their dossier: Zalo first, then SMS, then the counter's call list."""
