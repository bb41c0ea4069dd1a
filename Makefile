# Two commands on a fresh clone: `make demo` and `make test`. One .venv serves both.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test test-all lint clean

demo: $(READY)
	$(BIN)/python -m gatework.cli --version
	$(BIN)/python examples/demo.py

test: $(READY) lint
	$(BIN)/python -m pytest -q -n 2

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# torch first and exactly: a looser requirement would pull gigabytes of CUDA on a machine that has no torch yet.
$(READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -c "import torch" 2>/dev/null || $(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $(READY)

clean:
	rm -rf .venv demo build dist
