"""Secrets as the script makes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.compose_file import run_make_secrets


@pytest.fixture(scope="module")
def secret_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What make-secrets.py writes for a server and for a trial."""
    folders = {kind: tmp_path_factory.mktemp("secrets") / kind for kind in ("production", "trial")}
    for kind, options in {"production": ("--public-url", "https://motcua.example"), "trial": ("--trial",)}.items():
        done = run_make_secrets(folders[kind], *options)
        assert done.returncode == 0, done.stderr
    return folders
