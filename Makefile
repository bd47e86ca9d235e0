# Two commands matter: `make quickstart` and `make test`. Each does all of its own set-up and is safe to repeat.

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv/bin
# Where no test is drawn: the plugin imports Hypothesis at the end of each session.
UNDRAWN := -p no:hypothesispytest
VERBS := lint types unit docs contract browser real policies compat e2e

.DEFAULT_GOAL := help
.PHONY: help quickstart test engine environment builder chromium docker picture tables schema clients bench durability equivalence hosts properties lock clean $(VERBS)

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

quickstart: ## deploy the quickstart with the real engine, on the embedded emulator
	@echo "==> environment" && $(PYTHON) tools/environment.py
	@echo "==> builder" && $(PYTHON) tools/builder.py
	@echo "==> engine" && folder=$$($(VENV)/python tools/pulumi/engine.py) && \
	  echo "==> pulumi up" && $(VENV)/python tools/quickstart.py "$$folder"

test: ## everything below, with a summary
	@echo "==> environment" && $(PYTHON) tools/environment.py
	@echo "==> builder" && $(PYTHON) tools/builder.py
	@COMPAT=--quick $(VENV)/python tools/verbs.py engine $(VERBS)

environment:
	@$(PYTHON) tools/environment.py

builder:
	@$(PYTHON) tools/builder.py

chromium:
	@$(PYTHON) tools/browser.py

engine: environment ## make sure that there is a Pulumi engine with its language hosts; prints what to put first on PATH
	@$(VENV)/python tools/pulumi/engine.py --languages

lint: environment ## ruff, and who may import whom
	@$(VENV)/ruff check . && $(VENV)/ruff format --check . && PYTHONPATH=policies $(VENV)/lint-imports

types: environment ## mypy, strict; the examples with pyright too
	@$(VENV)/mypy provider/pulumi_acr_tasks && $(VENV)/mypy emulator/acr_tasks_emulator && \
	  $(VENV)/mypy policies/acr_task_policies && MYPYPATH=tools:tools/pulumi:policies $(VENV)/mypy tools/*.py tools/pulumi/build.py tools/pulumi/engine.py && \
	  $(VENV)/python tools/example_types.py

unit: environment ## the pure floors, with plain values
	@$(VENV)/python -m pytest tests/unit

docs: environment ## build the pages into site, and try every block and command line on them
	@folder=$$($(VENV)/python tools/pulumi/engine.py) && NO_MKDOCS_2_WARNING=1 $(VENV)/mkdocs build --quiet && \
	  PATH="$$folder:$(CURDIR)/$(VENV):$$PATH" $(VENV)/python -m pytest $(UNDRAWN) tests/documents

contract: environment ## the service's contract, over TCP
	@$(VENV)/python -m pytest tests/contract -n 2

browser: environment chromium ## the emulator's dashboard in Chromium
	@$(VENV)/python -m pytest $(UNDRAWN) tests/browser

picture: environment builder chromium ## take docs/dashboard.png and docs/pulumi-up.png anew
	@$(VENV)/python tools/picture.py
	@folder=$$($(VENV)/python tools/pulumi/engine.py) && \
	  PATH="$$folder:$(CURDIR)/$(VENV):$$PATH" $(VENV)/python tools/terminal_picture.py "$$folder"

equivalence: environment ## 2,000 pairs of tasks in each world: our route to a change leads where a PUT leads (minutes)
	@ACR_TASKS_PAIRS=2000 $(VENV)/python -m pytest tests/contract/specification/test_equivalence.py --timeout 1800 -n 2

durability: environment builder ## 20 kills of an emulator under load: what it acknowledged is kept, what it started is ended (minutes)
	@ACR_TASKS_KILLS=20 $(VENV)/python -m pytest tests/durability -s

properties: environment ## 150 lives of a registry under each version and mode, by the specification; wrong requests; tasks and a model; lives on both hosts (minutes)
	@ACR_TASKS_LIVES=150 $(VENV)/python -m pytest tests/contract/specification/test_properties.py \
	  tests/contract/errors/test_refusals.py tests/contract/tasks/test_model.py tests/unit/provider/task/test_requests_drawn.py \
	  tests/policies/test_whatever_comes.py --timeout 1800 -n 2
	@ACR_TASKS_LIVES=60 $(VENV)/python -m pytest tests/real/twins --timeout 1800 -n 2

real: environment builder ## what starts real servers, processes and builders, without the engine
	@$(VENV)/python -m pytest tests/real tests/durability -n 2 --dist worksteal

tables: environment ## write the generated tables of the documents anew
	@$(VENV)/python tools/tables.py

schema: environment ## write the schema of the Pulumi package anew
	@$(VENV)/python tools/schema.py

policies: environment ## the policy pack's rules
	@$(VENV)/python -m pytest tests/policies

e2e: environment builder ## whole deployments through the real engine
	@folder=$$($(VENV)/python tools/pulumi/engine.py --languages) && \
	  PATH="$$folder:$(CURDIR)/$(VENV):$$PATH" $(VENV)/python -m pytest $(UNDRAWN) tests/e2e -n 3 --dist worksteal

hosts: environment builder ## every scenario on both hosts of the provider, where it can be (minutes; `make e2e` runs the main ones on both)
	@folder=$$($(VENV)/python tools/pulumi/engine.py --languages) && ACR_TASKS_HOSTS=both \
	  PATH="$$folder:$(CURDIR)/$(VENV):$$PATH" $(VENV)/python -m pytest $(UNDRAWN) tests/e2e -n 3 --dist worksteal

compat: environment ## the provider on every Python from 3.10 that is here, with the oldest and the newest packages (`make test` tries the ends alone)
	@$(VENV)/python tools/compat.py $(COMPAT)

docker: environment builder ## the docker executor with a daemon of its own (root; brings Debian's docker.io; minutes)
	@$(VENV)/python tools/docker_daemon.py

clients: environment builder ## what people type, with Microsoft's az against the emulator (brings azure-cli, some 700 MB)
	@$(VENV)/python tools/azure_cli.py

bench: environment builder ## timings, as ratios within one run
	@folder=$$($(VENV)/python tools/pulumi/engine.py) && \
	  PATH="$$folder:$(CURDIR)/$(VENV):$$PATH" $(VENV)/python -m tests.bench

lock: ## resolve requirements.lock anew
	@$(VENV)/python tools/lock.py

clean: ## remove what these verbs made inside the checkout
	@rm -rf .venv .venv-* dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
