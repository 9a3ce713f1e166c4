# regseal: `make run` and `make test` are enough to know. Every target first sets up what it needs, once.
.DEFAULT_GOAL := help
.PHONY: help setup run demo demo-pilots demo-register test test-full lint solidity symbolic console bench devnet clean

PYTHON_IN = PYTHONPATH="$$PWD" .venv/bin/python
# Node's folder goes first on the PATH, for the scripts that npm starts
NPM_IN = PATH="$$PWD/.tools/node/bin:$$PATH" HARDHAT_DISABLE_TELEMETRY=true npm --no-update-notifier --prefix
NPM = $(NPM_IN) hardhat-devnet
ifndef SEED
SEED := $(shell date +%s)
endif
# `make test` tries what failed once more and names it (RERUN): a machine that stalls must not refuse a change, a fault of
# the code fails twice. `make test-full` and pytest by itself do not.
# Three workers on two cores, for tests wait a good part of their time: for a node, a lease, a process that comes up.
# What those processes import is compiled once, whatever the environment says. Without ranges a traceback that a thread
# prints parses no code: Python before 3.11.8 fails when another thread parses too, as pytest does to show a failure (gh-106905).
PYTEST = PYTHONDONTWRITEBYTECODE= PYTHONNODEBUGRANGES=1 $(PYTHON_IN) -m pytest -n 3 --dist loadfile --no-loadscope-reorder --hypothesis-seed=$(SEED) --randomly-seed=$(SEED)

help: ## explain every target
	@echo "regseal · targets of make"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1|\2/p' Makefile | while IFS='|' read -r name text; do printf '  %-15s %s\n' "$$name" "$$text"; done

setup: ## install the pinned Python, Node and npm packages (done by the other targets; repeatable, resumes)
	@tools/setup

run: setup ## start a complete sample installation in the foreground: chains, service, witness, sample parties (state in var/)
	@./regseal up --sample

demo: setup ## play the whole job without questions: submit, anchor, witness, verify offline, refuse a tampered receipt
	@$(PYTHON_IN) -m samples.demo

demo-pilots: setup ## play three pilot projects from draft to exit in simulated time, dossiers verified offline (about 5 minutes on 2 cores)
	@$(PYTHON_IN) -m samples.pilots.demo

demo-register: setup ## a company's life in the register, from its spreadsheet on, in simulated time (DATABASE=postgresql: on a private PostgreSQL, or a URL)
	@$(PYTHON_IN) -m samples.register.demo $(if $(DATABASE),--database "$(DATABASE)")

# What pytest does not run needs one core each: two at a time
STATIC = @$(MAKE) --no-print-directory -j 2 --output-sync lint solidity console

test: setup ## everything that must be green before a change lands, at reduced size (under 15 minutes on 2 cores)
	$(STATIC)
	@echo "seed $(SEED)   (the same order and examples again: make test SEED=$(SEED))"
	@$(PYTEST) -m "not full" --reruns 1 -rR

test-full: setup ## the same kinds of test at the sizes the acceptance points name
	$(STATIC)
	@echo "seed $(SEED)   (the same order and examples again: make test-full SEED=$(SEED))"
	@REGSEAL_TEST_SIZE=full $(PYTEST)
	@$(MAKE) --no-print-directory symbolic

lint: setup ## style, types, house rules (import contracts and AST lints)
	@$(PYTHON_IN) -m tools.lint.run

solidity: setup ## contract tests with coverage and the gas snapshot
	@$(NPM) test

symbolic: setup ## prove properties of the contracts with halmos, which it fetches first (part of make test-full)
	@$(PYTHON_IN) -m tools.symbolic

console: setup ## test the second verifier against the vectors
	@$(NPM_IN) console test

bench: setup ## measure, and print ratios against baselines of the same run (JSON in benchmarks/results/; SIZE=full: a million records)
	@REGSEAL_TEST_SIZE=$(SIZE) $(PYTHON_IN) -m benchmarks

devnet: setup ## a Hardhat node on 127.0.0.1:8545 with the same contracts, a second implementation to run against
	@$(NPM) run devnet

clean: ## remove what set-up and tests made (never var/: remove that by hand to forget the sample installation)
	rm -rf .venv .tools .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis hardhat-devnet/node_modules hardhat-devnet/artifacts hardhat-devnet/cache hardhat-devnet/coverage console/node_modules console/dist tools/symbolic/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
