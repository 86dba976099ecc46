"""The policy file: read whole, or refused whole with every faulty line."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Invalid
from services.routing.commands.import_agencies import read_agencies
from services.routing.domain.policy import AcceptWithin, EscalationRule, Policy, PolicyRevision, Substitute, Trigger
from services.routing.policies import as_data, as_yaml, read_policy
from services.routing.policies.read import MOST, TOP
from services.routing.policies.values import LEAST_HOURS, LONGEST_HOURS, RESERVED

AGENCY, OFFICE = "H12.970.02", "H12.970.03"
SAMPLES = Path(__file__).parents[3] / "local" / "samples"
GOOD = f"""
accept_hours: 2
accept_within:
  - {{agency: {AGENCY}, hours: "1,5 giờ"}}
reminder_hours: 16
rules:
  - name: silent
    when: not-accepted
    after_hours: 4
    to: {OFFICE}
    agencies: [{AGENCY}, H12.970]
  - {{name: late, when: overdue}}
substitutes:
  - {{agency: {AGENCY}, officer: cb.a, substitute: cb.b, first_day: 01/12/2026, last_day: 2026-12-15}}
""".strip()


def faults(content: str) -> list[tuple[int, str]]:
    return [(row.line, row.slug) for row in read_policy(content.encode()).refused]


def test_everything_that_a_file_may_say() -> None:
    read = read_policy(GOOD.encode())
    assert read.refused == ()
    assert read.policy == Policy(
        accept_hours=2.0,
        accept_within=(AcceptWithin(AGENCY, 1.5),),
        reminder_hours=16.0,
        rules=(
            EscalationRule("silent", Trigger.NOT_ACCEPTED, 4.0, OFFICE, (AGENCY, "H12.970")),
            EscalationRule("late", Trigger.OVERDUE),
        ),
        substitutes=(Substitute(AGENCY, "cb.a", "cb.b", date(2026, 12, 1), date(2026, 12, 15)),),
    )
    assert {cell.text for cell in read.agencies} == {AGENCY, OFFICE, "H12.970"}


def test_what_is_not_said_is_the_default_and_an_empty_list_means_none() -> None:
    assert read_policy(b"accept_hours: 4").policy == Policy()
    assert read_policy(b"rules: []").policy == Policy(rules=())


@pytest.mark.parametrize(
    ("line", "slug"),
    [
        ("warning_hours: 8", "policy-key-unknown"),
        ("accept_hours: 4\naccept_hours: 4", "policy-key-repeated"),
        ("accept_hours: [4]", "policy-type-wrong"),
        ("accept_hours:", "policy-type-wrong"),
        ("rules: 4", "policy-type-wrong"),
        ("rules:", "policy-type-wrong"),
        ("rules: [late]", "policy-type-wrong"),
        ("rules: [{name: a, when: overdue, agencies: H12}]", "policy-type-wrong"),
        ("- accept_hours", "policy-type-wrong"),
        ("accept_hours: -4", "policy-hours-malformed"),
        ("accept_hours: 0", "policy-hours-malformed"),
        ("accept_hours: four", "policy-hours-malformed"),
        ("reminder_hours: 0.5", "policy-hours-malformed"),
        (f"due_soon_hours: {LONGEST_HOURS + 1}", "policy-hours-malformed"),
        ("apology_hours: 4", "policy-apology-too-late"),
        ("apology_hours: -4", "policy-hours-malformed"),
        ("accept_within: [{agency: H12}]", "policy-key-missing"),
        ("accept_within: [{hours: 4}]", "policy-key-missing"),
        ("accept_within: [{agency: H12, hours: 4}, {agency: H12, hours: 2}]", "policy-agency-repeated"),
        ("rules: [{when: overdue}]", "policy-key-missing"),
        ("rules: [{name: a}]", "policy-key-missing"),
        ("rules: [{name: a, when: overdu}]", "policy-trigger-unknown"),
        ("rules: [{name: a, when: overdue, after_hours: -1}]", "policy-hours-malformed"),
        ("rules: [{name: a, when: overdue}, {name: a, when: waiting}]", "policy-rule-repeated"),
        ("rules: [{name: Quá hạn, when: overdue}]", "policy-value-malformed"),
        (f"rules: [{{name: {RESERVED}, when: overdue}}]", "policy-value-malformed"),
        ("rules: [{name: a, when: overdue, hours: 2}]", "policy-key-unknown"),
    ],
)
def test_a_fault_has_its_slug(line: str, slug: str) -> None:
    assert slug in [found for _, found in faults(line)]


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"substitute": "cb.a"}, "policy-substitute-himself"),
        ({"last_day": "30/11/2026"}, "policy-dates-reversed"),
        ({"last_day": "31/11/2026"}, "policy-value-malformed"),
        ({"first_day": "tuần sau"}, "policy-value-malformed"),
        ({"officer": "Nguyễn Văn A"}, "policy-value-malformed"),
        ({"officer": ""}, "policy-type-wrong"),
    ],
)
def test_a_substitute_has_sense(changes: dict[str, str], slug: str) -> None:
    said = {"agency": AGENCY, "officer": "cb.a", "substitute": "cb.b", "first_day": "01/12/2026"}
    row = said | {"last_day": "15/12/2026"} | changes
    lines = "\n".join(f"    {key}: {value}" for key, value in row.items()).strip()
    assert [found for _, found in faults(f"substitutes:\n  - {lines}")] == [slug]


def test_two_substitutes_on_one_day_are_refused_and_one_after_the_other_are_not() -> None:
    def two(first: str) -> str:
        row = f"agency: {AGENCY}, officer: cb.a, substitute"
        return (
            f"substitutes:\n  - {{{row}: cb.b, first_day: 2026-12-01, last_day: 2026-12-15}}\n"
            f"  - {{{row}: cb.c, first_day: {first}, last_day: 2026-12-20}}"
        )

    assert faults(two("2026-12-15")) == [(3, "policy-substitutes-overlap")]
    assert faults(two("2026-12-16")) == []


def test_every_fault_is_named_with_its_line() -> None:
    content = (
        GOOD.replace("accept_hours: 2", "accept_hour: 2").replace("overdue", "overdu").replace("after_hours: 4", "x: 4")
    )
    assert faults(content) == [(1, "policy-key-unknown"), (8, "policy-key-unknown"), (11, "policy-trigger-unknown")]
    [row, *_] = read_policy(content.encode()).refused
    assert "Dòng 1" in row.reason
    assert "accept_hours" in row.reason, "what was meant is suggested"


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"", "file-empty"),
        (b"# chi ghi chu", "file-empty"),
        ("accept_hours: Bốn".encode("utf-16"), "file-not-utf8"),
        (b"rules: [", "yaml-malformed"),
        (b"rules: &a [*a]", "yaml-not-allowed"),
        (b"accept_hours: !!int 4", "yaml-not-allowed"),
        (f"rules: [{', '.join(['{}'] * (MOST['rules'] + 1))}]".encode(), "file-too-long"),
    ],
)
def test_what_cannot_be_read_is_refused(content: bytes, slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_policy(content)
    assert caught.value.slug == slug


def test_the_sample_is_taken_whole_and_its_agencies_are_those_of_the_samples() -> None:
    read = read_policy((SAMPLES / "policy.yaml").read_bytes())
    known = read_agencies((SAMPLES / "agencies.csv").read_bytes()).by_code()
    assert read.refused == ()
    assert {cell.text for cell in read.agencies} <= set(known)
    assert len(read.policy.rules) == 5


HOURS = st.integers(32, 4 * LONGEST_HOURS).map(lambda quarters: quarters / 4)
CODES = st.sampled_from(["H12", AGENCY, OFFICE])
RULES = st.builds(
    EscalationRule,
    st.from_regex(r"[a-z0-9]{1,20}(-[a-z0-9]{1,10}){0,2}", fullmatch=True).filter(lambda name: name != RESERVED),
    st.sampled_from(Trigger),
    st.integers(0, 4 * LONGEST_HOURS).map(lambda quarters: quarters / 4),
    st.sampled_from(["above", "itself", OFFICE]),
    st.lists(CODES).map(tuple),
)
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
SUBSTITUTES = st.builds(
    lambda agency, days: Substitute(agency, "cb.a", "cb.b", min(days), max(days)), CODES, st.tuples(DAYS, DAYS)
)
POLICIES = st.builds(
    Policy,
    HOURS,
    st.lists(st.builds(AcceptWithin, CODES, HOURS), unique_by=lambda row: row.agency).map(tuple),
    *[HOURS] * 5,
    st.lists(RULES, max_size=5, unique_by=lambda rule: rule.name).map(tuple),
    st.lists(SUBSTITUTES, max_size=3, unique_by=lambda row: row.agency).map(tuple),
)


@given(POLICIES)
def test_what_is_shown_can_be_read_again(policy: Policy) -> None:
    read = read_policy(as_yaml(policy).encode())
    assert read.refused == ()
    assert read.policy == policy


def test_every_key_has_its_least_hours_and_is_shown() -> None:
    """A field that is added to the policy is added to its file, too."""
    assert {field.name for field in fields(Policy)} == set(TOP) == set(as_data(PolicyRevision())) - {"revision"}
    assert {name for name in TOP if name.endswith("_hours")} <= set(LEAST_HOURS)
