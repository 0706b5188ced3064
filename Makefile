# Everything starts from here, on a machine that has Python 3.10 to 3.13 and nothing else.

AIRFLOW_VERSION ?= 3.3.2
VENV ?= .venv
BIN := $(VENV)/bin
CONSTRAINTS := constraints/airflow-$(AIRFLOW_VERSION).txt
INSTALLED := $(VENV)/installed-$(AIRFLOW_VERSION)
UI_SOURCES := $(shell find airflow_thirdparty/ui -type d \( -name node_modules -o -name dist \) -prune -o -type f -print 2>/dev/null)
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.10; do \
	"$$python" -c 'import ensurepip, sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo "$$python" && break; done)
DEMO_OPTIONS ?=
PYTEST_OPTIONS ?=
REHEARSAL_OPTIONS ?=
INSTALL_OPTIONS ?=
UPGRADE ?=
ONLY ?=
# Test files side by side, each process with its own Airflow home and databases; a few, since each takes 1 GB.
WORKERS ?= logical
PYTEST := $(BIN)/python -m pytest
# Other providers' packages have environments of their own, one a group in pyproject.toml: not all can share one.
FOREIGN ?= foreign foreign-apart
SIDE_BY_SIDE := -n $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# What takes long comes first, and the many small files last, so that all processes end at about the same time.
LAYERS := faults integration interop unit
# The examples of property tests: "short" takes the same few every time, "long" takes many new ones.
HYPOTHESIS_PROFILE ?= short
BENCHMARKS ?= counts fetch servers policy growth reseal storm kills
COMPOSE := docker/compose.yaml docker/compose.trial.yaml
GENERATED_PAGES := $(addprefix tests.unit.docs.,api command_line configuration errors foreign_hooks http_api services) \
	tests.unit.server.broker.acting.table

PACKAGE := build/package

# Each of the many processes that are started would compile all of Airflow anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo demo-check test $(LAYERS) foreign e2e coverage bench rehearsal servers matrix check package smoke site format docs types constraints browser clean

help: ## list the targets
	@grep -hE '^[a-z0-9 -]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(INSTALLED) ## make .venv with the project and all it needs

