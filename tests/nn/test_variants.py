"""Every variant: its weights' names and shapes, what it costs, and what it leaves alone."""

from __future__ import annotations

import pytest
import torch
from asking import ask, make, parts, run, same
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import VARIANTS, draw

from gatework import GRU, LSTM, RNN

KINDS = [LSTM, GRU, RNN]


# Weights


def shapes(layer) -> dict[str, tuple[int, ...]]:
    return {name: tuple(weight.shape) for name, weight in layer.named_parameters()}


def test_the_weights_of_an_lstm_with_everything():
    layer = LSTM(3, 4, 2, bidirectional=True, proj_size=2, layer_norm=True, peephole=True)
    one = {
        "weight_ih": (16, 3), "weight_hh": (16, 2), "bias_ih": (16,), "bias_hh": (16,), "weight_hr": (2, 4),
        "peephole": (3, 4),
        "norm_ih_weight": (16,), "norm_ih_bias": (16,), "norm_hh_weight": (16,), "norm_hh_bias": (16,),
        "norm_c_weight": (4,), "norm_c_bias": (4,),
    }  # fmt: skip
    deeper = one | {"weight_ih": (16, 4)}  # reads both directions of the layer below
    expected = {
        f"{name}_{suffix}": shape
        for suffix, weights in (("l0", one), ("l0_reverse", one), ("l1", deeper), ("l1_reverse", deeper))
        for name, shape in weights.items()
    }
    assert shapes(layer) == expected
    assert [[tuple(w.shape) for w in weights] for weights in layer.all_weights] == [
        list(weights.values()) for weights in (one, one, deeper, deeper)
    ]


def test_the_weights_of_coupled_gates_have_no_dead_quarter():
    assert shapes(LSTM(3, 4, coupled_gates=True, peephole=True, layer_norm=True)) == {
        "weight_ih_l0": (12, 3), "weight_hh_l0": (12, 4), "bias_ih_l0": (12,), "bias_hh_l0": (12,),
        "peephole_l0": (2, 4),
        "norm_ih_weight_l0": (12,), "norm_ih_bias_l0": (12,), "norm_hh_weight_l0": (12,), "norm_hh_bias_l0": (12,),
        "norm_c_weight_l0": (4,), "norm_c_bias_l0": (4,),
    }  # fmt: skip


