# Everyday commands; CONTRIBUTING.md explains them.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.PHONY: install test nightly statistical coverage lint format types layers docs sanitize ci

install:
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --editable ".[dev]"

test:
	$(BIN)/python -m pytest $(ARGS)

nightly:
	$(BIN)/python -m pytest -m slow $(ARGS)

statistical:
	$(BIN)/python -m pytest -m statistical tests/statistical $(ARGS)

coverage:
	$(BIN)/python -m pytest --cov --cov-report=json:coverage.json $(ARGS)
	$(BIN)/python tools/uncovered.py coverage.json

lint:
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format:
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types:
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/pyright --pythonpath $(BIN)/python --project benchmarks/pyrightconfig.json

layers:
	$(BIN)/lint-imports

docs:
	$(BIN)/python tools/house.py
	$(BIN)/python -m benchmarks table
	$(BIN)/python tools/build_site.py

sanitize:
	.ci/sanitize $(ARGS)

ci:
	.ci/run
