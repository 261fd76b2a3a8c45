# Two commands are all a fresh machine needs: `make demo` and `make test`.
UV := 0.13.9
ROUNDS := 1000
KILLS := 100
BIN := .venv/bin

# Modules are compiled once and kept: a suite starts some hundred interpreters.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint crash kill fuzz spark linkage openfisca assets format docs lock clean

VENDOR := gateway/console/static/vendor
LIBRARIES := @tabler/core/dist/css/tabler.min.css htmx.org/dist/htmx.min.js htmx.org/dist/ext/hx-sse.min.js \
  echarts/dist/echarts.simple.min.js graphiql/graphiql.min.js graphiql/graphiql.min.css \
  react/umd/react.production.min.js react-dom/umd/react-dom.production.min.js

demo: .venv/ready assets
	$(BIN)/hedui demo

test: .venv/ready assets
	$(BIN)/python -m pytest -n auto

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Writers killed, every other one at a random moment, the rest at each step; nothing acknowledged may be lost.
crash: .venv/ready
	$(BIN)/python -m tests.audit.crash --rounds $(ROUNDS)

# Runs over a district killed in mid-work; what they come to in the end is the same, byte for byte.
kill: .venv/ready
	$(BIN)/python -m tests.verification.runs.kill --kills $(KILLS)

fuzz: .venv/ready
	$(BIN)/python -m tests.audit.fuzz_guided -max_total_time=600

# What the pages load, by the lock file; where the machine has no Node, one comes from the package index.
assets: $(VENDOR)/ready

$(VENDOR)/ready: package-lock.json .venv/ready
	command -v npm >/dev/null || $(BIN)/uv pip install --quiet --require-hashes -r requirements-node.lock
	test -d node_modules/htmx.org || PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --omit=dev --ignore-scripts --no-audit --no-fund --silent
	mkdir -p $(VENDOR)
	cp $(addprefix node_modules/,$(LIBRARIES)) $(VENDOR)/
	touch $@

# Spark is for more than one machine, and half a gigabyte: it comes only where it is asked for.
spark: .venv/ready
	$(BIN)/uv pip install --quiet --require-hashes -r requirements-spark.lock

# Splink proposes who is meant by rows without id numbers; nothing else needs it.
linkage: .venv/ready
	$(BIN)/uv pip install --quiet --require-hashes -r requirements-linkage.lock

# OpenFisca tells the same income in its own words, as a check. Its libraries cannot stand beside ours.
openfisca: .venv-openfisca/ready

.venv-openfisca/ready: requirements-openfisca.lock .venv/ready
	test -d .venv-openfisca || python3 -m venv .venv-openfisca
	$(BIN)/uv pip install --quiet --require-hashes --python .venv-openfisca/bin/python -r requirements-openfisca.lock
	touch $@

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
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --constraint requirements.lock --group pyproject.toml:linkage -o requirements-linkage.lock
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --group pyproject.toml:openfisca -o requirements-openfisca.lock
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --group pyproject.toml:node -o requirements-node.lock

.venv/ready: requirements.lock pyproject.toml
	test -d .venv || python3 -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV)
	$(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

clean:
	rm -rf .venv .venv-openfisca build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
