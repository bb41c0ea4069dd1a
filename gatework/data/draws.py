"""Which windows a training step sees: drawn afresh at every step, from the step's number alone."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gatework.data.windows import Batch, Windows

# Windows are drawn and gathered this many at a time: one batch's worth of indexing costs nearly as much as fifty.
AT_ONCE = 2048


class Draws:
    """Batches of windows by step number: each a series, and a cutoff anywhere in it.

    A series is as likely as the root of how many windows it has. Were all alike likely, the few windows of short series
    would be known by heart long before those of long ones have been seen; were all windows, short series would hardly
    be learned.

    Parameters
    ----------
    windows : Windows
        Where they are drawn from.
    batch_size : int
        Windows a batch.
    seed : int
        The same seed, the same windows at the same step, whatever steps were asked for before.
    """

    def __init__(self, windows: Windows, batch_size: int, seed: int):
        self.windows, self.batch_size, self.seed = windows, batch_size, seed
        first, last = cutoffs(windows)
        self.series = torch.nonzero(last >= first)[:, 0]
        self.first, self.last = first[self.series], last[self.series]
        likely = (self.last - self.first + 1).double().sqrt().cumsum(0).numpy()
        self._up_to = likely / likely[-1] if len(likely) else likely
        self._steps = max(1, AT_ONCE // batch_size)
        self._chunk = -1
        self._drawn: list[Batch] = []

    def __len__(self) -> int:
        """How many different windows there are."""
        return int((self.last - self.first + 1).sum())

    def __call__(self, step: int) -> Batch:
        """Give the batch of `step`."""
        chunk, at = divmod(step, self._steps)
        if chunk != self._chunk:
            self._chunk, self._drawn = chunk, self._draw(chunk)
        return self._drawn[at]

    def _draw(self, chunk: int) -> list[Batch]:
        # numpy, since torch's CPU generator heeds only the lower half of its seed.
        rng = np.random.default_rng((self.seed, chunk))
        count = self._steps * self.batch_size
        which = torch.from_numpy(np.searchsorted(self._up_to, rng.random(count), side="right"))
        cut = torch.from_numpy(rng.integers(self.first[which], self.last[which], endpoint=True))
        whole = self.windows.batch(self.series[which], cut)
        return [Batch(*parts) for parts in zip(*(tensor.split(self.batch_size) for tensor in whole), strict=True)]


def cutoffs(windows: Windows) -> tuple[Tensor, Tensor]:
    """Give each series' first and last cutoff (N,) to learn from; last < first where the series is too short.

    A window ends no earlier than after `input_size` values, or half the series where that is shorter, so that it has
    something to read; its targets lie within the series, or, in one shorter than that, as far as they do.
    """
    first = torch.minimum(torch.tensor(windows.input_size), windows.lengths // 2).clamp(min=2)
    last = torch.maximum(windows.lengths - windows.h, torch.minimum(first, windows.lengths - 1))
    return first, last
