# Every chore has one entry here; CI calls the same recipes and holds no logic of its own.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DOSSIERS ?= 500
WORKERS ?= 2
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# Kafka is started many times and never for long.
NATIVE_TESTS = ENGINES=native KAFKA_JVM_OPTIONS=-XX:TieredStopAtLevel=1 $(BIN)/python -m pytest -n $(WORKERS) tests/component tests/upgrade tests/journeys tests/faults

export DOSSIERS

# Native unless told otherwise; who has neither Java nor cargo says ENGINES=embedded.
ENGINES_FIRST = $(if $(filter embedded,$(ENGINES)),install,engines)

.PHONY: help install demo test up check format contracts monitoring engines test-native guarantees test-pymongo-async upgrade-gate model faults chaos bench year lock browser test-browser screenshots
help:  ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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
	PASSED_ON=check $(BIN)/python -m pytest -n $(WORKERS)

browser:  ## Install Debian's Chromium for the browser tests (as root, or with sudo)
	@command -v chromium >/dev/null || { $(AS_ROOT) apt-get update -qq && \
	$(AS_ROOT) apt-get install -yqq --no-install-recommends chromium fonts-dejavu-core; } || { \
	echo "Không cài được Chromium. Browser tests need Debian's Chromium: apt-get install chromium, or name one in CHROMIUM." >&2; exit 1; }

test-browser: install browser  ## Tests in a real browser: Debian's Chromium, the whole system, samples
	$(BIN)/python -m pytest -m browser tests/browser

screenshots: install browser  ## Take the pictures of docs/screenshots anew, on sample data
	$(BIN)/python -m tests.browser.screenshots

up: install  ## Start the whole system here and keep it running (Ctrl-C stops it)
	$(BIN)/python -m motcua up

check: install  ## Format, lint, import law, types, dead code, contracts fresh and compatible, compose file
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/vulture
	$(BIN)/python -m contracts.generate --check
	$(BIN)/python -m motcua.monitoring --check
	$(BIN)/python -m check_jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

format: install  ## Format the code and fix what can be fixed by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

contracts: install  ## Write JSON Schemas and AsyncAPI anew from contracts/
	$(BIN)/python -m contracts.generate

monitoring: install  ## Write Prometheus rules and the Grafana dashboard anew from the catalogue of metrics
	$(BIN)/python -m motcua.monitoring

engines: install  ## Prepare Apache Kafka (Java, Maven) and the Rust MongoDB-protocol server (cargo) for ENGINES=native
	$(BIN)/python -m local.engines.prepare

test-native: engines  ## Component, journey and fault tests again on the native engines (KAFKA_NODES=3: all that works on Kafka, on three nodes)
	PASSED_ON=check $(NATIVE_TESTS)

guarantees: engines browser  ## Run what docs/guarantees.md names on every engine set here and write its table
	PASSED_ON=record $(BIN)/python -m pytest -n $(WORKERS) -m ""
	PASSED_ON=record $(NATIVE_TESTS) -m ""
	PASSED_ON=record KAFKA_NODES=3 $(NATIVE_TESTS) -m ""

test-pymongo-async: install  ## Component, journey and fault tests again with PyMongo's own asyncio client instead of Motor (weekly)
	MONGO_DRIVER=pymongo $(BIN)/python -m pytest -n $(WORKERS) tests/component tests/journeys tests/faults

upgrade-gate: install  ## Before and after a new faststream, aiokafka, motor: are the traps still there? (docs/upgrading.md)
	$(BIN)/python -m pytest -n $(WORKERS) -m "" tests/upgrade

model: install  ## Play EXAMPLES=500 examples of the model test, others each time
	MODEL_EXAMPLES=$(or $(EXAMPLES),500) $(BIN)/python -m pytest --timeout=0 tests/component/test_kit_model.py

faults: install  ## What is killed or cut off, with the long ones that `make test` leaves out (ENGINES=embedded|native)
	$(BIN)/python -m pytest -m fault tests/faults

chaos: install  ## Break the system under load, then check it (MINUTES=10, LADDER=1, OUTAGE=3600; docs/chaos.md)
	$(BIN)/python -m local.chaos

bench: $(ENGINES_FIRST)  ## Measure on this machine, native engines unless ENGINES=embedded (ONLY=intake,growth ROUNDS=3; docs/bench.md)
	ENGINES=$(or $(ENGINES),native) $(BIN)/python -m bench

year: $(ENGINES_FIRST)  ## Replay 2018 of a whole district over Kafka and count it three times (DAYS=5 SCALE=0.1 FRESH=1)
	ENGINES=$(or $(ENGINES),native) $(BIN)/python -m motcua year

LOCK := uv pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11 --no-header pyproject.toml
lock:  ## Resolve the locks anew (needs `make install` once)
	$(BIN)/$(LOCK) -o requirements/runtime.lock
	$(BIN)/$(LOCK) --all-extras --prerelease=if-necessary -o requirements/dev.lock
