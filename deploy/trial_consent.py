"""Prints a first Zalo refresh token of the fake gateway: what a person's consent gives in the real console.

Runs inside the simulators' container: docker compose exec -T simulators python - < deploy/trial_consent.py
"""

from __future__ import annotations

import json
import sys
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from local.simulators.settings import LOOPBACK, SimulatorSettings
from local.simulators.zalo_oauth import VERIFIER_LENGTH

settings = SimulatorSettings()
form = {
    "code": settings.zalo_auth_code,
    "app_id": settings.zalo_app_id,
    "grant_type": "authorization_code",
    "code_verifier": "v" * VERIFIER_LENGTH,
}
request = Request(
    f"http://{LOOPBACK}:{settings.port}/zalo-oauth/v4/oa/access_token",
    data=urlencode(form).encode(),
    headers={"secret_key": settings.zalo_app_secret},
)
with urlopen(request, timeout=5) as answer:  # noqa: S310 - the scheme is ours
    sys.stdout.write(json.load(answer)["refresh_token"])
