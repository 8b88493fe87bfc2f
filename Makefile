# The two commands of the README are `make demo` and `make test`; everything else is for developers.
PYTHON ?= $(shell for p in python3.11 python3 python; do "$$p" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && echo "$$p" && break; done)
BIN := .venv/bin
# dandong (a sample, drawn on the spot), or a real city: bukit-merah, songshan
CITY ?= dandong
STORE ?= sqlite:///var/$(CITY).db
ARGS ?=

.PHONY: setup demo test soak check audit lint types kernels bench-setup bench-peers lock system clean

setup: .venv/.ready

# The lock carries a hash for every file and no index address; the product itself is then
# installed from this folder without looking anything up (and without setuptools' warning of that).
.venv/.ready: locks/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "geogrid needs Python 3.11; say where it is: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/dev.txt
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup
	$(BIN)/geogrid demo --city $(CITY) --store $(STORE) $(ARGS)

# Where no advisory service can be reached (3), the check goes on: the audit has said that nothing was looked up.
check: lint types
	$(BIN)/python .ci/audit.py || test $$? = 3
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow and not browser"

audit: setup
	$(BIN)/python .ci/audit.py

test: setup system lint
	$(MAKE) -j2 types kernels
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

# The long part of the tests of faults, bad input and load: some three hours, or ARGS=--quick.
soak: bench-setup
	$(BIN)/python -m benchmarks.soak $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

# Compiled once, beside the type checker: else both processes of the tests would compile all of them.
kernels: setup
	$(BIN)/python -c "from geogrid.partition.ready import make_ready; make_ready()"

# Tests need Chromium and Chinese fonts, PostgreSQL with PostGIS, and nginx from the system.
system:
	@sh .ci/system

bench-setup: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/bench.txt

# The API's peers have dependencies that are not ours; PostgreSQL with PostGIS and GDAL come from the system.
bench-peers: setup
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/peers.txt

# Needs `uv`; run after a change of the dependencies in pyproject.toml.
lock:
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o locks/run.txt
	uv pip compile pyproject.toml --extra build --extra cluster -c locks/run.txt --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o locks/cluster.txt
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o locks/dev.txt
	uv pip compile pyproject.toml --extra dev --extra bench -c locks/dev.txt --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o locks/bench.txt
	uv pip compile locks/peers.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o locks/peers.txt

clean:
	rm -rf .venv .venv-peers var build *.egg-info .pytest_cache .mypy_cache .ruff_cache
