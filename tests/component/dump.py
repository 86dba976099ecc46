"""Everything that a database holds, as text: what must not be in it is looked for everywhere."""

from __future__ import annotations

from pymongo import MongoClient

from services.notify.settings import NotifySettings


def whole_database(settings: NotifySettings) -> str:
    """All documents of notify's database."""
    client: MongoClient[dict[str, object]] = MongoClient(settings.mongodb_url.get_secret_value())
    with client:
        database = client[f"{settings.mongodb_prefix}_notify"]
        return "\n".join(
            f"{name}: {document}" for name in database.list_collection_names() for document in database[name].find({})
        )
