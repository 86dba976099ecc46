"""Delivery receipts of an SMSC: a deliver_sm whose text tells what became of a message (SMPP 3.4, appendix B).

The form is only a custom: letters of any case, dates with or without seconds, sometimes no text at all but the optional
parameters. What cannot be read is refused with a word, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Literal

from services.kit.clock import VIETNAM

ReceiptIds = Literal["same", "decimal"]
LONGEST_ID: Final = 64
INTERIM: Final = frozenset({"ENROUTE", "ACCEPTD"})
FINAL: Final = frozenset({"DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "UNKNOWN", "REJECTD"})
SAME_MINUTE, WILD = timedelta(minutes=1), timedelta(days=30)
_STATES: Final = ("ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD")
"""message_state 1 to 8."""
_ID = re.compile(rf"[!-~]{{1,{LONGEST_ID}}}")
_TEXT = re.compile(r"(?<![a-z])text:", re.IGNORECASE)
_FIELD = re.compile(r"(?<![a-z])(id|stat|done date):(\S*)", re.IGNORECASE)
_DATE = re.compile(r"(\d{10})(\d{2})?", re.ASCII)


class Malformed(StrEnum):
    """Why a receipt is refused."""

    NO_ID = "no-id"
    NO_STATE = "no-state"


class Unreadable(Exception):
    """This is no receipt we understand."""

    def __init__(self, word: Malformed) -> None:
        super().__init__(word)
        self.word = word


@dataclass(frozen=True)
class Receipt:
    """What an SMSC says of one message, in a final state."""

    provider_id: str
    delivered: bool
    at: datetime


@dataclass(frozen=True)
class Told:
    """What of a deliver_sm a receipt is read from."""

    text: str = field(repr=False)
    message_id: str = ""
    """receipted_message_id, where it was sent."""
    state: int = 0
    """message_state, where it was sent."""


def read_receipt(told: Told, ids: ReceiptIds, now: datetime) -> Receipt | None:
    """A final state; None for an interim one.

    Raises: Unreadable.
    """
    # The text of the message itself comes last and may hold anything, "stat:" too.
    said = {name.lower(): value for name, value in reversed(_FIELD.findall(_TEXT.split(told.text, maxsplit=1)[0]))}
    state = said.get("stat", "").upper() or (_STATES[told.state - 1] if 1 <= told.state <= len(_STATES) else "")
    if state in INTERIM:
        return None
    if state not in FINAL:
        raise Unreadable(Malformed.NO_STATE)
    # The parameter names the message as the submit_sm_resp did, whatever the text does.
    number = receipt_id(said["id"], ids) if said.get("id") else reply_id(told.message_id, ids)
    if not _ID.fullmatch(number):
        raise Unreadable(Malformed.NO_ID)
    return Receipt(number, state == "DELIVRD", _moment(said.get("done date", ""), now))


def receipt_document(receipt: Receipt, ref: str, lane: str, now: datetime) -> dict[str, Any]:
    """The row to keep; the same receipt again has the same id."""
    word = "delivered" if receipt.delivered else "failed"
    row: Mapping[str, Any] = {
        "_id": f"smpp|{word}|{receipt.provider_id}",
        "provider": "smpp",
        "event": "deliver_sm",
        "ref": ref,
        "provider_id": receipt.provider_id,
        "delivered": receipt.delivered,
        "at": receipt.at,
        "received_at": now,
        "lane": lane,
    }
    return dict(row)


def reply_id(said: str, ids: ReceiptIds) -> str:
    """A message_id of a submit_sm_resp as we keep it. Some SMSCs write it in hexadecimal there, in decimal later."""
    if ids == "decimal" and re.fullmatch(rf"[0-9a-fA-F]{{1,{LONGEST_ID}}}", said):
        return str(int(said, 16))
    return said


def receipt_id(said: str, ids: ReceiptIds) -> str:
    """A receipt's id as we keep it."""
    if ids == "decimal" and re.fullmatch(rf"[0-9]{{1,{LONGEST_ID}}}", said):
        return str(int(said))
    return said


def _moment(said: str, now: datetime) -> datetime:
    """`YYMMDDhhmm` or with seconds, by the SMSC's clock in Viet Nam; a wild value must not cost the receipt."""
    found = _DATE.fullmatch(said)
    if found is None:
        return now
    try:
        moment = datetime.strptime(found[1] + (found[2] or "00"), "%y%m%d%H%M%S").replace(tzinfo=VIETNAM)
    except ValueError:
        return now
    moment = moment.astimezone(now.tzinfo)
    # Without seconds a message would seem delivered before it was sent: in the same minute it is now.
    return moment if SAME_MINUTE <= now - moment < WILD else now
