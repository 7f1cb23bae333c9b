# Everything happens in this folder: the environment is .venv/, made with pip from the hashed lock files.
# `make` alone lists the commands.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet --use-pep517
UV ?= uv
LOCK := $(UV) pip compile --universal --generate-hashes --no-header --quiet --upgrade
# Options for pytest (make test ARGS='-k kill -x'), names of benchmarks (make bench ARGS=latency) or of faults.
ARGS ?=

UNIT := docs/systemd/ackbot.service
SCRIPTS := .ci/run tests/nightly/run.sh tests/components/install.sh tests/real/install.sh docs/site/install.sh $(wildcard deploy/image/*.sh tests/image/*.sh)
RULES := deploy/prometheus
MANIFESTS := $(wildcard deploy/kubernetes/*.yaml deploy/kubernetes/*/*.yaml) deploy/kubernetes/secret.yaml.example

# What starts no server, and can be asked while one writes.
QUICK := $(addprefix tests/,architecture core flows render store wire)

# The tests start the service a hundred times: as where it is installed, its modules are compiled once and not each time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup dev demo fix quick check format lint types imports dependencies vulnerabilities scripts container manifests unit alerts \
	architecture test coverage nightly test-real image image-test release screenshots faults bench holidays register reference docs lock clean

help: ## This list.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '  make %-14s %s\n' "$$name" "$$text"; done

# --- The environment -------------------------------------------------------------------------------------------

setup: $(VENV)/.installed ## Makes .venv/ with .venv/bin/ackbot in it.

dev: $(VENV)/.installed-dev

# A python3 may exist and not run (the shim of a version manager), be too old, or be without venv (Debian's python3-venv):
# take the first that is fit, and say what is wrong with the others where none is. The system's own is tried first: a
# distribution builds it with profile-guided optimisation, which a version manager leaves out, and everything takes a
# sixth less.
PYTHONS := $(PYTHON) /usr/bin/python3 python3 python3.13 python3.12 python3.11 python3.14
$(VENV)/bin/python:
	@fit='import sys; sys.exit("older than 3.11") if sys.version_info < (3, 11) else None; import ensurepip, venv; print(sys.executable)'; \
	for name in $(PYTHONS); do \
		found=$$("$$name" -c "$$fit" 2>/dev/null) || continue; \
		echo "setup: $(VENV)/ with $$found" >&2; \
		"$$found" -m venv --clear $(VENV); \
		exit 0; \
	done; \
	echo "setup: needs Python 3.11 or newer, with venv and ensurepip. Found:" >&2; \
	for name in $(PYTHONS); do \
		echo "  $$name: $$("$$name" -c "$$fit" 2>&1 | tail -n 1)" >&2; \
	done; \
	echo "On Debian and Ubuntu: apt install python3 python3-venv. Another place: make setup PYTHON=/path/to/python3" >&2; \
	exit 1

$(VENV)/.installed: requirements.lock requirements-build.lock pyproject.toml | $(VENV)/bin/python
	@echo "setup: installing from requirements.lock" >&2
	@$(PIP) --require-hashes -r requirements.lock -r requirements-build.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# The lock for development holds all of the first one. A package takes pip half a second on one core, so two of them
# install every other package each; nothing is resolved, as a lock is complete. What is used is compiled when it is
# first imported: to compile all of it takes a third of the time.
$(VENV)/.installed-dev: requirements-dev.lock requirements-build.lock pyproject.toml | $(VENV)/bin/python
	@echo "setup: installing from requirements-dev.lock" >&2
	@for half in 0 1; do \
		awk -v half=$$half '/^[a-zA-Z0-9]/ { number++ } number % 2 == half' requirements-dev.lock > $(VENV)/half-$$half.lock; \
	done
	@$(PIP) --no-compile --no-deps --require-hashes -r $(VENV)/half-0.lock & first=$$!; \
	$(PIP) --no-compile --no-deps --require-hashes -r $(VENV)/half-1.lock; \
	wait $$first
	@$(PIP) --no-deps --require-hashes -r requirements-build.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.installed $@

# --- Running ---------------------------------------------------------------------------------------------------

demo: setup ## Runs the service on embedded parts with sample contacts, and says what to try.
	@exec $(BIN)/ackbot demo

bench: dev ## Runs the benchmarks: one JSON object a line.
	@tests/components/install.sh
	@$(BIN)/python -m bench $(ARGS)

# --- Checking --------------------------------------------------------------------------------------------------

fix: dev ## Mends what ruff can: unused imports, their order, the format; says what is left.
	@$(BIN)/ruff check --fix --exit-zero --quiet . > /dev/null
	@$(BIN)/ruff format .
	@$(BIN)/ruff check .

quick: dev ## Half a minute: format, lint, import rules, types, and the tests that start no server.
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@rules=$$($(BIN)/lint-imports --no-logo) || { echo "$$rules"; exit 1; }
	@$(BIN)/mypy & types=$$!; status=0; \
	$(BIN)/python -m pytest --quick --quiet --numprocesses 2 --dist loadfile $(QUICK) $(ARGS) || status=$$?; \
	wait $$types || status=$$?; \
	exit $$status

# Types and architecture take longest, each one core: they go first, side by side. Old makes cannot sort the output.
CHECKS := types architecture format lint imports dependencies vulnerabilities scripts container manifests unit alerts
check: dev ## Format, lint, types, import rules, architecture.
	@$(MAKE) --no-print-directory --jobs 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) $(CHECKS)
	@echo "check: good" >&2

format: dev
	$(BIN)/ruff format --check .

lint: dev
	$(BIN)/ruff check .

