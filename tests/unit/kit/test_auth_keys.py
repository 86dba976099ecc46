"""API keys: their form, their scopes, and what a caller may do with them."""

from __future__ import annotations

import pytest

from contracts.problems import Denied, Invalid
from services.kit.auth import ApiKeys, Caller, Unauthenticated, _id, make_key
from services.kit.tokens import token_hash

KEY = "mc_0123456789ab_" + "x" * 32
"""Of the right form; the same in every worker that collects these tests."""


class NoDatabase:
    """Fails when it is asked anything: what these tests refuse is refused before."""

    def collection(self, name: str) -> None:
        raise AssertionError(f"asked for {name}")


KEYS = ApiKeys(NoDatabase(), lambda: None)  # type: ignore[arg-type,return-value]


def test_a_key_holds_192_random_bits_and_its_id_is_no_secret() -> None:
    keys = {make_key() for _ in range(200)}
    assert len(keys) == 200
    for key in keys:
        assert len(key) == 3 + 12 + 1 + 32
        assert len(_id(key)) == 12
        assert _id(key) not in token_hash(key)


@pytest.mark.parametrize(
    "scope",
    ["operator ", "operator\n", "admin", "counter", "counter:", "counter:h12", "agency:H12..1", "counter:H12\n"],
)
async def test_a_scope_that_does_not_exist_is_never_issued(scope: str) -> None:
    with pytest.raises(Invalid) as caught:
        await KEYS.issue([scope], label="x")
    assert caught.value.slug == "scope-unknown"


@pytest.mark.parametrize("key", ["secret", "mc_0123456789ab_short", "mc_0123456789AB_" + "x" * 32, KEY + "\n"])
async def test_a_given_key_must_have_the_form_of_a_key(key: str) -> None:
    with pytest.raises(Invalid) as caught:
        await KEYS.issue(["operator"], label="x", key=key)
    assert caught.value.slug == "key-malformed"


@pytest.mark.parametrize(
    ("header", "slug"),
    [
        (None, "key-missing"),
        ("", "key-missing"),
        ("Bearer", "key-missing"),
        ("Bearer ", "key-missing"),
        ("Basic dXNlcjpwYXNz", "key-missing"),
        (KEY, "key-missing"),
        ("Bearer x", "key-unknown"),
        ("Bearer  " + KEY, "key-unknown"),
        ("Bearer mc_$where_" + "x" * 32, "key-unknown"),
    ],
)
async def test_what_cannot_be_a_key_is_refused_without_asking_the_database(header: str | None, slug: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        await KEYS.caller(header)
    assert caught.value.slug == slug


def test_a_caller_may_do_what_one_of_its_scopes_allows() -> None:
    caller = Caller("k", frozenset({"counter:H12.970.00", "agency:H12.970"}))
    assert caller.may("operator", "counter:H12.970.00")
    assert not caller.may("operator", "counter:H12.970")
    assert not caller.may()
    assert caller.units("counter") == {"H12.970.00"}
    assert caller.units("agency") == {"H12.970"}


def test_a_refusal_names_what_would_have_been_enough() -> None:
    with pytest.raises(Denied) as caught:
        Caller("k", frozenset({"service"})).require("operator", "counter:H12")
    assert (caught.value.slug, caught.value.facts["needs"]) == ("scope-missing", ["counter:H12", "operator"])


def test_who_acts_is_a_key_or_a_person() -> None:
    assert Caller("0123456789ab", frozenset()).account == "key:0123456789ab"
    assert Caller("person.0123456789abcdef0123", frozenset()).account == "person.0123456789abcdef0123"
