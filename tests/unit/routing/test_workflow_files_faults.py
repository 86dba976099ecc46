"""Everything that can be wrong with a workflow file: found with its line, all at once, and nothing is taken."""

from __future__ import annotations

import pytest

from contracts.problems import Invalid
from contracts.types import LimitUnit
from services.routing.domain.directory import Directory
from services.routing.domain.workflow import StatedLimit
from services.routing.store import WORKFLOWS, workflow_id
from services.routing.workflows import Kind, kind_of_suffix
from tests.unit.routing.workflow_fixtures import CODE, judge, published, read, refused, yaml_of

ONE = "- {agency: Phòng Một, share: 1}"
TWO = "- {id: a, agency: Phòng Một, share: 0.5}\n- {id: b, agency: Phòng Hai, share: 0.5}"
UNIT = (5, "workflow-unit-unknown")
NO_STEPS = (2, "workflow-without-steps")
HEADER = "procedure,agency,share,after,join,id,version,channels,units,cases,accept_hours,name,role"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a: 1\n", [(1, "workflow-key-unknown"), (1, "workflow-key-missing")]),
        ("- procedure: 1\n", [(1, "workflow-type-wrong")]),
        ("workflows: x\n", [(1, "workflow-type-wrong")]),
        ("workflows:\n- x\n- 1\n", [(2, "workflow-type-wrong"), (3, "workflow-type-wrong")]),
        (f"workflows:\n- procedure: {CODE}\n", [(2, "workflow-key-missing"), NO_STEPS]),
        (f"workflows:\n- procedure: {CODE}\n  steps: []\n", [NO_STEPS]),
        (f"workflows:\n- procedure: {CODE}\n  steps:\n", [NO_STEPS]),
        (f"workflows:\n- procedure: {CODE}\n  steps:\n    a: b\n", [NO_STEPS, (4, "workflow-type-wrong")]),
        (f"workflows:\n- procedure: {CODE}\n  steps:\n  - x\n", [NO_STEPS, (4, "workflow-type-wrong")]),
        ("workflows:\n- steps: []\n", [(2, "workflow-key-missing"), NO_STEPS]),
    ],
)  # fmt: skip
def test_a_file_of_another_shape(content: str, expected: list[tuple[int, str]]) -> None:
    assert refused(content) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("- {agency: Phòng Một, share: 1, nguoi: x}", [(4, "workflow-key-unknown")]),
        ("- {agency: Phòng Một, agency: Phòng Hai, share: 1}", [(4, "workflow-key-repeated")]),
        ("- {agency: Phòng Một}\n- {share: 1}", [(4, "workflow-key-missing"), (5, "workflow-key-missing")]),
        ("- {agency: [Phòng Một], share: 1}", [(4, "workflow-type-wrong"), (4, "workflow-key-missing")]),
        ("- {agency: {a: b}, share: 1}", [(4, "workflow-type-wrong"), (4, "workflow-key-missing")]),
        ("- agency: Phòng Một\n  share: 1\n  after: {a: b}", [(6, "workflow-type-wrong")]),
        (
            "- agency: Phòng Một\n  share: 0\n  cases:\n  - a\n  - ''\n  - [b]\n- {agency: Phòng Hai, share: 1}",
            [(8, "workflow-type-wrong"), (9, "workflow-type-wrong")],
        ),
        ("- {? [a] : b, agency: Phòng Một, share: 1}", [(4, "workflow-key-unknown")]),
        ("- {<<: x, agency: Phòng Một, share: 1}", [(4, "workflow-key-unknown")]),
        ("- {agency: Phòng Một, share: 1, id: a b}", [(4, "workflow-value-malformed")]),
        ("- {agency: Phòng Một, share: 1, accept_hours: soon}", [(4, "workflow-value-malformed")]),
        ("- {agency: Phòng Một, share: 1, accept_hours: 0}", [(4, "workflow-value-malformed")]),
        ("- {agency: Phòng Một, share: 1, accept_hours: 401}", [(4, "workflow-value-malformed")]),
        (f"{ONE}\n- {{agency: Phòng Hai, share: 0, units: h1}}", [(5, "workflow-value-malformed"), UNIT]),
        (f"{ONE}\n- {{agency: Phòng Hai, share: 0, units: [H12.970, H12.99]}}", [UNIT]),
        ("- {agency: Phòng Một, share: 1, channels: on-line}", [(4, "workflow-channel-unknown")]),
        (f"- {{agency: Phòng Một, share: 1, role: {'x' * 201}}}", [(4, "workflow-value-malformed")]),
        (f"- {{agency: Phòng Một, share: 1, cases: [{'x' * 401}]}}", [(4, "workflow-value-malformed")]),
        ("- {agency: Phòng Một, share: nhiều}", [(4, "workflow-share-malformed")]),
        ("- {agency: Phòng Bảy, share: 1}\n- {agency: H1, share: 0}", [(4, "agency-unknown"), (5, "agency-unknown")]),
        (TWO.replace("id: b", "id: a"), [(5, "workflow-step-repeated")]),
        (f"- {{id: 2, agency: Phòng Hai, share: 0}}\n{ONE}", [(5, "workflow-step-repeated")]),
    ],
)  # fmt: skip
def test_a_step_with_a_wrong_key_or_value(steps: str, expected: list[tuple[int, str]]) -> None:
    assert refused(yaml_of(steps)) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("- {id: a, agency: Phòng Một, share: 1, after: [b]}", [(4, "workflow-after-unknown")]),
        (f"{TWO}\n- {{agency: Phòng Một, share: 0, after: [a, b, a]}}", [(6, "workflow-after-repeated")]),
        ("- {id: a, agency: Phòng Một, share: 1, after: [a]}", [(4, "workflow-cycle")]),
        (
            "- {id: a, agency: Phòng Một, share: 0.5, after: [c]}\n- {id: b, agency: Phòng Một, share: 0.5}\n"
            "- {id: c, agency: Phòng Một, share: 0}\n- {id: d, agency: Phòng Một, share: 0}",
            [(4, "workflow-cycle"), (7, "workflow-step-unreachable")],
        ),
        (
            f"{TWO}\n- {{id: c, agency: Phòng Một, share: 0, after: [d]}}\n- {{id: d, agency: Phòng Một, share: 0}}\n"
            "- {id: e, agency: Phòng Một, share: 0, after: [b, d]}\n"
            "- {id: x, agency: Phòng Một, share: 0, after: [y]}\n- {id: y, agency: Phòng Một, share: 0}",
            [(6, "workflow-cycle"), (8, "workflow-step-unreachable"), (9, "workflow-cycle")],
        ),
        (f"{TWO}\n- {{agency: Phòng Một, share: 0, after: [a, b], join: 3}}", [(6, "workflow-quorum-too-large")]),
        ("- {agency: Phòng Một, share: 1, join: 1}", [(4, "workflow-quorum-too-large")]),
        (f"{TWO}\n- {{agency: Phòng Một, share: 0, after: [a, b], join: 0}}", [(6, "workflow-value-malformed")]),
        (f"{TWO}\n- {{agency: Phòng Một, share: 0, after: [a, b], join: most}}", [(6, "workflow-value-malformed")]),
        (f"{TWO}\n- {{agency: Phòng Một, share: 0, after: [a, b], join: any}}", [(6, "workflow-join-nested")]),
        (
            "- {id: a, agency: Phòng Một, share: 1}\n- {id: b, agency: Phòng Một, share: 1, after: []}\n"
            "- {agency: Phòng Một, share: 0, after: [a, b], join: any, channels: post}",
            [(6, "workflow-join-guarded")],
        ),
        (f"{ONE}\n- {{agency: Phòng Một, share: 1, after: []}}", [(2, "workflow-ends-many")]),
        (
            f"{TWO}\n- {{id: c, agency: Phòng Một, share: 0.5, after: [a]}}\n"
            "- {agency: Phòng Một, share: 0, after: [b, c], channels: [post]}",
            [(2, "workflow-ends-many")],
        ),
        ("- {agency: Phòng Một, share: 1, channels: [online, post]}", [(2, "workflow-arrival-unserved")]),
        ("- {agency: Phòng Một, share: 1, units: [H12.970]}", [(2, "workflow-arrival-unserved")]),
    ],
)  # fmt: skip
def test_steps_that_make_no_way_to_one_end(steps: str, expected: list[tuple[int, str]]) -> None:
    assert refused(yaml_of(steps)) == expected


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        (("0.5", "0.4"), [(2, "workflow-shares-wrong")]),
        (("0.5", "0.502"), [(2, "workflow-shares-wrong")]),
        (("0.5", "0.501"), []),
        (("33.33%", "66.6%"), []),
        (("0", "0"), [(2, "workflow-shares-wrong")]),
        (("0", "100%"), []),
        (("0.5", "50%"), []),
        (("0,5", "0.5"), []),
        (("0.5", "4 giờ"), [(5, "workflow-shares-mixed")]),
        (("9 ngày", "8 giờ"), []),
        (("9,5 ngày làm việc", "4 giờ làm việc"), []),
        (("80 GIỜ", "0"), []),
        (("9 ngày", "9 giờ"), [(2, "workflow-shares-wrong")]),
        (("1 ngày", "1 ngày"), [(2, "workflow-shares-wrong")]),
        (("4", "1"), [(4, "workflow-share-malformed")]),
        (("-1", "1 tuần"), [(4, "workflow-share-malformed"), (5, "workflow-share-malformed")]),
        (("101%", "0.00001"), [(4, "workflow-share-malformed"), (5, "workflow-share-malformed")]),
        (("1e-1", ".9"), [(4, "workflow-share-malformed"), (5, "workflow-share-malformed")]),
    ],
)
def test_shares_that_cannot_be_read_or_do_not_add_up(shares: tuple[str, str], expected: list[tuple[int, str]]) -> None:
    """The published limit is 10 working days: 80 hours."""
    assert refused(yaml_of("\n".join(f"- {{agency: Phòng Một, share: '{share}'}}" for share in shares))) == expected


