"""The layer's bench runs: every part that needs nothing optional, on tiny shapes, and it agrees before it times."""

import subprocess
import sys
from pathlib import Path

import pytest

from gatework.ops import built

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(built.why is not None, reason=f"the native kernel: {built.why}"),
]

BENCH = Path(__file__).parents[1] / "bench" / "layer.py"


@pytest.mark.parametrize("part", ["plain", "variants", "rl", "stream", "memory"])
def test_a_part_of_the_layers_bench_runs(part):
    command = [sys.executable, str(BENCH), "--size", "small", "--only", "stream,small", part]
    found = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert found.returncode == 0, found.stderr
    assert "\n| small " in found.stdout or "\n| stream " in found.stdout or "\n| layer norm " in found.stdout
