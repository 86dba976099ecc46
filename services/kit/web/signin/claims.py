"""What the provider says about somebody, in our words."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

from contracts.problems import Denied
from contracts.types import UNIT_CODE_PATTERN
from services.kit.auth import PERSON
from services.kit.logs import looks_personal
from services.kit.web.roles import Person, Role, scopes_of
from services.kit.web.settings import OidcSettings

_UNIT = re.compile(rf"((counter|agency):)?{UNIT_CODE_PATTERN[1:-1]}")
LONGEST_NAME = 100


def person_of(claims: Mapping[str, Any], settings: OidcSettings) -> Person:
    """Read roles and units; what we do not know gives no right.

    Raises: Denied `sign-in-no-role`: none of the roles is ours, or none of the units. Denied `sign-in-subject`: the
    provider's subject is missing, or a person's number that must not be kept as its plain hash.
    """
    own = {role.value: role for role in Role} | {
        theirs: Role(ours) for theirs, ours in settings.role_names.items() if ours in set(Role)
    }
    roles = frozenset(own[name] for name in _words(claims, settings.roles_claim) if name in own)
    units = [unit for unit in _words(claims, settings.units_claim) if _UNIT.fullmatch(unit)]
    scopes = scopes_of(roles, units)
    if not roles or not scopes:
        words = "Tài khoản này chưa được giao vai trò hoặc đơn vị nào ở đây. Hãy báo người quản trị tài khoản."
        raise Denied("sign-in-no-role", words)
    name = str(_at(claims, "name") or _at(claims, "preferred_username") or "")
    return Person(_subject(claims, settings), name[:LONGEST_NAME], roles, scopes)


def _subject(claims: Mapping[str, Any], settings: OidcSettings) -> str:
    subject = str(_at(claims, settings.subject_claim) or "")
    key = settings.subject_key.get_secret_value()
    if not subject or (not key and looks_personal(subject)):
        words = "Máy chủ đăng nhập không cho mã định danh dùng được. Hãy báo người vận hành."
        raise Denied("sign-in-subject", words)
    who = hmac.new(key.encode(), f"{settings.issuer}|{subject}".encode(), hashlib.sha256)
    return f"{PERSON}{who.hexdigest()[:20]}"


def _words(claims: Mapping[str, Any], path: str) -> list[str]:
    value = _at(claims, path)
    if isinstance(value, str):
        return value.split()
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """The claim; where none has that very name, dots lead inwards."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
