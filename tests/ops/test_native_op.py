"""The kernel among torch's operations: an op that modes, traces, compilers and exporters see and go back through."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch
from asking import ask, gradients, make, parts, run
from problems import PROBLEMS, VARIANTS, Problem, call
from test_backends import cast
from torch._dynamo.backends.common import aot_autograd
from torch._functorch.aot_autograd import make_boxed_func
from torch.library import opcheck
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from gatework import GRU, LSTM, RNN
from gatework.errors import ShapeError
from gatework.ops import built, native_op

if built.why is not None:
    pytest.skip(f"the native kernel: {built.why}", allow_module_level=True)

OP = torch.ops.gatework.recurrent.default
KINDS = [LSTM, GRU, RNN]
EVERYTHING = ["LSTM everything", "LSTM coupled peephole", "GRU everything", "RNN everything", "RNN relu everything"]


@pytest.fixture(autouse=True)
def _fresh_compiler():
    torch._dynamo.reset()
    torch.manual_seed(0)


class Seen(TorchDispatchMode):
    """Which operations of torch are called."""

    def __init__(self) -> None:
        super().__init__()
        self.ops = []

    def __torch_dispatch__(self, op, types, args=(), kwargs=None):
        self.ops.append(op)
        return op(*args, **(kwargs or {}))


@pytest.mark.parametrize("kind", KINDS)
def test_a_mode_sees_one_op_a_direction_and_the_same_answer(kind):
    layer = kind(3, 4, num_layers=2, bidirectional=True)
    x = torch.randn(5, 2, 3)
    usual, _ = layer(x)
    with Seen() as seen:
        y, _ = layer(x)
        y.sum().backward()
    assert torch.equal(y, usual)
    assert seen.ops.count(OP) == 4
    assert seen.ops.count(torch.ops.gatework.recurrent_backward.default) == 4


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("variant", ["LSTM plain", "LSTM everything", "GRU plain", "RNN plain"])
def test_a_jit_trace_holds_the_layer_and_not_its_answer(variant):
    layer = make(variant, bidirectional=True)
    x, other = torch.randn(2, 5, 2, 3, dtype=torch.float64)
    traced = torch.jit.trace(layer, x)
    assert not torch.equal(layer(x)[0], layer(other)[0])
    torch.testing.assert_close(traced(other), layer(other))
    with torch.no_grad():
        layer.weight_hh_l0 *= 2
    torch.testing.assert_close(traced(other), layer(other))


def arguments(problem: Problem) -> tuple:
    """Name what the op is called with, in its order."""
    caught = []
    (one, *_) = cast(call(problem), torch.float64, torch.clone).ways()
    given = native_op.forward
    native_op.forward = lambda *args: caught.append(args) or given(*args)
    try:
        native_op.run(one, False)
    finally:
        native_op.forward = given
    return caught[0]


SITUATIONS = ("dense", "resets", "lengths, resets, fresh state")
CHECKED = [
    p for p in PROBLEMS if p.name in {f"{v}, {s}" for v in ["LSTM plain", "GRU plain", *EVERYTHING] for s in SITUATIONS}
]


@pytest.mark.parametrize("problem", CHECKED, ids=lambda problem: problem.name)
def test_the_op_keeps_torchs_rules(problem):
    opcheck(native_op.forward, arguments(problem))


def compared(layer, asked, **more):
    """Answers and gradients of a layer, and of the same one compiled."""
    weights = list(layer.parameters())

    def answers(called):
        torch.manual_seed(5)
        y, state = run(called, asked, **more)[:2]
        return [y, *parts(state), *gradients((y, state), asked, *weights)]

    return answers(torch.compile(layer, fullgraph=True, backend="aot_eager")), answers(layer)


@pytest.mark.parametrize("variant", VARIANTS)
def test_compiled_with_lengths_and_resets_a_layer_equals_itself(variant):
    layer = make(variant, bidirectional=True)
    found, usual = compared(layer, ask(layer, 5, 3, seed=4))
    torch.testing.assert_close(found, usual, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("variant", EVERYTHING)
def test_compiled_it_drops_the_same_units(variant):
    layer = make(variant).train()
    layer.zoneout = 0.0  # whose masks a compiled graph draws by other random numbers
    found, usual = compared(layer, ask(layer, 5, 3, seed=4))
    torch.testing.assert_close(found, usual, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("wrong", [10**10, 9, 6, -1])
@pytest.mark.parametrize("how", ["eager", "compiled", "compiled, with a gradient", "watched"])
@pytest.mark.parametrize("kind", KINDS)
def test_lengths_that_cannot_be_are_refused_and_not_read(kind, how, wrong):
    layer, x = kind(3, 4, backend="native").requires_grad_("gradient" in how), torch.randn(5, 3, 3)
    called = torch.compile(layer, fullgraph=True, backend="aot_eager") if how.startswith("compiled") else layer
    called(x, lengths=torch.tensor([5, 0, 1]))
    text = f"lengths must be from 0 to T = 5; got {wrong}. Count the steps of each row."
    with pytest.raises(ShapeError) as refusal, Seen() if how == "watched" else nullcontext():
        called(x, lengths=torch.tensor([wrong, 2, 1]))
    assert str(refusal.value) == text


def test_the_op_itself_refuses_lengths_that_cannot_be():
    given = list(arguments(next(p for p in PROBLEMS if p.name == "LSTM plain, lengths")))
    at = next(k for k, t in enumerate(given) if isinstance(t, torch.Tensor) and t.dtype == torch.int64)
    given[at] = given[at] + 100
    with pytest.raises(ShapeError, match="lengths must be from 0 to T = 7; got 107"):
        OP(*given)


@pytest.mark.parametrize("frozen", [0, 1], ids=["one half frozen", "the other half frozen"])
@pytest.mark.parametrize("problem", CHECKED, ids=lambda problem: problem.name)
def test_the_way_back_keeps_torchs_rules_with_some_weights_frozen(problem, frozen, monkeypatch):
    caught = []
    given = native_op.backward
    monkeypatch.setattr(native_op, "backward", lambda *args: caught.append(args) or given(*args))
    tensors = [
        t.detach().requires_grad_(t.is_floating_point() and k % 2 == frozen) if isinstance(t, torch.Tensor) else t
        for k, t in enumerate(arguments(problem))
    ]
    outputs = [out for out in OP(*tensors)[:3] if out.requires_grad]
    sum(out.sum() for out in outputs).backward()
    assert all((t.grad is not None) == t.requires_grad for t in tensors[:17] if t is not None)
    apart = tree_map_only(torch.Tensor, torch.Tensor.detach, caught[0])
    opcheck(given, apart, test_utils=("test_schema", "test_faketensor"))


@pytest.mark.parametrize("variant", EVERYTHING)
@pytest.mark.parametrize("frozen", ["weight", "bias", "norm"])
def test_compiled_with_weights_frozen_the_others_learn_as_they_did(variant, frozen):
    layer = make(variant, bidirectional=True)
    for name, weight in layer.named_parameters():
        weight.requires_grad_(not name.startswith(frozen))
    asked = ask(layer, 5, 3, seed=4)

    def learned(called):
        torch.manual_seed(5)
        layer.zero_grad()
        run(called, asked)[0].square().sum().backward()
        return {name: weight.grad for name, weight in layer.named_parameters()}

    found, usual = learned(torch.compile(layer, fullgraph=True, backend="aot_eager")), learned(layer)
    assert all((grad is None) == name.startswith(frozen) for name, grad in found.items())
    torch.testing.assert_close(found, usual, rtol=1e-11, atol=1e-11)


TRANSFORMS = {
    "grad": lambda f: torch.func.grad(lambda x: f(x).sin().sum()),
    "jvp": lambda f: lambda x: torch.func.jvp(f, (x,), (x,)),
    "vmap": lambda f: lambda x: torch.func.vmap(f)(torch.stack([x, 2 * x])),
}


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_compiled_a_transform_is_what_it_is_eagerly(kind, transform):
    layer, x = kind(3, 4, dtype=torch.float64), torch.randn(2, 2, 3, dtype=torch.float64)
    asked = TRANSFORMS[transform](lambda x: layer(x)[0])
    found = torch.compile(asked, fullgraph=True, backend="aot_eager")(x)
    torch.testing.assert_close(found, asked(x), rtol=1e-12, atol=1e-12)


def nodes(variant: str, T: int) -> list[int]:
    """How many nodes the graphs have that are compiled forward and backward."""
    counted: list[int] = []

    def count(graph, inputs):
        counted.append(len(graph.graph.nodes))
        return make_boxed_func(graph.forward)

    torch._dynamo.reset()
    layer = make(variant)
    asked = ask(layer, T, 3, seed=4)
    compiled = torch.compile(layer, fullgraph=True, backend=aot_autograd(fw_compiler=count, bw_compiler=count))
    gradients(run(compiled, asked), asked, *layer.parameters())
    return counted


@pytest.mark.parametrize("variant", EVERYTHING)
def test_what_there_is_to_compile_does_not_grow_with_time(variant):
    short = nodes(variant, 5)
    assert len(short) == 2
    assert nodes(variant, 40) == short


@pytest.mark.parametrize("variant", EVERYTHING)
def test_exported_it_runs_at_every_size(variant):
    layer = make(variant)

    class Reader(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = layer

        def forward(self, x, lengths, reset):
            return self.layer(x, lengths=lengths, reset=reset)

    def inputs(T, B):
        x, _, lengths, reset, _ = ask(layer, T, B, seed=T)
        return x.detach(), lengths, reset

    T, B = torch.export.Dim("T"), torch.export.Dim("B")
    program = torch.export.export(Reader(), inputs(5, 4), dynamic_shapes=({0: T, 1: B}, {0: B}, {0: T, 1: B}))
    assert [node.target for node in program.graph.nodes].count(OP) == 2
    for size in ((5, 4), (9, 2), (2, 7), (50, 3)):
        torch.testing.assert_close(program.module()(*inputs(*size)), Reader()(*inputs(*size)))
