"""However a batch is given, as a list, with lengths, either axis first, an instrument finds the same in it."""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import gatework
from gatework.errors import DataError
from gatework.look import gradients, memory, subject, trace


class Outward(nn.Module):
    """Read (B, T, D), think in (T, B, D), and answer (B, T, K), as many models do."""

    def __init__(self, reader):
        super().__init__()
        self.reader = reader

    def forward(self, x):
        return self.reader(x.transpose(0, 1))[0].transpose(0, 1)


def alike(one, other):
    if isinstance(one, dict):
        assert len(one) == len(other)
        for a, b in zip(one.values(), other.values(), strict=True):
            alike(a, b)
    elif isinstance(one, float) or (isinstance(one, list) and not any(isinstance(name, str) for name in one)):
        np.testing.assert_allclose(np.array(one, float), np.array(other, float), rtol=1e-4, atol=1e-6)
    else:
        assert one == other


@pytest.mark.parametrize("instrument", [trace, gradients, memory], ids=lambda one: one.__name__)
def test_an_instrument_finds_the_same_however_a_batch_lies(instrument):
    torch.manual_seed(0)
    layer, x, ends = nn.LSTM(2, 4), torch.randn(24, 3, 2), [24, 9, 15]
    listed = instrument(layer, [x[:n, b] for b, n in enumerate(ends)]).to_dict()
    alike(listed, instrument(layer, x, lengths=ends).to_dict())
    alike(listed, instrument(Outward(layer), x.transpose(0, 1), torch.tensor(ends), True).to_dict())
    whole = instrument(layer, x).to_dict()
    alike(whole, instrument(Outward(layer), x.transpose(0, 1), batch_first=True).to_dict())
    with pytest.raises(AssertionError):
        alike(listed, whole)


class Pieces(nn.Module):
    """Read a batch in pieces, by keyword."""

    def __init__(self, cuts, lengths=None, **options):
        super().__init__()
        self.cell, self.cuts, self.ends = gatework.LSTM(3, 4, **options), cuts, lengths

    def forward(self, x):
        state, ys = None, []
        for n, piece in enumerate(x.split(self.cuts)):
            more = {} if self.ends is None else {"lengths": self.ends[n]}
            y, state = self.cell(input=piece, hx=state, **more)
            ys.append(y)
        return torch.cat(ys)


def test_pieces_by_keyword_are_one_reading_and_each_has_its_own_lengths():
    x = torch.randn(7, 2, 3)
    net = Pieces([4, 3], [torch.tensor([4, 3]), torch.tensor([3, 0])])
    found, bare = trace(net, x), trace(net.cell, x, lengths=[7, 3])
    assert list(found.layers) == ["cell.l0"]
    for letter, q in found.layers["cell.l0"].items():
        np.testing.assert_allclose(q, bare.layers["layer.l0"][letter], atol=1e-6)
    flow, want = gradients(net, x).flows["cell.l0"], gradients(net.cell, x, lengths=[7, 3]).flows["layer.l0"]
    assert flow.rows.tolist() == want.rows.tolist()


def test_pieces_read_both_ways_are_readings_of_their_own():
    found = trace(Pieces([4, 3], bidirectional=True), torch.randn(7, 2, 3))
    assert list(found.layers) == ["cell.l0", "cell.l0_reverse", "cell.l0 (2)", "cell.l0_reverse (2)"]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_type_that_numpy_does_not_have_comes_as_float32(dtype):
    found = trace(gatework.LSTM(3, 4, dtype=dtype), torch.randn(7, 2, 3))
    assert {found.x.dtype, found.layers["layer.l0"]["c"].dtype} == {np.dtype(np.float32)}


def test_what_a_trace_says_of_a_memory_is_how_far_it_is_from_0():
    layer = gatework.LSTM(1, 2)
    for weight in layer.parameters():
        nn.init.zeros_(weight)
    layer.bias_ih_l0.data[4:6] = -1
    # c = i g = tanh(-1) / 2, and h is half of its tanh.
    assert str(trace(layer, torch.zeros(1, 2, 1))).endswith("output gate 50% open, c 0.38 from 0")


def test_packed_pieces_carry_on_in_the_callers_order():
    class Packed(nn.Module):
        def __init__(self):
            super().__init__()
            self.reader = nn.LSTM(3, 4)

        def forward(self, x):
            pack = partial(pack_padded_sequence, enforce_sorted=False)
            _, state = self.reader(pack(x[:4], [2, 4]))
            return self.reader(pack(x[4:], [3, 1]), state)[0]

    assert list(trace(Packed(), torch.randn(7, 2, 3)).layers) == ["reader.l0"]


class Told(nn.Module):
    """One number for each step, of rows whose ends it is told."""

    def __init__(self):
        super().__init__()
        self.reader = gatework.GRU(3, 4, bidirectional=True)

    def forward(self, x, lengths=None):
        return self.reader(x, lengths=lengths)[0].sum(-1)


def test_rows_are_told_their_own_ends_however_often_and_far_they_are_read():
    net, x, ends = Told(), torch.randn(5, 3, 3), [5, 2, 4]
    seen = subject(net, x, lengths=ends)
    assert seen.stepwise, "told by a reading of one step less"
    assert seen.run(seen.x).shape == (5, 3, 1)
    twice = torch.cat([seen.x, seen.x.flip(1)], 1)
    torch.testing.assert_close(seen.run(twice)[..., 0], net(twice, torch.tensor(ends * 2)))


def test_packed_answers_of_rows_that_all_end_early_go_on_to_the_end():
    class Packed(nn.Module):
        def __init__(self):
            super().__init__()
            self.reader = nn.GRU(3, 4)

        def forward(self, x, lengths):
            return self.reader(pack_padded_sequence(x, lengths, enforce_sorted=False))

    seen = subject(Packed(), torch.randn(5, 2, 3), lengths=[2, 3])
    assert seen.stepwise
    assert (seen.run(seen.x)[3:] == 0).all()


def test_of_a_single_step_the_answer_is_about_the_end():
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.reader = nn.GRU(3, 1, batch_first=True)

        def forward(self, x):
            return self.reader(x)[0][:, -1]

    assert not subject(Last(), torch.randn(4, 1, 3)).stepwise


def test_rows_are_no_longer_than_the_data_and_these_stay_the_callers_own():
    x = torch.randn(6, 2, 3, requires_grad=True)
    with pytest.raises(DataError, match=re.escape("data must have 1 to 6 steps in each row; got [7, 6].")):
        subject(gatework.GRU(3, 4), x, lengths=[7, 6])
    assert not subject(gatework.GRU(3, 4), x).x.requires_grad
