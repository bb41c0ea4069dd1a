"""The stream: the layer in eval, one moment at a time, with its weights held, rows that forget, and no gradient."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from asking import BACKENDS, bind, identical, make, parts, same
from problems import VARIANTS, Problem, randn
from torch.autograd import forward_ad

from gatework import GRU, LSTM, RNN
from gatework.errors import BackendError
from gatework.nn.stream import Stream, _Scans
from gatework.ops import BACKENDS as ROOMS

every_variant = pytest.mark.parametrize("variant", VARIANTS)


def moments(T: int = 6, B: int = 3) -> torch.Tensor:
    return randn(torch.Generator().manual_seed(4), T, B, 3)


def drawn(layer, B: int = 3):
    g = torch.Generator().manual_seed(5)
    return bind(layer, [randn(g, layer.num_layers, B, width) for width in layer.widths])


def run(stream: Stream, x: torch.Tensor) -> torch.Tensor:
    return torch.stack([stream.step(x_t) for x_t in x])


# The answer


@every_variant
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("num_layers", [1, 2])
def test_it_is_the_whole_sequence_in_eval(variant, backend, num_layers):
    kind, options = VARIANTS[variant]
    made = {"num_layers": num_layers, "backend": backend} | ({"dropout": 0.5} if num_layers > 1 else {})
    layer = Problem(variant, kind, options).layer(**made)  # in training mode
    x, given = moments(), drawn(layer)
    stream = layer.stream(3)
    fresh = run(stream, x)
    stream.state = given
    carried, ended = run(stream, x), stream.state
    assert layer.training
    layer.eval()
    same([fresh, carried], [layer(x)[0], layer(x, given)[0]])
    same(parts(ended), parts(layer(x, given)[1]))


@every_variant
def test_in_float32_it_is_the_layer_in_float32(variant):
    layer = make(variant).float()
    x = moments().float()
    stream = layer.stream(3)
    ours, (theirs, ended) = run(stream, x), layer(x)
    assert ours.dtype == torch.float32
    for a, b in zip((ours, *parts(stream.state)), (theirs, *parts(ended)), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [LSTM, GRU, RNN])
def test_the_batch_has_the_same_place_when_it_comes_first(kind):
    one, other = (kind(3, 4, batch_first=first, dtype=torch.float64) for first in (False, True))
    other.load_state_dict(one.state_dict())
    identical(run(one.stream(3), moments()), run(other.stream(3), moments()))


def test_moments_of_any_strides():
    layer = make("LSTM plain")
    x = moments()
    turned = x.transpose(1, 2).contiguous().transpose(1, 2)
    assert not turned[0].is_contiguous()
    identical(run(layer.stream(3), turned), run(layer.stream(3), x))


def test_batch_size_is_one_unless_said():
    assert LSTM(3, 4).stream().step(torch.zeros(1, 3)).shape == (1, 4)


# What it holds


@pytest.mark.parametrize("change", ["weights", "training", "options"])
def test_what_becomes_of_the_layer_does_not_reach_it(change):
    layer = make("LSTM everything")
    x = moments()
    before = run(layer.stream(3), x)
    stream = layer.stream(3)
    if change == "weights":
        torch.nn.init.zeros_(layer.weight_hh_l1)
        layer.bias_ih_l0.data = torch.zeros_like(layer.bias_ih_l0)
    elif change == "training":
        layer.train()
    else:
        layer.zoneout, layer.cell_clip, layer.backend = 0.9, 0.01, "torch"
    identical(run(stream, x), before)


def test_it_does_not_change_the_layer():
    layer = make("LSTM everything").train()
    before = {name: weight.clone() for name, weight in layer.state_dict().items()}
    stream = layer.stream(3)
    run(stream, moments())
    stream.reset()
    assert layer.training
    assert all(torch.equal(weight, before[name]) for name, weight in layer.state_dict().items())
    assert all(weight.requires_grad for weight in layer.parameters())


@every_variant
def test_nothing_in_it_asks_for_a_gradient(variant):
    layer = make(variant)
    stream = layer.stream(3)
    stream.state = bind(layer, [part.requires_grad_() for part in parts(drawn(layer))])
    assert not any(part.requires_grad for part in parts(stream.state))
    y = stream.step(moments()[0].requires_grad_())
    assert torch.is_grad_enabled()
    assert not any(t.requires_grad for t in (y, *parts(stream.state)))
    with forward_ad.dual_level():
        x_t = moments()[1]
        y = stream.step(forward_ad.make_dual(x_t, x_t))
        assert all(forward_ad.unpack_dual(t).tangent is None for t in (y, *parts(stream.state)))


@every_variant
@pytest.mark.parametrize("num_layers", [1, 2])
def test_what_it_gives_and_takes_is_not_what_it_works_with(variant, num_layers):
    kind, options = VARIANTS[variant]
    layer = Problem(variant, kind, options).layer(num_layers=num_layers)
    x, given = moments(), drawn(layer)
    quiet, stream = layer.stream(3), layer.stream(3)
    quiet.state = given
    stream.state = given
    spoil(given)
    for x_t in x:
        mine = x_t.clone()
        y, held = stream.step(mine), stream.state
        kept = [part.clone() for part in parts(held)]
        identical([y, *kept], [quiet.step(x_t), *parts(quiet.state)])
        spoil((y, mine, *parts(stream.state)))
        stream.reset(0)
        stream.step(x_t)
        identical(parts(held), kept)
        stream.state = held
        spoil(held)


def spoil(state) -> None:
    for part in parts(state):
        part.fill_(float("nan"))


def test_autocast_does_not_reach_it():
    layer = make("GRU plain").float()
    x = moments().float()
    expected = run(layer.stream(3), x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        stream = layer.stream(3)
        identical(run(stream, x), expected)
        stream.state = stream.state.bfloat16()
        y = stream.step(x[0].bfloat16())
    assert y.dtype == stream.state.dtype == torch.float32


# The state


@every_variant
def test_the_state_makes_the_round_trip(variant):
    layer = make(variant)
    x = moments()
    whole, stream = run(layer.stream(3), x), layer.stream(3)
    run(stream, x[:3])
    other = layer.stream(3)
    other.state = stream.state
    identical(run(other, x[3:]), whole[3:])
    assert [tuple(part.shape) for part in parts(stream.state)] == [(2, 3, width) for width in layer.widths]
    assert isinstance(stream.state, tuple) == isinstance(layer, LSTM)


@pytest.mark.parametrize("variant", ["LSTM everything", "GRU plain", "RNN plain"])
@pytest.mark.parametrize(
    ("rows", "which"),
    [(None, [0, 1, 2]), (1, [1]), ([0, 2], [0, 2]), ([], []), (torch.tensor([2, 0]), [0, 2]), (torch.tensor(2), [2]),
     (torch.tensor([True, False, True]), [0, 2]), ([False, True, False], [1]), (range(2), [0, 1])],
    ids=str,
)  # fmt: skip
def test_rows_forget(variant, rows, which):
    layer = make(variant)
    x = moments()
    stream = layer.stream(3)
    stream.state = drawn(layer)
    stream.step(x[0])
    kept = stream.state
    stream.reset(rows)
    for now, before in zip(parts(stream.state), parts(kept), strict=True):
        for row in range(3):
            assert torch.equal(now[:, row], before[:, row] * (row not in which))
    marks = torch.zeros(1, 3, dtype=torch.bool)
    marks[0, which] = True
    same(stream.step(x[1]), layer(x[1:2], kept, reset=marks)[0][0])


def test_a_row_that_went_wrong_recovers():
    stream = make("LSTM plain").stream(3)
    x = moments()
    x[0, 1] = float("nan")
    assert stream.step(x[0])[1].isnan().all()
    stream.reset(1)
    assert not stream.step(x[1]).isnan().any()


# The seam


def test_a_backend_that_has_a_quick_stepper_is_asked_for_it(monkeypatch):
    asked = []

    def stepper(calls):
        asked.extend(calls)
        return _Scans(calls, "equations")

    cannot = []
    monkeypatch.setitem(ROOMS, "quick", SimpleNamespace(stepper=stepper, why_not=lambda call: cannot))
    layer = make("LSTM everything", backend="quick")
    x = moments()
    same(run(layer.stream(3), x), make("LSTM everything")(x)[0])
    assert [call.x.shape for call in asked] == [(1, 3, 3), (1, 3, 6)]
    assert all([part.shape[:2] for part in call.state] == [(1, 3), (1, 3)] for call in asked)
    assert not any(t.requires_grad for call in asked for t in call.tensors())
    own = {weight.data_ptr() for weight in layer.parameters()}
    assert not any(t.data_ptr() in own for call in asked for t in call.tensors())
    cannot.append("it is tired")
    text = (
        "backend must be one that can run this call; got 'quick', but it is tired. "
        'Use backend="auto".'
    )  # fmt: skip
    with pytest.raises(BackendError) as refusal:
        layer.stream()
    assert str(refusal.value) == text
