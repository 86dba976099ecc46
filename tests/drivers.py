"""Which MongoDB client a run uses: `make test-pymongo-async` runs with PyMongo's own what other runs do with Motor."""

from services.kit.settings import Settings

DRIVER = Settings().mongo_driver

__all__ = ["DRIVER"]