@pytest.mark.parametrize(
    ("limit", "share", "fits"),
    [
        ((21.0, LimitUnit.WORKING_DAYS), "168 giờ", True),
        ((21.0, LimitUnit.CALENDAR_DAYS), "21 ngày", True),
        ((0.5, LimitUnit.WORKING_DAYS), "4 giờ", True),
        ((8.0, LimitUnit.WORKING_HOURS), "1 ngày", True),
        ((1.0, LimitUnit.SAME_DAY), "8 giờ", True),
        ((21.0, LimitUnit.WORKING_DAYS), "21 giờ", False),
    ],
)
def test_durations_add_up_to_the_published_limit_at_eight_hours_a_day(
    limit: tuple[float, LimitUnit], share: str, fits: bool
) -> None:
    found = refused(yaml_of(f"- {{agency: Phòng Một, share: {share}}}"), published(CODE, 1, StatedLimit(*limit)))
    assert found == ([] if fits else [(2, "workflow-shares-wrong")])


def test_durations_need_a_limit_that_has_a_measure() -> None:
    content = yaml_of("- {agency: Phòng Một, share: 4 giờ}")
    months = published(CODE, 1, StatedLimit(1.0, LimitUnit.MONTHS))
    online_only = published(CODE, 1, StatedLimit(4.0, LimitUnit.WORKING_HOURS, "online"))
    for known in (months, online_only):
        assert refused(content, known) == [(2, "workflow-limit-unmeasured")]
        assert refused(yaml_of(ONE), known) == []


