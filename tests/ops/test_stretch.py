"""Long sequences in stretches: the same answer and gradients, cut only where nothing begins anew."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from problems import PROBLEMS, VARIANTS, Problem, call
from test_backends import check, poison

from gatework.ops import built, kernel, native, plain, stretch

pytestmark = pytest.mark.skipif(built.why is not None, reason=f"the native kernel: {built.why}")


def three(one):
    T = one.x.shape[0]
    if one.reset is not None or T < 4:
        return [(0, T)]
    cuts = [(0, 2), (2, 3), (3, T)]
    return cuts[::-1] if one.reverse else cuts


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_stretch_after_stretch_it_answers_the_same(problem, monkeypatch):
    monkeypatch.setattr(stretch, "_stretches", three)
    check(native, problem, torch.float64)


@pytest.mark.parametrize("bidirectional", [False, True], ids=["one way", "both ways"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_without_a_gradient_too_where_rows_end_early(variant, bidirectional, monkeypatch):
    kind, options = VARIANTS[variant]
    # A row that ends within each stretch, at each cut, and one that never begins.
    asked = call(Problem(variant, kind, options, bidirectional=bidirectional, lengths=(7, 3, 0, 5, 2)))
    kept = []
    monkeypatch.setattr(stretch, "_stretches", three)
    right = kernel.forward
    monkeypatch.setattr(kernel, "forward", lambda one, keep, *rest: kept.append(keep) or right(one, keep, *rest))
    with torch.no_grad():
        poison()
        found, usual = native.run(asked), plain.run(asked)
    assert kept == [False] * 3 * len(asked.directions)
    torch.testing.assert_close((found.y, *found.state), (usual.y, *usual.state), rtol=1e-12, atol=1e-12)


def test_a_long_sequence_is_cut_where_nothing_begins_anew():
    def cuts(**more):
        one = call(problem).ways()[0]
        return stretch._stretches(one._replace(x=torch.zeros(4096, 64, 3), **more))

    problem = next(p for p in PROBLEMS if p.name == "LSTM plain, dense")
    assert len(cuts()) > 1
    assert cuts()[0][0] == 0
    assert cuts()[-1][1] == 4096
    assert all(end == start for (_, end), (start, _) in pairwise(cuts()))
    assert cuts(reverse=True) == cuts()[::-1]
    assert cuts(lengths=torch.ones(64, dtype=torch.int64)) == cuts()
    assert cuts(reset=torch.zeros(4096, 64, dtype=torch.bool)) == [(0, 4096)]
