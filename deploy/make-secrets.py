"""Makes the secret files that docker-compose.yml mounts. Again: keeps what has content, adds what is missing.

    python deploy/make-secrets.py --public-url https://motcua.example.gov.vn
    python deploy/make-secrets.py --trial

A key made anew would leave sealed contacts unreadable and databases locked, so nothing is ever replaced: to change a
secret, edit its file. The folder is closed to everybody else on the host (0700); the files inside are 0644, because the
containers' users (10001, 999) are strangers to the host and a mounted file keeps its owner and mode.
"""

from __future__ import annotations

import argparse
import base64
import secrets
import sys
from pathlib import Path

DEPLOY = Path(__file__).resolve().parent
sys.path.append(str(DEPLOY.parent))  # in a checkout; in the image the packages are on the path already

from services.kit.sealing import Opener, new_private_key  # noqa: E402 - needs the path above

MONGODB_USERS = ("intake", "routing", "notify", "operator")
GIVEN_BY_VENDORS = (
    "zalo_app_secret", "zalo_oa_secret_key", "zalo_refresh_token", "esms_api_key", "esms_secret_key", "smpp_password",
    "speedsms_token", "vnpt_api_pass", "oidc_client_secret",
)  # fmt: skip
TRIAL_URL = "http://notify-api:8103"
TRIAL_SPEEDSMS_SECRET = "sim-speedsms-webhook"  # noqa: S105 - as docker-compose.yml tells the fake gateway
KEYFILE_BYTES = 741  # mongod takes at most 1,024 characters of base64, and this leaves no padding


class Folder:
    """The folder of secrets; knows what it has written."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
        self.path = path
        self.made: list[str] = []

    def read(self, name: str) -> str:
        """The content of a file, empty when there is none."""
        path = self.path / name
        return path.read_text(encoding="utf-8").strip() if path.exists() else ""

    def keep(self, name: str, value: str) -> str:
        """What the file holds; `value` if it held nothing."""
        if held := self.read(name):
            return held
        path = self.path / name
        known = path.exists()
        path.write_text(value, encoding="utf-8")
        path.chmod(0o644)
        if value or not known:
            self.made.append(name)
        return value


def make(folder: Folder, public_url: str, vendors: dict[str, str]) -> None:
    """Write every file compose names.

    Raises: ValueError: the two files of notify's key pair do not belong together.
    """
    folder.keep("mongodb_root_password", secrets.token_urlsafe(32))
    folder.keep("mongodb_keyfile", base64.b64encode(secrets.token_bytes(KEYFILE_BYTES)).decode())
    for user in MONGODB_USERS:
        login = f"motcua_{user}:{secrets.token_urlsafe(32)}"
        folder.keep(f"mongodb_url_{user}", f"mongodb://{login}@mongodb:27017/?replicaSet=rs0&authSource=admin")
    folder.keep("intake_private_key", new_private_key())
    folder.keep("routing_private_key", new_private_key())
    public = Opener(folder.keep("notify_private_key", new_private_key())).public_key
    if folder.keep("notify_public_key", public) != public:
        raise ValueError("notify_public_key does not belong to notify_private_key: notices could not be opened")
    folder.keep("notify_phone_key", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    folder.keep("oidc_subject_key", secrets.token_urlsafe(32))
    callback = folder.keep("esms_callback_secret", secrets.token_hex(16))
    url = f"{public_url.rstrip('/')}/v1/webhooks/esms/{callback}" if public_url else ""
    folder.keep("esms_callback_url", url)
    folder.keep("speedsms_callback_secret", vendors.get("speedsms_callback_secret") or secrets.token_hex(16))
    for name in GIVEN_BY_VENDORS:
        folder.keep(name, vendors.get(name, ""))


def trial_vendors() -> dict[str, str]:
    """What the fake gateways accept."""
    from local.simulators.settings import SimulatorSettings

    fake = SimulatorSettings()
    same_name = {name: getattr(fake, name) for name in GIVEN_BY_VENDORS if hasattr(fake, name)}
    renamed = {"smpp_password": fake.smsc_password, "speedsms_callback_secret": TRIAL_SPEEDSMS_SECRET}
    return same_name | renamed


def main(arguments: list[str] | None = None) -> int:
    """Returns: the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, help="where; deploy/secrets, or deploy/secrets-trial with --trial")
    parser.add_argument("--public-url", default="", help="how eSMS reaches the reverse proxy; empty: no SMS receipts")
    parser.add_argument("--trial", action="store_true", help="for the simulators: their keys, their addresses")
    options = parser.parse_args(arguments)
    folder = Folder(options.folder or DEPLOY / ("secrets-trial" if options.trial else "secrets"))
    public_url = options.public_url or (TRIAL_URL if options.trial else "")
    try:
        make(folder, public_url, trial_vendors() if options.trial else {})
    except ValueError as error:
        sys.stderr.write(f"{folder.path}: {error}\n")
        return 1
    sys.stdout.write(f"{folder.path}: made {', '.join(folder.made) or 'nothing, all was there'}\n")
    empty = [file.name for file in sorted(folder.path.iterdir()) if not file.read_text(encoding="utf-8").strip()]
    if empty:
        sys.stdout.write(f"still empty, to be filled in by you: {', '.join(empty)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
