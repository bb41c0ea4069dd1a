"""The check of the backends can fail: every known wrong LSTM, GRU and RNN is caught by it, and no right one is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
import torch
from mutants import MUTANTS, Mutant
from problems import PROBLEMS, call
from test_backends import check

from gatework import equations
from gatework.ops import aten, built, kernel, native

# Both directions, uneven rows and resets at once find most; the others are for what these hide.
SMALL = [p for p in PROBLEMS if p.name.endswith(("both ways, lengths, resets", "plain, dense"))] + [
    p
    for p in PROBLEMS
    if p.name
    in (
        "LSTM plain, both ways",
        "LSTM plain, both ways, packed",
        "LSTM plain, lengths, resets, fresh state",
        "LSTM recurrent dropout, dense",
    )
]


def caught(backend) -> Iterator[str]:
    """Name the problems on which `backend` fails the check."""
    for dtype, problem in product((torch.float64, torch.float32), SMALL):
        if not backend.why_not(call(problem)):
            try:
                check(backend, problem, dtype)
            except AssertionError:
                yield f"{problem.name}, {dtype}"


@pytest.mark.parametrize("wrong", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_wrong_lstm_is_caught(wrong):
    if wrong.room in (kernel, native) and built.why is not None:
        pytest.skip(f"the native kernel cannot be wrong: {built.why}")
    assert next(caught(wrong.backend()), None)


@pytest.mark.parametrize("room", [equations, aten, native], ids=lambda room: room.__name__)
def test_a_right_lstm_is_not(room):
    right = Mutant("nothing", room, "", "").backend()
    assert list(caught(right)) == []