$(INSTALLED): pyproject.toml $(CONSTRAINTS) $(UI_SOURCES)
	@test -n "$(PYTHON)" || { echo "No Python 3.10 to 3.13 with venv was found. Install one (Debian: apt-get install python3-venv), or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "Making $(VENV) with $$($(PYTHON) --version)"; $(PYTHON) -m venv $(VENV); }
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint $(CONSTRAINTS) uv
	@echo "Installing Airflow $(AIRFLOW_VERSION) and the project into $(VENV)"
	@VIRTUAL_ENV=$(abspath $(VENV)) UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip install --quiet --compile-bytecode --constraint $(CONSTRAINTS) \
		$(INSTALL_OPTIONS) --editable '.[fab,http]' --group dev 'apache-airflow==$(AIRFLOW_VERSION)'
	@rm -f $(VENV)/installed-* && touch $@

demo: $(INSTALLED) ## start Airflow and an identity provider, and say where to go
	@$(BIN)/python -m airflow_thirdparty.demo $(DEMO_OPTIONS)

demo-check: $(INSTALLED) browser ## the same unattended: two people, one DAG, each as themselves
	@$(BIN)/python -m airflow_thirdparty.demo --check $(DEMO_OPTIONS)

test: $(INSTALLED) browser ## all tests but the long ones in a browser: see e2e
	@$(PYTEST) $(SIDE_BY_SIDE) --hypothesis-profile=$(HYPOTHESIS_PROFILE) \
		tests/e2e/test_walks.py $(LAYERS:%=tests/%) $(PYTEST_OPTIONS)

unit integration faults interop: $(INSTALLED) ## the tests of that folder
	@$(PYTEST) $(SIDE_BY_SIDE) --hypothesis-profile=$(HYPOTHESIS_PROFILE) tests/$@ $(PYTEST_OPTIONS)

foreign: $(INSTALLED) ## hooks and operators of other providers, unmodified, act as the person; Keycloak as the log-in
	@failed=0; for group in $(FOREIGN); do env=$(abspath $(VENV))-$$group; \
		test -x $$env/bin/python || { echo "Making $(VENV)-$$group"; $(BIN)/python -m venv $$env; }; \
		VIRTUAL_ENV=$$env UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip install --quiet \
			--constraint constraints/$$group-$(AIRFLOW_VERSION).txt --editable '.[fab,http]' --group $$group \
			'apache-airflow==$(AIRFLOW_VERSION)' || exit 1; \
		FOREIGN_GROUP=$$group $$env/bin/python -m pytest --confcutdir=tests/foreign --quiet tests/foreign $(PYTEST_OPTIONS) \
			|| failed=1; done; exit $$failed

e2e: $(INSTALLED) browser ## the whole demo, and whole journeys of people in a browser
	@$(PYTEST) tests/e2e $(PYTEST_OPTIONS)

coverage: ## the same as test, and what it does not reach
	@$(MAKE) --no-print-directory test PYTEST_OPTIONS='--cov --cov-report=term:skip-covered $(PYTEST_OPTIONS)'

bench: $(INSTALLED) ## what it costs beside vanilla Airflow, and what it survives
	@failed=; for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || failed="$$failed $$name"; done; \
		$(BIN)/python -m benchmarks.report; test -z "$$failed" || { echo "Not measured to the end:$$failed" >&2; exit 1; }

rehearsal: $(INSTALLED) servers ## docker/'s production shape as processes: people, work and accidents
	@VIRTUAL_ENV=$(abspath $(VENV)) UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip install --quiet --compile-bytecode \
		--constraint $(CONSTRAINTS) --group rehearsal
	@PATH="$$PATH:/usr/sbin" $(BIN)/python -m rehearsal $(REHEARSAL_OPTIONS)

servers:
	@PATH="$$PATH:/usr/sbin"; command -v nginx >/dev/null && command -v redis-server >/dev/null && command -v curl >/dev/null || { \
		test "$$(id -u)" = 0 || { echo "The rehearsal needs nginx, redis-server and curl. Install them, for example: sudo apt-get install nginx-light redis-server curl" >&2; exit 1; }; \
		echo "Installing nginx and redis-server"; apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light redis-server curl >/dev/null; }

matrix: $(INSTALLED) ## tests with other versions, each in a .venv of its own; parts by ONLY=…, what is done is remembered
	@ONLY='$(ONLY)' $(BIN)/python -m tools.matrix

check: $(INSTALLED) ## style, types, docstrings, who may import whom, the files for Docker, manual and package
	@failed=0; for tool in 'ruff check' 'ruff format --check' mypy lint-imports 'pydoclint --quiet airflow_thirdparty' \
		'hadolint docker/Dockerfile' 'check-jsonschema --quiet --builtin-schema vendor.compose-spec $(COMPOSE)'; do \
		$(BIN)/$$tool || failed=1; done; \
		if docker compose version >/dev/null 2>&1; then PUBLIC_HOST=localhost PUBLIC_ORIGIN=https://localhost \
			docker compose $(COMPOSE:%=--file %) config --quiet || failed=1; fi; \
		$(MAKE) --no-print-directory site || failed=1; $(MAKE) --no-print-directory package || failed=1; \
		exit $$failed

package: $(INSTALLED) ## build wheel and source package, and check both
	@rm -rf $(PACKAGE); VIRTUAL_ENV=$(abspath $(VENV)) UV_PYTHON_DOWNLOADS=never \
		$(BIN)/uv build --quiet --no-build-isolation --out-dir $(PACKAGE)
	@$(BIN)/twine --no-color check --strict $(PACKAGE)/*.whl $(PACKAGE)/*.tar.gz
	@$(BIN)/check-wheel-contents $(PACKAGE)/*.whl

# Whose address it is does not matter, but that it ends up in the package; what is published is not built here.
smoke: PACKAGE := build/smoke
smoke: export PROJECT_URL ?= https://code.example/team/airflow-thirdparty
smoke: package ## the wheel alone in a bare environment, without Node: installed, used, uninstalled
	@$(BIN)/python -m tests.smoke $(PACKAGE)/*.whl --constraint $(CONSTRAINTS) --uv $(BIN)/uv

site: $(INSTALLED) ## the manual as a site; a warning, such as a link that leads nowhere, is an error
	@$(BIN)/sphinx-build --quiet --nitpicky --fail-on-warning --keep-going docs build/site

format: $(INSTALLED) ## mend what can be mended by itself
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

types: $(INSTALLED) ## generate the page's types from the server's API
	@$(BIN)/python -m tools.api_description
	@cd airflow_thirdparty/ui && PATH="$(abspath $(BIN)):$$PATH" node --run types
	@$(BIN)/python -m tests.unit.docs.http_api

docs: $(INSTALLED) ## write the pages that are made from code: public names, configuration, services, whom a run acts for
	@set -e; for page in $(GENERATED_PAGES); do $(BIN)/python -m $$page; done

constraints: $(INSTALLED) ## pin what is not pinned; with UPGRADE=--upgrade, the newest versions that work together
	@UV=$(abspath $(BIN)/uv) constraints/compile.sh $(UPGRADE)

browser:
	@command -v chromium >/dev/null || { \
		test "$$(id -u)" = 0 || { echo "The browser tests need chromium. Install it, for example: sudo apt-get install chromium" >&2; exit 1; }; \
		echo "Installing chromium"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; }

clean: ## remove what was made, but not the demo's state
	rm -rf $(VENV) airflow_thirdparty/ui/dist airflow_thirdparty/ui/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
