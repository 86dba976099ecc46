"""Write the generated artefacts, or with `--check` say which are stale and which changes break the last release."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from contracts.generate.asyncapi import document
from contracts.generate.compatibility import breaking_changes
from contracts.generate.schemas import Schema, all_schemas, to_text

CONTRACTS = Path(__file__).resolve().parent.parent


def expected(root: Path) -> dict[Path, str]:
    """Every generated file and the text it must have."""
    files = {root / "schemas" / f"{name}.json": to_text(schema) for name, schema in all_schemas().items()}
    files[root / "asyncapi.json"] = to_text(document(version("motcua")))
    return files


def stale(root: Path) -> list[str]:
    """One line per file that is missing, differs from the models, or should not be there."""
    files = expected(root)
    lines = []
    for path, text in files.items():
        if not path.exists():
            lines.append(f"{path.relative_to(root)}: missing")
        elif path.read_bytes() != text.encode():
            lines.append(f"{path.relative_to(root)}: differs from the models")
    lines += [f"{path.relative_to(root)}: should not be there" for path in _surplus(root, files)]
    return sorted(lines)


def write(root: Path) -> None:
    """Bring the generated files in line with the models; files of types that are gone are removed."""
    files = expected(root)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    for path in _surplus(root, files):
        path.unlink()


def published(root: Path) -> dict[str, Schema]:
    """Schemas of the last release by type."""
    return {path.stem: json.loads(path.read_bytes()) for path in (root / "published").glob("*.json")}


def release(root: Path) -> None:
    """Make the current schemas those of the last release."""
    write(root)
    (root / "published").mkdir(exist_ok=True)
    for name, schema in all_schemas().items():
        (root / "published" / f"{name}.json").write_bytes(to_text(schema).encode())


def _surplus(root: Path, files: dict[Path, str]) -> list[Path]:
    return [path for path in (root / "schemas").glob("*") if path not in files]


def main(arguments: Sequence[str] | None = None, root: Path = CONTRACTS) -> int:
    """Exit code 1: something is stale, or a change would break the last release."""
    parser = argparse.ArgumentParser(prog="python -m contracts.generate", description=__doc__)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="write nothing; fail on stale files and breaking changes")
    mode.add_argument("--release", action="store_true", help="write, and publish the schemas; refused if breaking")
    options = parser.parse_args(arguments)

    problems: list[str] = []
    if options.check:
        problems += stale(root)
    if options.check or options.release:
        # A release that breaks is refused too, or the gate could be passed by running it. Before a first release the
        # way back is to delete the folder `published`.
        problems += breaking_changes(published(root), all_schemas())
    if problems:
        sys.stderr.write("".join(f"{line}\n" for line in problems))
        return 1
    if options.release:
        release(root)
    elif not options.check:
        write(root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
