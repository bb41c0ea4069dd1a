"""Healthy runs for bench/doctor.py that no limit was set on. Each builds (model, data, recording)."""

from __future__ import annotations

import gzip

import numpy as np
import torch
from doctor_tasks import (
    DATA,
    KINDS,
    Net,
    ar,
    carry,
    column,
    forever,
    many,
    standard,
    stretches,
    tagging,
    tensors,
    train,
    ts_file,
    windows,
)
from torch import nn


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


def other_direction(d):
    """Whether the next value of a series is above 0."""
    phi = d.one(0.5, 0.8, 0.95)

    def draw():
        x = ar(61, 32, phi, d.rng)[..., None]
        return x[:-1], (x[1:] > 0).astype(float)

    net = Net(d.one(*KINDS), 1, d.one(8, 24), 1)
    return net, many(draw), train(net, forever(draw), d.one(10, 80), lr=1e-2)


def other_parity(d):
    """Whether there was an odd number of ones."""

    def draw():
        bits = d.rng.integers(0, 2, (20, 32, 1))
        return 2.0 * bits - 1, (bits.cumsum(0) % 2)[..., 0]

    net = Net(d.one(nn.LSTM, nn.GRU), 1, d.one(12, 24), 2)
    return net, many(draw), train(net, forever(draw), d.one(10, 150), lr=1e-2)


def other_drift(d):
    """Days of 24 hours around a level that drifts from day to day, stored in their order."""
    x = (ar(120, 1, 0.98, d.rng)[:, 0] + 0.3 * d.rng.standard_normal((25, 120)))[..., None]

    def draw():
        some = d.rng.permutation(120)[:24]
        return x[:-1, some], x[1:, some]

    net = Net(d.one(nn.LSTM, nn.GRU), 1, d.one(8, 16), 1)
    return net, tensors(x[:-1], x[1:])[0], train(net, forever(draw), d.one(10, 60), lr=1e-2)


OTHERS = (
    other_tagging,
    other_m4,
    other_gunpoint,
    other_adding,
    other_delay,
    other_bikes,
    other_digits,
    other_stateful,
    other_direction,
    other_parity,
    other_drift,
)
