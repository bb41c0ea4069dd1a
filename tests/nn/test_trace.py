"""What a trace shows is what happened."""

from __future__ import annotations

import pytest
import torch
from asking import ask, bind, make, parts, run, same
from problems import LSTMS, VARIANTS
from torch.nn import functional as F

from gatework import GRU, LSTM, RNN

FIELDS = {LSTM: ("i", "f", "g", "o", "c", "h"), GRU: ("r", "z", "n", "h"), RNN: ("h",)}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_trace_lies_as_the_outputs_do_and_changes_none_of_them(variant):
    layer = make(variant, bidirectional=True)
    asked = ask(layer, 6, 3, seed=2)
    y, state, moments = run(layer, asked, trace=True)
    same((y, *parts(state)), ((plain := run(layer, asked))[0], *parts(plain[1])))
    assert list(moments) == ["l0", "l0_reverse", "l1", "l1_reverse"]
    assert torch.equal(torch.cat([moments["l1"].h, moments["l1_reverse"].h], dim=-1), y)

    layer.batch_first = True
    turned = asked._replace(x=asked.x.transpose(0, 1), reset=asked.reset.T)
    for name, moment in run(layer, turned, trace=True)[2].items():
        assert moment._fields == FIELDS[VARIANTS[variant][0]]
        same(moments[name], [q.transpose(0, 1) for q in moment])

    b = int(asked.lengths.argmax())
    only = asked._replace(
        x=asked.x[:, b],
        hx=bind(layer, (part[:, b] for part in parts(asked.hx))),
        lengths=asked.lengths[b],
        reset=asked.reset[:, b],
        reset_state=bind(layer, (part[:, b] for part in parts(asked.reset_state))),
    )
    for name, moment in run(layer, only, trace=True)[2].items():
        same([q[:, b] for q in moments[name]], moment)


@pytest.mark.parametrize("name", LSTMS)
@pytest.mark.parametrize("suffix", ["l0", "l0_reverse"])
def test_the_moments_of_an_lstm_are_worked_out_from_each_other(name, suffix):
    layer = make(f"LSTM {name}", bidirectional=True)
    k = 1 if suffix == "l0_reverse" else 0
    asked = ask(layer, 6, 3, seed=2, lengths=False, reset=False)
    _, state, moments = run(layer, asked, trace=True)
    i, f, g, o, c, h = (q.flip(0) if k else q for q in moments[suffix])  # in the order in which they came to be
    assert torch.equal(h[-1], state[0][k])
    assert torch.equal(c[-1], state[1][k])
    old_h, old_c = (torch.cat([part[k][None], q[:-1]]) for part, q in zip(asked.hx, (h, c), strict=True))
    new_c = f * old_c + i * g
    if layer.cell_clip:
        new_c = new_c.clamp(-layer.cell_clip, layer.cell_clip)
    seen = new_c
    if layer.layer_norm:
        norm = (getattr(layer, f"norm_c_{what}_{suffix}") for what in ("weight", "bias"))
        seen = F.layer_norm(new_c, new_c.shape[-1:], *norm)
    new_h = o * seen.tanh()
    if layer.proj_size:
        new_h = new_h @ getattr(layer, f"weight_hr_{suffix}").T
    zh, zc = layer.zoneout if isinstance(layer.zoneout, tuple) else (layer.zoneout, layer.zoneout)
    same([c, h], [zc * old_c + (1 - zc) * new_c, zh * old_h + (1 - zh) * new_h])
    assert torch.equal(f, 1 - i) == layer.coupled_gates


def test_the_moments_of_a_gru_are_worked_out_from_each_other():
    layer = make("GRU plain")
    asked = ask(layer, 6, 3, seed=2, lengths=False, reset=False)
    _, z, n, h = run(layer, asked, trace=True)[2]["l0"]
    same([h], [(1 - z) * n + z * torch.cat([asked.hx[:1], h[:-1]])])


@pytest.mark.parametrize("kind", FIELDS)
def test_a_trace_is_zero_past_a_rows_end_and_can_be_differentiated(kind):
    layer = kind(3, 4, bidirectional=True)
    x = torch.randn(5, 2, 3, requires_grad=True)
    moments = layer(x, lengths=[2, 5], trace=True)[2]
    for q in (q for moment in moments.values() for q in moment):
        assert (q[2:, 0] == 0).all()
        assert (q[:2, 0] != 0).all()
    (found,) = torch.autograd.grad(moments["l0"][0].sum(), x)
    assert (found[:2] != 0).all()
    assert (found[2:, 0] == 0).all()
