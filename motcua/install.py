"""What must exist before the processes run: topics, collections, indexes, keys, catalogue, agencies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pymongo import IndexModel

import services.intake.store as intake_store
import services.notify.store as notify_store
import services.routing.store as routing_store
from contracts.problems import Invalid
from contracts.types import UnitCode
from services.intake.catalogue import CatalogueFile, ImportReport
from services.intake.commands.import_catalogue import import_catalogue
from services.intake.commands.import_register import import_register
from services.intake.register import RegisterFile, RegisterReport
from services.kit import schema
from services.kit.auth import ApiKeys
from services.kit.clock import Now
from services.kit.commit import Committer
from services.kit.ids import new_id
from services.kit.mongo import Mongo
from services.kit.store import Store
from services.kit.work import Cause
from services.routing.commands.import_agencies import ReplaceDirectory, read_agencies

SERVICES = ("intake", "routing", "notify")


def _schemas() -> Mapping[str, tuple[Sequence[Store[Any]], Mapping[str, Sequence[IndexModel]]]]:
    return {
        "intake": (intake_store.STORES, intake_store.MORE),
        "routing": (routing_store.STORES, routing_store.MORE),
        "notify": (notify_store.STORES, notify_store.MORE),
    }


async def prepare_databases(mongo: Mongo, service: str) -> None:
    """Create a service's collections and indexes; what exists stays."""
    stores, collections = _schemas()[service]
    await schema.ensure(mongo, stores, collections)


async def issue_keys(mongo: Mongo, now: Now, keys: Mapping[str, list[str]]) -> None:
    """Store given API keys with their scopes; again with the same keys only renews them."""
    store = ApiKeys(mongo, now)
    for key, scopes in keys.items():
        await store.issue(scopes, label="installation", key=key)


async def load_agencies(mongo: Mongo, now: Now, content: bytes) -> bool:
    """Put the directory of agencies in place. Returns: whether it changed. Raises: contracts.problems.Invalid."""
    directory = read_agencies(content)
    changed: bool = await Committer(mongo, "/routing", now).run(ReplaceDirectory(directory), cause=Cause(new_id()))
    return changed


async def load_catalogue(
    mongo: Mongo, now: Now, file: CatalogueFile, *, skip_refused: bool = False, dry_run: bool = False
) -> ImportReport:
    """Publish a read catalogue file, all of it or nothing; the report's `stored` says which."""
    committer = Committer(mongo, "/intake", now)
    return await import_catalogue(committer, file, skip_refused=skip_refused, dry_run=dry_run)


async def load_register(
    mongo: Mongo,
    now: Now,
    counter: str,
    file: RegisterFile,
    *,
    dry_run: bool = False,
    on_progress: Callable[[int], None] = lambda done: None,
) -> RegisterReport:
    """Import a read register of a counter. Raises: Invalid `counter-malformed`."""
    try:
        TypeAdapter(UnitCode).validate_python(counter)
    except ValidationError:
        raise Invalid("counter-malformed", "Mã quầy không đúng dạng, ví dụ H12.970.00.") from None
    committer = Committer(mongo, "/intake", now)
    return await import_register(committer, counter, file, dry_run=dry_run, on_progress=on_progress)
