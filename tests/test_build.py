"""The native kernel, built, installed and loaded: never needed, and without effect on its neighbours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from shutil import copytree

import pytest

from gatework.ops import built

ROOT = Path(__file__).parents[1]
needs_kernel = pytest.mark.skipif(built.native is None, reason=f"the native kernel: {built.why}")


def python(source: str, folder: Path, **environment: str):
    """Run `source` in a process of its own, away from the repository, and read the JSON that it prints."""
    command = [sys.executable, "-P", "-c", source]
    answer = subprocess.run(command, cwd=folder, env=os.environ | environment, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


@pytest.fixture(scope="module")
def pure(tmp_path_factory) -> Path:
    """A folder with gatework alone, installed where no compiler works."""
    folder = tmp_path_factory.mktemp("pure")
    # With the tools that build it, or with new ones where they are not here.
    alone = ["--no-build-isolation"] if find_spec("scikit_build_core") and find_spec("nanobind") else []
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", *alone, "--target", folder, ROOT]
    subprocess.run(command, env=os.environ | {"CC": "/nonexistent", "CXX": "/nonexistent"}, check=True)
    return folder


def test_it_installs_and_works_without_a_compiler(pure):
    assert not [file for file in pure.rglob("*") if file.suffix in (".so", ".pyd")]
    said = python(
        """
import json, torch, gatework
layer, x = gatework.LSTM(3, 4, peephole=True), torch.randn(5, 2, 3)
choice = gatework.backends(layer, x)
outputs, state = layer(x)
outputs.sum().backward()
print(json.dumps([gatework.__file__, choice.backend, choice.reasons["native"], list(outputs.shape)]))
""",
        pure,
        PYTHONPATH=str(pure),
    )
    why = (
        "it was not built: no C++ compiler with OpenMP and Python's headers worked when gatework was installed. "
        "Install g++ and reinstall gatework"
    )
    assert said == [str(pure / "gatework" / "__init__.py"), "equations", [why], [5, 2, 4]]


LOAD = """
import json, sys
from importlib.util import module_from_spec, spec_from_file_location
def kernel():
    # By its file, as its package brings torch in before it.
    spec = spec_from_file_location("gatework.ops._native", FILE)
    sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules[spec.name])
"""
RUN = """
import gatework
torch.set_num_threads(2)
layer = gatework.LSTM(64, 64, peephole=True, backend="native")
layer(torch.randn(50, 64, 64))[0].sum().backward()
torch.randn(600, 600) @ torch.randn(600, 600)
"""
ORDERS = {"torch first": "import torch; kernel()", "the kernel first": "kernel(); import torch"}


def after_loading(order: str, source: str, folder: Path):
    return python(LOAD.replace("FILE", repr(built.native.__file__)) + ORDERS[order] + RUN + source, folder)


@needs_kernel
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux lists what a process has loaded")
@pytest.mark.parametrize("order", ORDERS)
def test_it_shares_its_threads_with_torch(order, tmp_path):
    maps = """
files = {line.split()[-1] for line in open("/proc/self/maps") if "/" in line}
print(json.dumps([file for file in files if any(name in file for name in ("libgomp", "libomp", "libiomp"))]))
"""
    assert len(after_loading(order, maps, tmp_path)) == 1


@needs_kernel
@pytest.mark.parametrize("order", ORDERS)
def test_it_leaves_denormals_on(order, tmp_path):
    products = """
import numpy
tiny = [numpy.array([number], type) for number, type in ((1e-45, "float32"), (5e-324, "float64"))]
print(json.dumps([bool((product * 1).all()) for one in tiny for product in (one, torch.from_numpy(one))]))
"""
    assert after_loading(order, products, tmp_path) == [True] * 4


@needs_kernel
def test_it_names_what_this_processor_can_run():
    names = built.native.instruction_sets()
    assert names[-1] == "plain"
    assert names == [name for name in ("avx512", "avx2", "plain") if name in names]


def test_a_kernel_that_does_not_load_says_so(pure, tmp_path):
    copytree(pure / "gatework", tmp_path / "gatework")
    (tmp_path / "gatework" / "ops" / "_native.so").write_text("no machine code")
    said = python(
        "import json; from gatework.ops import built; print(json.dumps(built.why))", tmp_path, PYTHONPATH=str(tmp_path)
    )
    assert said.startswith("it was built, but does not load: ")
    assert said.endswith("Reinstall gatework")