@pytest.mark.parametrize(("kind", "G"), [(GRU, 12), (RNN, 4)])
def test_the_weights_of_a_normed_gru_and_rnn(kind, G):
    assert shapes(kind(3, 4, layer_norm=True, bias=False)) == {
        "weight_ih_l0": (G, 3), "weight_hh_l0": (G, 4),
        "norm_ih_weight_l0": (G,), "norm_ih_bias_l0": (G,), "norm_hh_weight_l0": (G,), "norm_hh_bias_l0": (G,),
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_masks_have_no_weights(kind):
    assert shapes(kind(3, 4)) == shapes(kind(3, 4, recurrent_dropout=0.5, zoneout=0.5, weight_dropout=0.5))
    assert "cell_clip" not in shapes(LSTM(3, 4, cell_clip=1.0))


# Every option beside every other


switches = {"layer_norm": st.booleans(), "bias": st.booleans(), "bidirectional": st.booleans()}
shares = {name: st.sampled_from([0.0, 0.25, 1]) for name in ("recurrent_dropout", "weight_dropout", "zoneout")}
lstm_only = {
    "peephole": st.booleans(),
    "coupled_gates": st.booleans(),
    "proj_size": st.sampled_from([0, 2]),
    "cell_clip": st.sampled_from([None, 0.5, 1]),
    "zoneout": st.sampled_from([0.0, 0.25, (0.25, 0.0), (0.0, 0.5)]),
}


@st.composite
def layers(draw_from):
    kind = draw_from(st.sampled_from(KINDS))
    options = draw_from(st.fixed_dictionaries(switches | shares | (lstm_only if kind is LSTM else {})))
    if kind is RNN:
        options["nonlinearity"] = draw_from(st.sampled_from(["tanh", "relu"]))
    options["num_layers"] = draw_from(st.integers(1, 2))
    options["dropout"] = draw_from(st.sampled_from([0.0, 0.25])) if options["num_layers"] == 2 else 0.0
    return kind(3, 4, dtype=torch.float64, **options)


@settings(max_examples=150)
@given(layer=layers(), training=st.booleans(), seed=st.integers(0, 99), lengths=st.booleans(), reset=st.booleans())
def test_every_option_runs_beside_every_other(layer, training, seed, lengths, reset):
    draw(layer).train(training)
    asked = ask(layer, 5, 3, seed, lengths, reset)
    torch.manual_seed(seed)
    y, state = run(layer, asked)
    assert y.shape == (5, 3, layer.directions * layer.widths[0])
    many = layer.num_layers * layer.directions
    assert [part.shape for part in parts(state)] == [(many, 3, width) for width in layer.widths]
    assert all(q.isfinite().all() for q in (y, *parts(state)))
    # The same seed gives the same answer, and "auto" and the equations the same.
    layer.backend = "equations"
    torch.manual_seed(seed)
    z, other = run(layer, asked)
    same((y, *parts(state)), (z, *parts(other)))
    (y.sum() + sum(part.sum() for part in parts(state))).backward()
    assert all(weight.grad.isfinite().all() for weight in layer.parameters())


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("training", [False, True])
def test_the_gradient_reaches_every_weight(variant, training):
    layer = make(variant, bidirectional=True).train(training)
    torch.manual_seed(0)
    y, _ = run(layer, ask(layer, 9, 4, seed=1))
    y.square().sum().backward()
    for name, weight in layer.named_parameters():
        assert (weight.grad != 0).any(), name


# What a variant leaves alone


@pytest.mark.parametrize("options", [{}, {"coupled_gates": True}, {"proj_size": 2, "cell_clip": 0.5}], ids=str)
def test_zero_peepholes_change_nothing(options):
    plain, peeping = (
        LSTM(3, 4, bidirectional=True, dtype=torch.float64, peephole=peephole, **options) for peephole in (False, True)
    )
    missing, unexpected = peeping.load_state_dict(plain.state_dict(), strict=False)
    assert (missing, unexpected) == (["peephole_l0", "peephole_l0_reverse"], [])
    torch.nn.init.zeros_(peeping.peephole_l0)
    torch.nn.init.zeros_(peeping.peephole_l0_reverse)
    asked = ask(plain, 6, 3, seed=3)
    (y, state), (z, other) = (run(layer, asked) for layer in (plain, peeping))
    same([y, *state], [z, *other])


def test_a_clip_holds_c_and_one_that_is_never_reached_changes_nothing():
    free, held, wide = (make("LSTM plain", cell_clip=clip) for clip in (None, 0.25, 1e3))
    asked = ask(free, 8, 3, seed=4, reset=False)
    free_c, held_c = (run(layer, asked, trace=True)[2]["l0"].c for layer in (free, held))
    assert free_c.abs().max() > 0.25
    assert held_c.abs().max() == 0.25
    (y, state), (z, other) = (run(layer, asked) for layer in (free, wide))
    same([y, *state], [z, *other])


@pytest.mark.parametrize("variant", ["LSTM layer norm", "GRU layer norm", "RNN layer norm", "LSTM everything"])
@pytest.mark.parametrize("name", ["weight_ih_l0", "weight_hh_l0"])
def test_layer_norm_sees_neither_the_scale_nor_the_shift_of_all_rows_together(variant, name):
    layer = make(variant)
    asked = ask(layer, 5, 3, seed=5)
    weight = getattr(layer, name)

    def answer():
        y, state = run(layer, asked)
        return [y, *parts(state)]

    with torch.no_grad():
        weight *= 1e4  # so that eps = 1e-5 is nothing beside the variance
        before = answer()
        weight *= 3
        same(before, answer())
        weight += 1e4 * torch.arange(weight.shape[1])
        same(before, answer())
        weight[: len(weight) // 4] *= 3  # one gate's rows, or one unit's
        assert (answer()[0] - before[0]).abs().max() > 1e-3


# What the call takes


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "lengths",
    [[2, 5, 0], (2, 5, 0), torch.tensor([2, 5, 0]), torch.tensor([2, 5, 0], dtype=torch.int32)],
    ids=["list", "tuple", "int64", "int32"],
)
def test_lengths_come_in_any_form(kind, lengths):
    layer = kind(3, 4)
    x = torch.randn(5, 3, 3)
    y, _ = layer(x, lengths=lengths)
    torch.testing.assert_close(y[:2, :1], layer(x[:2, :1])[0])
    assert [(y[:, b] != 0).any(dim=1).tolist() for b in range(3)] == [[True] * n + [False] * (5 - n) for n in (2, 5, 0)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float32, torch.float64], ids=str)
