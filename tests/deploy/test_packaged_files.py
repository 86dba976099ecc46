"""Pages and style sheets go with the package: an installation that prints no receipt is no installation."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_template_and_style_sheet_is_package_data() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"][
        "package-data"
    ]
    packaged = {
        file
        for package, patterns in declared.items()
        for pattern in patterns
        for file in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    there = {file for kind in ("html", "css") for file in (ROOT / "services").rglob(f"*.{kind}")}
    assert len(there) >= 7
    assert there <= packaged, there - packaged
