# Everything runs in .venv, made with pip and constraints.txt. `make` alone lists the targets.
PYTHON ?= python3
BIN := .venv/bin
# The folder where `make demo` and `make serve` keep MLflow's database and .fairtrial.
DEMO ?= demo

.PHONY: help demo tables docs test check soak bench bench-report serve clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 16

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch -e .
	@touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: .venv/installed  ## Set up and run the main job: two sweeps on handwritten digits and a report, in ./demo
	@mkdir -p $(DEMO)
	cd $(DEMO) && ../$(BIN)/fairtrial run ../examples/learning_rate.yaml
	cd $(DEMO) && ../$(BIN)/fairtrial run ../examples/search.yaml
	cd $(DEMO) && ../$(BIN)/fairtrial report ../examples/report.yaml
	@echo "look at every run with: make serve"

test: .venv/installed-dev  ## Set up and run the tests
	$(BIN)/python -m pytest -n logical --dist loadfile

check: .venv/installed-dev  ## Lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

soak: .venv/installed-dev  ## The slow property tests: thousands of random arrays of lanes
	FAIRTRIAL_SOAK=1 $(BIN)/python -m pytest --timeout 7200 tests/trainer/test_lanes.py tests/trainer/test_moving_lanes.py

tables: .venv/installed  ## Run the comparisons of examples/ and write docs/tables.md
	$(BIN)/python examples/make_tables.py $(DEMO)/tables

docs: .venv/installed  ## Write docs/reference from the code
	$(BIN)/python docs/make_reference.py

bench: .venv/installed  ## Trials per second beside a plain Optuna + MLflow + torch loop
	$(BIN)/python benchmarks/sweep_throughput.py

bench-report: .venv/installed-dev  ## A report of 10,000 runs beside MLflow's own search, and in a browser
	$(BIN)/python benchmarks/report.py

serve: .venv/installed  ## MLflow's dashboard on what `make demo` recorded
	@mkdir -p $(DEMO)
	cd $(DEMO) && ../$(BIN)/fairtrial ui

clean:  ## Remove .venv and ./demo
	rm -rf .venv demo
