"""Tasks, models and loops for bench/doctor.py, in plain torch, as anyone writes them who never saw gatework."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from gatework.look import Recording

DATA = Path("/work/shared/data")
Batch = tuple[Tensor, Tensor]


class Net(nn.Module):
    """Recurrent layers and a linear head, with an answer for each step or about the end. Time first."""

    def __init__(self, kind, inputs, hidden, answers, at_end=False, lengths=False, **options):
        super().__init__()
        self.rnn = kind(inputs, hidden, **options)
        width = (options.get("proj_size") or hidden) * (2 if options.get("bidirectional") else 1)
        self.head, self.at_end = nn.Linear(width, answers), at_end

    def forward(self, x, state=None):
        outputs, state = self.rnn(x, state)
        return self.head(outputs[-1] if self.at_end else outputs), state


class Ragged(Net):
    """One answer about the end of each row; rows end where `lengths` says."""

    def forward(self, x, lengths):
        h = self.rnn(pack_padded_sequence(x, lengths.cpu(), enforce_sorted=False))[1]
        return self.head((h[0] if isinstance(h, tuple) else h)[-1])


def loss_of(answers: Tensor, y: Tensor) -> Tensor:
    """Cross entropy for whole numbers, squares for others."""
    if y.dtype == torch.long:
        return F.cross_entropy(answers.flatten(0, -2), y.flatten())
    return (answers - y.reshape(answers.shape)).square().mean()


def train(net: nn.Module, batches: Iterator[Batch], steps: int, lr: float = 3e-3, make=torch.optim.Adam, clip=1.0):
    """An ordinary loop; with the three lines that record it."""
    optimizer = make(net.parameters(), lr=lr)
    with Recording(net) as recording:
        for _ in range(steps):
            x, y = next(batches)
            recording.batch(x, y)
            loss = loss_of(net(x)[0], y)
            optimizer.zero_grad()
            loss.backward()
            if clip:
                nn.utils.clip_grad_norm_(net.parameters(), clip)
            optimizer.step()
            recording.loss(loss)
    return recording


def carry(net: Net, stretches: Callable[[int], Batch], steps: int, lr: float = 3e-3, between=None, cut=True):
    """Truncated backpropagation through time: stretch k + 1 goes on from the state of stretch k."""
    optimizer, state = torch.optim.Adam(net.parameters(), lr=lr), None
    with Recording(net) as recording:
        for k in range(steps):
            x, y = stretches(k)
            recording.batch(x, y)
            answers, state = net(x, state)
            loss = loss_of(answers, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recording.loss(loss)
            state = detach(state)
            if between is not None:
                state = between(state)
    return recording


def detach(state):
    return tuple(q.detach() for q in state) if isinstance(state, tuple) else state.detach()


KINDS = (nn.LSTM, nn.GRU, nn.RNN)

# Runs with such seeds were looked at once, when no limit was changed any more.
HELD_OUT_FROM = 1000


class Draw:
    """What a seed decides: numbers, sizes and cells."""

    def __init__(self, seed: int):
        torch.manual_seed(seed)
        self.seed, self.rng, self.held_out = seed, np.random.default_rng(seed), seed >= HELD_OUT_FROM

    def one(self, *of):
        return of[self.rng.integers(len(of))]


# --- series, (T,) or (T, B), of size 1 --------------------------------------------------------------------------------


def ar(steps: int, rows: int, phi: float, rng: np.random.Generator) -> np.ndarray:
    x = np.zeros((steps + 50, rows))
    for t in range(1, len(x)):
        x[t] = phi * x[t - 1] + np.sqrt(1 - phi**2) * rng.standard_normal(rows)
    return x[50:]


def waves(steps: int, rows: int, period: float, noise: float, rng: np.random.Generator) -> np.ndarray:
    phase = rng.uniform(0, 2 * np.pi, rows)
    t = np.arange(steps)[:, None]
    return np.sqrt(2) * np.sin(2 * np.pi * t / period + phase) + noise * rng.standard_normal((steps, rows))


def pattern(steps: int, rows: int, period: int, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Each row repeats values of its own, drawn once: the next is known from a period before alone."""
    tile = rng.standard_normal((period, rows))
    return np.tile(tile, (-(-steps // period), 1))[:steps] + noise * rng.standard_normal((steps, rows))


def column(path: str, name: str) -> np.ndarray:
    with open(DATA / path) as file:
        return np.array([float(row[name]) for row in csv.DictReader(file) if row[name]])


def standard(x: np.ndarray) -> np.ndarray:
    return (x - x.mean()) / x.std()


# --- batches ----------------------------------------------------------------------------------------------------------


def tensors(x: np.ndarray, y: np.ndarray) -> Batch:
    x, y = (torch.from_numpy(np.ascontiguousarray(q)) for q in (x, y))
    return x.float(), (y if y.dtype == torch.long else y.float())


def forever(draw: Callable[[], tuple[np.ndarray, np.ndarray]]) -> Iterator[Batch]:
    while True:
        yield tensors(*draw())


def next_value(series: Callable[[], np.ndarray]) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """The next value at each step of fresh rows (T + 1, B)."""

    def draw():
        s = series()[..., None]
        return s[:-1], s[1:]

    return draw


def windows(series: np.ndarray, steps: int, rows: int, rng: np.random.Generator, at_end: bool = False):
    """Windows drawn from one series, with the value after each step or after the last."""

    def draw():
        start = rng.integers(0, len(series) - steps, rows)
        s = np.stack([series[k : k + steps + 1] for k in start], 1)[..., None]
        return s[:-1], (s[-1] if at_end else s[1:])

    return draw


def letters(steps: int, rows: int, rng: np.random.Generator):
    """Letters of tiny Shakespeare, one-hot, and the next one."""
    text = (DATA / "tinyshakespeare/input.txt").read_text().lower()[:200_000]
    known = sorted(set(text))
    codes = np.array([known.index(one) for one in text])

    def draw():
        start = rng.integers(0, len(codes) - steps, rows)
        c = np.stack([codes[k : k + steps + 1] for k in start], 1)
        return np.eye(len(known))[c[:-1]], c[1:]

    return draw, len(known)


def ts_file(name: str) -> tuple[list[np.ndarray], np.ndarray]:
    """A UCR/UEA set: its rows (T_i, D), and their classes as whole numbers."""
    path = next((DATA / "ucr_uea" / name).glob("*TRAIN.ts"))
    rows, kinds = [], []
    for line in path.read_text().splitlines():
        if line and line[0] not in "#@":
            *parts, kind = line.split(":")
            rows.append(np.stack([np.array(part.split(","), float) for part in parts], 1))
            kinds.append(kind)
    return rows, np.unique(kinds, return_inverse=True)[1]


def tagging(d: Draw, steps=40, rows=24, features=2, phi=0.8, noise=0.1):
    """At each step, a curved function of this input and a running mean of the other; held out, of three steps."""

    def draw():
        x = np.stack([ar(steps, rows, phi, d.rng) for _ in range(features)], -1)
        if d.held_out:
            past = np.maximum(x[..., -1], np.maximum(np.roll(x[..., -1], 1, 0), np.roll(x[..., -1], 2, 0)))
            y = np.sin(1.5 * x[..., 0]) + 0.5 * past
            return x, (y + noise * d.rng.standard_normal((steps, rows)))[..., None]
        mean = np.zeros((steps, rows))
        for t in range(steps):
            mean[t] = 0.7 * mean[t - 1] * (t > 0) + 0.3 * x[t, :, -1]
        return x, (np.tanh(x[..., 0]) + mean + noise * d.rng.standard_normal((steps, rows)))[..., None]

    return draw


def frequencies(d: Draw, steps=40, rows=32):
    """Which of three frequencies a row has, (T, B, 1) -> (B,)."""

    def draw():
        kind = d.rng.integers(0, 3, rows)
        t = np.arange(steps)[:, None]
        x = np.sin(t * np.array([0.3, 0.6, 1.0])[kind] + d.rng.uniform(0, 6, rows))
        return (x + 0.3 * d.rng.standard_normal(x.shape))[..., None] * 1.2, kind

    return draw


def many(draw, count: int = 3):
    """Several batches as one, for the doctor to look at."""
    return torch.cat([tensors(*draw())[0] for _ in range(count)], 1)


def stretches(d, steps, rows, count, phi=0.95):
    """Rows of a long tagging task, cut into stretches."""
    x, y = tagging(d, steps * count, rows, phi=phi)()
    return lambda k: tensors(x[k % count * steps :][:steps], y[k % count * steps :][:steps])
