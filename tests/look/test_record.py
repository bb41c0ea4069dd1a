"""A recorded training is the training that it would have been, and its traces show what happened in it."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

import gatework
from gatework.errors import OptionError
from gatework.look import record


class Net(nn.Module):
    def __init__(self, reader):
        super().__init__()
        self.reader, self.head = reader, nn.Linear(4, 1)

    def forward(self, x):
        return self.head(F.dropout(self.reader(x)[0], 0.5, self.training)[:, -1])


class Packed(Net):
    def forward(self, x):
        y, _ = self.reader(pack_padded_sequence(x, [4, 7, 2], batch_first=True, enforce_sorted=False))
        return self.head(F.dropout(y.data, 0.5, self.training))


def nets():
    options = {"num_layers": 2, "batch_first": True, "dropout": 0.5}
    masks = {"zoneout": 0.3, "recurrent_dropout": 0.3, "weight_dropout": 0.3}
    return {
        "ours": Net(gatework.LSTM(3, 4, **options, **masks)),
        "theirs": Net(nn.LSTM(3, 4, **options)),
        "packed": Packed(gatework.LSTM(3, 4, **options, **masks)),
        "their GRU, packed": Packed(nn.GRU(3, 4, **options)),
    }


def train(net, call=None, steps=7):
    torch.manual_seed(1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    losses = []
    for step in range(steps):
        x = torch.randn(3, 7, 3, generator=torch.Generator().manual_seed(step))
        loss = (call or net)(x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("name", nets())
def test_recording_changes_no_bit_of_a_training(name):
    found = []
    for recorded in (False, True):
        torch.manual_seed(0)
        net = nets()[name]
        if recorded:
            with record(net, every=3) as traces:
                found.append(train(net))
        else:
            found.append(train(net))
        found.append([weight.detach().clone() for weight in net.parameters()])
    assert found[0] == found[2]
    assert all(torch.equal(a, b) for a, b in zip(found[1], found[3], strict=True))
    assert [one.step for one in traces] == [0, 3, 6]
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())
    train(net)
    assert len(traces) == 3, "nothing when off"


@pytest.mark.parametrize("name", ["ours", "packed"])
def test_the_masks_of_the_step_are_those_that_were_drawn(name):
    torch.manual_seed(0)
    net = nets()[name]
    heard = []
    net.reader.register_forward_hook(lambda layer, args, output: heard.append(output[0]))
    with record(net, every=2) as traces:
        train(net, steps=3)
    for one, y in zip(traces, heard[::2], strict=True):
        y = y.detach().transpose(0, 1) if name == "ours" else nn.utils.rnn.pad_packed_sequence(y)[0].detach()
        np.testing.assert_allclose(np.nan_to_num(one.layers["reader.l1"]["h"]), y, atol=1e-7)
    assert traces[0].x.shape == (7, 3, 3)


def test_a_recorder_can_be_called_in_the_models_place():
    torch.manual_seed(0)
    net = nets()["ours"]
    recorder = record(net, every=4, rows=2)
    train(net, recorder)
    assert [one.step for one in recorder.traces] == [0, 4]
    assert recorder.traces[0].layers["reader.l0"]["f"].shape == (7, 2, 4)
    assert recorder.traces[0].outputs.shape == (1, 2, 1)
    assert str(recorder.traces[1]).startswith("2 rows of 7 steps and 3 inputs at training step 4. On average:\n")


def test_packed_rows_that_a_bare_layer_reads_are_kept_time_first():
    layer, x = nn.GRU(3, 4, batch_first=True), torch.randn(3, 7, 3)
    with record(layer, every=1, rows=2) as traces:
        layer(pack_padded_sequence(x, [7, 4, 2], batch_first=True))
    np.testing.assert_array_equal(traces[0].x[:, 0], x[0])
    assert traces[0].x.shape == (7, 2, 3)
    assert traces[0].outputs.shape == (7, 2, 4)


def test_validation_is_not_counted():
    net = nets()["ours"]
    with record(net, every=1) as traces:
        net.eval()
        net(torch.zeros(3, 7, 3))
        assert not traces
        net.train()
        net(torch.zeros(3, 7, 3))
        assert [one.step for one in traces] == [0]


def test_a_step_that_failed_leaves_nothing_in_the_next_trace():
    net = nets()["ours"]
    with record(net, every=1) as traces:
        head, net.head = net.head, nn.Linear(5, 1)
        with pytest.raises(RuntimeError):
            net(torch.zeros(3, 7, 3))
        net.head = head
        net(torch.zeros(3, 7, 3))
    assert list(traces[0].layers) == ["reader.l0", "reader.l1"]
    assert traces[0].layers["reader.l0"]["f"].shape == (7, 3, 4)


def test_gateworks_own_loop_can_be_recorded():
    from gatework.train.loop import fit

    layer = gatework.GRU(3, 4)
    x = torch.randn(5, 2, 3)
    with record(layer, every=50) as traces:
        fit(layer, lambda step: x, lambda net, x: net(x)[0].square().mean(), steps=101, progress=False)
    assert [one.step for one in traces] == [0, 50, 100]


@pytest.mark.parametrize("name", ["every", "rows"])
def test_what_cannot_be_recorded_is_refused(name):
    with pytest.raises(OptionError, match=f"{name} must be a whole number of at least 1; got 0."):
        record(gatework.RNN(1, 1), **{name: 0})
    message = "model must be or hold an LSTM, GRU or RNN; got Linear. There is no memory to record."
    with pytest.raises(OptionError, match=re.escape(message)):
        record(nn.Linear(1, 1))
