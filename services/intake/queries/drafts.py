"""Reading a draft, for who shows its token."""

from __future__ import annotations

from datetime import datetime

from services.intake.domain.draft import Draft, opened
from services.intake.store import DRAFTS
from services.kit.mongo import Mongo
from services.kit.tokens import token_hash


async def take_draft(mongo: Mongo, id: str, token: str, now: datetime) -> Draft:
    """The draft with its content and files; of one that was filed already only `filed_as` is left.

    Raises: Missing `draft-unknown`: none, another token, or expired.
    """
    return opened(await DRAFTS.read(mongo, id), token_hash(token), now)
