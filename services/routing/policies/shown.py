"""A policy as people read it: JSON, and the YAML that can be changed and imported again."""

from __future__ import annotations

from typing import Any

import yaml

from services.routing.domain.policy import Policy, PolicyRevision
from services.routing.policies.read import HOURS

_HEAD = """\
# Quy định về thời gian và trách nhiệm. Giờ là giờ làm việc. Bỏ một khóa: dùng mặc định; danh sách trống: viết [].
# when: not-accepted (quá hạn nhận), step-overdue (bước quá hạn), overdue (hồ sơ quá hạn), waiting (chờ).
# to: above (cơ quan cấp trên), itself (chính cơ quan đó), hoặc mã cơ quan.
"""


def as_data(revision: PolicyRevision, agencies: frozenset[str] | None = None) -> dict[str, Any]:
    """JSON values.

    Args:
        agencies: whose substitutes are shown; None: all.
    """
    said = _stated(revision.policy)
    if agencies is not None:
        said["substitutes"] = [row for row in said["substitutes"] if row["agency"] in agencies]
    return {"revision": revision.revision, **said}


def as_yaml(policy: Policy) -> str:
    """A file that says the same."""
    return _HEAD + yaml.safe_dump(_stated(policy), allow_unicode=True, sort_keys=False, width=120)


def _stated(policy: Policy) -> dict[str, Any]:
    hours = {key: _plain(getattr(policy, key)) for key in HOURS}
    return {
        "accept_hours": hours.pop("accept_hours"),
        "accept_within": [{"agency": row.agency, "hours": _plain(row.hours)} for row in policy.accept_within],
        **hours,
        "rules": [
            {
                "name": rule.name,
                "when": rule.when.value,
                "after_hours": _plain(rule.hours),
                "to": rule.to,
                "agencies": list(rule.agencies),
            }
            for rule in policy.rules
        ],
        "substitutes": [
            {
                "agency": row.agency,
                "officer": row.officer,
                "substitute": row.substitute,
                "first_day": row.first_day.isoformat(),
                "last_day": row.last_day.isoformat(),
            }
            for row in policy.substitutes
        ],
    }


def _plain(hours: float) -> float | int:
    return int(hours) if hours == int(hours) else hours
