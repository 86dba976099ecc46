"""Settings of the command line: the same names as the services have."""

from __future__ import annotations

from services.kit.settings import Settings


class CliSettings(Settings):
    """Where the installation is. `MONGODB_URL`, `MONGODB_PREFIX`, `KAFKA_BOOTSTRAP` as for the services."""

    notify_public_key: str = ""
    """Seals the contacts of officers on import."""
    simulators_url: str = ""
    """Set where the phone networks are ours; the checker then compares the phones too."""
