"""Healthy runs for bench/doctor.py, and others that no limit was set on. Each builds (model, data, recording)."""

from __future__ import annotations

import gzip

import numpy as np
import torch
from doctor_tasks import (
    DATA,
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


HEALTHY = (
    healthy_tagging,
    healthy_ar,
    healthy_waves,
    healthy_frequencies,
    healthy_letters,
    healthy_vowels,
    healthy_windows,
    healthy_stateful,
)


# --- healthy, held out ------------------------------------------------------------------------------------------------


def other_tagging(d):
    draw = tagging(d, rows=d.one(16, 32), phi=d.one(0.2, 0.6, 0.8))
    net = Net(d.one(*KINDS), 2, d.one(12, 24, 48), 1, num_layers=d.one(1, 2), bidirectional=d.one(False, True))
    return net, many(draw), train(net, forever(draw), d.one(10, 80), lr=d.one(1e-3, 1e-2))


def other_m4(d):
    """Windows of an hourly series of M4, each of size 1, and the next value."""
    with open(DATA / "m4/Train/Hourly-train.csv") as file:
        lines = file.read().splitlines()
    series = np.array(
        [float(q.strip('"')) for q in lines[1 + int(d.rng.integers(0, 400))].split(",")[1:] if q.strip('"')]
    )
    draw = windows(standard(series), 48, 32, d.rng)
    net = Net(d.one(nn.LSTM, nn.GRU), 1, d.one(16, 40), 1)
    return net, many(draw), train(net, forever(draw), d.one(60, 120), lr=5e-3)


def other_gunpoint(d):
    rows, kinds = ts_file(d.one("GunPoint", "ItalyPowerDemand", "Chinatown"))
    x, y = np.stack(rows, 1), kinds
    x = standard(x)

    def draw():
        some = d.rng.integers(0, len(y), 24)
        return x[:, some], y[some]

    net = Net(d.one(*KINDS), 1, d.one(8, 24), 2, at_end=True)
    return net, tensors(x, y)[0], train(net, forever(draw), d.one(5, 40))


def other_adding(d):
    """Add the two of 20 numbers that are marked."""

    def draw():
        x = np.zeros((20, 64, 2))
        x[..., 0] = d.rng.standard_normal((20, 64))
        for half in (0, 10):
            x[d.rng.integers(half, half + 10, 64), np.arange(64), 1] = 1
        return x, (x[..., 0] * x[..., 1]).sum(0)[:, None]

    net = Net(d.one(nn.LSTM, nn.GRU), 2, 24, 1, at_end=True)
    return net, many(draw), train(net, forever(draw), 150, lr=1e-2)


def other_delay(d):
    lag = d.one(2, 3)

    def draw():
        x = d.rng.standard_normal((40, 32, 1))
        return x, np.concatenate([np.zeros((lag, 32, 1)), x[:-lag]])

    net = Net(d.one(*KINDS), 1, 24, 1)
    return net, many(draw), train(net, forever(draw), 100, lr=1e-2)


def other_bikes(d):
    """Rentals by the hour from six columns of different kinds, each of size 1."""
    names = ("temp", "hum", "windspeed", "hr", "workingday", "cnt")
    x = np.stack([standard(column("bike_sharing/hour.csv", name)) for name in names], 1)

    def draw():
        start = d.rng.integers(0, len(x) - 37, 32)
        s = np.stack([x[k : k + 37] for k in start], 1)
        return s[:-1], s[1:, :, -1:]

    net = Net(d.one(nn.LSTM, nn.GRU), 6, d.one(16, 32), 1, num_layers=d.one(1, 2))
    return net, many(draw), train(net, forever(draw), d.one(10, 80))


def other_digits(d):
    """Pictures of digits, read row by row: the border of every one of them is 0."""
    pixels, kinds = (
        np.frombuffer(gzip.decompress((DATA / "mnist" / f"t10k-{name}-ubyte.gz").read_bytes()), np.uint8)
        for name in ("images-idx3", "labels-idx1")
    )
    x, y = pixels[16:].reshape(-1, 28, 28)[:2000].swapaxes(0, 1) / 255, kinds[8:2008].astype(np.int64)

    def draw():
        some = d.rng.integers(0, 2000, 32)
        return x[:, some], y[some]

    net = Net(d.one(nn.LSTM, nn.GRU), 28, 32, 10, at_end=True)
    return net, tensors(x[:, :256], y[:256])[0], train(net, forever(draw), d.one(10, 80))


def other_stateful(d):
    net = Net(d.one(*KINDS), 2, d.one(8, 24), 1)
    whole = stretches(d, d.one(10, 25), 16, 40, phi=d.one(0.0, 0.8))
    return net, torch.cat([whole(k)[0] for k in range(4)]), carry(net, whole, 60)


OTHERS = (
    other_tagging,
    other_m4,
    other_gunpoint,
    other_adding,
    other_delay,
    other_bikes,
    other_digits,
    other_stateful,
)
