"""gatework's layers stand where torch.nn's stood: the same values, gradients, weights, names and manners."""

from __future__ import annotations

import copy
import inspect
import pickle
import typing
from typing import Any, NamedTuple

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

import gatework

CELLS = ("LSTM", "GRU", "RNN")
BACKENDS = ("auto", "torch", "equations")


class Problem(NamedTuple):
    """A layer's settings and the shape of one call, in torch's own words."""

    cell: str
    sizes: tuple[int, int]
    options: dict[str, Any]
    T: int
    B: int
    layout: str  # "batched", "unbatched" or "packed"
    given_state: bool
    seed: int


@st.composite
def problems(draw, cell: str, narrowest: int = 1) -> Problem:
    """Any layer that torch can make, and any call of it."""
    D, H = (draw(st.integers(narrowest, narrowest + 4)) for _ in range(2))
    options = {
        "num_layers": draw(st.integers(1, 3)),
        "bias": draw(st.booleans()),
        "batch_first": draw(st.booleans()),
        "bidirectional": draw(st.booleans()),
    }
    # torch warns where there is nothing between layers to drop.
    options["dropout"] = draw(st.sampled_from([0.0, 0.4])) if options["num_layers"] > 1 else 0.0
    if cell == "LSTM":
        options["proj_size"] = draw(st.integers(0, H - 1))
    if cell == "RNN":
        options["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
    layout = draw(st.sampled_from(["batched", "unbatched", "packed"]))
    B = draw(st.integers(1 if layout == "packed" else 0, 3)) if layout != "unbatched" else 1
    return Problem(
        cell, (D, H), options, draw(st.integers(1, 6)), B, layout, draw(st.booleans()),
        draw(st.integers(0, 1000)),
    )  # fmt: skip


def make(problem: Problem, library: Any, dtype: torch.dtype, **more: Any) -> nn.Module:
    torch.manual_seed(problem.seed)
    return getattr(library, problem.cell)(*problem.sizes, **problem.options, dtype=dtype, **more)


def call(problem: Problem, layer: nn.Module, dtype: torch.dtype) -> dict[str, Tensor]:
    """Outputs, final state, and the gradient of everything under random cotangents, by name."""
    torch.manual_seed(problem.seed + 1)
    T, B, (D, H) = problem.T, problem.B, problem.sizes
    S = problem.options.get("proj_size") or H
    shape = (T, D) if problem.layout == "unbatched" else (B, T, D) if layer.batch_first else (T, B, D)
    # Drawn in float64 whatever the type: every precision is asked the same question.
    x = torch.randn(shape, dtype=torch.float64).to(dtype).requires_grad_()
    layers = problem.options["num_layers"] * (2 if layer.bidirectional else 1)
    widths = (S, H) if problem.cell == "LSTM" else (H,)
    rows = () if problem.layout == "unbatched" else (B,)
    drawn = [torch.randn(layers, *rows, width, dtype=torch.float64).to(dtype).requires_grad_() for width in widths]
    states = drawn if problem.given_state else []
    hx = (tuple(states) if problem.cell == "LSTM" else states[0]) if states else None
    lengths = torch.randint(1, T + 1, (B,))
    packed = problem.layout == "packed"
    given = pack_padded_sequence(x, lengths, layer.batch_first, enforce_sorted=False) if packed else x
    y, ended = layer(given, hx)
    if packed:
        assert isinstance(y, PackedSequence)
        for ours, theirs in zip(y[1:], given[1:], strict=True):
            assert (ours is theirs is None) or torch.equal(ours, theirs)
        y = y.data
    results = {"y": y} | dict(zip("hc", ended if problem.cell == "LSTM" else (ended,), strict=False))
    generator = torch.Generator().manual_seed(problem.seed)
    cotangents = [torch.randn(q.shape, dtype=torch.float64, generator=generator).to(dtype) for q in results.values()]
    torch.autograd.backward(list(results.values()), cotangents)
    leaves = {"x": x} | dict(zip(("h0", "c0"), states, strict=False)) | dict(layer.named_parameters())
    return {name: q.detach() for name, q in results.items()} | {f"d{name}": leaf.grad for name, leaf in leaves.items()}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("cell", CELLS)
@settings(max_examples=30)
@given(data=st.data())
def test_in_float64_it_equals_torch(cell, backend, data):
    problem = data.draw(problems(cell))
    theirs = call(problem, make(problem, nn, torch.float64), torch.float64)
    ours = call(problem, make(problem, gatework, torch.float64, backend=backend), torch.float64)
    assert ours.keys() == theirs.keys()
    for name, true in theirs.items():
        torch.testing.assert_close(ours[name], true, rtol=1e-12, atol=1e-12, msg=lambda text, name=name: name + text)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("cell", CELLS)
@settings(max_examples=30)
@given(data=st.data())
def test_in_float32_it_is_as_accurate_as_torch(cell, backend, data):
    # How far torch is off is a matter of luck where a weight has one number only.
    problem = data.draw(problems(cell, narrowest=4))
    plain = make(problem, nn, torch.float32)
    truth = call(problem, copy.deepcopy(plain).double(), torch.float64)
    usual = call(problem, plain, torch.float32)
    ours = call(problem, make(problem, gatework, torch.float32, backend=backend), torch.float32)
    for name, true in truth.items():
        if not true.numel():  # a batch without rows
            assert ours[name].shape == true.shape
            continue
        assert ours[name].dtype == torch.float32, name
        error, allowed = ((found[name].double() - true).abs().max() for found in (ours, usual))
        slack = 8 * torch.finfo(torch.float32).eps * true.abs().max()
        assert error <= 2 * allowed + slack, f"{name}: off by {error:.1e}, torch by {allowed:.1e}"


@pytest.mark.parametrize("cell", CELLS)
@settings(max_examples=30)
@given(data=st.data())
def test_one_seed_draws_the_same_weights_under_the_same_names(cell, data):
    problem = data.draw(problems(cell))
    theirs, next_number = make(problem, nn, torch.float32), torch.rand(())
    ours = make(problem, gatework, torch.float32)
    assert torch.equal(torch.rand(()), next_number)
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))
    assert [[w.shape for w in one] for one in ours.all_weights] == [
        [w.shape for w in one] for one in theirs.all_weights
    ]
    mine = {id(w) for w in ours.parameters()}
    assert {id(w) for one in ours.all_weights for w in one} == mine
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("cell", CELLS)
@settings(max_examples=20)
@given(data=st.data())
def test_state_dicts_load_both_ways(cell, data):
    problem = data.draw(problems(cell))
    theirs = make(problem, nn, torch.float64)
    other = problem._replace(seed=problem.seed + 1)
    ours = make(other, gatework, torch.float64)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    back = make(other, nn, torch.float64)
    back.load_state_dict(ours.state_dict(), strict=True)
    assert all(torch.equal(a, b) for a, b in zip(back.parameters(), theirs.parameters(), strict=True))


