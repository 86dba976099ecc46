"""The language between services, and nothing else: event models, topics, schemas, samples.

Imports no service and no engine client, so that a partner can take this package alone.
"""
