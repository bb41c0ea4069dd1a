"""A training on tokens is recorded with what their embedding made of them, and stays what it was."""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
import torch
from torch import nn

from gatework.look import Recording, record
from gatework.look.tokens import made_of, overheard


class Net(nn.Module):
    """Reads (B, T), or thinks in (T, B)."""

    def __init__(self, turned=False):
        super().__init__()
        self.turned, self.embed = turned, nn.Embedding(10, 5)
        self.reader, self.head = nn.LSTM(5, 4, batch_first=not turned), nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.reader(self.embed(x.T if self.turned else x))[0])


class Hot(Net):
    """Makes its own of tokens."""

    def forward(self, x):
        return self.head(self.reader(nn.functional.one_hot(x, 5).float())[0])


def tokens(kinds=10):
    return torch.randint(kinds, (30, 6), generator=torch.Generator().manual_seed(0))


def test_tokens_that_are_exchanged_on_the_way_are_recorded():
    net, given = Net(turned=True), tokens()
    with overheard(net, lambda: True) as heard:
        net(given.T)
    assert torch.equal(made_of(given.T, heard)["embed"], net.embed(given.T))
    with overheard(net, lambda: False) as heard:
        net(given.T)
    assert heard == []


def test_a_training_on_tokens_is_recorded_and_stays_what_it_was():
    given, weights, embedded = tokens().T, [], []
    for recorded in (True, False):
        torch.manual_seed(0)
        net = Net()
        optimizer = torch.optim.SGD(net.parameters(), 0.1)
        with ExitStack() as stack:
            if recorded:
                traces = stack.enter_context(record(net, every=2, rows=2))
                recording = stack.enter_context(Recording(net, rows=3))
            for _ in range(3):
                if recorded:
                    recording.batch(given, given)
                    embedded.append(net.embed(tokens()[:, :2]).detach().numpy())
                loss = net(given).square().mean()
                optimizer.zero_grad(), loss.backward(), optimizer.step()
        weights.append([p.detach().clone() for p in net.parameters()])
        assert not net.embed._forward_hooks
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))
    assert [one.step for one in traces] == [0, 2]
    for one in traces:
        np.testing.assert_array_equal(one.x, embedded[one.step])
        assert torch.equal(torch.from_numpy(one.tokens), tokens()[:, :2])
    assert one.names == tuple(f"embed {k}" for k in range(5))
    assert one.layers["reader.l0"]["f"].shape == (30, 2, 4)
    assert recording.values == 30 * 6
    assert [tuple(q.shape) for q in recording.batches[0]] == [(3, 30), (3, 30)]


def test_a_model_that_makes_its_own_of_whole_numbers_is_recorded_too():
    net = Hot()
    with record(net) as traces:
        net(tokens(5).T)
    assert traces[0].tokens is None
    assert traces[0].layers["reader.l0"]["f"].shape == (30, 6, 4)
