"""Types: float64 to float16, and autocast with torch's own answers."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

import gatework

T, B, D, H = 6, 4, 8, 16
LAYERS = {
    "lstm": ("LSTM", {}),
    "lstm-deep-bidirectional": ("LSTM", {"num_layers": 2, "bidirectional": True}),
    "lstm-projected": ("LSTM", {"proj_size": 4}),
    "gru": ("GRU", {"bidirectional": True}),
    "rnn": ("RNN", {"num_layers": 2}),
}
every_layer = pytest.mark.parametrize(("cell", "options"), LAYERS.values(), ids=LAYERS)
TYPES = {"float64": torch.float64, "float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
every_type = pytest.mark.parametrize("dtype", TYPES.values(), ids=TYPES)
both_backends = pytest.mark.parametrize("backend", ["auto", "equations"])


def pair(cell: str, options: dict[str, Any], backend: str = "auto") -> tuple[nn.Module, nn.Module]:
    """torch's layer and ours, with the same weights."""
    torch.manual_seed(0)
    theirs = getattr(nn, cell)(D, H, **options)
    ours = gatework.from_torch(theirs)
    ours.backend = backend
    return theirs, ours


def flat(answer: tuple[Any, Any]) -> tuple[Tensor, ...]:
    y, state = answer
    return (y.data if isinstance(y, PackedSequence) else y, *(state if isinstance(state, tuple) else (state,)))


def results(layer: nn.Module, x: Tensor, cotangents: list[Tensor]) -> dict[str, Tensor]:
    """Outputs, states and every gradient under the given cotangents."""
    x = x.clone().requires_grad_()
    found = flat(layer(x))
    torch.autograd.backward(found, [v.to(y.dtype) for v, y in zip(cotangents, found, strict=True)])
    grads = {"x": x, **dict(layer.named_parameters())}
    return dict(zip(("y", "h", "c"), found, strict=False)) | {f"d{name}": leaf.grad for name, leaf in grads.items()}


def posed(ours: nn.Module) -> tuple[Tensor, list[Tensor]]:
    """An input and cotangents that bfloat16 and float16 can hold."""
    torch.manual_seed(1)
    x = torch.randn(T, B, D).bfloat16().half().double()
    return x, [torch.randn(y.shape, dtype=torch.float64) for y in flat(copy.deepcopy(ours).double()(x))]


def assert_as_accurate(
    found: dict[str, Tensor], usual: dict[str, Tensor], truth: dict[str, Tensor], eps: float
) -> None:
    """`found` may lie twice as far from `truth` as torch's plain low precision does, and eight roundings more."""
    for name, true in truth.items():
        error, allowed = ((one[name].double() - true).abs().max() for one in (found, usual))
        assert error <= 2 * allowed + 8 * eps * true.abs().max(), f"{name}: off by {error:.1e}, torch by {allowed:.1e}"


@both_backends
@every_type
@every_layer
def test_every_type_forward_and_backward(cell, options, dtype, backend):
    theirs, ours = pair(cell, options, backend)
    theirs.to(dtype)
    ours.to(dtype)
    x, cotangents = posed(ours)
    found, usual = (results(layer, x.to(dtype), cotangents) for layer in (ours, theirs))
    truth = results(copy.deepcopy(theirs).double(), x, cotangents)
    assert {name: q.dtype for name, q in found.items()} == dict.fromkeys(truth, dtype)
    assert_as_accurate(found, usual, truth, torch.finfo(dtype).eps)


@pytest.mark.parametrize(
    "call", [{"lengths": [6, 0, 3, 1]}, {"reset": torch.rand(T, B) < 0.3}], ids=["lengths", "reset"]
)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bfloat16", "float16"])
@pytest.mark.parametrize("cell", ["LSTM", "GRU", "RNN"])
def test_low_precision_with_lengths_and_resets(cell, dtype, call):
    _, ours = pair(cell, {"bidirectional": True})
    x, _ = posed(ours)
    true = flat(copy.deepcopy(ours).double()(x, **call))
    for backend in ("torch", "equations"):
        layer = copy.deepcopy(ours).to(dtype)
        layer.backend = backend
        for y, exact in zip(flat(layer(x.to(dtype), **call)), true, strict=True):
            assert y.dtype == dtype
            # h lies within +-1: some roundings a step.
            assert (y.double() - exact).abs().max() < 8 * torch.finfo(dtype).eps


