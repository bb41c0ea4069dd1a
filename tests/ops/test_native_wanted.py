"""A gradient that nobody asks for costs no product, and its absence changes no other."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext

import pytest
import torch
from problems import PROBLEMS, call
from test_backends import cast
from torch.utils._python_dispatch import TorchDispatchMode

from gatework import LSTM
from gatework.ops import built, kernel, native, stretch

pytestmark = pytest.mark.skipif(built.why is not None, reason=f"the native kernel: {built.why}")

HARD = [p for p in PROBLEMS if p.name.endswith(("dense", "both ways, lengths, resets", "resets, fresh state"))]
aten = torch.ops.aten


def two(one):
    T = len(one.x)
    if one.reset is not None or T < 3:
        return [(0, T)]
    return [(2, T), (0, 2)] if one.reverse else [(0, 2), (2, T)]


@pytest.mark.parametrize("cut", [False, True], ids=["whole", "in stretches"])
@pytest.mark.parametrize("problem", HARD, ids=lambda problem: problem.name)
def test_the_others_are_what_they_were(problem, cut, monkeypatch):
    if cut:
        monkeypatch.setattr(stretch, "_stretches", two)
    given = cast(call(problem), torch.float64, torch.clone)
    many = sum(t.requires_grad for t in given.tensors())

    def gradients(asked: set[int]) -> list[torch.Tensor]:
        tensors = [t.detach() for t in given.tensors()]
        mine = [t for t, own in zip(tensors, given.tensors(), strict=True) if own.requires_grad]
        for k in asked:
            mine[k].requires_grad_()
        answer = native.run(given.with_tensors(tensors))
        y, *state = (q for q in (answer.y, *answer.state) if q.requires_grad)
        total = y.sin().sum() + sum(part.cos().sum() for part in state)
        return list(torch.autograd.grad(total, [mine[k] for k in sorted(asked)], allow_unused=True))

    usual = gradients(set(range(many)))
    for k in range(many):
        for asked in ({k}, set(range(many)) - {k}):
            for at, gradient in zip(sorted(asked), gradients(asked), strict=True):
                assert (gradient is None) == (usual[at] is None)
                assert gradient is None or torch.equal(gradient, usual[at])


@pytest.mark.parametrize(
    ("variant", "left"),
    [("LSTM everything", {"norm_hh", "norm_c", "p", "reset_state"}), ("GRU everything", {"norm_hh", "reset_state"})],
)
def test_only_what_falls_out_of_the_scan_is_there_unwanted(variant, left):
    problem = next(p for p in PROBLEMS if p.name == f"{variant}, lengths, resets, fresh state")
    (one,) = call(problem).ways()
    with torch.no_grad():
        ends, kept = kernel.forward(one, keep=True)
        found = kernel.backward(one, ends.y, kept, torch.ones_like(ends.y), None, None, wants=frozenset())
    assert {name for name, gradient in found._asdict().items() if gradient is not None} == left


class Made(TorchDispatchMode):
    """How often each of torch's operations is called."""

    def __init__(self) -> None:
        super().__init__()
        self.ops: Counter = Counter()

    def __torch_dispatch__(self, op, types, args=(), kwargs=None):
        self.ops[op] += 1
        return op(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    ("frozen", "saved"),
    [
        (["x"], {aten.mm.default: 1}),
        (["weight_ih_l0"], {aten.mm.default: 1}),
        (["weight_hh_l0"], {aten.mm.default: 1, aten.addmm.default: 1}),
        (["weight_hr_l0"], {aten.mm.default: 1}),
        (["bias_ih_l0"], {}),  # the other bias has the same gradient
        (["bias_ih_l0", "bias_hh_l0"], {aten.sum.dim_IntList: 1}),
        (["x", "weight_ih_l0"], {aten.mm.default: 2}),
    ],
    ids=str,
)
@pytest.mark.parametrize("how", ["eager", "watched", "compiled"])
def test_its_product_is_not_made(frozen, saved, how, monkeypatch):
    back, ops = stretch.backward, Counter()

    def backward(*args, **more):
        with Made() as made:
            found = back(*args, **more)
        # Within an op the two names of a product are not brought to one.
        made.ops[aten.mm.default] += made.ops.pop(aten.matmul.default, 0)
        ops.update(made.ops)
        return found

    monkeypatch.setattr(stretch, "backward", backward)

    def made(still: list[str]) -> Counter:
        ops.clear()
        torch._dynamo.reset()
        layer = LSTM(40, 6, proj_size=5, backend="native")
        for name, weight in layer.named_parameters():
            weight.requires_grad_(name not in still)
        called = torch.compile(layer, fullgraph=True, backend="aot_eager") if how == "compiled" else layer
        with Made() if how == "watched" else nullcontext():
            y = called(torch.randn(5, 2, 40, requires_grad="x" not in still))[0]
        y.backward(torch.ones_like(y))
        return ops.copy()

    before, after = made([]), made(frozen)
    products = (aten.mm.default, aten.addmm.default, aten.sum.dim_IntList)
    assert {op: before[op] - after[op] for op in products if before[op] != after[op]} == saved
