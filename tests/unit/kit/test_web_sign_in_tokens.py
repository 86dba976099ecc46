"""Which tokens are believed, and what they make somebody."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from contracts.problems import Denied
from services.kit.web.roles import Role, scopes_of
from services.kit.web.settings import OidcSettings
from services.kit.web.signin.claims import person_of
from services.kit.web.signin.provider import Provider

ISSUER, CLIENT, NONCE = "https://id.example", "motcua", "n-1"
KEY, OTHER_KEY = (ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True) for _ in range(2))
SETTINGS = OidcSettings(issuer=ISSUER, client_id=CLIENT)


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {"iss": ISSUER, "aud": CLIENT, "sub": "a1b2c3d4", "iat": now, "exp": now + 300, "nonce": NONCE}
    return {name: value for name, value in (good | changes).items() if value is not None}


async def believed(token: str) -> Any:
    """What the provider's adapter makes of a token; keys are not fetched again."""
    provider = Provider(SETTINGS, lambda: datetime.now(UTC))
    provider._metadata, provider._read_at = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"}, time.monotonic()
    provider._keys = KeySet([KEY])

    async def the_same(url: str) -> dict[str, Any]:
        return {"keys": [KEY.as_dict(private=False)]}

    provider._get = the_same  # type: ignore[method-assign]
    return await provider._believed(token, NONCE)


def signed(**changes: Any) -> str:
    return jwt.encode({"alg": "ES256", "kid": KEY.kid}, claims(**changes), KEY)


async def test_a_good_token_is_believed() -> None:
    assert (await believed(signed()))["sub"] == "a1b2c3d4"
    assert (await believed(signed(aud=[CLIENT])))["sub"] == "a1b2c3d4"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"}, {"aud": "another"}, {"aud": [CLIENT, "another"]}, {"aud": None},
        {"exp": int(time.time()) - 120}, {"exp": None}, {"nonce": "n-2"}, {"nonce": None},
        {"nbf": int(time.time()) + 100_000},
    ],
)  # fmt: skip
async def test_a_token_for_others_or_of_another_time_is_not(changes: dict[str, Any]) -> None:
    if changes == {"exp": None} or None in changes.values():
        changes = dict.fromkeys(changes)
    with pytest.raises(Denied, match="Đăng nhập không thành"):
        await believed(signed(**changes))


async def test_a_token_of_another_key_or_of_none_is_not() -> None:
    secret = OctKey.import_key("x" * 48)
    unsigned = signed().rsplit(".", 1)[0] + "."
    forged = [
        jwt.encode({"alg": "ES256", "kid": KEY.kid}, claims(), OTHER_KEY),
        jwt.encode({"alg": "HS256", "kid": KEY.kid}, claims(), secret),
        unsigned,
        "eyJhbGciOiJub25lIn0." + signed().split(".")[1] + ".",
        "",
        "a.b.c",
    ]
    for token in forged:
        with pytest.raises(Denied):
            await believed(token)


class TestWhoItIs:
    def test_units_go_with_the_role(self) -> None:
        assert scopes_of([Role.CLERK], ["H12.970.00"]) == {"counter:H12.970.00"}
        assert scopes_of([Role.OFFICER], ["H12.970"]) == {"agency:H12.970"}
        assert scopes_of([Role.OFFICER, Role.HEAD], ["H12.970"]) == {"agency:H12.970", "head"}
        assert scopes_of([Role.CLERK, Role.SUPERVISOR], ["H12.970.00"]) == {"counter:H12.970.00", "supervisor"}
        assert scopes_of([Role.SUPERVISOR], ["agency:H12.970"]) == {"agency:H12.970", "supervisor"}

    def test_a_kind_that_is_said_is_kept_and_no_other_role_gets_it(self) -> None:
        units = ["counter:H12.970.00", "agency:H12.970"]
        assert scopes_of([Role.CLERK, Role.OFFICER], units) == {"counter:H12.970.00", "agency:H12.970"}
        assert scopes_of([Role.CLERK], units) == {"counter:H12.970.00"}

    def test_an_inspector_reads_all_and_an_operator_runs_it_whatever_units_they_name(self) -> None:
        assert scopes_of([Role.INSPECTOR], ["H12.970"]) == {"service"}
        assert scopes_of([Role.OPERATOR], ["H12.970"]) == {"operator"}

    def test_roles_may_stand_deeper_and_have_other_names(self) -> None:
        settings = OidcSettings(
            issuer=ISSUER, roles_claim="realm_access.roles", role_names={"can-bo-mot-cua": "clerk", "admin": "no-role"}
        )
        found = person_of(
            {
                "sub": "a",
                "realm_access": {"roles": ["can-bo-mot-cua", "admin"]},
                "units": "H12.970.00 x*y",
                "name": "N",
            },
            settings,
        )
        assert (found.roles, found.scopes) == ({Role.CLERK}, {"counter:H12.970.00"})

    @pytest.mark.parametrize("stated", [{}, {"roles": []}, {"roles": ["root"]}, {"roles": 7}, {"roles": ["clerk"]}])
    def test_who_has_no_role_or_no_unit_comes_not_in(self, stated: dict[str, Any]) -> None:
        with pytest.raises(Denied) as denied:
            person_of({"sub": "a", **stated}, SETTINGS)
        assert denied.value.slug == "sign-in-no-role"

    def test_a_subject_that_is_a_number_of_a_person_needs_a_key(self) -> None:
        stated = {"sub": "096190001234", "roles": ["operator"]}
        with pytest.raises(Denied) as denied:
            person_of(stated, SETTINGS)
        assert denied.value.slug == "sign-in-subject"
        keyed = OidcSettings(issuer=ISSUER, subject_key="k" * 32)  # type: ignore[arg-type]
        assert "096190001234" not in person_of(stated, keyed).subject

    def test_a_subject_is_of_its_provider(self) -> None:
        stated = {"sub": "a", "roles": ["operator"]}
        other = OidcSettings(issuer="https://other.example")
        assert person_of(stated, SETTINGS).subject == person_of(stated, SETTINGS).subject
        assert person_of(stated, SETTINGS).subject != person_of(stated, other).subject
