# Needs Python >= 3.11 and make; everything else goes into $(VENV).

SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: help setup demo test test-slow test-browser test-notebooks test-qgis test-docs docs check clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1 | /' \
		| awk -F ' \\| ' '{ printf "make %-14s %s\n", $$1, $$2 }'

setup: $(INSTALLED)  ## create .venv and install the package with its tools

# PYTHON may name an interpreter; otherwise the first one that is new enough is taken.
$(INSTALLED): pyproject.toml constraints.txt
	@found=; for candidate in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
		if "$$candidate" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' \
			>/dev/null 2>&1; then found="$$candidate"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "make setup: no Python >= 3.11 with venv was found (python3 is: $$(python3 --version 2>&1))." >&2; \
		echo "Install one (Debian, Ubuntu: apt install python3 python3-venv) or name it: make setup PYTHON=/path/to/python3.12" >&2; \
		exit 2; \
	fi; \
	echo "installing into $(VENV) with $$("$$found" --version); this takes a few minutes" && \
	"$$found" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		-e ".[hf,parquet,ray,serve,dev]" -c constraints.txt
	@touch $@

demo: $(INSTALLED)  ## set up, render a scene, run both tasks, print the accuracy
	$(BIN)/dgl-rsis demo

test: $(INSTALLED)  ## run the fast tests
	$(BIN)/python -m pytest

test-slow: $(INSTALLED)  ## run the slow tests
	$(BIN)/python -m pytest -m slow

test-browser: $(INSTALLED)  ## use the pages as people do in Chromium, installed where apt-get can
	@command -v chromium >/dev/null || $$(test "$$(id -u)" = 0 || echo sudo) apt-get install -y chromium
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[browser]" -c constraints.txt
	$(BIN)/python -m pytest -m browser

test-notebooks: $(INSTALLED)  ## execute the tutorials, and test maps in notebooks
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		-e ".[notebook,xarray,tutorials]" -c constraints.txt
	$(BIN)/python -m pytest -m notebook

test-qgis: $(INSTALLED)  ## run the QGIS plugin offscreen, installed where apt-get can
	@command -v qgis_process >/dev/null || $$(test "$$(id -u)" = 0 || echo sudo) apt-get install -y \
		--no-install-recommends qgis python3-qgis
	$(BIN)/python -m pytest -m qgis

docs: $(INSTALLED)  ## build the documentation site into site/; broken links and references fail
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[docs]" -c constraints.txt
	$(BIN)/python -m docs.tools
	$(BIN)/zensical build --clean --strict

test-docs: $(INSTALLED)  ## execute every command of README.md and docs on rendered scenes
	$(BIN)/python -m pytest -m docs

check: $(INSTALLED)  ## lint, format check, strict types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:  ## remove .venv, caches, built files and the demo's output
	rm -rf .venv build dist demo site .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests pretrain benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
