"""The kernel's own C++ test, under AddressSanitizer and UBSan, for each width of register; and that it can fail."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from kernel_mutants import HEADERS, KernelMutant
from test_activations import HERE, WIDTHS, compiler, runs_here

pytestmark = pytest.mark.kernel

SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g1"]


def run(folder: Path, width: str, *flags: str, headers: Path = HEADERS) -> subprocess.CompletedProcess[str]:
    """Compile and run the test. Unoptimised it takes seconds, and no fault is optimised away."""
    program = folder / "test_kernel"
    size, *instructions = WIDTHS[width]
    words = ["-std=c++17", "-O0", "-fopenmp", "-Wall", "-Wextra", f"-DGATEWORK_BYTES={size}", *instructions, *flags]
    source = str(HERE / "csrc" / "test_kernel.cpp")
    subprocess.run([compiler(), *words, f"-I{headers}", source, "-o", str(program)], check=True, timeout=300)
    return subprocess.run([program], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_kernel_alone(tmp_path, width):
    if not runs_here(width):
        pytest.skip(f"this processor does not run {width}")
    done = run(tmp_path, width, *SANITIZERS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "bytes, 0 wrong" in done.stdout


OVERRUNS = [
    KernelMutant("a tail stored whole", "vec.h", "k < n; ++k) to[k] =", "k < lanes<Real>; ++k) to[k] ="),
    KernelMutant("a tail loaded whole", "vec.h", "k < n; ++k) part[k] =", "k < lanes<Real>; ++k) part[k] ="),
    KernelMutant(
        "a row of scratch too few", "kernel.h", "w.dc.make(s.B * w.Hp,", "w.dc.make((s.B ? s.B - 1 : 0) * w.Hp,"
    ),
]


@pytest.mark.parametrize("wrong", OVERRUNS, ids=lambda mutant: mutant.name)
def test_an_overrun_is_caught(tmp_path, wrong):
    done = run(tmp_path, "plain", *SANITIZERS, headers=wrong.headers(tmp_path))
    assert done.returncode != 0
    assert "heap-buffer-overflow" in done.stderr


WRONG = [
    (KernelMutant("dc lost", "lstm.h", "before += dc * x.f;", ""), "slope by c0"),
    (KernelMutant("dead step", "scan.h", "clear(s.seen, at, s.S);", ""), "seen is not written whole"),
    (KernelMutant("one thread's sums", "kernel.h", "rank < threads; ++rank)", "rank < 1; ++rank)"), "between threads"),
    (
        KernelMutant("bias of steps lost", "step.h", "if (o.share.b) u +=", "if (false) u +="),
        "a step is not the scan's",
    ),
    (KernelMutant("first rows", "product.h", "rows + done, w,", "rows, w,"), "product of"),
    (
        KernelMutant("no waiting", "threads.h", "turn_.load(std::memory_order_acquire) == turn;)", "false;)"),
        "threads did not wait",
    ),
]


@pytest.mark.parametrize(("wrong", "word"), WRONG, ids=[wrong.name for wrong, _ in WRONG])
def test_a_wrong_kernel_is_caught(tmp_path, wrong, word):
    done = run(tmp_path, "plain", headers=wrong.headers(tmp_path))
    assert done.returncode == 1, done.stdout
    assert word in done.stdout