VARIANTS = {
    "peephole": ("LSTM", {"peephole": True, "coupled_gates": True, "cell_clip": 1.0}),
    "layer-norm": ("LSTM", {"layer_norm": True, "proj_size": 4}),
    "zoneout": ("GRU", {"zoneout": 0.2, "recurrent_dropout": 0.2, "weight_dropout": 0.2}),
    "rnn-norm": ("RNN", {"layer_norm": True}),
}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bfloat16", "float16"])
@pytest.mark.parametrize(("cell", "options"), VARIANTS.values(), ids=VARIANTS)
def test_variants_keep_low_precision_throughout(cell, options, dtype):
    torch.manual_seed(0)
    layer = getattr(gatework, cell)(D, H, dtype=dtype, **options)
    x = torch.randn(T, B, D, dtype=dtype, requires_grad=True)
    found = flat(layer(x))
    sum(y.float().square().sum() for y in found).backward()
    assert {y.dtype for y in found} == {x.grad.dtype} == {w.grad.dtype for w in layer.parameters()} == {dtype}
    assert all(w.grad.isfinite().all() for w in layer.parameters())


# Autocast


def packed(x: Tensor) -> Any:
    return pack_padded_sequence(x, torch.tensor([3, 6, 1, 6]), enforce_sorted=False)


def dense(x: Tensor) -> Any:
    return x


def cast_by(layer: nn.Module, x: Any, state: Any = None, **more: Any) -> tuple[torch.dtype, ...]:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return tuple(y.dtype for y in flat(layer(x, state, **more)))


given_types = pytest.mark.parametrize("given", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])


@given_types
@pytest.mark.parametrize("form", [dense, packed])
@every_layer
def test_autocast_answers_in_torchs_types(cell, options, form, given):
    theirs, ours = pair(cell, options)
    x = form(torch.randn(T, B, D).to(given))
    if cell == "LSTM" and form is dense and not options.get("proj_size"):
        # oneDNN's answer. Where the processor has no bfloat16, torch.nn.LSTM fails; ours answers in oneDNN's types.
        assert set(cast_by(ours, x)) == {torch.bfloat16}
        if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
            return
    assert cast_by(ours, x) == cast_by(theirs, x)


@given_types
@pytest.mark.parametrize(
    ("form", "call"),
    [(dense, {}), (packed, {}), (dense, {"lengths": [6, 0, 3, 1]}), (dense, {"reset": torch.eye(T, B)})],
    ids=["dense", "packed", "lengths", "reset"],
)
@every_layer
def test_autocast_answers_in_one_type_whatever_the_backend(cell, options, form, call, given):
    _, ours = pair(cell, options)
    x = form(torch.randn(T, B, D).to(given))
    usual = cast_by(ours, x, **call)
    ours.backend = "equations"
    assert cast_by(ours, x, **call) == usual


@both_backends
@every_layer
def test_autocast_is_as_accurate_as_bfloat16(cell, options, backend):
    theirs, ours = pair(cell, options, backend)
    x, cotangents = posed(ours)
    usual = results(copy.deepcopy(theirs).bfloat16(), x.bfloat16(), cotangents)
    truth = results(copy.deepcopy(theirs).double(), x, cotangents)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = results(ours, x.float(), cotangents)
    assert_as_accurate(found, usual, truth, torch.finfo(torch.bfloat16).eps)
    gradients = {name: q.dtype for name, q in found.items() if name.startswith("d")}
    assert set(gradients.values()) == {torch.float32}, "weights in float32 get gradients in float32"


@pytest.mark.parametrize("make", [gatework.LSTM, gatework.GRU, gatework.RNN])
def test_autocast_takes_float64_as_torch_does(make):
    layer = make(D, H, dtype=torch.float64)
    x = torch.randn(T, B, D, dtype=torch.float64)
    theirs = gatework.to_torch(layer)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found, true = flat(layer(x)), flat(theirs(x))
    for a, b in zip(found, true, strict=True):
        assert a.dtype == b.dtype
        torch.testing.assert_close(a, b)