def test_each_case_and_channel_is_measured_by_its_own_limit() -> None:
    """Cà Mau 1.014466.H12: 48 days, or 36 by case."""
    limits = (StatedLimit(48.0, LimitUnit.CALENDAR_DAYS), StatedLimit(36.0, LimitUnit.CALENDAR_DAYS, case="GIA  hạn"))
    both = """
        - {id: a, agency: Phòng Một, share: 6 ngày}
        - {id: b, agency: Phòng Hai, share: %s ngày, after: [a], cases: [Gia hạn]}
        - {id: c, agency: Phòng Hai, share: %s ngày, after: [a], cases: [Cấp mới]}
        - {id: d, agency: Phòng Một, share: 0, after: [b, c]}
        """
    known = published(CODE, 1, *limits)
    assert refused(yaml_of(both % (30, 42)), known) == []
    assert refused(yaml_of(both % (42, 42)), known) == [(2, "workflow-shares-wrong")]
    assert refused(yaml_of(both % (30, 30)), known) == [(2, "workflow-shares-wrong")]
    report, _ = judge(read(yaml_of(both % (31, 42))), known)
    assert "36 ngày = 288 giờ (trường hợp “Gia hạn”)" in report.rows[0].reason
    assert "cộng lại 296 giờ" in report.rows[0].reason
    assert "a → b" in report.rows[0].reason


