"""How weights start: what each way promises, gate by gate."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

import gatework

D, H = 5, 8


def gates(layer: nn.Module, name: str) -> tuple[Tensor, ...]:
    return getattr(layer, name).detach().chunk(layer.gates)


RECOMMENDED = {
    "lstm": lambda **more: gatework.LSTM(D, H, init="recommended", **more),
    "coupled": lambda **more: gatework.LSTM(D, H, init="recommended", coupled_gates=True, **more),
    "gru": lambda **more: gatework.GRU(D, H, init="recommended", **more),
    "rnn": lambda **more: gatework.RNN(D, H, init="recommended", **more),
}
every_cell = pytest.mark.parametrize("make", RECOMMENDED.values(), ids=RECOMMENDED)


@every_cell
def test_recommended_recurrent_weights_are_orthogonal_gate_by_gate(make):
    layer = make(num_layers=2, bidirectional=True, dtype=torch.float64)
    for suffix in ("l0", "l0_reverse", "l1", "l1_reverse"):
        blocks = gates(layer, f"weight_hh_{suffix}")
        for R in blocks:
            torch.testing.assert_close(R @ R.T, torch.eye(H, dtype=torch.float64), rtol=0, atol=1e-10)
        assert all(not torch.equal(blocks[0], other) for other in blocks[1:])


@every_cell
def test_recommended_input_weights_keep_glorots_bound_gate_by_gate(make):
    torch.manual_seed(0)
    layer = make(num_layers=2)
    for suffix, width in (("l0", D), ("l1", H)):
        bound = math.sqrt(6 / (width + H))
        for W in gates(layer, f"weight_ih_{suffix}"):
            # Uniform up to the bound of one gate: not past it, and not much short of it.
            assert 0.9 * bound < W.abs().max() <= bound


def test_recommended_projections_are_orthogonal_too():
    P = gatework.LSTM(D, H, proj_size=3, init="recommended", dtype=torch.float64).weight_hr_l0
    torch.testing.assert_close(P @ P.T, torch.eye(3, dtype=torch.float64), rtol=0, atol=1e-10)


def total_bias(layer: nn.Module, suffix: str = "l0") -> tuple[Tensor, ...]:
    return (getattr(layer, f"bias_ih_{suffix}") + getattr(layer, f"bias_hh_{suffix}")).detach().chunk(layer.gates)


# The row of the gate that keeps memory, and the sign of its bias: with coupled gates 1 - i keeps.
KEEPS = {"lstm": (1, 1.0), "coupled": (0, -1.0), "gru": (1, 1.0), "rnn": (None, 0.0)}


@pytest.mark.parametrize("suffix", ["l0", "l1_reverse"])
@pytest.mark.parametrize("cell", RECOMMENDED)
def test_recommended_biases_are_zero_but_for_the_gate_that_keeps_memory(cell, suffix):
    row, value = KEEPS[cell]
    layer = RECOMMENDED[cell](num_layers=2, bidirectional=True)
    for k, b in enumerate(total_bias(layer, suffix)):
        assert torch.equal(b, torch.full((H,), value if k == row else 0.0))


def test_recommended_an_lstm_keeps_sigmoid_of_1_of_its_memory():
    still = torch.zeros(1, 1, D), (torch.zeros(1, 1, H), torch.ones(1, 1, H))
    for coupled in (False, True):
        layer = gatework.LSTM(D, H, init="recommended", coupled_gates=coupled)
        _, (_, c) = layer(*still)
        torch.testing.assert_close(c, torch.full_like(c, torch.sigmoid(torch.tensor(1.0)).item()))
    h = gatework.GRU(D, H, init="recommended")(still[0], torch.zeros(1, 1, H))[0]
    assert torch.equal(h, torch.zeros_like(h))


def test_recommended_peepholes_start_at_zero_and_norms_at_the_identity():
    for init in ("recommended", "torch", "chrono"):
        more = {"chrono_max": 9} if init == "chrono" else {}
        layer = gatework.LSTM(D, H, init=init, peephole=True, layer_norm=True, **more)
        assert init == "torch" or not layer.peephole_l0.any()
        for where in ("ih", "hh", "c"):
            assert torch.equal(getattr(layer, f"norm_{where}_weight_l0"), torch.ones(H if where == "c" else 4 * H))
            assert not getattr(layer, f"norm_{where}_bias_l0").any()


def test_without_biases_there_is_nothing_to_keep_memory_with():
    for name in RECOMMENDED:
        layer = RECOMMENDED[name](bias=False)
        assert not [name for name, _ in layer.named_parameters() if name.startswith("bias")]


LONGEST = 100
CHRONO = {
    "lstm": lambda H: gatework.LSTM(1, H, init="chrono", chrono_max=LONGEST),
    "coupled": lambda H: gatework.LSTM(1, H, init="chrono", chrono_max=LONGEST, coupled_gates=True),
    "gru": lambda H: gatework.GRU(1, H, init="chrono", chrono_max=LONGEST),
}


@pytest.mark.parametrize("cell", CHRONO)
def test_chrono_spreads_the_forgetting_times_evenly(cell):
    torch.manual_seed(0)
    many = 1000
    row, sign = KEEPS[cell]
    biases = total_bias(CHRONO[cell](many))
    times = (sign * biases[row]).exp().sort().values
    assert times[0] >= 1 - 1e-5
    assert times[-1] <= LONGEST - 1 + 1e-3
    # Kolmogorov and Smirnov: 1,000 even draws lie within 0.0515 of the even distribution 99 times in 100.
    even = torch.linspace(1, LONGEST - 1, many)
    assert (times - even).abs().max() / (LONGEST - 2) < 0.0515
    for k, b in enumerate(biases):
        if k == row:
            continue
        # Tallec & Ollivier: what is kept is not overwritten, b_i = -b_f.
        assert torch.equal(b, -biases[row] if (cell, k) == ("lstm", 0) else torch.zeros(many))


def test_chrono_leaves_the_other_weights_as_recommended():
    layer = gatework.LSTM(D, H, num_layers=2, bidirectional=True, init="chrono", chrono_max=9, dtype=torch.float64)
    for R in gates(layer, "weight_hh_l1_reverse"):
        torch.testing.assert_close(R @ R.T, torch.eye(H, dtype=torch.float64), rtol=0, atol=1e-10)
    drawn = [total_bias(layer, suffix)[1] for suffix in ("l0", "l0_reverse", "l1", "l1_reverse")]
    assert all((b >= 0).all() and (b <= math.log(8)).all() for b in drawn)
    assert len({tuple(b.tolist()) for b in drawn}) == 4


VARIANTS = {
    "peephole": ("LSTM", {"peephole": True}),
    "layer-norm": ("LSTM", {"layer_norm": True}),
    "both-projected": ("LSTM", {"peephole": True, "layer_norm": True, "proj_size": 3}),
    "clip": ("LSTM", {"cell_clip": 1.0}),
    "gru": ("GRU", {"layer_norm": True}),
    "rnn": ("RNN", {"layer_norm": True, "zoneout": 0.1}),
}


@pytest.mark.parametrize(("cell", "options"), VARIANTS.values(), ids=VARIANTS)
def test_one_seed_draws_torchs_weights_for_a_variant_too(cell, options):
    shape = {"num_layers": 2, "bidirectional": True} | {k: v for k, v in options.items() if k == "proj_size"}
    torch.manual_seed(0)
    theirs = getattr(nn, cell)(D, H, **shape)
    torch.manual_seed(0)
    ours = getattr(gatework, cell)(D, H, **shape | options)
    mine = dict(ours.named_parameters())
    for name, weight in theirs.named_parameters():
        assert torch.equal(mine[name], weight), name


def test_coupled_gates_start_in_torchs_range():
    torch.manual_seed(0)
    layer = gatework.LSTM(D, 100, coupled_gates=True, peephole=True)
    assert layer.weight_hh_l0.shape == (300, 100)
    assert layer.peephole_l0.shape == (2, 100)
    for name, weight in layer.named_parameters():
        assert 0.09 < weight.abs().max() <= 0.1, name
