"""Every way to differentiate gives the right numbers, for every cell and variant; one that cannot says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, func
from torch.autograd import forward_ad, gradcheck, gradgradcheck
from torch.func import functional_call

import gatework
from gatework.errors import BackendError

T, B, D, H = 3, 2, 2, 3
RESET = [[0, 1], [1, 0], [0, 0]]


class Case(NamedTuple):
    """A layer and a way to call it."""

    cell: str
    options: Mapping[str, Any] = MappingProxyType({})
    call: Mapping[str, Any] = MappingProxyType({})
    reset_state: bool = False


VARIANTS = {
    "lstm": Case("LSTM"),
    "lstm-deep-bidirectional": Case("LSTM", {"num_layers": 2, "bidirectional": True, "dropout": 0.4}),
    "lstm-without-bias": Case("LSTM", {"bias": False}),
    "peephole": Case("LSTM", {"peephole": True}),
    "coupled": Case("LSTM", {"coupled_gates": True}),
    "coupled-peephole": Case("LSTM", {"coupled_gates": True, "peephole": True}),
    "projection": Case("LSTM", {"proj_size": 2}),
    "layer-norm": Case("LSTM", {"layer_norm": True}),
    "clip": Case("LSTM", {"cell_clip": 0.5}),
    "recurrent-dropout": Case("LSTM", {"recurrent_dropout": 0.4}),
    "zoneout": Case("LSTM", {"zoneout": 0.4}),
    "zoneout-of-h": Case("LSTM", {"zoneout": (0.4, 0.0)}),
    "weight-dropout": Case("LSTM", {"weight_dropout": 0.4}),
    "gru": Case("GRU"),
    "gru-deep-bidirectional": Case("GRU", {"num_layers": 2, "bidirectional": True, "dropout": 0.4}),
    "gru-layer-norm": Case("GRU", {"layer_norm": True}),
    "gru-dropped": Case("GRU", {"recurrent_dropout": 0.4, "zoneout": 0.4, "weight_dropout": 0.4}),
    "rnn": Case("RNN"),
    "rnn-relu": Case("RNN", {"nonlinearity": "relu"}),
    "rnn-layer-norm": Case("RNN", {"layer_norm": True}),
    "rnn-dropped": Case("RNN", {"recurrent_dropout": 0.4, "zoneout": 0.4, "weight_dropout": 0.4}),
}
ALL = {"peephole": True, "layer_norm": True, "proj_size": 2, "zoneout": (0.3, 0.2)}
CALLS = {
    f"{name}-{how}": Case(cell, options, call, reset_state)
    for name, cell, options in [("lstm", "LSTM", {"bidirectional": True}), ("gru", "GRU", {}), ("rnn", "RNN", {}),
                                ("all", "LSTM", ALL)]
    for how, call, reset_state in [("lengths", {"lengths": [3, 1]}, False), ("reset", {"reset": RESET}, False),
                                   ("reset-state", {"reset": RESET}, True),
                                   ("lengths-reset-state", {"reset": RESET, "lengths": [2, 3]}, True)]
}  # fmt: skip
# Nothing random inside: torch.func wants random numbers drawn outside.
VALUES = {
    "lstm": Case("LSTM"),
    "lstm-lengths": Case("LSTM", {"bidirectional": True, "num_layers": 2}, {"lengths": [1, 3]}),
    "lstm-reset": Case("LSTM", {}, {"reset": RESET}, True),
    "lstm-projected": Case("LSTM", {"proj_size": 2}),
    "lstm-variant": Case("LSTM", {"peephole": True, "layer_norm": True}, {"lengths": [3, 2]}),
    "gru": Case("GRU"),
    "gru-lengths": Case("GRU", {"layer_norm": True}, {"lengths": [0, 3]}),
    "rnn": Case("RNN"),
    "rnn-reset": Case("RNN", {"bidirectional": True}, {"reset": RESET}),
}
CLOSE = {torch.float32: 2e-5, torch.float64: 1e-8}


class Problem(NamedTuple):
    """A layer as a function of all that it can be differentiated by: x, h, (c,) resets' states, weights."""

    outputs: Callable[..., tuple[Tensor, ...]]
    inputs: tuple[Tensor, ...]
    cotangents: tuple[Tensor, ...]

    def loss(self, *inputs: Tensor) -> Tensor:
        """Weigh every output, so that none can be wrong unseen."""
        return sum((y * v).sum() for y, v in zip(self.outputs(*inputs), self.cotangents, strict=True))


