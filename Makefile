# Every chore has one entry here; CI calls the same recipes and holds no logic of its own.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DOSSIERS ?= 500

.PHONY: help install lock
help:  ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed  ## Install everything the demo and the tests need, with checked hashes

$(VENV)/.installed: requirements/dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Cần Python 3.11 trở lên (Python 3.11 or newer is needed)")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

LOCK := uv pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11 --no-header pyproject.toml
lock:  ## Resolve the locks anew (needs `make install` once)
	$(BIN)/$(LOCK) -o requirements/runtime.lock
	$(BIN)/$(LOCK) --all-extras --prerelease=if-necessary -o requirements/dev.lock