def test_a_step_left_out_leaves_its_time_to_the_others() -> None:
    extra = "- {agency: Phòng Một, share: 0.2, channels: [online]}\n- {agency: Phòng Hai, share: 0.8}"
    assert refused(yaml_of(extra)) == []
    assert refused(yaml_of(extra.replace("0.8", "1"))) == [(2, "workflow-shares-wrong")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (yaml_of(ONE, code="1.000009"), [(2, "procedure-unknown")]),
        (yaml_of(ONE, code="khai-sinh"), [(2, "code-malformed")]),
        (yaml_of(ONE, more="version: 7"), [(3, "procedure-version-unknown")]),
        (yaml_of(ONE, more="version: 0"), [(3, "workflow-value-malformed")]),
        (yaml_of(ONE, more="version: [1]"), [(3, "workflow-type-wrong")]),
        (yaml_of(ONE) + yaml_of(ONE).removeprefix(b"workflows:\n"), [(5, "workflow-repeated")]),
        (yaml_of(ONE) + yaml_of(ONE, more="version: 2").removeprefix(b"workflows:\n"), [(5, "workflow-repeated")]),
        (yaml_of(ONE) + yaml_of(ONE, more="version: 1").removeprefix(b"workflows:\n"), []),
    ],
)
def test_a_procedure_or_version_that_is_not_there_or_comes_twice(
    content: bytes, expected: list[tuple[int, str]]
) -> None:
    assert refused(content, published(CODE, 1), published(CODE, 2)) == expected


def test_near_words_are_suggested() -> None:
    wrong = "- {agncy: Phòng Một, share: 1}\n- {agency: Phong Hai, share: 0, channels: onlin, after: [2]}"
    report, _ = judge(read(yaml_of(wrong)))
    reasons = " ".join(row.reason for row in report.rows)
    for near in ("Có phải là “agency”?", "Có phải là “Phòng Hai”?", "Có phải là “online”?"):
        assert near in reasons


def test_all_faults_are_told_at_once_in_the_order_of_their_lines_fifty_at_the_most() -> None:
    steps = "\n".join(f"- {{agency: Phòng {n}, share: x}}" for n in range(40))
    report, work = judge(read(yaml_of(steps)))
    assert (report.refused, len(report.rows), report.stored) == (80, 50, False)
    assert [row.line for row in report.rows] == sorted(row.line for row in report.rows)
    assert work.get(WORKFLOWS, workflow_id(CODE, 1)) == published()


def test_one_fault_in_one_workflow_keeps_the_whole_file_out() -> None:
    other = "1.000002"
    content = yaml_of(ONE) + yaml_of(ONE.replace("1}", "2}"), code=other).removeprefix(b"workflows:\n")
    report, work = judge(read(content), published(), published(other))
    assert [(row.line, row.procedure, row.slug) for row in report.rows] == [(7, other, "workflow-share-malformed")]
    assert not report.stored
    assert work.get(WORKFLOWS, workflow_id(CODE, 1)) == published()


def test_too_many_steps_or_guards_are_not_looked_at_one_by_one() -> None:
    many = "\n".join(["- {agency: Phòng Một, share: 0}"] * 51)
    assert refused(yaml_of(many)) == [(2, "workflow-too-large")]
    cases = ", ".join(f"c{n}" for n in range(21))
    content = yaml_of(f"- {{agency: Phòng Một, share: 1}}\n- {{agency: Phòng Hai, share: 0, cases: [{cases}]}}")
    assert refused(content) == [(5, "workflow-too-large")]


def test_without_a_directory_no_agency_is_known() -> None:
    report, _ = judge(read(yaml_of("- {agency: Ủy ban nhân dân cấp xã, share: 1}")), directory=Directory())
    assert [row.slug for row in report.rows] == ["agency-unknown"]


