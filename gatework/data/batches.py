"""Which sequences a training step sees, and how they lie in one tensor: drawn from the step's number alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

# No batch has more steps than this, padding counted, unless a single sequence does.
MOST_STEPS = 1 << 18
# Batches are drawn by chance, unless padding would cost more than the sequences themselves: then so many are drawn at
# once and sorted by length, as few as do. A batch of like lengths is of like sequences, of which less is learned.
POOLS, WASTE = (1, 2, 4, 8, 16, 32), 2.0

# x (B, T, D) or tokens (B, T), lengths (B,), a generator -> the same, changed a little, as new data might differ.
Augment = Callable[[Tensor, Tensor, torch.Generator], tuple[Tensor, Tensor]]


class Batch(NamedTuple):
    """Some sequences: x (B, T, D) or tokens (B, T), lengths (B,), and y (B, K) or, for each step, (B, T, K)."""

    x: Tensor
    lengths: Tensor
    y: Tensor


class Batches:
    """Batches by step number: every sequence once before any comes again.

    Parameters
    ----------
    arrays : sequence of (T_i, D) float32 or (T_i,) int64 arrays
        The sequences.
    y : (N, K) array, or a list of (T_i, K) arrays
        What is to be answered.
    batch_size : int
        Sequences a batch, fewer where they are very long.
    seed : int
        The same seed, the same batch at the same step, whatever steps were asked for before.
    augment : callable, optional
        Applied to every batch.
    """

    def __init__(
        self,
        arrays: Sequence[np.ndarray],
        y: np.ndarray | Sequence[np.ndarray],
        batch_size: int,
        seed: int,
        augment: Augment | None = None,
    ):
        self.arrays, self.y, self.batch_size, self.seed, self.augment = arrays, y, batch_size, seed, augment
        self.lengths = np.array([len(one) for one in arrays])
        self.pool = next((pool for pool in POOLS if self._waste(pool) <= WASTE), POOLS[-1])
        # The steps at which rounds end, and the batches of the round that was last asked for.
        self._ends: list[int] = []
        self._round, self._rows = -1, [np.arange(0)]

    def __call__(self, step: int) -> Batch:
        """Give the batch of `step`."""
        while not self._ends or step >= self._ends[-1]:
            self._open(len(self._ends))
            self._ends.append((self._ends[-1] if self._ends else 0) + len(self._rows))
        number = int(np.searchsorted(self._ends, step, side="right"))
        if number != self._round:
            self._open(number)
        first = self._ends[number - 1] if number else 0
        batch = gather(self.arrays, self.y, self._rows[step - first])
        if self.augment is None:
            return batch
        seed = int(np.random.SeedSequence((self.seed, step)).generate_state(1)[0])
        x, lengths = self.augment(batch.x, batch.lengths, torch.Generator().manual_seed(seed))
        return batch._replace(x=x, lengths=lengths)

    def _waste(self, pool: int) -> float:
        """How much is read in a round, padding counted, for each step of a sequence."""
        parts = self._drawn(0, pool)
        read = sum(len(part) * int(self.lengths[part].max()) for part in parts)
        return read / max(1, int(self.lengths.sum()))

    def _open(self, number: int) -> None:
        """Draw the batches of a round."""
        self._round, self._rows = number, self._drawn(number, self.pool)

    def _drawn(self, number: int, pool: int) -> list[np.ndarray]:
        # numpy, since torch's CPU generator heeds only the lower half of its seed.
        rng = np.random.default_rng((self.seed, number))
        order = rng.permutation(len(self.lengths))
        rows = [
            part
            for some in np.split(order, range(0, len(order), pool * self.batch_size)[1:])
            for part in cut(some[np.argsort(self.lengths[some], kind="stable")], self.lengths, self.batch_size)
        ]
        return [rows[k] for k in rng.permutation(len(rows))]


def cut(order: np.ndarray, lengths: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Cut rows, shortest first, into batches of at most `batch_size` that hold at most MOST_STEPS."""
    parts, first = [], 0
    while first < len(order):
        last = min(first + batch_size, len(order))
        while last > first + 1 and (last - first) * lengths[order[last - 1]] > MOST_STEPS:
            last = first + max(1, MOST_STEPS // int(lengths[order[last - 1]]))
        parts.append(order[first:last])
        first = last
    return parts


def in_order(arrays: Sequence[np.ndarray], batch_size: int) -> list[np.ndarray]:
    """Cut all rows into batches of like length, to be answered: every row in one of them."""
    lengths = np.array([len(one) for one in arrays], dtype=int)
    return cut(np.argsort(lengths, kind="stable"), lengths, batch_size)


def gather(arrays: Sequence[np.ndarray], y: np.ndarray | Sequence[np.ndarray] | None, rows: np.ndarray) -> Batch:
    """Lay some sequences in one tensor, zeros behind the end of each; unknown answers are NaN, or -1 for classes."""
    some = [arrays[k] for k in rows]
    lengths = torch.tensor([len(one) for one in some])
    # At least a step, which is padding: a batch of empty texts is a batch too.
    most = max(1, int(lengths.max()))
    x = torch.from_numpy(padded(some, most, 0))
    if y is None:
        return Batch(x, lengths, torch.zeros(len(rows), 0))
    if isinstance(y, np.ndarray):
        return Batch(x, lengths, torch.from_numpy(y[rows]))
    answers = [y[k] for k in rows]
    return Batch(x, lengths, torch.from_numpy(padded(answers, most, -1 if answers[0].dtype.kind == "i" else np.nan)))


def padded(arrays: Sequence[np.ndarray], steps: int, fill: float) -> np.ndarray:
    """Lay arrays (T_i, ...) in one (B, steps, ...), `fill` behind the end of each."""
    whole = np.full((len(arrays), steps, *arrays[0].shape[1:]), fill, arrays[0].dtype)
    for row, one in zip(whole, arrays, strict=True):
        row[: len(one)] = one
    return whole