def pose(case: Case, dtype: torch.dtype = torch.float64, backend: str = "auto") -> Problem:
    torch.manual_seed(0)
    # In float32 all along, so that both types get the same numbers.
    layer = getattr(gatework, case.cell)(D, H, backend=backend, **case.options).to(dtype)
    names = [name for name, _ in layer.named_parameters()]
    rows = layer.num_layers * layer.directions
    state = [torch.randn(rows, B, width) for width in layer.widths]
    fresh = [torch.randn(rows, B, width) for width in layer.widths] if case.reset_state else []
    drawn = [torch.randn(T, B, D), *state, *fresh, *layer.parameters()]
    n = len(state)

    def outputs(x, *rest):
        torch.manual_seed(1)  # the same units drop each time
        pack = tuple if n == 2 else (lambda parts: parts[0])
        call = dict(case.call)
        if "reset" in call:
            call["reset"] = torch.tensor(call["reset"], dtype=torch.bool)
        if fresh:
            call["reset_state"] = pack(rest[n : 2 * n])
        weights = dict(zip(names, rest[n + len(fresh) :], strict=True))
        y, ended = functional_call(layer, weights, (x, pack(rest[:n])), call)
        return (y, *ended) if n == 2 else (y, ended)

    inputs = tuple(q.detach().clone().to(dtype) for q in drawn)
    cotangents = tuple(torch.randn(q.shape).to(dtype) for q in outputs(*inputs))
    return Problem(outputs, inputs, cotangents)


