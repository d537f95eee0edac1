# One word per chore. `make` alone lists them; CONTRIBUTING.md says when to use which.

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3.11)
# More arguments for the program a target runs: make run ARGS="--listen 127.0.0.1:9000", make test ARGS="-x"
ARGS ?=

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
# Two processes, because CI has two cores and the story tests mostly wait for servers. A file stays in one process, so that
# its tests share one server.
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder
CHECKED := $(wildcard src tests scripts bench)
CONSOLE := console/web

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run install test check check-console fix docs gallery bench fuzz soak chaos house lock \
	install-test install-clients install-bench install-node install-console install-debian

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install ## start a server on ./var: the management API and downloads on port 8686, MQTT on 1883
	@exec $(BIN)/whimbrel serve --data var $(ARGS)

install: ## make or refresh .venv from the lock files, so that .venv/bin/whimbrel exists
	@$(PYTHON) scripts/make_venv.py runtime
	@$(PYTHON) scripts/build_console.py

test: install-debian install-test install-clients install-node check ## install what the tests need, check, run all tests (what CI runs)
	$(PYTEST) $(PARALLEL) $(ARGS)

check: install-test check-console ## lint, formatting and types; unit tests of the console
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/mypy --strict

check-console: install-test install-console ## lint, types and unit tests of the console's pages; the types are those of the operations as they are
	cd $(CONSOLE) && npx biome check .
	$(BIN)/whimbrel call --openapi | node $(CONSOLE)/scripts/types.mjs
	cd $(CONSOLE) && npx tsc --noEmit
	cd $(CONSOLE) && npx vitest run

fix: install-test install-console ## repair what the linter and the formatter can repair
	$(BIN)/ruff check --fix $(CHECKED)
	$(BIN)/ruff format $(CHECKED)
	cd $(CONSOLE) && npx biome check --write .

house: install-test ## run only the rules of the house (tests/house): directions, sizes, names
	$(PYTEST) tests/house $(ARGS)

docs: install ## write the generated pages of docs/reference again
	$(BIN)/python -m scripts.make_docs $(ARGS)

gallery: install-debian install-test install-clients install-console ## look at every page of the console: pictures in build/gallery, and those of the README
	$(PYTEST) tests/browser/test_every_page.py $(ARGS)
	mkdir -p docs/images
	cp build/gallery/story/readme-overview.png docs/images/console-overview.png
	cp build/gallery/story/readme-rollout-halted.png docs/images/console-rollout.png

bench: install-debian install-test install-bench ## measure each budget beside its limit, as a table
	$(BIN)/python -m bench $(ARGS)

fuzz: install-debian install-test ## throw generated input at the parsers for a long time
	$(PYTEST) --timeout 0 --hypothesis-profile new -m "fuzz or hypothesis" $(ARGS)

soak: install-debian install-test install-clients install-node ## run a busy server for a long time and watch its memory
	$(PYTEST) --timeout 0 -m soak $(ARGS)

chaos: install-debian install-test install-clients install-node ## kill the server at random moments for a long time
	$(PYTEST) --timeout 0 -m chaos $(ARGS)

lock: ## write the lock files again from pyproject.toml, *.in and package.json (newest of all: ARGS=--upgrade)
	@PYTHON=$(PYTHON) scripts/lock.sh $(ARGS)

install-test:
	@$(PYTHON) scripts/make_venv.py test

install-clients:
	@$(PYTHON) scripts/make_venv.py clients

install-bench:
	@$(PYTHON) scripts/make_venv.py bench

install-node:
	@scripts/install_node_packages.sh

install-console:
	@$(PYTHON) scripts/build_console.py --with-checks

install-debian:
	@scripts/install_debian_packages.sh
