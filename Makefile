# Two commands are all a fresh machine needs: `make demo` and `make test`.
UV := 0.13.9
ROUNDS := 1000
BIN := .venv/bin

.PHONY: demo test lint crash fuzz spark format docs lock clean

demo: .venv/ready
	$(BIN)/hedui demo

test: .venv/ready
	$(BIN)/python -m pytest -n auto

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Writers killed, every other one at a random moment, the rest at each step; nothing acknowledged may be lost.
crash: .venv/ready
	$(BIN)/python -m tests.audit.crash --rounds $(ROUNDS)

fuzz: .venv/ready
	$(BIN)/python -m tests.audit.fuzz_guided -max_total_time=600

# Spark is for more than one machine, and half a gigabyte: it comes only where it is asked for.
spark: .venv/ready
	$(BIN)/uv pip install --quiet --require-hashes -r requirements-spark.lock

format: .venv/ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/ready
	$(BIN)/python docs/generate.py
	$(BIN)/python -m verification.rules_page > docs/rules.md
	$(BIN)/hedui schema > schema.graphql

lock: .venv/ready
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --group dev pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --group pyproject.toml:spark -o requirements-spark.lock

.venv/ready: requirements.lock pyproject.toml
	test -d .venv || python3 -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV)
	$(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
