"""`python -m local.oidc`: the development provider as a process."""

from __future__ import annotations

import asyncio
import sys

from local.oidc.app import create_app
from local.oidc.people import groups
from local.oidc.settings import OidcDevSettings
from local.samples.load import read_samples
from local.simulators.server import serve_until_told


def main() -> None:
    settings = OidcDevSettings()
    app = create_app(settings, groups(read_samples()))
    if not asyncio.run(serve_until_told(app, settings.port)):
        sys.exit(1)


if __name__ == "__main__":
    main()
