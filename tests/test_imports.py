"""Importing costs what is used: the layers need torch and numpy alone, and the command line does not wait for torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gatework.ops import built

# Everything that gatework or its extras may ask for beside torch and numpy.
OTHERS = [
    "sklearn", "scipy", "joblib", "narwhals", "pyarrow", "safetensors", "rich", "cyclopts", "yaml", "pandas", "polars",
    "matplotlib", "bokeh", "statsmodels", "statsforecast",
]  # fmt: skip


def run(script: str) -> str:
    """Run in a new interpreter; what it prints."""
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert child.returncode == 0, child.stderr
    return child.stdout.strip()


def loaded(script: str) -> set[str]:
    """Top-level packages that are there after a script."""
    return set(run(f"{script}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})").split())


def test_importing_gatework_imports_nothing_heavy():
    assert not loaded("import gatework; dir(gatework); gatework.__version__") & {"torch", "numpy", *OTHERS}


def test_the_layers_need_torch_and_numpy_alone():
    script = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {OTHERS}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
import torch
from gatework import GRU, LSTM, RNN, backends, from_torch, to_torch
for cell in (LSTM, GRU, RNN):
    layer = cell(3, 4, init="recommended", layer_norm=True)
    x = torch.zeros(5, 2, 3)
    y, state, moments = layer(x, lengths=[5, 2], reset=torch.zeros(5, 2), trace=True)
    y.sum().backward()
    print(backends(layer, x).backend, type(from_torch(to_torch(cell(3, 4)))) is cell)
"""
    assert run(script).splitlines() == [f"{'native' if built.why is None else 'equations'} True"] * 3


def test_the_layers_import_nothing_that_they_do_not_need():
    script = """
import sys, torch
before = set(sys.modules)
from gatework import LSTM
LSTM(3, 4)
print(*{name.split(".")[0] for name in set(sys.modules) - before})
"""
    assert not set(run(script).split()) & set(OTHERS)


LIGHT = [
    "errors",
    "data",
    "data.frame",
    "data.frequency",
    "tasks",
    "tasks.forecaster",
    "tasks.compare",
    "cli",
    "cli.compare",
]


@pytest.mark.parametrize("module", LIGHT)
def test_a_bad_file_can_be_refused_before_torch_is_paid_for(module):
    assert "torch" not in loaded(f"import gatework.{module}")


def test_an_unknown_name_is_refused_as_python_does():
    script = "import gatework\ntry:\n    gatework.Lstm\nexcept AttributeError as error:\n    print(error)"
    assert run(script) == "module 'gatework' has no attribute 'Lstm'"
