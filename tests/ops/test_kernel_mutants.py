"""The kernel's table of tests can fail: every known wrong kernel is caught by it, and the right one is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from kernel_mutants import KERNEL_MUTANTS, KernelMutant
from test_backends import check
from test_kernel import TABLE, TEAMS, problem

from gatework.ops import kernel, native

pytestmark = pytest.mark.kernel

# Of what is large, only the largest. Mutants are of float64.
FEW = [case for case in TABLE if min(case["size"]) > 0 and case["size"] not in ((4, 5, 33, 33), (2, 2, 5, 130))]


def caught(module, patch) -> Iterator[str]:
    """Name the cases on which the kernel in `module` fails the check."""
    right = kernel.scan_of
    patch.setattr(kernel, "native", module)
    for case in FEW:

        def scan_of(one, team=TEAMS[case["team"]]):
            scan, held = right(one)
            scan.threads, scan.split = team
            return scan, held

        patch.setattr(kernel, "scan_of", scan_of)
        try:
            check(native, problem(case["variant"], case["size"], case["situation"]), torch.float64)
        except AssertionError:
            yield ", ".join(map(str, case.values()))


@pytest.mark.parametrize("wrong", KERNEL_MUTANTS, ids=lambda mutant: mutant.name)
def test_a_wrong_kernel_is_caught(wrong, tmp_path, monkeypatch):
    assert next(caught(wrong.module(tmp_path), monkeypatch), None)


def test_a_right_kernel_is_not(tmp_path, monkeypatch):
    right = KernelMutant("nothing", "", "", "")
    assert list(caught(right.module(tmp_path), monkeypatch)) == []


def test_a_mutant_of_an_old_text_says_so(tmp_path):
    with pytest.raises(AssertionError, match=r"lstm\.h no longer says 'never was': change this mutant too"):
        KernelMutant("old", "lstm.h", "never was", "").headers(tmp_path)
