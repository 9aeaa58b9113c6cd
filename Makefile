# `make` alone prints what there is to do.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INDEX ?= .precedent
PORT ?= 8017
# Where torch is fetched from, in place of the registry that pip is set to: README.md says why.
TORCH_INDEX ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
BROWSERS := $(CURDIR)/$(VENV)/browsers
FETCHES := $(if $(TORCH_INDEX),about 0.6 GB and take 1.6 GB of disk,about 3 GB and take 6 GB of disk)

.PHONY: help install run announce test browser lint silence hostile histories interrupted relevance bench bench-peers clean

help: ## print this help
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(INSTALLED) ## make the environment .venv with everything pinned

$(INSTALLED): pyproject.toml constraints.txt
	@echo "Installing into $(VENV): this will fetch $(FETCHES), in some minutes."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --upgrade -c constraints.txt pip
	@echo "1 of 4: fetching torch, the larger part"
	@$(PIP) install -c constraints.txt $(if $(TORCH_INDEX),--no-deps --index-url $(TORCH_INDEX)) torch
	@echo "2 of 4: fetching the other libraries and the model"
	@PYTHONWARNINGS=ignore $(PIP) install -c constraints.txt --editable .
	@echo "3 of 4: fetching what the tests need"
	@$(PIP) install -c constraints.txt --group dev
	@echo "4 of 4: compiling the search kernels, and trying all of it on the sample letters"
	@$(BIN)/precedent index samples/letters --index $(VENV)/trial >/dev/null
	@rm -rf $(VENV)/trial
	@touch $@

run: announce $(INSTALLED) ## index the sample letters and serve the pages on 127.0.0.1
	@echo "Reading the sample letters into the index $(INDEX)"
	@$(BIN)/precedent index samples/letters --index $(INDEX)
	@echo "Starting the server"
	@$(BIN)/precedent serve --index $(INDEX) --port $(PORT)

announce:
	@echo "The pages will be at http://127.0.0.1:$(PORT)/ $(if $(wildcard $(INSTALLED)),in a moment,when everything is installed); Ctrl-C ends them."

test: $(INSTALLED) browser ## run every test
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# Never fails: where no browser can be had, the last lines of the tests say what did not run.
browser: $(INSTALLED)
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	ls -d $(BROWSERS)/chromium* >/dev/null 2>&1 && exit 0; \
	echo "Fetching a browser for the tests into $(VENV), about 0.1 GB"; \
	PLAYWRIGHT_BROWSERS_PATH=$(BROWSERS) $(BIN)/python -m playwright install --only-shell chromium >$(VENV)/browser.log 2>&1 \
	|| echo "It cannot be fetched from here; the tests go on without it"

lint: $(INSTALLED) ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

silence: $(INSTALLED) ## run every command in a network that records who calls out
	@$(BIN)/python -m tests.silence.commands

hostile: $(INSTALLED) ## index and upload files that are made to do harm
	@$(BIN)/python -m tests.hostile.figures

histories: $(INSTALLED) ## change, damage and index a folder of letters in 2,000 random ways
	@$(BIN)/python -m tests.index.sequences 2000

interrupted: $(INSTALLED) ## kill index runs before every single change they make to the disk
	@PRECEDENT_TESTS_EVERY_CHANGE=yes $(BIN)/python -m pytest -n auto tests/index/test_interrupted.py

relevance: $(INSTALLED) ## print the ablation table of the ranking on ../shared/judgments
	$(BIN)/python -m bench.relevance

bench: $(INSTALLED) ## time the engine on 20,000 generated issues
	$(BIN)/python bench/engine.py --issues 20000

bench-peers: $(INSTALLED) ## install the search engines that bench/ compares with
	$(PIP) install -c constraints.txt --group peers

clean: ## remove the environment; an index stays
	rm -rf $(VENV)