def test_resets_come_in_any_type_and_lie_as_x_does(kind, dtype):
    layer = kind(3, 4)
    x = torch.randn(5, 3, 3)
    marks = torch.tensor([[0, 0, 0], [1, 0, 0], [0, 0, 1], [1, 0, 0], [0, 0, 0]])
    y, _ = layer(x, reset=marks.bool())
    assert torch.equal(layer(x, reset=marks.to(dtype))[0], y)
    assert torch.equal(layer(x, reset=marks.tolist())[0], y)
    fresh = layer(x[3:, :1])[0]
    torch.testing.assert_close(y[3:, :1], fresh)
    assert not torch.allclose(y, layer(x)[0])
    layer.batch_first = True
    turned, _ = layer(x.transpose(0, 1), reset=marks.T.to(dtype))
    torch.testing.assert_close(turned.transpose(0, 1), y)
    alone, _ = layer(x[:, 0], reset=marks[:, 0].to(dtype))
    torch.testing.assert_close(alone, y[:, 0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lengths", [3, [3], torch.tensor(3), torch.tensor([3])], ids=str)
def test_one_sequence_takes_one_length(kind, lengths):
    layer = kind(3, 4, bidirectional=True)
    x = torch.randn(5, 3)
    y, state = layer(x, lengths=lengths)
    shorter, ended = layer(x[:3])
    torch.testing.assert_close(y[:3], shorter)
    assert (y[3:] == 0).all()
    torch.testing.assert_close(state, ended)


@pytest.mark.parametrize("backend", ["auto", "torch", "equations"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_reset_state_gets_the_gradient_of_what_follows_it(kind, backend):
    layer = kind(3, 4, bidirectional=True, backend=backend)
    x = torch.randn(6, 2, 3)
    reset = torch.zeros(6, 2)
    reset[4, 1] = 1
    fresh = [torch.randn(2, 2, 4).requires_grad_() for _ in layer.widths]
    y, _ = layer(x, reset=reset, reset_state=tuple(fresh) if kind is LSTM else fresh[0])
    for d, (inside, outside) in enumerate(((slice(4, 6), slice(0, 4)), (slice(0, 4), slice(4, 6)))):
        mine = y[..., d * 4 : d * 4 + 4]
        for part in torch.autograd.grad(mine[inside, 1].sum(), fresh, retain_graph=True):
            assert (part[d, 1] != 0).all()
            assert (part[d, 0] == 0).all()
            assert (part[1 - d] == 0).all()
        for part in torch.autograd.grad(mine[outside].sum(), fresh, retain_graph=True):
            assert (part == 0).all()


# Chance


@pytest.mark.parametrize("variant", VARIANTS)
def test_in_eval_nothing_is_left_to_chance(variant):
    layer = make(variant, dropout=0.5)
    asked = ask(layer, 4, 2, seed=0)
    before = torch.random.get_rng_state()
    answers = [run(layer, asked) for _ in range(2)]
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(answers[0][0], answers[1][0])


def test_a_batch_of_no_rows_has_no_lengths():
    outputs, _ = LSTM(2, 3)(torch.randn(4, 0, 2), lengths=[])
    assert outputs.shape == (4, 0, 3)
