"""What a forecast is measured from: the simple forecast a series follows by itself, and the size of its changes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

# A window is measured by its own changes, but by no less than this share of all its past's.
FLOOR = 0.1
# Learning from one value beyond any size teaches nothing about quantiles nearer than this, and would drown all others.
FARTHEST = 100.0


class Scale(NamedTuple):
    """The unit of each of B windows: 0 is its simple forecast, 1 is the usual size of its changes.

    Float64, so that values near 1e12 keep the digits in which they change.
    """

    path: Tensor  # (B, h), the simple forecast
    size: Tensor  # (B, 1), 0 where nothing has changed yet
    log: Tensor  # (B, 1), whether path and size are those of logarithms

    @classmethod
    def of(cls, path: Tensor, changes: Tensor, usual: Tensor, log: Tensor) -> Scale:
        """Measure windows by their own changes (B, L), NaN where missing, and their series' usual ones (B, 1)."""
        own = changes.nanmean(1, keepdim=True)
        # A quiet stretch is no promise of quiet, and would make an ordinary change a thousand units long.
        size = torch.where(torch.isnan(own), usual, torch.maximum(own, FLOOR * usual))
        return cls(path, size.nan_to_num(), log[:, None])

    @property
    def unit(self) -> Tensor:
        """What to divide by, (B, 1): the size, or 1 where that is 0."""
        return torch.where(self.size > 0, self.size, 1.0)

    def apply(self, y: Tensor) -> Tensor:
        """Express values y (B, h) in units of their windows, within +-100.

        NaN where that is impossible: y is missing, or needs a logarithm and has none, or its window has no size.
        """
        z = torch.where(self.log, torch.where(y > 0, y, torch.nan).log(), y)
        units = (z - self.path) / torch.where(self.size > 0, self.size, torch.nan)
        return units.clamp(-FARTHEST, FARTHEST)

    def undo(self, units: Tensor) -> Tensor:
        """Give the values (B, h, Q) that `units` (B, h, Q) of their windows stand for."""
        z = self.path[..., None] + self.size[..., None] * units.double()
        return torch.where(self.log[..., None], z.exp(), z)


def in_logs(values: np.ndarray) -> bool:
    """Whether a history (T,) is forecast in logarithms: where it is positive, its changes are shares of its level.

    One that never changes is not, since the exponential of a logarithm is not exactly the value.
    """
    known = values[~np.isnan(values)]
    return bool(len(known) and 0 < known.min() < known.max())


def carry(z: np.ndarray, lag: int) -> np.ndarray:
    """The last known value at each step or whole lags before it, (..., T); NaN where there is none yet.

    With a lag of 1 that is the last known value; with a season's length, the last known value of that position in the
    season.
    """
    *many, steps = z.shape
    rows = -(-steps // lag)
    table = np.full((*many, rows * lag), np.nan)
    table[..., :steps] = z
    by_phase = table.reshape(*many, rows, lag)
    known = np.where(np.isnan(by_phase), 0, np.arange(rows)[:, None])
    np.maximum.accumulate(known, axis=-2, out=known)
    return np.take_along_axis(by_phase, known, axis=-2).reshape(*many, -1)[..., :steps]


def follow(z: np.ndarray, lags: tuple[int, ...], h: int) -> int:
    """Choose the lag whose repetition would have forecast the second half of a history best.

    Parameters
    ----------
    z : (T,) array
        The history, or its logarithms; NaN where a value is missing.
    lags : tuple of int
        The candidates, 1 among them; one that leaves fewer than h steps to judge it by is no candidate.
    h : int
        Steps to forecast.

    Returns
    -------
    int
        The position in `lags`; that of 1 where nothing can be judged.
    """
    steps = len(z)
    able = [lag for lag in lags if steps - lag > h] or [1]
    # Enough origins that every step ahead of every phase is seen, few enough for a panel of 10,000.
    origins = np.arange(max(steps // 2, max(able)), steps, max(1, h // 3))
    to = origins[:, None] + np.arange(h)
    truth = np.where(to < steps, z[np.minimum(to, steps - 1)], np.nan)
    errors = []
    for lag in able:
        carried = carry(z, lag)
        # The value repeats that lies as many whole lags back as are needed to reach what is known.
        error = np.abs(truth - carried[to - lag * (1 + np.arange(h) // lag)])
        errors.append(np.nanmean(error) if np.isfinite(error).any() else np.inf)
    return lags.index(able[int(np.argmin(errors))])


def size_of(changes: np.ndarray, chosen: int) -> np.ndarray:
    """Give the mean size, up to each step, of the changes (T, lags) over the chosen lag: (T, 1).

    Until a change over that lag is known, those over one step stand in for it; NaN before any.
    """
    size = np.abs(changes)
    count = np.cumsum(~np.isnan(size), axis=0)
    mean = np.where(count > 0, np.nancumsum(size, axis=0) / np.maximum(count, 1), np.nan)
    return np.where(np.isnan(mean[:, chosen]), mean[:, 0], mean[:, chosen])[:, None]
