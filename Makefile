# Everything runs on the Node that package-lock.json pins: once installed, node_modules/.bin comes first on the PATH.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

node_modules/.package-lock.json: package-lock.json
	npm ci --ignore-scripts
	@touch $@

.PHONY: quickstart
quickstart: node_modules/.package-lock.json ## Bring up the lab and a tenant cluster with two worker machines
	@node lab/main.ts quickstart

.PHONY: lab-up
lab-up: node_modules/.package-lock.json ## Bring up, heal or replace the lab
	@node lab/main.ts up

.PHONY: lab-down
lab-down: node_modules/.package-lock.json ## Remove all that the lab made; caches stay
	@node lab/main.ts down

.PHONY: lab-status
lab-status: node_modules/.package-lock.json ## Show what of the lab runs
	@node lab/main.ts status

.PHONY: lab-load
lab-load: node_modules/.package-lock.json ## Rebuild this provider and reload it into the running lab
	@node lab/main.ts load

.PHONY: check
check: node_modules/.package-lock.json ## Types, lint, format, import rules, dead code
	@npm run --silent check

.PHONY: generate
generate: node_modules/.package-lock.json ## Write CRDs, RBAC, components and the generated documents anew
	@npm run --silent generate

.PHONY: test
test: node_modules/.package-lock.json ## Run every test
	@node test/run.ts

.PHONY: test-unit
test-unit: node_modules/.package-lock.json ## Run the tests that need no lab
	@node test/run.ts unit

.PHONY: sim
sim: node_modules/.package-lock.json ## Simulate crashes at every call, then SEEDS=n random runs; SEED=n, or SCENARIO=name and CRASH=point: one again
	@node test/simulation/main.ts $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SEED),--seed $(SEED)) $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(CRASH),--crash '$(CRASH)') $(if $(JOBS),--jobs $(JOBS))

.PHONY: test-e2e
test-e2e: node_modules/.package-lock.json ## Run the tests that need the lab, bringing it up first
	@node test/run.ts e2e

.PHONY: test-matrix
test-matrix: node_modules/.package-lock.json ## Run what is too long for every run: other Kubernetes versions; writes docs/versions.md
	@node test/matrix/main.ts

.PHONY: bench
bench: node_modules/.package-lock.json ## Run every benchmark and print tables of the figures
	@node bench/main.ts
