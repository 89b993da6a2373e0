# Every target sets up what it needs in .venv; nothing but Python 3.11 (or newer), make and git must be there.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# dbt and our linters want different versions of one library (see pyproject.toml), so dbt has an environment of its own.
DBT_VENV := .venv-dbt
DBT_STAMP := $(DBT_VENV)/.installed
DBT_SHARED := duckdb|networkx|numpy|pandas|pyarrow|pydantic|pytz
DEMO := demo

.DEFAULT_GOAL := help
.PHONY: help setup demo ui test test-fast lint bench dbt lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)  ## Create .venv with the locked libraries

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) not found: install Python 3.11 or newer, or run make PYTHON=python3.12 …" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked libraries into $(VENV) (once; about a minute) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup  ## Sync a simulated company from two trackers and show its programs
	@$(BIN)/itpm demo --folder $(DEMO)

ui: setup  ## Open the Dagster UI on the demo (or on ITPM_CONFIG)
	@if [ -n "$$ITPM_CONFIG" ]; then exec $(BIN)/dagster dev -w workspace.yaml; \
	else exec $(BIN)/itpm demo --serve --folder $(DEMO); fi

test: setup  ## Run all tests
	@$(BIN)/pytest -n 2 --dist loadgroup -q

test-fast: setup  ## Run the tests that take under a minute together
	@$(BIN)/pytest -n 2 --dist loadgroup -q -m "not slow and not e2e"

lint: setup  ## Check style, types, import directions, SQL and known weaknesses of libraries
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt_like_sql
	@$(BIN)/python .ci/dependency_audit.py

bench: setup  ## Measure speed as ratios to a floor
	@$(BIN)/python -m bench

dbt: $(DBT_STAMP)  ## Create .venv-dbt, in which the tests let dbt run dbt_like_sql

$(DBT_STAMP): requirements-dbt.lock
	@test -x $(DBT_VENV)/bin/python || $(PYTHON) -m venv $(DBT_VENV)
	@echo "Installing dbt into $(DBT_VENV) (once; about half a minute) …"
	@$(DBT_VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dbt.lock
	@touch $@

lock:  ## Compile requirements.lock and requirements-dbt.lock anew (needs uv)
	@uv pip compile pyproject.toml --all-extras --universal --generate-hashes --no-strip-extras --python-version 3.11 \
		--no-header --no-annotate --quiet --output-file requirements.lock
	@grep -E '^($(DBT_SHARED))==' requirements.lock | cut -d' ' -f1 | uv pip compile --group dbt --constraints - --universal \
		--generate-hashes --no-strip-extras --python-version 3.11 --no-header --no-annotate --quiet \
		--output-file requirements-dbt.lock

clean:  ## Remove the environment and the demo
	@rm -rf $(VENV) $(DBT_VENV) $(DEMO) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
