# Every target sets up what it needs: a virtual environment with the locked dependencies.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# which study, which published trials and which network of them `make report` works on
STUDY ?= beat-the-blues
TRIALS ?= published-trials
NETWORK ?= linde2016

# one BLAS thread per process: work is spread over processes instead, and results do not vary
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup report test lab validate bench lint lock clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | \
	  awk -F '\t' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(READY)  ## make the virtual environment and install the locked dependencies

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; ok = v >= (3, 11); \
	  ok or print(f"ctevidence needs Python 3.11 or newer; $(PYTHON) is {v[0]}.{v[1]}. Try: make PYTHON=/path/to/python3.11"); \
	  sys.exit(not ok)'
	@echo "Setting up $(VENV) (once; a few minutes) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(READY)

report: $(READY)  ## the main job: a report pack in reports/$(STUDY)/ from the shipped data
	@$(BIN)/ctevidence report $(STUDY) --trials $(TRIALS) $(if $(NETWORK),--network $(NETWORK))

test: $(READY)  ## run the tests
	@$(BIN)/python -m pytest -n 2 --dist worksteal

lab: $(READY)  ## open JupyterLab on the notebooks
	@$(BIN)/ctevidence prepare --all --quiet
	@$(BIN)/jupyter lab notebooks

validate: $(READY)  ## simulations with stated thresholds (long)
	@for script in $$(grep -l "^def main" validation/*.py); do $(BIN)/python $$script || exit 1; done

bench: $(READY)  ## side-by-side timings
	@for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

lint: $(READY)  ## style check
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

lock: $(READY)  ## resolve the dependencies anew into requirements.lock (needs uv)
	@uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet -o requirements.lock

clean:  ## remove what was generated (not the data)
	@rm -rf $(VENV) data/processed/* reports/.work reports/*/ .pytest_cache .ruff_cache .hypothesis
