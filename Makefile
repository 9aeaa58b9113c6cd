# `make` alone prints what there is to do.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INDEX ?= .precedent
# Several GB of CUDA libraries come with an unpinned torch: it is installed first, as pinned.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help install run test lint silence relevance bench bench-peers clean

help: ## print this help
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(INSTALLED) ## make the environment .venv with everything pinned

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade -c constraints.txt pip
	$(PIP) install -c constraints.txt torch
	$(PIP) install -c constraints.txt --editable .
	$(PIP) install -c constraints.txt --group dev
	touch $@

run: $(INSTALLED) ## index the sample letters and serve the pages on 127.0.0.1
	$(BIN)/precedent index samples/letters --index $(INDEX)
	$(BIN)/precedent serve --index $(INDEX)

test: $(INSTALLED) ## run every test
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: $(INSTALLED) ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

silence: $(INSTALLED) ## run every command in a network that records who calls out
	$(BIN)/python -m tests.silence.commands

relevance: $(INSTALLED) ## print the ablation table of the ranking on ../shared/judgments
	$(BIN)/python -m bench.relevance

bench: $(INSTALLED) ## time the engine on 20,000 generated issues
	$(BIN)/python bench/engine.py --issues 20000

bench-peers: $(INSTALLED) ## install the search engines that bench/ compares with
	$(PIP) install -c constraints.txt --group peers

clean: ## remove the environment and the sample index
	rm -rf $(VENV) $(INDEX)
