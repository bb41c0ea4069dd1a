"""Healthy runs for bench/doctor.py. Each builds (model, data, recording)."""

from __future__ import annotations

import numpy as np
import torch
from doctor_tasks import (
    KINDS,
    Net,
    Ragged,
    ar,
    carry,
    column,
    forever,
    frequencies,
    letters,
    loss_of,
    many,
    next_value,
    standard,
    stretches,
    tagging,
    tensors,
    train,
    ts_file,
    waves,
    windows,
)
from torch import nn

from gatework.look import Recording


def healthy_tagging(d):
    draw = tagging(d, rows=d.one(16, 32), phi=d.one(0.0, 0.5, 0.9))
    net = Net(d.one(*KINDS), 2, d.one(8, 16, 32), 1, num_layers=d.one(1, 2), bidirectional=d.one(False, True))
    return net, many(draw), train(net, forever(draw), d.one(5, 60, 150))


def healthy_ar(d):
    phi = d.one(0.3, 0.7, 0.95)
    draw = next_value(lambda: ar(61, 24, phi, d.rng))
    net = Net(d.one(*KINDS), 1, d.one(8, 16, 32), 1)
    return net, many(draw), train(net, forever(draw), d.one(5, 60, 150), lr=d.one(1e-3, 3e-3, 1e-2))


def healthy_waves(d):
    period = d.one(6, 8)
    draw = next_value(lambda: waves(61, 24, period, 0.1, d.rng))
    net = Net(d.one(nn.LSTM, nn.GRU), 1, d.one(16, 32), 1)
    return net, many(draw), train(net, forever(draw), 150, lr=1e-2)


def healthy_frequencies(d):
    draw = frequencies(d)
    net = Net(d.one(*KINDS), 1, d.one(16, 32), 3, at_end=True)
    return net, many(draw), train(net, forever(draw), d.one(5, 100))


def healthy_letters(d):
    draw, known = letters(40, 32, d.rng)
    net = Net(d.one(nn.LSTM, nn.GRU), known, d.one(32, 64), known)
    return net, many(draw, 4), train(net, forever(draw), d.one(10, 100), lr=1e-2)


def healthy_vowels(d):
    found, kinds = ts_file("JapaneseVowels")
    net = Ragged(d.one(nn.LSTM, nn.GRU), 12, d.one(16, 32), 9)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    with Recording(net) as recording:
        for _ in range(d.one(5, 80)):
            some = d.rng.integers(0, len(found), 32)
            rows = [torch.from_numpy(found[k]).float() for k in some]
            x, lengths = nn.utils.rnn.pad_sequence(rows), torch.tensor([len(row) for row in rows])
            y = torch.from_numpy(kinds[some])
            recording.batch(x, y)
            loss = loss_of(net(x, lengths), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recording.loss(loss)
    return net, found, recording


def healthy_windows(d):
    path, name = d.one(
        ("classics/daily-min-temperatures.csv", "Temp"),
        ("ett/ETTh1.csv", "OT"),
        ("classics/taylor_halfhourly_demand.csv", "Y"),
    )
    draw = windows(standard(column(path, name)), 48, 32, d.rng, at_end=True)
    net = Net(d.one(nn.LSTM, nn.GRU), 1, d.one(16, 32), 1, at_end=True)
    return net, many(draw), train(net, forever(draw), 150, lr=1e-2)


def healthy_stateful(d):
    net = Net(d.one(nn.LSTM, nn.GRU), 2, d.one(8, 16), 1)
    whole = stretches(d, 20, 16, 40, phi=d.one(0.5, 0.95))
    return net, torch.cat([whole(0)[0], whole(1)[0]]), carry(net, whole, 80)


def healthy_one_back(d):
    """A curved function of the input one step back, beside the present one."""

    def draw():
        x = d.rng.standard_normal((50, 32, 2))
        y = np.tanh(0.5 * x[..., :1] + d.one(1, 2) * np.roll(x[..., 1:], 1, 0))
        return x, y

    net = Net(d.one(nn.LSTM, nn.GRU), 2, d.one(16, 24), 1)
    return net, many(draw), train(net, forever(draw), d.one(5, 40, 150), lr=1e-2)


def healthy_sorted(d):
    """Rows that are stored by their class, which is their level or their spread."""
    kind = np.arange(60) // 20
    size = d.one(0.5, 1)
    x = size * d.rng.standard_normal((30, 60, 1)) + 2 * (kind - 1)[None, :, None]

    def draw():
        some = d.rng.permutation(60)[:32]
        return x[:, some], kind[some]

    net = Net(d.one(*KINDS), 1, 16, 3, at_end=True)
    return net, tensors(x, kind)[0], train(net, forever(draw), d.one(5, 40), lr=1e-2)


def healthy_single_rows(d):
    """Batches of one row with noisy targets: each loss is a draw of its own."""

    def draw():
        x = d.rng.standard_normal((20, 1, 2))
        return x, (2 * x[..., 0].mean(0) + d.rng.standard_normal(1))[:, None]

    net = Net(d.one(*KINDS), 2, 16, 1, at_end=True)
    return net, many(draw, 200), train(net, forever(draw), d.one(60, 200), lr=d.one(1e-3, 3e-3))


def healthy_curriculum(d):
    """Sums of more and more steps, of more and more size."""
    step = [0]

    def draw():
        step[0] += 1
        stage = 1 + step[0] // 25
        x = d.rng.standard_normal((40, 32, 1))
        return x, 0.3 * stage * (np.roll(x, stage, 0) + np.roll(x, 1, 0))

    net = Net(d.one(nn.LSTM, nn.GRU), 1, 24, 1)
    return net, many(draw), train(net, forever(draw), 150, lr=d.one(1e-3, 1e-2))


class Autoencoder(nn.Module):
    """A row's last state, and the row again from it."""

    def __init__(self, kind, inputs, hidden):
        super().__init__()
        self.encoder, self.decoder = kind(inputs, hidden), kind(hidden, hidden)
        self.head = nn.Linear(hidden, inputs)

    def forward(self, x):
        h = self.encoder(x)[1]
        last = (h[0] if isinstance(h, tuple) else h)[-1]
        return (self.head(self.decoder(last.expand(len(x), -1, -1))[0]),)


def healthy_autoencoder(d):
    features = d.one(1, 3)

    def draw():
        x = np.stack([ar(30, 32, 0.9, d.rng) for _ in range(features)], -1)
        return x, x

    net = Autoencoder(d.one(nn.LSTM, nn.GRU), features, 24)
    return net, many(draw), train(net, forever(draw), d.one(5, 100), lr=1e-2)


HEALTHY = (
    healthy_tagging,
    healthy_ar,
    healthy_waves,
    healthy_frequencies,
    healthy_letters,
    healthy_vowels,
    healthy_windows,
    healthy_stateful,
    healthy_one_back,
    healthy_sorted,
    healthy_single_rows,
    healthy_curriculum,
    healthy_autoencoder,
)