@pytest.mark.parametrize("cell", CELLS)
def test_the_constructor_takes_torchs_arguments_in_torchs_places(cell):
    theirs = inspect.signature(typing.get_overloads(getattr(nn, cell).__init__)[0]).parameters
    ours = inspect.signature(getattr(gatework, cell).__init__).parameters
    places = [p for p in ours.values() if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    assert [p.name for p in places] == list(theirs)
    assert [p.default for p in places] == [p.default for p in theirs.values()]
    beyond = [p for p in ours.values() if p.name not in theirs]
    assert beyond
    assert {p.kind for p in beyond} == {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("cell", CELLS)
def test_the_call_takes_torchs_arguments_in_torchs_places(cell):
    theirs = inspect.signature(getattr(nn, cell).forward).parameters
    ours = inspect.signature(getattr(gatework, cell).forward).parameters
    places = [p for p in ours.values() if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    assert [(p.name, p.default) for p in places] == [(p.name, p.default) for p in theirs.values()]
    assert [p.name for p in ours.values() if p.name not in theirs] == ["lengths", "reset", "reset_state", "trace"]


@pytest.mark.parametrize("cell", CELLS)
def test_it_is_a_module_with_torchs_attributes(cell):
    options = {"num_layers": 2, "dropout": 0.25, "bidirectional": True, "batch_first": True, "bias": False}
    theirs, ours = getattr(nn, cell)(3, 4, **options), getattr(gatework, cell)(3, 4, **options)
    assert isinstance(ours, nn.Module)
    names = ["mode", "input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional"]
    names += ["proj_size", "training"] + (["nonlinearity"] if cell == "RNN" else [])
    for name in names:
        assert getattr(ours, name) == getattr(theirs, name), name


@pytest.mark.parametrize("cell", CELLS)
def test_flattening_and_drawing_anew(cell):
    problem = Problem(cell, (3, 4), {"num_layers": 2}, 5, 2, "batched", True, 7)
    layer = make(problem, gatework, torch.float32)
    before = [w.clone() for w in layer.parameters()]
    assert layer.flatten_parameters() is None
    assert all(torch.equal(a, b) for a, b in zip(layer.parameters(), before, strict=True))
    same = [id(w) for w in layer.parameters()]
    layer.reset_parameters()
    assert [id(w) for w in layer.parameters()] == same
    assert not any(torch.equal(a, b) for a, b in zip(layer.parameters(), before, strict=True))
    torch.manual_seed(problem.seed)
    layer.reset_parameters()
    assert all(torch.equal(a, b) for a, b in zip(layer.parameters(), before, strict=True))


COPIES = {"deepcopy": copy.deepcopy, "pickle": lambda layer: pickle.loads(pickle.dumps(layer))}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize(
    ("cell", "variant"),
    [("LSTM", {}), ("GRU", {}), ("RNN", {"nonlinearity": "relu"}),
     ("LSTM", {"peephole": True, "layer_norm": True, "proj_size": 2, "zoneout": (0.1, 0.2), "cell_clip": 1.0}),
     ("LSTM", {"coupled_gates": True, "backend": "equations", "init": "chrono", "chrono_max": 9}),
     ("GRU", {"layer_norm": True, "recurrent_dropout": 0.1, "weight_dropout": 0.2})],
)  # fmt: skip
def test_copies_answer_alike_and_live_apart(cell, variant, how):
    layer = getattr(gatework, cell)(3, 4, num_layers=2, bidirectional=True, dropout=0.5, **variant).eval()
    twin = COPIES[how](layer)
    x = torch.randn(5, 2, 3)
    before = layer(x)[0]
    assert torch.equal(twin(x)[0], before)
    assert repr(twin) == repr(layer)
    assert not twin.training
    with torch.no_grad():
        for weight in twin.parameters():
            weight.add_(1)
    assert torch.equal(layer(x)[0], before)
    assert not torch.equal(twin(x)[0], before)


def test_repr_shows_what_differs_from_the_defaults():
    assert repr(gatework.LSTM(3, 4)) == "LSTM(3, 4)"
    layer = gatework.LSTM(
        3, 4, 2, False, True, 0.5, True, 2, backend="equations", init="recommended", layer_norm=True,
        recurrent_dropout=0.1, zoneout=(0.1, 0.2), weight_dropout=0.3, peephole=True, coupled_gates=True, cell_clip=5.0,
    )  # fmt: skip
    assert repr(layer) == (
        "LSTM(3, 4, proj_size=2, num_layers=2, bias=False, batch_first=True, dropout=0.5, bidirectional=True, "
        "backend='equations', init='recommended', layer_norm=True, recurrent_dropout=0.1, zoneout=(0.1, 0.2), "
        "weight_dropout=0.3, peephole=True, coupled_gates=True, cell_clip=5.0)"
    )


@pytest.mark.parametrize("cell", CELLS)
def test_the_dtype_and_device_asked_for_are_those_of_the_weights(cell):
    layer = getattr(gatework, cell)(3, 4, device="meta", dtype=torch.float64)
    assert {(w.device.type, w.dtype) for w in layer.parameters()} == {("meta", torch.float64)}
    layer = getattr(gatework, cell)(3, 4).double()
    assert layer(torch.randn(2, 1, 3, dtype=torch.float64))[0].dtype == torch.float64


@pytest.mark.parametrize("cell", CELLS)
def test_in_eval_nothing_is_dropped(cell):
    layer = getattr(gatework, cell)(3, 4, num_layers=2, dropout=0.5).eval()
    x = torch.randn(5, 2, 3)
    assert torch.equal(layer(x)[0], layer(x)[0])
    layer.train()
    assert not torch.equal(layer(x)[0], layer(x)[0])
