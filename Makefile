# `make run` and `make test` each do all of their own set-up; run again, they do only what has changed.
# Every path is relative, so that the checkout may lie anywhere. Node.js is found or installed by tools/node.sh.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

SETUP := .venv/installed
DESIGNER := server/static/index.html
DESIGNER_PACKAGES := designer_ui/node_modules/.installed
INTEROP_PACKAGES := tests/interop/node_modules/.installed
# Folders count too: a source that was deleted leaves its folder newer.
DESIGNER_SOURCES := $(shell find designer_ui/src designer_ui/public) $(wildcard designer_ui/*.html designer_ui/*.ts designer_ui/*.json)

# A virtual environment does not survive a move of the checkout: tools/setup.sh makes a new one.
ifneq ($(shell [ "$$(cat .venv/place 2>/dev/null)" = "$$(pwd)" ] && echo here),here)
$(SETUP): again
endif

NPM_CI := npm ci --no-audit --no-fund --loglevel=error

BENCH_PACKAGES := tests/bench/node_modules/.installed

# What `soak` runs: make soak TESTS=tests/ot
TESTS ?= tests

.PHONY: help again setup run cluster test bench bench-quick bench-browser bench-check soak bench-ot soak-ot cover picture clean

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1	\2/p' Makefile

setup: $(SETUP) ## the Python environment: .venv, with the command .venv/bin/coweave

$(SETUP): pyproject.toml constraints.txt tools/setup.sh
	@tools/setup.sh
	@touch $@

$(DESIGNER_PACKAGES): designer_ui/package.json designer_ui/package-lock.json | $(SETUP)
	@echo "Installing the designer's packages (npm ci)"
	@cd designer_ui && ../tools/node.sh $(NPM_CI)
	@touch $@

$(INTEROP_PACKAGES): tests/interop/package.json tests/interop/package-lock.json | $(SETUP)
	@echo "Installing the stock ShareDB client for the tests (npm ci)"
	@cd tests/interop && ../../tools/node.sh $(NPM_CI)
	@touch $@

$(BENCH_PACKAGES): tests/bench/package.json tests/bench/package-lock.json | $(SETUP)
	@echo "Installing the servers that the benchmark compares with (npm ci)"
	@cd tests/bench && ../../tools/node.sh $(NPM_CI)
	@touch $@

$(DESIGNER): $(DESIGNER_SOURCES) $(DESIGNER_PACKAGES)
	@echo "Building the designer"
	@cd designer_ui && ../tools/node.sh npm run --silent build -- --logLevel error
	@touch $@

run: $(SETUP) $(DESIGNER) ## set everything up and serve the designer at http://127.0.0.1:8000 (COWEAVE_PORT)
	@.venv/bin/coweave samples
	@exec .venv/bin/coweave serve

cluster: $(SETUP) $(DESIGNER) ## PostgreSQL, Redis, two nodes and a proxy before them, as in production; forgotten with Ctrl-C
	@tools/services.sh
	@exec .venv/bin/python -m tests.support.deployment $(CLUSTER)

test: $(SETUP) $(DESIGNER) $(INTEROP_PACKAGES) ## set everything up and run every gate
	@tools/chromium.sh
	@tools/services.sh
	@tools/stage.sh "ruff, mypy, floors" .venv/bin/python -m pytest -q tests/test_source.py
	@cd designer_ui && ../tools/stage.sh "tsc" ../tools/node.sh npm run --silent typecheck
	@cd designer_ui && ../tools/stage.sh "biome" ../tools/node.sh npm run --silent lint
	@cd designer_ui && ../tools/stage.sh "vitest" ../tools/node.sh npm test --silent
	@tools/stage.sh "pytest" tools/node.sh .venv/bin/python -m pytest -q tests --ignore tests/test_source.py --ignore tests/browser
	@tools/stage.sh "browser tests" tools/node.sh .venv/bin/python -m pytest -q tests/browser

bench: $(SETUP) $(INTEROP_PACKAGES) $(BENCH_PACKAGES) ## the server beside ShareDB and a bare room, about 15 minutes, and the check; not a gate
	@tools/services.sh
	@tools/node.sh .venv/bin/python -m tests.bench.compare
	@tools/node.sh .venv/bin/python -m tests.bench.nodes
	@$(MAKE) --no-print-directory bench-check

bench-check: $(SETUP) ## the check beside check-jsonschema, and merging 10,000 components, under a minute
	@.venv/bin/python -m pytest -q -s -m bench tests/bench/test_bench_check.py tests/bench/test_bench_merge.py

bench-quick: $(SETUP) $(INTEROP_PACKAGES) $(BENCH_PACKAGES) ## the same in about 3 minutes
	@tools/services.sh
	@tools/node.sh .venv/bin/python -m tests.bench.compare --quick
	@tools/node.sh .venv/bin/python -m tests.bench.nodes --quick

bench-browser: $(SETUP) $(DESIGNER) ## the designer at 2,000 and 10,000 components, in two browsers
	@tools/chromium.sh
	@tools/node.sh .venv/bin/python -m pytest -q -s -m bench tests/browser/test_bench.py

soak: $(SETUP) $(DESIGNER) $(INTEROP_PACKAGES) ## the long runs; not a gate
	@tools/services.sh
	@tools/node.sh .venv/bin/python -m pytest -q -s -m soak --timeout=0 $(TESTS)

bench-ot: $(SETUP) $(INTEROP_PACKAGES) ## measure the engine beside npm's
	@tools/node.sh .venv/bin/python -m pytest -q -s -m bench tests/bench/test_bench_ot.py

soak-ot: ## the engine's long runs
	@$(MAKE) --no-print-directory soak TESTS=tests/ot

cover: $(SETUP) $(INTEROP_PACKAGES) ## hold that the tests of ot/ take every branch of it
	@tools/node.sh .venv/bin/python -m coverage run --branch --source=ot -m pytest -q tests/ot --deselect tests/ot/test_differential.py
	@.venv/bin/python -m coverage report --show-missing --fail-under=100

picture: $(SETUP) $(DESIGNER) ## make the README's picture anew
	@tools/chromium.sh
	@COWEAVE_PICTURE=docs/images/designer.png .venv/bin/python -m pytest -q tests/browser/test_samples.py -k picture

clean: ## remove what was made here, but not the data in var/
	rm -rf .venv server/static designer_ui/node_modules tests/interop/node_modules tests/bench/node_modules tests/browser/artifacts
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage dist
	find ot server schemas tests -name __pycache__ -prune -exec rm -rf {} +
