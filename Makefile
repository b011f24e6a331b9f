# One line per command; `make` alone lists them. Works from any path, as root or not.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON := .venv/bin/python
CODE := $(wildcard kit adapters auth push miniprogram_api bff bench docker tests)
RUN := @bash scripts/setup.sh run &&
DEV := @bash scripts/setup.sh dev &&

.PHONY: help
help: ## List the commands
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

##@ Run
.PHONY: setup run journey bench
setup: ## Make .venv and install all pinned packages, those for development too
	@bash scripts/setup.sh dev

run: ## Set up and serve the mock BFF (HOST, PORT, DATA_DIR; default 127.0.0.1:8000, .data/)
	$(RUN) exec $(PYTHON) -m bff run

journey: ## Walk the whole story over HTTP (BASE=URL for a mock that is already running)
	$(RUN) exec $(PYTHON) -m bff journey $(if $(BASE),--base "$(BASE)")

bench: ## Measure the hot paths beside their floor, on MariaDB where it is installed
	$(DEV) bash scripts/servers.sh && exec $(PYTHON) -m bench

##@ Check
.PHONY: test test-fast lint types imports dependencies coverage ci
test: ## Everything CI checks: lint, types, imports, dependencies, the suite on both stacks
	@bash scripts/setup.sh dev
	@bash scripts/servers.sh
	@$(MAKE) --no-print-directory lint types imports dependencies
	@bash scripts/test.sh

ci: test ## The same as test, under the name CI knows

test-fast: ## The suite once, on SQLite and in-process stand-ins (ARGS="-k drafts" goes to pytest)
	$(DEV) exec $(PYTHON) -m pytest -q -n $${TEST_PROCESSES:-3} $(ARGS)

lint: ## Format and lint rules
	$(DEV) $(PYTHON) -m ruff format --check . && $(PYTHON) -m ruff check .

types: ## mypy --strict over everything
	$(DEV) $(PYTHON) -m mypy $(CODE)

imports: ## The contracts of who may import whom
	$(DEV) $(PYTHON) -c 'from importlinter.cli import lint_imports_command as lint; lint()' \
	  --no-logo --cache-dir .cache/import-linter

dependencies: ## Every import is declared, every declared package is used
	$(DEV) $(PYTHON) -m deptry .

coverage: ## The suite once with branch coverage, and its gate
	$(DEV) exec $(PYTHON) -m pytest -q -n $${TEST_PROCESSES:-3} --cov --cov-report=term

##@ Change
.PHONY: format openapi migrations freeze
format: ## Rewrite the code in the house's format
	$(DEV) $(PYTHON) -m ruff format . && $(PYTHON) -m ruff check --fix .

openapi: ## Write miniprogram_api/openapi.json anew
	$(DEV) exec $(PYTHON) -m bff openapi

migrations: ## Write a migration for changed models (NAME=add_draft_expiry)
	$(DEV) exec $(PYTHON) -m bff makemigrations $(NAME)

freeze: ## Pin what pyproject.toml asks for, with hashes (ARGS=--upgrade takes newer packages)
	$(DEV) bash scripts/freeze.sh $(ARGS)
