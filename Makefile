# Two commands on a fresh clone: `make demo` and `make test`. One .venv serves both.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# torch first and exactly: a looser requirement would pull gigabytes of CUDA on a machine that has no torch yet.
TORCH := torch==2.13.0
# What builds the native kernel, in .venv itself: a build in an isolated environment begins anew each time.
BUILD := scikit-build-core nanobind cmake ninja
KERNEL := $(wildcard gatework/ops/csrc/*)
# One thread a worker: threads that wait for a busy core spin, and slow a test down many times over.
PYTEST_ENV := OMP_NUM_THREADS=1
LAYER_TESTS := tests/test_equations.py tests/test_identities.py tests/ops tests/nn

.PHONY: demo test test-all test-kernel test-bare test-browser native lint clean

demo: $(READY)
	$(BIN)/python examples/demo.py

test: $(READY) lint
	$(PYTEST_ENV) $(BIN)/python -m pytest -q -n 2

test-all: test test-kernel test-bare test-browser

# The native kernel under sanitizers, and known wrong ones: minutes of compiling.
test-kernel: $(READY)
	$(PYTEST_ENV) $(BIN)/python -m pytest -q -n 2 -m kernel

# The report in a real browser: takes Chromium (apt-get install chromium).
test-browser: $(READY)
	$(PYTEST_ENV) $(BIN)/python -m pytest -q -m browser tests/browser

# What a person gets who installs gatework beside torch and numpy, and nothing else: the layer.
test-bare: .venv-bare/.ready
	.venv-bare/bin/python -m pip install --quiet --no-deps --force-reinstall .
	$(PYTEST_ENV) .venv-bare/bin/pytest -q -n 2 $(LAYER_TESTS)

# The native kernel from what its sources are now: an environment that is ready has it.
native: $(READY)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.venv/.installed: pyproject.toml CMakeLists.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -c "import torch" 2>/dev/null || $(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet $(BUILD)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pip install --quiet --no-build-isolation -e '.[dev]'
	touch .venv/.installed

# Compiles what changed since; nothing where no compiler was found.
$(READY): .venv/.installed $(KERNEL)
	$(BIN)/cmake --build build/editable
	touch $(READY)

.venv-bare/.ready: pyproject.toml
	test -x .venv-bare/bin/python || $(PYTHON) -m venv .venv-bare
	.venv-bare/bin/python -c "import torch" 2>/dev/null || .venv-bare/bin/python -m pip install --quiet $(TORCH)
	.venv-bare/bin/python -m pip install --quiet numpy pytest pytest-xdist hypothesis
	touch .venv-bare/.ready

clean:
	rm -rf .venv .venv-bare demo build dist gatework/ops/_native.*
