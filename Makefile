# Start with `make up`; `make` alone lists what there is.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PYTHON := .venv/bin/python

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9%-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- the platform on this machine

.PHONY: env
env: ## Python environment with what requirements.lock says
	@bin/bootstrap

.PHONY: tools
tools: env ## find or build Kubernetes, etcd, Pulumi, Kafka and the rest
	@$(PYTHON) -m local.toolchain

.PHONY: up
up: env ## start the platform, until a heart beat has led to an Emergency Calm
	@bin/aura up

.PHONY: down
down: env ## stop everything, keep the data
	@bin/aura down

.PHONY: clean
clean: env ## stop everything, delete the data
	@bin/aura clean

# --- checks

.PHONY: test
test: lint tools ## lint, then every tier: unit, integration, e2e, kill; what CI runs
	@$(PYTHON) -m tests.tiers

.PHONY: test-unit
test-unit: env ## tests without any process, in seconds
	@$(PYTHON) -m tests.tiers unit

.PHONY: test-integration
test-integration: tools ## tests on real engines
	@$(PYTHON) -m tests.tiers integration

.PHONY: test-pair
test-pair: tools ## tests of two regions, which take minutes; not part of `make test`
	@$(PYTHON) -m tests.tiers pair

.PHONY: test-e2e
test-e2e: tools ## tests on the whole platform
	@$(PYTHON) -m tests.tiers e2e

.PHONY: test-kill
test-kill: tools ## tests that kill, and compare with the uninterrupted run
	@$(PYTHON) -m tests.tiers kill

.PHONY: fuzz
fuzz: tools ## random inputs against real engines for ten minutes; prints a seed that repeats them
	@$(PYTHON) -m tests.fuzz

.PHONY: lint
lint: env ## ruff, import contracts, types
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/lint-imports
	.venv/bin/pyright

.PHONY: format
format: env ## fix formatting and imports with ruff
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

# --- the API, for apps

.PHONY: api
api: env ## write the OpenAPI document of the whole API, and docs/api/aura.http
	@$(PYTHON) -m services.openapi

CLIENT := .aura/client

.PHONY: client
client: env ## make a typed Python client of that document, in .aura/client
	@mkdir -p $(dir $(CLIENT))
	@PATH=$(CURDIR)/.venv/bin:$$PATH openapi-python-client generate --path services/auth/rest/openapi.json \
		--meta setup --fail-on-warning --overwrite --output-path $(CLIENT)

# --- upkeep

API := services/kit/auth_api/auth.proto

.PHONY: proto
proto: env ## make the code of the gRPC APIs from their .proto files
	@$(PYTHON) -m grpc_tools.protoc -I. --python_out=. --pyi_out=. --grpc_python_out=. $(API)

bench-%: tools ## run the benchmark bench/<name>: prints a table, writes .aura/bench/<name>.json
	@$(PYTHON) -m bench.$*

LOCK := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: lock
lock: ## regenerate requirements.lock and images.lock from pyproject.toml
	uv=$$(bin/bootstrap uv) \
		&& $$uv $(LOCK) --group local --group dev pyproject.toml --output-file requirements.lock \
		&& $$uv $(LOCK) --constraints requirements.lock pyproject.toml --output-file images.lock