types: dev
	$(BIN)/mypy

imports: dev
	$(BIN)/lint-imports --no-logo

dependencies: dev
	$(BIN)/deptry .

vulnerabilities: dev
	@$(BIN)/python -m tests.architecture.vulnerabilities

scripts: dev
	$(BIN)/shellcheck $(SCRIPTS)

container: dev
	$(BIN)/hadolint Dockerfile

# Each against its schema, which its package brings along: nothing is downloaded.
manifests: dev
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	$(BIN)/kubernetes-validate --strict --quiet $(MANIFESTS)

# The program need not be installed where the unit is checked; and a key that systemd does not know makes it
# complain, not fail, so every line that names our unit counts.
unit:
	@command -v systemd-analyze >/dev/null || { echo "unit: no systemd-analyze here, not checked" >&2; exit 0; }; \
	folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	sed 's#^ExecStart=[^ ]*#ExecStart=/bin/true#' $(UNIT) > "$$folder/ackbot.service"; \
	said=$$(systemd-analyze verify --man=no --recursive-errors=no "$$folder/ackbot.service" 2>&1 || true); \
	if grep -F ackbot.service <<< "$$said"; then exit 1; fi; \
	echo "systemd-analyze verify $(UNIT)"

# promtool comes with Debian's package prometheus, which `make test` installs.
alerts:
	@command -v promtool >/dev/null || { echo "alerts: no promtool here, not checked" >&2; exit 0; }; \
	promtool check config $(RULES)/prometheus.yml && promtool test rules $(RULES)/*_test.yml

architecture: dev
	$(BIN)/python -m pytest -q tests/architecture

test: dev ## Installs the real servers where it can, and runs the whole suite.
	@tests/components/install.sh
	@# Four at a time on two cores: what drives real servers waits for them most of the time. In the order of
	@# tests/conftest.py: the plugin's own has the files with the fewest tests last, and those take longest.
	@# tests/architecture asks what `make check` asks, and runs there.
	@$(BIN)/python -m pytest -p tests.progress --numprocesses 4 --dist loadfile --no-loadscope-reorder \
		--ignore tests/architecture $(ARGS)

# Tracing makes what it watches nearly twice as slow: these two rooms alone.
coverage: dev ## How much of the core and the flows is run by tests that start no service, with a floor.
	@$(BIN)/python -m pytest -q -p tests.coverage_floor --numprocesses 2 --dist loadfile tests/core tests/flows

nightly: ## What takes hours: every case, every fault, three Pythons, three PostgreSQLs; a table at the end.
	@.ci/run --long

release: dev ## Builds sdist and wheel into dist/, and installs each into an empty folder from PyPI to run its demo.
	@rm -rf dist
	@$(BIN)/python -m tests.deploy.make_release dist

image: ## Builds the container image of this tree, with docker or buildah.
	@deploy/image/build.sh

# It downloads what a base image is made of, and what the image installs: a minute and a half, and half of that again.
image-test: dev ## Builds the image without a daemon, starts and kills it, and prints what was seen (Debian, as root).
	@tests/image/run.sh

screenshots: dev ## Takes the pictures of the console and of a report in docs/ anew.
	@tests/components/install.sh
	@SCREENSHOTS=renew $(BIN)/python -m pytest -q tests/console/test_screenshots.py \
		tests/render/test_report_pages.py -k picture

# Tried as it was built: opened from its folder by a browser, checked for accessibility, and printed.
docs: dev ## Builds the site of documents into build/site/, and tries it in a browser: open build/site/index.html.
	@docs/site/install.sh
	@NO_MKDOCS_2_WARNING=1 .cache/docs/venv/bin/python -m mkdocs build --strict --quiet
	@tests/components/install.sh
	@$(BIN)/python -m pytest -q tests/site $(ARGS)
	@echo "docs: build/site/index.html" >&2

# The real network is heavy: 700 MB from npm, kept in .cache/.
test-real: dev ## Installs Bluesky's real network (700 MB, the first time), and tries the service on it.
	@tests/real/install.sh
	@$(BIN)/python -m pytest -q tests/real $(ARGS)

faults: dev ## Harms real services in every way we know, and prints what came of each (half an hour).
	@tests/components/install.sh
	@HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -q tests/faults/test_model.py
	@$(BIN)/python -m tests.faults $(ARGS)

# --- Housekeeping ----------------------------------------------------------------------------------------------

holidays: dev ## Writes the bank holidays in bot/core/bank_holidays.py anew, from the package of holidays.
	@$(BIN)/python -m tests.core.holidays_package
	@$(BIN)/ruff format --quiet bot/core/bank_holidays.py

register: dev ## Writes the tables of docs/data-protection.md anew, from the register of personal data.
	@$(BIN)/python -m tests.architecture.register_page

reference: dev ## Writes docs/reference/ anew, from the settings, commands, API, metrics and alerts.
	@$(BIN)/python -m tests.reference

lock: ## Renews the lock files (with uv).
	@command -v $(UV) >/dev/null || { echo "lock: needs uv (or make lock UV=/path/to/uv)" >&2; exit 1; }
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --extra pdf -c requirements.lock -o requirements-pdf.lock
	$(LOCK) pyproject.toml --group dev -c requirements-pdf.lock -o requirements-dev.lock
	$(LOCK) --group build -c requirements-dev.lock -o requirements-build.lock
	$(LOCK) docs/site/requirements.in --python-version 3.11 -o docs/site/requirements.lock

clean: ## Removes the environment, what was built and every cache; var/ stays.
	rm -rf $(VENV) .cache build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
