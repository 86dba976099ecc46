"""Signatures and bodies: the example of the guide takes what we send and nothing else."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Envelope
from contracts.events import DossierEvent
from contracts.events.intake import DossierReturned, DossierSubmitted
from contracts.events.routing import AgencyTransferOpened, DossierTransferred
from contracts.types import Channel, HandOverMethod, HandOverProof, Mechanism, ReceivedBy
from services.routing.webhooks.domain.catalogue import CONSUMED, SEALED_FIELDS, SUBSCRIBABLE
from services.routing.webhooks.domain.cloud_event import data_of, event_key, opened, structured
from services.routing.webhooks.domain.signature import SECRET_BYTES, secret_of, sign, signed_headers

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "agency.md"
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CODE = "H12.970.00-260302-0001"
BOX = base64.urlsafe_b64encode(b"x" * 80).decode()


def _verify() -> Callable[[str, Mapping[str, str], bytes], bool]:
    """The function that the guide shows to partners."""
    [example] = [
        block for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
        if "def verify" in block
    ]  # fmt: skip
    names: dict[str, Any] = {}
    exec(example, names)
    verify: Callable[[str, Mapping[str, str], bytes], bool] = names["verify"]
    return verify


VERIFY = _verify()
SECRETS = st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES).map(secret_of)
IDS = st.text(alphabet="0123456789abcdef-", min_size=1, max_size=64)


@given(SECRETS, SECRETS, IDS, st.binary(max_size=300))
def test_the_guides_example_takes_our_signature_and_no_other(secret: str, other: str, id: str, body: bytes) -> None:
    now = int(time.time())
    headers = signed_headers([secret], id, now, body)
    assert VERIFY(secret, headers, body)
    assert VERIFY(other, headers, body) is (secret == other)
    assert not VERIFY(secret, headers, body + b" ")
    assert not VERIFY(secret, {**headers, "webhook-id": id + "0"}, body)
    assert not VERIFY(secret, {**headers, "webhook-timestamp": str(now + 1)}, body)


@given(SECRETS, SECRETS, st.binary(max_size=50))
def test_while_a_secret_is_changed_either_of_the_two_is_enough(new: str, old: str, body: bytes) -> None:
    headers = signed_headers([new, old], "id", int(time.time()), body)
    assert VERIFY(new, headers, body)
    assert VERIFY(old, headers, body)
    assert len(headers["webhook-signature"].split(" ")) == 2


def test_an_old_request_is_not_taken_again() -> None:
    secret = secret_of(b"s" * SECRET_BYTES)
    headers = signed_headers([secret], "id", int(time.time()) - 301, b"{}")
    assert not VERIFY(secret, headers, b"{}")


def test_the_scheme_is_standard_webhooks() -> None:
    """The vector of the scheme's own libraries."""
    signature = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def submitted(**changes: Any) -> DossierSubmitted:
    values: dict[str, Any] = {
        "code": CODE, "occurred_at": NOW, "procedure_code": "1.014466.H12", "procedure_version": 1,
        "procedure_name": "Đăng ký khai sinh", "mechanism": Mechanism.ONE_STOP, "channel": Channel.COUNTER,
        "counter": "H12.970.00", "received_at": NOW, "due_at": NOW, "contact": BOX,
    }  # fmt: skip
    return DossierSubmitted(**(values | changes))


def returned() -> DossierReturned:
    return DossierReturned(
        code=CODE, occurred_at=NOW, counter="H12.970.00", method=HandOverMethod.COUNTER,
        received_by=ReceivedBy.OWNER, proof=HandOverProof.SIGNATURE, invitation=BOX,
    )  # fmt: skip


def transferred() -> DossierTransferred:
    return DossierTransferred(
        code=CODE, occurred_at=NOW, step=1, steps=2, transfer=3, agency="H12.970.02", step_due_at=NOW, due_at=NOW
    )


def envelope(event: DossierEvent, id: str = "0195-a") -> Envelope:
    return Envelope(id, "/intake", event.TYPE, NOW, CODE, 7, "correlation", "cause")


def test_a_body_holds_the_attributes_and_the_data_of_kafka() -> None:
    event = submitted(contact=None, limit_value=2.0)
    body = json.loads(structured(envelope(event), data_of(event)))
    assert body.pop("data") == json.loads(event.to_json())
    assert body == {
        "specversion": "1.0", "id": "0195-a", "source": "/intake", "type": event.TYPE,
        "time": "2026-03-02T01:00:00.000Z", "subject": CODE,
        "dataschema": f"urn:motcua:schema:{event.TYPE}", "sequence": "7",
        "correlationid": "correlation", "causationid": "cause", "datacontenttype": "application/json",
    }  # fmt: skip
    assert structured(envelope(event), data_of(event)).endswith(f'"data":{event.to_json().decode()}}}')


@pytest.mark.parametrize("event", [submitted(), returned()], ids=["submitted", "returned"])
def test_boxes_that_only_notify_can_open_stay_in_the_house(event: DossierEvent) -> None:
    assert BOX in event.to_json().decode()
    assert BOX not in structured(envelope(event), data_of(event))


@pytest.mark.parametrize("kind", [*CONSUMED, AgencyTransferOpened], ids=lambda kind: str(kind.__name__))
def test_no_event_that_can_be_subscribed_to_has_another_sealed_box(kind: type[DossierEvent]) -> None:
    box = r"^[A-Za-z0-9_-]+={0,2}$"
    sealed = {
        name for name, field in kind.model_json_schema()["properties"].items()
        if any(part.get("pattern") == box for part in (field, *field.get("anyOf", [])))
    }  # fmt: skip
    assert sealed <= SEALED_FIELDS


def test_the_example_of_a_sealed_box_is_found_by_that_test() -> None:
    schema = DossierSubmitted.model_json_schema()["properties"]["contact"]
    assert any(part.get("pattern") == r"^[A-Za-z0-9_-]+={0,2}$" for part in schema["anyOf"])


def test_the_notice_of_a_transfer_has_an_id_that_is_the_same_every_time() -> None:
    notice, head = opened(transferred(), envelope(transferred()), "1.014466.H12")
    again = opened(transferred(), envelope(transferred()), "1.014466.H12")[1]
    assert (notice.TYPE, notice.transfer, notice.agency) == (AgencyTransferOpened.TYPE, 3, "H12.970.02")
    assert (head.id, head.type, head.subject, head.sequence) == ("0195-a-opened", notice.TYPE, CODE, None)
    assert again == head


@given(st.text(min_size=1, max_size=200))
def test_what_stands_for_an_event_is_fit_for_a_header_and_an_address(id: str) -> None:
    key = event_key(Envelope(id, "/elsewhere", "t", NOW, CODE))
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", key)


def test_every_type_in_the_guide_can_be_subscribed_to_and_every_such_type_is_in_the_guide() -> None:
    page = GUIDE.read_text(encoding="utf-8")
    section = page[page.index('<a id="webhooks">') : page.index("## Đúng hạn, quá hạn")]
    for type in SUBSCRIBABLE:
        short = type.split(".")[-2]
        assert f"`{short}`" in section, short
