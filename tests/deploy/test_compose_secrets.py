"""Secrets are files: none in the environment, none readable by others, each made by the script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.kit.sealing import Opener, new_private_key
from tests.deploy.compose_file import (
    COMPOSE,
    FILE,
    ONE_SHOT,
    PROCESSES,
    ROOT,
    SERVICES,
    SETTINGS,
    TRIAL,
    interpolated,
    run_make_secrets,
    secret_names,
    secrets_of,
    settings_of,
)


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_in_an_environment(name: str) -> None:
    given = set(SERVICES[name].get("environment", {}))
    if name in PROCESSES:
        secret = secret_names(settings_of(name))
        assert "MONGODB_URL" in secret, "secrets are told by their type"
        assert not given & secret
    assert not [key for key in given if re.search(r"PASSWORD$|_SECRET|_KEY$|TOKEN|MONGODB_URL", key)]


def test_no_password_stands_anywhere_in_the_file() -> None:
    assert not re.search(r"mongodb(\+srv)?://\S+@", FILE.read_text(encoding="utf-8"))


def test_secrets_are_files_of_one_folder_and_each_is_used() -> None:
    for name, secret in COMPOSE["secrets"].items():
        assert interpolated(secret["file"], {}) == f"./deploy/secrets/{name}"
        assert interpolated(secret["file"], TRIAL) == f"./deploy/secrets-trial/{name}"
    assert set(COMPOSE["secrets"]) == {source for name in SERVICES for source in secrets_of(name)}


def test_the_folders_of_secrets_are_never_committed() -> None:
    ignored = (ROOT / "deploy/.gitignore").read_text(encoding="utf-8").split("\n")
    assert {"secrets/", "secrets-trial/"} <= set(ignored)


def test_the_script_makes_exactly_the_files_that_are_mounted(secret_folders: dict[str, Path]) -> None:
    for folder in secret_folders.values():
        assert {path.name for path in folder.iterdir()} == set(COMPOSE["secrets"])


def test_secrets_are_closed_on_the_host_and_readable_in_the_containers(secret_folders: dict[str, Path]) -> None:
    folder = secret_folders["production"]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}


def test_running_the_script_again_changes_no_secret_and_fills_in_what_is_missing(tmp_path: Path) -> None:
    assert run_make_secrets(tmp_path / "s").returncode == 0
    before = {path.name: path.read_text() for path in (tmp_path / "s").iterdir()}
    assert not before["esms_callback_url"]

    done = run_make_secrets(tmp_path / "s", "--public-url", "https://motcua.example/")

    after = {path.name: path.read_text() for path in (tmp_path / "s").iterdir()}
    url = f"https://motcua.example/v1/webhooks/esms/{before['esms_callback_secret']}"
    assert after == before | {"esms_callback_url": url}
    assert "made esms_callback_url" in done.stdout


def test_the_script_refuses_a_public_key_that_does_not_belong_to_the_private_one(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "notify_public_key").write_text(Opener(new_private_key()).public_key)
    done = run_make_secrets(folder)
    assert done.returncode == 1
    assert "does not belong" in done.stderr


def test_each_service_logs_in_to_mongodb_as_itself(secret_folders: dict[str, Path]) -> None:
    sources = {name: next(s for s in secrets_of(name) if s.startswith("mongodb_url_")) for name in PROCESSES}
    assert sources == {name: f"mongodb_url_{name.partition('-')[0]}" for name in PROCESSES}
    urls = {(secret_folders["production"] / source).read_text() for source in sources.values()}
    assert len(urls) == len(SETTINGS)
    prefixes = {SERVICES[name]["environment"]["MONGODB_PREFIX"] for name in (*PROCESSES, *ONE_SHOT)}
    assert len(prefixes) == 1, "rights are given on databases with this prefix"
