# `make` shows what there is. The virtual environment is made and kept up to date on the way.

PYTHON := .venv/bin/python
PACKAGES := config frontend tasks projects accounts tenancy
SCRIPTS := frontend/static tests/frontend/scripts

# Images like to set it, and then every process compiles every module again: a second at each start.
unexport PYTHONDONTWRITEBYTECODE

# Requirement files that are installed leave a mark in .venv/installed.
RUNTIME := .venv/installed/requirements.txt
EMBEDDED := $(if $(and $(DATABASE_URL),$(REDIS_URL),$(S3_ENDPOINT_URL)),,.venv/installed/requirements-embedded.txt)
DEVELOPMENT := .venv/installed/requirements-dev.txt
PEERS := .venv-peers/installed/requirements.txt

.PHONY: help install demo dev test coverage lint typecheck bench bench-peers bench-scale mutants torture fuzz openapi roles settings psql lock clean
.DELETE_ON_ERROR:
.NOTPARALLEL:

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(RUNTIME) $(EMBEDDED) $(DEVELOPMENT) ## .venv with everything in it

demo: $(RUNTIME) $(EMBEDDED) ## everything, with made-up accounts, on http://localhost:8000/ (PORT=…)
	@$(PYTHON) -m config.demo

dev: $(RUNTIME) $(EMBEDDED) ## the same for developing: DEBUG, restarts when a file changes (PORT=…)
	@$(PYTHON) -m config.demo --reload

test: install ## the tests (ARGS='-k something')
	@$(PYTHON) -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

torture: install ## isolation under load: 20,000 requests of twenty tenants, some minutes
	@$(PYTHON) -m pytest -m torture $(ARGS)

fuzz: install ## the API against its document: 2,000 made-up requests for each kind of object, three quarters of an hour (ARGS='-k tasks')
	@$(PYTHON) -m pytest -m fuzz -n auto $(ARGS)

coverage: install ## the tests with coverage of lines and branches of Python, reported in htmlcov/ (ARGS='tests/tasks')
	@rm -f .coverage .coverage.*
	@status=0; $(PYTHON) -m coverage run -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS) || status=$$?; \
		$(PYTHON) -m coverage combine --quiet && $(PYTHON) -m coverage html --quiet && $(PYTHON) -m coverage report; exit $$status

lint: $(RUNTIME) $(DEVELOPMENT) ## style of Python, templates, scripts and style sheets, imports, declared packages
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m djlint --quiet --lint frontend
	.venv/bin/oxlint --quiet $(SCRIPTS)
	.venv/bin/oxfmt --check $(SCRIPTS)
	.venv/bin/lint-imports
	.venv/bin/deptry .

typecheck: $(RUNTIME) $(DEVELOPMENT) ## mypy --strict
	$(PYTHON) -m config.services pretend $(PYTHON) -m mypy $(PACKAGES)

bench: install ## what isolation costs, into benchmarks/reports (ARGS=lists)
	@$(PYTHON) -m benchmarks $(ARGS)

bench-peers: install $(PEERS) ## the same pages with other packages, into benchmarks/reports/peers.md, a quarter of an hour
	@$(PYTHON) -m benchmarks.peers

bench-scale: install ## times and memory with up to 20,000 accounts, into benchmarks/reports; an hour (ARGS=hot, BENCHMARK_SIZES=20,200)
	@$(PYTHON) -m benchmarks.scale $(ARGS)

mutants: install ## switch off one control at a time: the tests must notice (ARGS='policy foreign')
	@$(PYTHON) -m tests.mutants $(ARGS)

openapi: $(RUNTIME) $(EMBEDDED) ## write config/openapi.json
	@$(PYTHON) -m config.services pretend $(PYTHON) manage.py spectacular --format openapi-json --file config/openapi.json \
		--validate --fail-on-warn

roles: $(RUNTIME) $(EMBEDDED) ## write docs/roles.md
	@$(PYTHON) -m config.services pretend $(PYTHON) -m config.roles > docs/roles.md

settings: $(RUNTIME) ## write docs/settings.md
	@$(PYTHON) -m config.environment > docs/settings.md

psql: $(RUNTIME) $(EMBEDDED) ## the database, as the application's role (ARGS='-c "SELECT 1"')
	@$(PYTHON) -m config.services psql $(ARGS)

COMPILE := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.12
lock: ## pin the newest versions that pyproject.toml allows (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv on the PATH." >&2; exit 2; }
	$(COMPILE) --upgrade pyproject.toml -o requirements.txt
	$(COMPILE) --upgrade pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	$(COMPILE) --upgrade --group embedded -c requirements-dev.txt -o requirements-embedded.txt
	$(COMPILE) --upgrade benchmarks/peers/requirements.in -c requirements.txt -o benchmarks/peers/requirements.txt

clean: ## remove .venv and caches, and with DATA=1 the servers' data
ifeq ($(origin DATA),command line)
	@if [ -d .data ] && [ -x $(PYTHON) ]; then DATA_DIR=.data $(PYTHON) -m config.services stop; fi
	rm -rf .data
endif
	rm -rf .venv .venv-peers .mypy_cache .ruff_cache .pytest_cache .import_linter_cache staticfiles htmlcov .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@sh config/venv.sh create .venv

.venv/installed/%: % | .venv/bin/python
	@sh config/venv.sh install .venv $<
	@mkdir -p $(@D) && touch $@

$(PEERS): benchmarks/peers/requirements.txt
	@sh config/venv.sh create .venv-peers
	@sh config/venv.sh install .venv-peers $<
	@mkdir -p $(@D) && touch $@
