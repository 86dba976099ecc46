"""Keys and secrets of a local installation: made once, kept in its data folder, readable by the owner only."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from services.kit.auth import make_key
from services.kit.sealing import Opener, new_private_key


@dataclass(frozen=True)
class Identity:
    """What the six processes and the operator's tools of one installation share."""

    intake_private_key: str
    notify_private_key: str
    operator_key: str
    """API key with the scope `operator`, known to all three services."""
    counters_key: str
    """API key with the scopes of every sample counter, for trying things out."""
    agencies_key: str
    """API key with the scopes of every sample agency."""
    esms_callback_secret: str
    routing_private_key: str
    """Seals the secrets of webhooks at rest."""
    speedsms_callback_secret: str
    notify_phone_key: str = ""
    """Names the phones that have a preference without naming them."""

    @property
    def notify_public_key(self) -> str:
        return Opener(self.notify_private_key).public_key

    @property
    def intake_public_key(self) -> str:
        return Opener(self.intake_private_key).public_key


def new_phone_key() -> str:
    """32 random bytes, URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def load_identity(data_dir: Path) -> Identity:
    """Read the installation's identity, making it the first time."""
    path = data_dir / "identity.json"
    if path.exists():
        stored = json.loads(path.read_text(encoding="utf-8"))
        if "routing_private_key" not in stored:  # made by a release before webhooks
            stored["routing_private_key"] = new_private_key()
            path.write_text(json.dumps(stored, indent=2), encoding="utf-8")
        if "speedsms_callback_secret" not in stored:  # made by a release before SpeedSMS
            stored["speedsms_callback_secret"] = secrets.token_hex(16)
            path.write_text(json.dumps(stored, indent=2), encoding="utf-8")
        if "notify_phone_key" not in stored:  # made by a release before preferences
            stored["notify_phone_key"] = new_phone_key()
            path.write_text(json.dumps(stored, indent=2), encoding="utf-8")
        return Identity(**stored)
    identity = Identity(
        intake_private_key=new_private_key(),
        notify_private_key=new_private_key(),
        operator_key=make_key(),
        counters_key=make_key(),
        agencies_key=make_key(),
        esms_callback_secret=secrets.token_hex(16),
        routing_private_key=new_private_key(),
        speedsms_callback_secret=secrets.token_hex(16),
        notify_phone_key=new_phone_key(),
    )
    data_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(identity), file, indent=2)
    return identity