@pytest.mark.parametrize(
    ("content", "slug", "line"),
    [
        (b"", "file-empty", None),
        (b"\xef\xbb\xbf \n", "file-empty", None),
        (b"# only words\n", "file-empty", None),
        (b"workflows: []\n", "file-empty", None),
        (b"workflows:\n- procedure: \xff\n", "file-not-utf8", 2),
        (b"#" * (1024 * 1024 + 1), "file-too-big", None),
        (b"workflows:\n- a: b: c\n", "yaml-malformed", 2),
        (b"workflows:\n- a: 'b\n", "yaml-malformed", 3),
        (b"workflows:\n\t- a\n", "yaml-malformed", 2),
        (b"workflows:\n- a: \x01\n", "yaml-malformed", 2),
        (b'workflows:\n- a: "\\UFFFFFFFF"\n', "yaml-malformed", 2),
        (b'workflows:\n- a: "\\ud800"\n', "yaml-malformed", 2),
        (b"a: &x b\nc: *x\n", "yaml-not-allowed", 1),
        (b"a: b\nc: *x\n", "yaml-not-allowed", 2),
        (b"a: b\nc: !!python/name:os.system\n", "yaml-not-allowed", 2),
        (b"a: b\n---\nc: d\n", "yaml-not-allowed", 2),
        (b"a:\n  " + b"[" * 5000, "yaml-not-allowed", 2),
    ],
)
def test_a_yaml_file_that_cannot_be_read_at_all(content: bytes, slug: str, line: int | None) -> None:
    with pytest.raises(Invalid) as caught:
        read(content)
    assert (caught.value.slug, caught.value.facts.get("line")) == (slug, line)


def test_aliases_that_multiply_are_refused_before_anything_is_built() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    with pytest.raises(Invalid, match="bí danh") as caught:
        read(bomb)
    assert caught.value.slug == "yaml-not-allowed"


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        ("", "file-empty"),
        ("procedure,agency\n", "column-missing"),
        ("procedure,agency,share,Agency \n", "column-repeated"),
        (f"{HEADER}\n{CODE},Phòng Một,1,\"\n", "file-malformed"),
        (f"{HEADER}\n" + "x\n" * 20_001, "file-too-long"),
        (f"{HEADER}\n", "file-empty"),
    ],
)  # fmt: skip
def test_a_csv_file_that_cannot_be_read_at_all(content: str, slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(content, Kind.CSV)
    assert caught.value.slug == slug


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (f"{CODE},Phòng Bảy,1", [(2, "agency-unknown")]),
        (f"\n\n{CODE},Phòng Một,x", [(4, "workflow-share-malformed")]),
        (f'{CODE},"Phòng\nMột",0.5\n,Phòng Bảy,0.5', [(4, "agency-unknown")]),
        (f"{CODE},Phòng Một,1,2", [(2, "workflow-after-unknown")]),
        (f"{CODE},Phòng Một,1,-,any\n,Phòng Hai,0,1,2", [(3, "workflow-quorum-too-large")]),
        (f"{CODE},Phòng Một,1,,,,9", [(2, "procedure-version-unknown")]),
        (f"{CODE},Phòng Một,1,,,,,fax,H12.971", [(2, "workflow-channel-unknown"), (2, "workflow-unit-unknown")]),
        (f"{CODE},Phòng Một,1,,,,,,,,,,,x", [(2, "workflow-type-wrong")]),
        (",Phòng Một,1", [(2, "workflow-key-missing")]),
        (f"{CODE},,1", [(2, "workflow-key-missing")]),
        (
            f"{CODE},Phòng Một,1\n1.000002,Phòng Một,1\n{CODE},Phòng Một,1",
            [(2, "workflow-shares-wrong"), (3, "procedure-unknown")],
        ),
    ],
)  # fmt: skip
def test_a_row_of_a_csv_is_named_by_its_line(rows: str, expected: list[tuple[int, str]]) -> None:
    assert refused(f"{HEADER}\n{rows}\n", kind=Kind.CSV) == expected


def test_a_column_that_is_not_known_is_named_once() -> None:
    assert refused(f"procedure;agncy;share\n{CODE};Phòng Một;1\n{CODE};x;1\n", kind=Kind.CSV) == [
        (1, "workflow-key-unknown")
    ]


@pytest.mark.parametrize("name", [".YAML", ".yml", ".csv"])
def test_the_file_name_says_what_it_is(name: str) -> None:
    assert kind_of_suffix(name) is (Kind.CSV if name == ".csv" else Kind.YAML)


def test_another_file_name_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        kind_of_suffix(".xlsx")
    assert caught.value.slug == "file-type-unknown"
