# Every chore has one entry here; CI calls the same recipes and holds no logic of its own.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DOSSIERS ?= 500
WORKERS ?= 2

export DOSSIERS

.PHONY: help install demo test up check format contracts engines test-native faults bench lock
help:  ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed  ## Install everything the demo and the tests need, with checked hashes

# A venv without pip is half-made (on Debian python3-venv was missing, say) and made anew.
$(VENV)/.installed: requirements/dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Cần Python 3.11 trở lên (Python 3.11 or newer is needed)")'
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: install  ## Run a district's working day on this machine and check it (DOSSIERS=500 CATALOGUE=file.csv)
	$(BIN)/python -m motcua demo

test: install  ## Unit, contract, component (real engines) and journey tests (WORKERS=2 at once)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

up: install  ## Start the whole system here and keep it running (Ctrl-C stops it)
	$(BIN)/python -m motcua up

check: install  ## Format, lint, import law, types, dead code, contracts fresh and compatible, compose file
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/vulture
	$(BIN)/python -m contracts.generate --check
	$(BIN)/python -m check_jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

format: install  ## Format the code and fix what can be fixed by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

contracts: install  ## Write JSON Schemas and AsyncAPI anew from contracts/
	$(BIN)/python -m contracts.generate

engines: install  ## Prepare Apache Kafka (Java, Maven) and the Rust MongoDB-protocol server (cargo) for ENGINES=native
	$(BIN)/python -m local.engines.prepare

test-native: engines  ## Component and journey tests on the native engines
	ENGINES=native $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup tests/component tests/journeys tests/faults

faults: install  ## What is killed or cut off, with the long ones that `make test` leaves out (ENGINES=embedded|native)
	$(BIN)/python -m pytest -m fault tests/faults

bench: install  ## Measure throughput and latency on this machine's engines (ENGINES=embedded|native)
	$(BIN)/python -m bench

LOCK := uv pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11 --no-header pyproject.toml
lock:  ## Resolve the locks anew (needs `make install` once)
	$(BIN)/$(LOCK) -o requirements/runtime.lock
	$(BIN)/$(LOCK) --all-extras --prerelease=if-necessary -o requirements/dev.lock
