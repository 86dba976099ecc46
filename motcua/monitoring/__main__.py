"""Write what Prometheus and Grafana load, or with `--check` say what is stale: `python -m motcua.monitoring`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from motcua.monitoring.dashboard import dashboard
from motcua.monitoring.rules import rules, scraping

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "monitoring"
HEAD = "# Made by `make monitoring` from services/kit/alerts.py and services/kit/metrics.py; change those.\n"


def expected() -> dict[str, str]:
    """Every generated file and its text."""
    return {
        "alerts.yml": HEAD + _yaml(rules()),
        "prometheus.yml": HEAD + _yaml(scraping()),
        "dashboard.json": json.dumps(dashboard(), ensure_ascii=False, indent=1) + "\n",
    }


def stale(folder: Path) -> list[str]:
    """Names of files that are missing or differ from the catalogue."""
    return [
        name
        for name, text in expected().items()
        if not (folder / name).exists() or (folder / name).read_bytes() != text.encode()
    ]


def main(arguments: Sequence[str] | None = None, folder: Path = FOLDER) -> int:
    """Exit code 1: something is stale."""
    parser = argparse.ArgumentParser(prog="python -m motcua.monitoring", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail on stale files")
    if parser.parse_args(arguments).check:
        wrong = stale(folder)
        sys.stderr.write("".join(f"{name}: differs from the catalogue, run `make monitoring`\n" for name in wrong))
        return 1 if wrong else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in expected().items():
        (folder / name).write_bytes(text.encode())
    return 0


def _yaml(data: object) -> str:
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=1000)


if __name__ == "__main__":
    sys.exit(main())
