# Everything lives in .venv and var/ inside this checkout. `make help` lists the targets.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
export HOST PORT

.DEFAULT_GOAL := help
.PHONY: help install run test check house format bench load look soak mutants model words lock clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

# A stamp for each set of packages: made again only when its list changes.
$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,check]'
	touch $@

install: $(VENV)/.installed ## create .venv with what running needs

run: $(VENV)/.installed ## serve the demo city at http://HOST:PORT (default 127.0.0.1:8000)
	@DEMO_MODE=true $(BIN)/enmusubi db upgrade
	@DEMO_MODE=true $(BIN)/enmusubi seed --if-empty
	@echo
	@echo "  Enmusubi is at http://$(HOST):$(PORT)  (Ctrl-C stops it)"
	@echo
	@DEMO_MODE=true exec $(BIN)/gunicorn -c python:webapp.server wsgi:app

# Thousands of small databases are written, and programs run beside them: in memory where that has 8 GB of room.
MEMORY := $(shell grep -s ' /dev/shm ' /proc/mounts | grep -qv noexec && \
  df -k --output=avail /dev/shm | awk 'NR == 2 && $$1 > 8000000 {print "/dev/shm"}')

test: $(VENV)/.installed-test ## run all tests, on SQLite and PostgreSQL, browser tests where Chromium is
	@scratch=$$(mktemp -d $(MEMORY:%=-p %)); trap 'rm -rf "$$scratch"' EXIT; \
	$(BIN)/python -m pytest -n 2 --dist loadfile --basetemp="$$scratch/run"

check: $(VENV)/.installed-test ## lint, types, import rules, templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint webapp/templates --lint --quiet

house: $(VENV)/.installed-test ## print the measures of the house: lengths, places of an act, rules, words
	@$(BIN)/python -m tests.contracts.house

look: $(VENV)/.installed-test ## print how much of a screen each job takes: pages, pixels, inputs, what is in sight
	@$(BIN)/python -m tests.browser.look

format: $(VENV)/.installed-test ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-test ## measure: suggestion page against a plain page, at 10,000 and at a million
	$(BIN)/python -m tests.benchmarks.pages
	$(BIN)/python -m tests.benchmarks.scale
	$(BIN)/python -m tests.benchmarks.plan

load: $(VENV)/.installed-test ## fifty people at once, in quiet and while the service is troubled, on both databases
	$(BIN)/python -m tests.benchmarks.load

soak: $(VENV)/.installed-test ## the long rounds: 200 kill -9 rounds under load, 200 races, 20,000 fuzzed posts
	FUZZ_POSTS=20000 FUZZ_GETS=20000 FUZZ_SECONDS=2 \
	$(BIN)/python -m pytest -o addopts=-q tests/soak tests/contracts/test_fuzz.py

mutants: $(VENV)/.installed-test ## put faults into a copy of the program, one at a time: a test must notice each
	@$(MEMORY:%=TMPDIR=%) $(BIN)/python -m tests.soak.mutants

model: $(VENV)/.installed-test ## rebuild the bundled embedding models from their sources
	$(BIN)/python -m embeddings.training.build_e5
	$(BIN)/python -m embeddings.training.tune_e5
	$(BIN)/python -m embeddings.training.build_model --untrained var/untrained
	$(BIN)/enmusubi match evaluate embeddings/training/heldout --also var/untrained

words: $(VENV)/.installed ## write webapp/translations/messages.pot, from which a language is begun
	@mkdir -p webapp/translations
	$(BIN)/pybabel --quiet extract -F babel.cfg -k _l -o webapp/translations/messages.pot --no-location .

lock: ## write constraints.txt from what is installed and tested
	$(BIN)/pip freeze --exclude-editable | sed -E 's/^torch==([0-9.]+)\+.*/torch==\1/' > constraints.txt

clean: ## remove .venv, var/ and caches
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
