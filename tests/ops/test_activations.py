"""The native kernel's exp, sigmoid and tanh are within 2 units in the last place, for each width of register."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
HEADERS = HERE.parents[1] / "gatework" / "ops" / "csrc"

# Without AVX2 there is no fused multiply-add either, and every product is rounded.
WIDTHS = {
    "plain": ["16"],
    "avx2": ["32", "-mavx2", "-mfma"],
    "avx512": ["64", "-mavx512f", "-mavx512dq", "-mavx512vl", "-mavx512bw", "-mavx2", "-mfma"],
}


def compiler():
    found = shutil.which("g++")
    if found is None:
        pytest.skip("there is no g++ to compile the kernel's C++ test with")
    return found


def runs_here(width):
    """Whether this processor has the instructions of `width`, by Linux's own list of them."""
    try:
        words = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    except OSError:
        words = set()
    return width == "plain" or {"avx2": {"avx2", "fma"}, "avx512": {"avx512f", "avx512dq"}}[width] <= words


def built(folder, width, *flags, headers=HEADERS):
    program = folder / "test_activations"
    size, *instructions = WIDTHS[width]
    source = HERE / "csrc" / "test_activations.cpp"
    words = ["-std=c++17", "-O3", "-Wall", "-Wextra", f"-DGATEWORK_BYTES={size}", *instructions, *flags]
    subprocess.run([compiler(), *words, f"-I{headers}", str(source), "-o", str(program)], check=True, timeout=120)
    return program


@pytest.mark.parametrize("width", WIDTHS)
def test_every_width_is_within_two_units_in_the_last_place(tmp_path, width):
    if not runs_here(width):
        pytest.skip(f"this processor does not run {width}")
    done = subprocess.run([built(tmp_path, width)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("ulp at most") == 6, done.stdout  # three functions, floats and doubles


def test_a_spoiled_coefficient_is_noticed(tmp_path):
    for name in ("vec.h", "activations.h"):
        text = (HEADERS / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("0x1.5558aep-5f", "0x1.5568aep-5f"), encoding="utf-8")
    done = subprocess.run([built(tmp_path, "plain", headers=tmp_path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stdout
