# Everything starts here; `make help` lists it.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do command -v $$p && break; done)
RUN := .venv/bin
PYTEST_ARGS ?=
WORKERS ?= 3
# What Python compiled is kept, whatever the environment says: each of the many processes starts in half the time.
export PYTHONDONTWRITEBYTECODE :=
# Each test has a database: where there is memory for that (4 GB), what tests write does not go to the disk.
MEMORY := $(shell df -k --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 4000000 {print "/dev/shm"}')

.PHONY: help setup setup-tests demo test test-long bench screens check format lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## set up .venv, the wall page, weights and footage (quick when nothing changed)
	@$(PYTHON) scripts/setup.py

setup-tests:
	@$(PYTHON) scripts/setup.py --tests

demo: setup ## bring everything up on this machine and print where to look
	@$(RUN)/gridwatch demo

test: setup-tests check ## run every test
	@$(if $(MEMORY),TMPDIR=$(MEMORY)) $(RUN)/python -m pytest -q -m "not long" -n $(WORKERS) $(PYTEST_ARGS)

test-long: setup-tests ## run every promise in its full form (an hour or more)
	@$(RUN)/python -m pytest -q --timeout=7200 $(PYTEST_ARGS)

bench: setup-tests ## measure: CPU of one edge node and of all, streams, outbox, cloud
	@$(RUN)/python -m tests.bench

screens: setup-tests ## take the pictures of every screen into docs/screens
	@$(RUN)/python -m tests.e2e.screens

check: setup-tests ## ruff, mypy, import contracts, the page's types and unit tests
	@$(RUN)/ruff check -q .
	@$(RUN)/ruff format -q --check .
	@$(RUN)/mypy
	@$(RUN)/lint-imports
	@PATH="$(CURDIR)/.venv/node:$$PATH" npm --prefix cloud/web run -s check

format: setup-tests ## let ruff put the code into shape
	@$(RUN)/ruff check -q --fix .
	@$(RUN)/ruff format -q .

lock: setup-tests ## write the hash-locked requirement files anew
	@scripts/lock.sh

clean: ## remove what set-up and the demo made
	rm -rf .venv .cache var cloud/web/dist cloud/web/node_modules
