# Loa: `make demo` to hear it, `make test` to prove it, `make help` for the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ONCE ?=
# Whether tests that start stations can each have a network of their own.
SIDE_BY_SIDE := unshare --net true 2>/dev/null
NAME ?=
TESTS := $(BIN)/python tools/run_tests.py

# Neither a user's pip settings nor a terminal decide how this is built.
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_NO_INPUT = 1

.PHONY: all help demo test torture check lint bench settings catalogue clean distclean

all: $(VENV)/.ready  ## the commands loa, loa-agent and loa-fleet in .venv/bin
	@echo "Ready: loa, loa-agent and loa-fleet are in $(BIN)."

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

# A virtual environment does not survive a move of this folder: the paths in it are whole ones.
ifneq ($(shell cat $(VENV)/.at 2>/dev/null || pwd -P),$(shell pwd -P))
$(shell rm -rf $(VENV))
endif

$(BIN)/python:
	@$(PYTHON) tools/check_python.py
	@echo "Making a Python of Loa's own in $(VENV), and fetching the libraries into it. Once; a minute or so."
	@$(PYTHON) -m venv $(VENV)
	@pwd -P >$(VENV)/.at

$(VENV)/.ready: pyproject.toml constraints.txt | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[controller,bench]'
	@touch $@

$(VENV)/.dev: $(VENV)/.ready
	@echo "Fetching the tools that test it ..."
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[controller,bench,dev]'
	@touch $@

demo: $(VENV)/.ready  ## three speakers speak a bulletin together; ONCE=1 checks it, prints a table and stops
	@$(BIN)/loa demo $(if $(ONCE),--once)

test:  ## set up what tests need, then run all of them
	@sh tools/system_packages.sh
	@$(MAKE) --no-print-directory lint
	$(TESTS) -n auto -m "not system"
	@$(SIDE_BY_SIDE) || echo "No networks can be made here, so what starts stations is run one after the other."
	if $(SIDE_BY_SIDE); then \
	    LOA_TESTS_OWN_NETWORK=1 $(TESTS) -n auto --dist loadfile --no-loadscope-reorder -m "system and not alone"; \
	else $(TESTS) -m "system and not alone"; fi
	$(TESTS) -m "system and alone"

lint: $(VENV)/.dev  ## style, types, layers, catalogues and generated pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m controller.web.catalogue check
	$(BIN)/python tools/settings_page.py --check

torture: $(VENV)/.dev  ## 5,000 kills and 5,000 power cuts, 200 schedules of faults, 5 villages; KILLS, CUTS, SEED, SECONDS
	@sh tools/system_packages.sh
	$(BIN)/python -m tests.agents.torture --kills $(or $(KILLS),5000) --cuts $(or $(CUTS),5000) \
		--seconds $(or $(SECONDS),3600) $(if $(SEED),--seed $(SEED))
	LOA_FAULT_SCHEDULES=200 $(BIN)/python -m pytest -n auto tests/simulation
	LOA_VILLAGES=5 LOA_VILLAGE_S=120 $(BIN)/python -m pytest tests/system/test_village.py

bench: $(VENV)/.ready  ## NAME=arm|cap|emergency|fanout|footprint|live|rundown|sim|storm|sync|transcode|trickle|underload|upload measures it
	@sh tools/system_packages.sh
	@$(BIN)/loa bench $(NAME) --json

settings: $(VENV)/.ready  ## write docs/settings.md anew from the tables of settings
	$(BIN)/python tools/settings_page.py

catalogue: $(VENV)/.ready  ## collect the sentences of the pages for translation
	$(BIN)/python -m controller.web.catalogue update

clean:  ## remove what runs left behind
	rm -rf demo-data .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build

distclean: clean  ## and the virtual environment
	rm -rf $(VENV) *.egg-info
