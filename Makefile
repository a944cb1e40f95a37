# Two commands do everything on a fresh machine: `make report` and `make test`.
# Needed: Python 3.12 or newer, make, git, gcc. All else is set up in .venv from constraints.txt.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUNS   := $(VENV)/.runs
READY  := $(VENV)/.ready
NODE   := tests/browser/node_modules/.ready

.DEFAULT_GOAL := help
.PHONY: help setup browser report reports test test-slow test-lowest test-newest check lint types imports format bench docs calibrate mutate fuzz faults clean

help:               ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: $(READY)     ## a virtual environment with everything in it

# What the commands need, and no more: `make report` waits for this alone. pip says what it is doing.
$(RUNS): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 12))' || { \
	  echo "attribution needs Python 3.12 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
	  echo "  hint: make $(or $(MAKECMDGOALS),setup) PYTHON=/path/to/python3.12"; exit 2; }
	@echo "setting up $(VENV), once: PyMC and what it stands on, about 400 MB"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e .
	@touch $(RUNS)

$(READY): $(RUNS)
	@echo "setting up $(VENV), once: what tests and checks need besides"
	@$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

browser: $(NODE)    ## what the tests of the page need besides node and chromium

# Without npm, or without its registry, these tests skip and say so; nothing of it ships.
$(NODE): tests/browser/package.json
	@if ! command -v npm >/dev/null; then echo "npm is not here: the tests of the page will skip"; \
	elif (cd tests/browser && npm install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error --fetch-retries=1 --fetch-timeout=60000); \
	then touch $(NODE); else echo "npm could not install: the tests of the page will skip"; fi

report: $(RUNS)     ## write the Tower 22 report and print its bottom line
	@$(BIN)/attribution report tower-22 || [ $$? -eq 1 ]
	@echo "to read it:  xdg-open reports/tower-22/baseline.html   (macOS: open, Windows: start; or drag the file into a browser)"

reports: $(RUNS)    ## rebuild every committed report
	@$(BIN)/attribution tempo report us-forces-2023-24 --forecasts || [ $$? -eq 1 ]
	@$(BIN)/attribution reports
	@$(BIN)/attribution casebook

# Two processes, a file of tests in one of them; they must agree on the order of sets in the names of tests.
test: $(READY) $(NODE)  ## the tests (minutes)
	PYTHONHASHSEED=0 $(BIN)/python -m pytest -q -n 2 --dist loadfile

test-slow: $(READY) $(NODE)  ## the long runs too
	$(BIN)/python -m pytest -q -m 'slow or not slow'

# One wheel, an environment of its own, ten commands of it. NEWEST: the newest Python here that the package may run on.
NEWEST ?= $(shell for v in 14 13; do for p in $$(command -v python3.$$v) $(HOME)/.pyenv/versions/3.$$v.*/bin/python; do \
	"$$p" -c '' 2>/dev/null && echo "$$p"; done; done | head -1)
smoke = rm -rf build/$(1) && $(BIN)/python -m build --no-isolation --wheel --outdir build/$(1) . >build/$(1).log && \
	$(2) -m venv build/$(1)/venv && \
	build/$(1)/venv/bin/python -m pip install --quiet --disable-pip-version-check $(3) "$$(echo build/$(1)/*.whl)[archive]" && \
	$(BIN)/python -m tests.trust.smoke build/$(1)/venv/bin/python

test-lowest: $(READY)  ## ten commands from the wheel with the lowest versions that are allowed
	@mkdir -p build && $(BIN)/python -m tests.trust.floors > build/lowest.txt
	@$(call smoke,lowest,$(BIN)/python,-c build/lowest.txt)

test-newest: $(READY)  ## the same with the newest Python that is here and the newest versions there are
	@mkdir -p build
	@if [ -z "$(NEWEST)" ]; then echo "no Python newer than 3.12 is here: nothing newer is tested"; \
	else $(NEWEST) --version && $(call smoke,newest,$(NEWEST),); fi

check: lint types imports  ## lint, types, import contracts

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports

format: $(READY)    ## put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

calibrate: $(READY) ## simulated cases with a known truth: are probabilities kept? (half an hour)
	$(BIN)/python -m benchmarks.calibration

mutate: $(READY)   ## wrong mathematics on purpose: is each mistake caught by a test? (20 minutes)
	$(BIN)/python -m tests.trust.mutations

fuzz: $(READY)     ## 100,000 spoilt files: an answer, or an error with file and line? (10 minutes)
	$(BIN)/python -m tests.trust.fuzz

faults: $(READY)   ## kill the commands at random moments: is anything lost? (10 minutes)
	$(BIN)/python -m tests.trust.faults

bench: $(READY)     ## measurements side by side
	$(BIN)/python -m benchmarks.run

docs: $(READY)      ## the documentation as a folder of pages, build/docs/index.html
	$(BIN)/python docs/make_site.py build/docs

clean:              ## remove the environment and all caches
	rm -rf $(VENV) tests/browser/node_modules build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