def wanted(inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(q.detach().clone().requires_grad_() for q in inputs)


def gradients(problem: Problem, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Plain reverse mode: what every other way is held against."""
    leaves = wanted(inputs)
    return torch.autograd.grad(problem.loss(*leaves), leaves)


def along(f: Callable[..., tuple[Tensor, ...]], inputs: tuple[Tensor, ...], v: tuple[Tensor, ...]) -> list[Tensor]:
    """The derivative of f along v by central differences, in float64."""
    eps = 1e-4

    def difference(k):
        ahead, behind = (f(*(q + far * w for q, w in zip(inputs, v, strict=True))) for far in (k * eps, -k * eps))
        return [(a - b) / (2 * k * eps) for a, b in zip(ahead, behind, strict=True)]

    # Two of them, combined so that what both get wrong cancels (Richardson): right to eps ** 4.
    return [(4 * near - far) / 3 for near, far in zip(difference(1), difference(2), strict=True)]


def directions(inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    torch.manual_seed(2)
    return tuple(torch.randn(q.shape).to(q.dtype) for q in inputs)


def doubled(tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(q.double() for q in tensors)


def assert_close(found: Any, true: Any, dtype: torch.dtype) -> None:
    """Each tensor within a share of its largest number."""
    for k, (a, b) in enumerate(zip(found, true, strict=True)):
        assert a.shape == b.shape
        assert a.dtype == dtype
        error = (a.detach().double() - b).abs().max()
        assert error <= CLOSE[dtype] * (1 + b.abs().max()), f"tensor {k} is off by {error:.1e} of {b.abs().max():.1e}"


@pytest.mark.parametrize("case", [*VARIANTS.values(), *CALLS.values()], ids=[*VARIANTS, *CALLS])
def test_gradients_and_their_gradients_are_those_of_the_function(case):
    problem = pose(case)
    inputs = wanted(problem.inputs)

    def outputs(*inputs):
        return torch.cat([y.flatten() for y in problem.outputs(*inputs)])

    close = {"atol": 1e-6, "rtol": 1e-5, "fast_mode": True}
    assert gradcheck(outputs, inputs, check_forward_ad=True, check_batched_grad=True, **close)
    assert gradgradcheck(outputs, inputs, **close)


def test_the_clip_that_is_differentiated_acts():
    layer = gatework.LSTM(D, H, cell_clip=0.5)
    problem = pose(VARIANTS["clip"])
    _, (_, c) = functional_call(
        layer.double(), dict(zip(dict(layer.named_parameters()), problem.inputs[3:], strict=True)),
        (problem.inputs[0], problem.inputs[1:3]),
    )  # fmt: skip
    assert (c.abs() == 0.5).any()
    assert (c.abs() < 0.5).any()


every_value = pytest.mark.parametrize("case", VALUES.values(), ids=VALUES)
both_types = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])


@both_types
@every_value
def test_double_backward(case, dtype):
    problem, reference = pose(case, dtype), pose(case, torch.float64, "equations")
    leaves, v = wanted(problem.inputs), directions(problem.inputs)
    first = torch.autograd.grad(problem.loss(*leaves), leaves, create_graph=True)
    assert_close(first, gradients(reference, reference.inputs), dtype)
    found = torch.autograd.grad(sum((g * w).sum() for g, w in zip(first, v, strict=True)), leaves)
    # The Hessian is symmetric: times v, it is how the gradient changes along v.
    assert_close(found, along(lambda *q: gradients(reference, q), doubled(problem.inputs), doubled(v)), dtype)


@both_types
@every_value
def test_func_grad(case, dtype):
    problem, reference = pose(case, dtype), pose(case, torch.float64, "equations")
    found = func.grad(problem.loss, argnums=tuple(range(len(problem.inputs))))(*problem.inputs)
    assert_close(found, gradients(reference, reference.inputs), dtype)


@both_types
@every_value
def test_jvp(case, dtype):
    problem, reference = pose(case, dtype), pose(case, torch.float64, "equations")
    v = directions(problem.inputs)
    outputs, tangents = func.jvp(problem.outputs, problem.inputs, v)
    assert_close(outputs, reference.outputs(*reference.inputs), dtype)
    assert_close(tangents, along(reference.outputs, doubled(problem.inputs), doubled(v)), dtype)


@both_types
@every_value
def test_dual_tensors(case, dtype):
    problem, reference = pose(case, dtype), pose(case, torch.float64, "equations")
    v = directions(problem.inputs)
    with forward_ad.dual_level():
        duals = [forward_ad.make_dual(q, w) for q, w in zip(problem.inputs, v, strict=True)]
        outputs, tangents = zip(*map(forward_ad.unpack_dual, problem.outputs(*duals)), strict=True)
    assert_close(outputs, reference.outputs(*reference.inputs), dtype)
    assert_close(tangents, along(reference.outputs, doubled(problem.inputs), doubled(v)), dtype)


@both_types
def test_one_dual_tensor_among_the_weights_is_enough(dtype):
    problem, reference = pose(VALUES["lstm"], dtype), pose(VALUES["lstm"], torch.float64, "equations")
    v = [torch.zeros_like(q) for q in problem.inputs]
    v[-1] = torch.ones_like(v[-1])
    with forward_ad.dual_level():
        last = forward_ad.make_dual(problem.inputs[-1], v[-1])
        tangents = [forward_ad.unpack_dual(y).tangent for y in problem.outputs(*problem.inputs[:-1], last)]
    assert_close(tangents, along(reference.outputs, doubled(problem.inputs), doubled(tuple(v))), dtype)


@both_types
@every_value
def test_hessian(case, dtype):
    problem, reference = pose(case, dtype), pose(case, torch.float64, "equations")
    x, *rest = problem.inputs
    found = func.hessian(lambda x: problem.loss(x, *rest))(x).flatten(0, 2).unbind()
    still = tuple(torch.zeros_like(q) for q in reference.inputs[1:])
    one_hot = torch.eye(x.numel(), dtype=torch.float64).unflatten(1, x.shape)
    columns = [along(lambda *q: gradients(reference, q), reference.inputs, (v, *still))[0] for v in one_hot]
    assert_close(found, columns, dtype)


def forward_mode(layer, x):
    with forward_ad.dual_level():
        layer(forward_ad.make_dual(x, x))


TRANSFORMS = {
    "grad": lambda layer, x: func.grad(lambda x: layer(x)[0].sum())(x),
    "jvp": lambda layer, x: func.jvp(lambda x: layer(x)[0], (x,), (x,)),
    "vmap": lambda layer, x: func.vmap(lambda x: layer(x)[0], in_dims=1)(x),
    "dual tensors": forward_mode,
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("cell", ["LSTM", "GRU", "RNN"])
def test_a_backend_asked_for_by_name_refuses_what_it_cannot_differentiate(cell, transform):
    layer = getattr(gatework, cell)(D, H, backend="torch")
    with pytest.raises(BackendError) as refusal:
        transform(layer, torch.randn(T, B, D))
    assert str(refusal.value) == (
        "backend must be one that can run this call; got 'torch', but it is wrong or refuses under torch.func and in "
        'forward-mode differentiation. Use backend="auto".'
    )
