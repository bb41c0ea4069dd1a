"""The faults that bench/doctor.py plants. Each builds (model, data, recording)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from doctor_tasks import (
    KINDS,
    Draw,
    Net,
    carry,
    column,
    detach,
    forever,
    frequencies,
    loss_of,
    many,
    next_value,
    pattern,
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


def exploding(d):
    draw = tagging(d)
    if d.seed % 2:
        net = Net(nn.RNN, 2, d.one(16, 32), 1, nonlinearity="relu")
        nn.init.orthogonal_(net.rnn.weight_hh_l0)
        with torch.no_grad():
            net.rnn.weight_hh_l0 *= d.rng.uniform(1.3, 1.6)
            net.rnn.weight_hh_l0.abs_().mul_(0.35)
    else:
        net = Net(nn.LSTM, 2, d.one(16, 32), 1)
        with torch.no_grad():
            net.rnn.weight_hh_l0 *= d.rng.uniform(8, 14)
    return net, many(draw), train(net, forever(draw), 3, lr=1e-4)


def vanishing(d):
    period = d.one(12, 16, 20)
    draw = next_value(lambda: waves(81, 24, period, 0.5, d.rng))
    net = Net(d.one(nn.RNN, nn.GRU), 1, d.one(16, 32), 1)
    with torch.no_grad():
        net.rnn.weight_hh_l0 *= 0.1
        if isinstance(net.rnn, nn.GRU):
            hidden = net.rnn.hidden_size
            net.rnn.bias_hh_l0[hidden : 2 * hidden] = -0.7
            net.rnn.bias_ih_l0[hidden : 2 * hidden] = -0.7
    return net, many(draw), train(net, forever(draw), 30, lr=1e-3)


def saturated(d):
    draw = tagging(d)
    net = Net(d.one(nn.LSTM, nn.GRU), 2, d.one(16, 32), 1)
    recording = train(net, forever(draw), 60)
    with torch.no_grad():
        for p in net.rnn.parameters():
            p *= d.rng.uniform(20, 40)
    return net, many(draw), recording


def dead(d):
    draw = tagging(d)
    hidden = d.one(16, 32)
    if d.seed % 2:
        net = Net(nn.RNN, 2, hidden, 1, nonlinearity="relu")
        with torch.no_grad():
            net.rnn.bias_ih_l0[: hidden // 2] = -8
    else:
        net = Net(nn.LSTM, 2, hidden, 1)
        with torch.no_grad():
            net.rnn.bias_ih_l0[3 * hidden : 3 * hidden + hidden // 2] = -20
    return net, many(draw), train(net, forever(draw), 80)


def forget_bias(d):
    draw = tagging(d)
    net = Net(nn.LSTM, 2, d.one(16, 32), 1, num_layers=d.one(1, 2))
    with torch.no_grad():
        for name, p in net.rnn.named_parameters():
            if name.startswith("bias_ih"):
                p[net.rnn.hidden_size : 2 * net.rnn.hidden_size] = d.rng.uniform(-6, -3)
    return net, many(draw), train(net, forever(draw), 80)


def unscaled(d):
    k = d.seed % 5
    series = [
        lambda: column("classics/mauna_loa_co2_weekly.csv", "co2"),
        lambda: column("classics/daily-min-temperatures.csv", "Temp") + 273.15,
        lambda: column("classics/taylor_halfhourly_demand.csv", "Y"),
        lambda: column("ett/ETTh1.csv", "OT") * 1e-4,
        lambda: column("bike_sharing/hour.csv", "cnt"),
    ][k]()
    target = standard(series)
    steps, rows = 36, 32

    def draw():
        start = d.rng.integers(0, len(series) - steps - 1, rows)
        x = np.stack([series[s : s + steps] for s in start], 1)[..., None]
        return x, np.stack([target[s + 1 : s + steps + 1] for s in start], 1)[..., None]

    net = Net(d.one(nn.LSTM, nn.GRU), 1, d.one(16, 32), 1)
    return net, many(draw), train(net, forever(draw), 80)


def constant(d):
    inner, value = tagging(d), d.one(0.0, 1.0, -0.7, 0.3)

    def draw():
        x, y = inner()
        return np.concatenate([x, np.full((*x.shape[:2], 1), value)], -1), y

    net = Net(d.one(*KINDS), 3, d.one(16, 32), 1)
    return net, many(draw), train(net, forever(draw), 60)


def padded(d):
    if d.seed % 2:
        found, kinds = ts_file("JapaneseVowels")
        longest = max(map(len, found))

        def draw():
            some = d.rng.integers(0, len(found), 48)
            x = np.zeros((longest, len(some), found[0].shape[1]))
            for b, k in enumerate(some):
                x[: len(found[k]), b] = found[k]
            return x, kinds[some]

        net = Net(d.one(nn.LSTM, nn.GRU), 12, 24, 9, at_end=True)
    else:
        inner = frequencies(d)

        def draw():
            x, kind = inner()
            for b in range(x.shape[1]):
                x[d.rng.integers(10, 41) :, b] = 0
            return x, kind

        net = Net(d.one(nn.LSTM, nn.GRU), 1, 24, 3, at_end=True)
    return net, many(draw), train(net, forever(draw), 80)


def swapped(d):
    inner = d.one(tagging(d, 40, 24, phi=0.95), next_value(lambda: waves(41, 24, 15, 0.2, d.rng)))
    features = inner()[0].shape[2]

    def draw():
        x, y = inner()
        return x.swapaxes(0, 1), y.swapaxes(0, 1)

    net = Net(d.one(*KINDS), features, d.one(16, 32), 1)
    # What a loader of (B, T, D) would give for 24 rows; torch's default is time first.
    return net, tensors(*draw())[0], train(net, forever(draw), 80)


def short_memory(d):
    period = d.one(24, 30, 36)
    draw = next_value(lambda: pattern(4 * period + 1, 16, period, 0.2, d.rng))
    net = Net(d.one(nn.LSTM, nn.GRU), 1, d.one(16, 32), 1)
    return net, many(draw), train(net, forever(draw), 60)


def too_large(d):
    x, y = tagging(d, 24, d.one(10, 20))()
    net = Net(nn.LSTM, 2, d.one(192, 256), 1)
    x, y = tensors(x, y)
    return net, x, train(net, iter([(x, y)] * 30), 30)


def too_fast(d):
    draw = tagging(d)
    net = Net(d.one(*KINDS), 2, d.one(16, 32), 1)
    if d.seed % 2:
        return net, many(draw), train(net, forever(draw), 80, lr=d.rng.uniform(0.3, 1), clip=None)
    return net, many(draw), train(net, forever(draw), 80, lr=d.rng.uniform(5, 20), make=torch.optim.SGD, clip=None)


def shuffled(d):
    net = Net(d.one(nn.LSTM, nn.GRU), 2, 16, 1)
    whole = stretches(d, 20, 16, 40)
    if d.seed % 2:
        # A loader that shuffles, and a state that is carried on regardless.
        order = d.rng.permutation(40)

        def stretch(k):
            x, y = whole(int(order[k]))
            rows = d.rng.permutation(16)
            return x[:, rows], y[:, rows]

        return net, whole(0)[0], carry(net, stretch, 40)

    def between(state):
        rows = torch.from_numpy(d.rng.permutation(16))
        return tuple(q[:, rows] for q in state) if isinstance(state, tuple) else state[:, rows]

    return net, whole(0)[0], carry(net, whole, 40, between=between)


def reset(d):
    net = Net(d.one(nn.LSTM, nn.GRU), 2, 16, 1)
    steps = d.one(1, 10, 20)
    whole = stretches(d, steps, 16, 40)
    x = torch.cat([whole(k)[0] for k in range(max(2, 40 // steps))])
    return net, x, train(net, iter([whole(k) for k in range(40)]), 40)


def detached(d):
    net = Net(d.one(nn.LSTM, nn.GRU), 2, 16, 1)
    whole = stretches(d, 20, 16, 12)
    if d.seed % 2:
        single = stretches(d, 1, 16, 60)
        return net, whole(0)[0], carry(net, single, 60)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    with Recording(net) as recording:
        for k in range(12):
            x, y = whole(k)
            recording.batch(x, y)
            state, answers = None, []
            for one in x.split(4):
                answer, state = net(one, state)
                state = detach(state)
                answers.append(answer)
            loss = loss_of(torch.cat(answers), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recording.loss(loss)
    return net, whole(0)[0], recording


def leaking(d):
    if d.seed % 2:
        series = standard(column("classics/taylor_halfhourly_demand.csv", "Y"))
        # Off by one: the window ends with the value that is to be forecast.
        inner = windows(series, 49, 32, d.rng, at_end=True)

        def draw():
            x, _ = inner()
            return x, x[-1]

        net = Net(d.one(*KINDS), 1, 24, 1, at_end=True)
    else:
        inner = tagging(d)

        def draw():
            x, y = inner()
            return np.concatenate([x, 2 * y + 1], -1), y

        net = Net(d.one(*KINDS), 3, 24, 1)
    return net, many(draw), train(net, forever(draw), 60)


def shifted(d):
    inner = tagging(d, noise=0.05, phi=0.5)

    def draw():
        x, y = inner()
        # One step late would be a task that asks for a memory.
        return x, np.roll(y, -1, 0)

    net = Net(d.one(*KINDS), 2, 24, 1)
    return net, many(draw), train(net, forever(draw), 60)


FAULTS: dict[str, Callable[[Draw], Any]] = {
    "unscaled input": unscaled,
    "constant input": constant,
    "padding read as data": padded,
    "batch and time swapped": swapped,
    "model too large": too_large,
    "forget bias too low": forget_bias,
    "saturated gates": saturated,
    "dead units": dead,
    "exploding gradient": exploding,
    "vanishing gradient": vanishing,
    "memory too short": short_memory,
    "learning rate too high": too_fast,
    "state shuffled across rows": shuffled,
    "state reset every step": reset,
    "detached state": detached,
    "target leaking into the input": leaking,
    "labels shifted by one": shifted,
}
