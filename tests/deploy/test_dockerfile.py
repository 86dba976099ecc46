"""The images: what is copied into them, as whom they run, and that what is copied is enough."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Stage:
    """One FROM and what follows it."""

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        return [arguments for word, arguments in self.steps if word == instruction]


def read_stages() -> dict[str, Stage]:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#")).replace("\\\n", " ")
    stages: dict[str, Stage] = {}
    current = Stage("")
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, arguments = line.partition(" ")
        if word == "FROM":
            base, _, name = arguments.partition(" AS ")
            current = stages[name] = Stage(base)
        else:
            current.steps.append((word, " ".join(arguments.split())))
    return stages


STAGES = read_stages()
FINAL = ("runtime", "simulators")


def copied(name: str) -> list[tuple[str, str]]:
    """Source and place of what a stage and those below it copy from the project."""
    if name not in STAGES:
        return []
    own = [c.split() for c in STAGES[name].all("COPY") if not c.startswith("--from=")]
    return copied(STAGES[name].base) + [(source, place) for source, place in own]


def lay_out(name: str, target: Path) -> None:
    for source, place in copied(name):
        if (ROOT / source).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(ROOT / source, target / place, ignore=ignored, dirs_exist_ok=True)
        else:
            (target / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, target / place)


def test_a_build_without_a_target_makes_the_image_of_the_processes() -> None:
    assert list(STAGES)[-1] == "runtime"


def test_only_the_simulators_hold_anything_of_the_local_folder() -> None:
    assert sorted(source for source, _ in copied("runtime")) == ["contracts/", "motcua/", "services/"]
    extra = [source for source, _ in copied("simulators") if source.startswith("local")]
    assert extra == ["local/__init__.py", "local/simulators/"]


def test_the_simulators_import_nothing_of_the_project_that_their_image_lacks() -> None:
    for file in (ROOT / "local/simulators").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not [n for n in names if n.split(".")[0] == "local" and not n.startswith("local.simulators")], file


def test_packages_are_installed_from_the_hash_lock_and_never_built() -> None:
    installs = [run for stage in STAGES.values() for run in stage.all("RUN") if "install" in run and "pip" in run]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert "--only-binary=:all:" in installs[0]
    assert "-r /tmp/runtime.lock" in installs[0]
    assert "requirements/runtime.lock /tmp/runtime.lock" in STAGES["packages"].all("COPY")


def test_every_package_of_the_lock_has_one_version_and_a_hash() -> None:
    lock = (ROOT / "requirements/runtime.lock").read_text(encoding="utf-8")
    entries = [e for e in re.split(r"\n(?=\S)", lock) if e.strip() and not e.startswith("#")]
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"^[A-Za-z0-9._-]+==\S+", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_no_stage_installs_a_compiler_or_a_system_package() -> None:
    runs = " ".join(run for stage in STAGES.values() for run in stage.all("RUN"))
    assert not re.search(r"\b(apt|apt-get|apk|gcc|g\+\+|make|build-essential|curl|wget)\b", runs)


def test_the_base_image_is_pinned_by_tag() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "ARG PYTHON_IMAGE=python:3.11-slim-bookworm\n" in text
    assert {stage.base for stage in STAGES.values()} == {"${PYTHON_IMAGE}", "base"}


@pytest.mark.parametrize("name", FINAL)
def test_an_image_runs_as_a_fixed_user_that_is_not_root(name: str) -> None:
    assert STAGES[name].all("USER") == ["10001:10001"]
    after = STAGES[name].steps[STAGES[name].steps.index(("USER", "10001:10001")) :]
    assert not [word for word, _ in after if word in {"RUN", "COPY", "ADD"}], "made by the user it protects against"


def test_an_image_stops_by_sigterm_and_leaves_health_to_compose() -> None:
    assert STAGES["base"].all("STOPSIGNAL") == ["SIGTERM"]
    assert STAGES["base"].all("ENTRYPOINT") == ['["python", "-m"]']
    assert not [stage for stage in STAGES.values() if stage.all("HEALTHCHECK")]


def test_the_build_sees_nothing_that_the_dockerfile_does_not_copy() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    wanted = {source.rstrip("/") for name in ("simulators", "packages") for source, _ in copied(name)}
    assert let_in == wanted
    assert all((ROOT / path).exists() for path in wanted)


_START = """
import importlib, runpy, sys
sys.path.insert(0, sys.argv[1])
sys.modules["local"] = None  # an editable install would find it in the project
import services
assert services.__file__.startswith(sys.argv[1]), services.__file__
for service in ("intake", "routing", "notify"):
    for role in ("api", "worker"):
        importlib.import_module(f"services.{service}.{role}")
sys.argv[:] = ["motcua", "--help"]
runpy.run_module("motcua", run_name="__main__")
"""


def test_the_six_processes_and_the_command_line_load_from_what_the_image_holds(tmp_path: Path) -> None:
    lay_out("runtime", tmp_path)
    done = subprocess.run(
        [sys.executable, "-B", "-c", _START, str(tmp_path)], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "issue-key" in done.stdout


def test_the_simulators_load_from_what_their_image_holds(tmp_path: Path) -> None:
    lay_out("simulators", tmp_path)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import local.simulators.__main__ as m;"
        "assert m.__file__.startswith(sys.argv[1]); sys.exit(m.main(['--help']))"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", program, str(tmp_path)], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
