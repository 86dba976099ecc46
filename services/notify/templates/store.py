"""Where templates are kept: what is in force by kind, and every version that ever was."""

from __future__ import annotations

from contracts.types import NoticeKind
from services.kit.store import Store
from services.notify.templates.domain.content import Template

TEMPLATES: Store[Template] = Store("templates", Template)
"""By kind: the newest version. Its guard is what two people who save at once meet at."""
TEMPLATE_VERSIONS: Store[Template] = Store("template_versions", Template)
"""By kind and number; never changed, so that what was said can be read years later."""


def version_id(kind: NoticeKind, version: int) -> str:
    """The id of one version."""
    return f"{kind}-{version:06d}"
