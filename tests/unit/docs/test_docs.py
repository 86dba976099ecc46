"""The documentation says what the code says: names, slugs, tests, links."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from contracts import problems, reasons
from contracts.events import MESSAGES
from contracts.topics import TOPICS
from services.kit import metrics
from tests.passed_on import named, read_record, with_table

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md")))
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ANCHOR = re.compile(r'<a id="([^"]+)">')
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
RAISED_WITH_A_SLUG = frozenset({"EnvelopeError", "PydanticCustomError", "Fault", "WordingRefused"})
RECORDED_WITH_A_SLUG = frozenset({"Poison", "RefusedRow", "problem"})
"""The slug is their second argument."""


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def definitions() -> dict[str, metrics.Definition]:
    histograms = {name: definition for name, (definition, _) in metrics.HISTOGRAMS.items()}
    return {**metrics.COUNTERS, **metrics.GAUGES, **histograms}


def trees() -> Iterator[ast.Module]:
    for folder in ("services", "contracts"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield ast.parse(path.read_text(encoding="utf-8"))


def name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def refusals() -> frozenset[str]:
    """Names of `Refused` and of every class below it, wherever it is defined."""
    known = {name for name, value in vars(problems).items() if isinstance(value, type)} & {
        "Refused", "Invalid", "Denied", "Missing", "Conflict", "NotYet"
    }  # fmt: skip
    grew = True
    while grew:
        below = {
            node.name
            for tree in trees()
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef) and any(name_of(base) in known for base in node.bases)
        }
        grew = not below <= known
        known |= below
    return frozenset(known)


def slugs() -> frozenset[str]:
    """Every literal slug that the services and the contracts raise or record."""
    first = refusals() | RAISED_WITH_A_SLUG
    found: set[str] = set()
    for tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            place = 0 if name_of(node.func) in first else 1 if name_of(node.func) in RECORDED_WITH_A_SLUG else None
            if place is None or len(node.args) <= place:
                continue
            # `_require(dossier, allowed, "slug", ...)` and the like pass theirs on; they are caught by shape below.
            literal = node.args[place]
            if isinstance(literal, ast.Constant) and isinstance(literal.value, str):
                found.add(literal.value)
    return frozenset(found) | passed_on()


def passed_on() -> frozenset[str]:
    """Slugs handed to a private helper together with a sentence: `_require(..., "slug-words", "Câu.")`."""
    found: set[str] = set()
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name_of(node.func) == "_require":
                found |= {
                    argument.value
                    for argument in node.args
                    if isinstance(argument, ast.Constant)
                    and isinstance(argument.value, str)
                    and SLUG.fullmatch(argument.value)
                }
    return frozenset(found)


@pytest.mark.parametrize("name", sorted(definitions()))
def test_every_metric_is_explained(name: str) -> None:
    """Name, labels and meaning stand in one row of docs/metrics.md."""
    definition = definitions()[name]
    labels = ", ".join(f"`{label}`" for label in definition.labels) or "-"
    assert f"| `{name}` | {labels} | {definition.meaning} |" in text("metrics.md")


def test_no_metric_is_explained_that_does_not_exist() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|", text("metrics.md"), re.MULTILINE)
    assert set(rows) == set(definitions())


@pytest.mark.parametrize("type_", sorted(message.TYPE for message in MESSAGES))
def test_every_message_type_is_described(type_: str) -> None:
    assert f"| `{type_}` |" in text("events.md")


def test_no_message_type_is_described_that_does_not_exist() -> None:
    assert set(re.findall(r"`(vn\.motcua\.[a-z0-9.-]+)`", text("events.md"))) == {m.TYPE for m in MESSAGES}


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: str(topic.name))
def test_every_topic_is_described_with_its_key_and_partitions(topic: object) -> None:
    row = f"| `{getattr(topic, 'name')}` | {getattr(topic, 'key')} | {getattr(topic, 'partitions')} |"  # noqa: B009
    assert row in text("events.md")


def test_every_slug_is_explained() -> None:
    page = text("errors.md")
    assert len(slugs()) > 50
    assert not [slug for slug in sorted(slugs()) if f"`{slug}`" not in page]


def test_every_coded_reason_is_listed_in_its_words_and_none_that_does_not_exist() -> None:
    """One table for each mapping of contracts/reasons.py, in its order."""
    mappings = [value for name, value in vars(reasons).items() if name.isupper() and isinstance(value, Mapping)]
    assert reasons.REFUSAL_GROUNDS in mappings
    assert reasons.DELAY_REASONS in mappings
    expected = [
        f"| `{code}` | {f'{said.words} | {said.basis}' if isinstance(said, reasons.Ground) else said} |"
        for mapping in mappings
        for code, said in mapping.items()
    ]
    assert re.findall(r"^\| `.+$", text("grounds.md"), re.MULTILINE) == expected


def anchors(page: Path) -> set[str]:
    content = page.read_text(encoding="utf-8")
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(content)}
    return made | set(ANCHOR.findall(content))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if link.startswith(("http://127.0.0.1", "mailto:")):
            continue
        assert "://" not in link, link
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_a_machine_a_registry_or_a_badge(page: Path) -> None:
    content = page.read_text(encoding="utf-8")
    found = re.findall(r"(?:^|[\s`'\"(])(/(?:work|root|home|Users|tmp|opt|mnt)/\S*)", content)
    found += re.findall(
        r"\b(?:pypi\.org|pythonhosted|docker\.io|ghcr\.io|quay\.io|crates\.io|mvnrepository)\S*", content
    )
    found += re.findall(r"!\[[^\]]*\]\(http\S*", content)
    assert not found


def test_the_readme_names_the_two_commands_and_every_named_recipe_exists() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in readme
    assert "make test" in readme
    recipes = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        named = re.findall(r"(?:`|^|&& |native )make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(named) <= recipes, page.name


def groups_of_commands() -> set[str]:
    """`motcua calendar ...`: an `App(name="calendar")` in a module of its own."""
    return {
        str(keyword.value.value)
        for path in (ROOT / "motcua").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and name_of(node.func) == "App"
        for keyword in node.keywords
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant)
    }


def test_every_command_named_exists() -> None:
    tree = ast.parse((ROOT / "motcua" / "__main__.py").read_text(encoding="utf-8"))
    commands: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and node.decorator_list:
            given = [
                keyword.value.value
                for decorator in node.decorator_list
                if isinstance(decorator, ast.Call)
                for keyword in decorator.keywords
                if keyword.arg == "name" and isinstance(keyword.value, ast.Constant)
            ]
            commands.add(str(given[0]) if given else node.name)
    commands |= groups_of_commands()
    for page in PAGES:
        named = set(re.findall(r"(?:`|bin/)motcua ([a-z][a-z-]*)", page.read_text(encoding="utf-8")))
        assert named <= commands, (page.name, named - commands)


def test_every_test_named_in_the_guarantees_exists() -> None:
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", text("guarantees.md")))
    assert len(named) > 20
    there: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        there |= set(re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8")))
    assert named <= there, named - there


def test_every_test_named_in_the_guarantees_has_its_engines_in_the_table_and_the_table_is_that_of_the_record() -> None:
    """`make guarantees` writes both."""
    page, record = text("guarantees.md"), read_record()
    assert named(page) == set(record)
    assert with_table(page, record) == page


def test_every_decision_is_listed_and_has_its_parts() -> None:
    listing = text("decisions/README.md")
    pages = sorted((DOCS / "decisions").glob("0*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04d}" for number in range(1, len(pages) + 1)]
    for page in pages:
        content = page.read_text(encoding="utf-8")
        assert page.name in listing
        assert "Status:" in content
        for part in ("## Context", "## Decision", "## Consequences", "## Alternatives"):
            assert part in content, (page.name, part)


def test_every_runbook_is_listed_and_says_when_it_is_over() -> None:
    listing = text("runbooks/README.md")
    for page in (DOCS / "runbooks").glob("*.md"):
        if page.name != "README.md":
            assert page.name in listing
            assert "**Over when**" in page.read_text(encoding="utf-8")
