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


def in_logs(values: np.ndarray) -> np.ndarray:
    """Whether histories (..., T) are forecast in logarithms: where all is positive, changes are shares of the level.

    One that never changes is not, since the exponential of a logarithm is not exactly the value.
    """
    least = np.fmin.reduce(values, axis=-1, initial=np.inf)
    most = np.fmax.reduce(values, axis=-1, initial=-np.inf)
    return (least > 0) & (least < most)


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


def follow(z: np.ndarray, lags: tuple[int, ...], h: int) -> np.ndarray:
    """Choose the lag whose repetition would have forecast the second half of each history best.

    Parameters
    ----------
    z : (..., T) array
        The histories, or their logarithms; NaN where a value is missing.
    lags : tuple of int
        The candidates, 1 among them; one that leaves fewer than h steps to judge it by is no candidate.
    h : int
        Steps to forecast.

    Returns
    -------
    (...) int array
        The positions in `lags`; that of 1 where nothing can be judged.
    """
    *many, steps = z.shape
    able = [lag for lag in lags if steps - lag > h] or [1]
    # Enough origins that every step ahead of every phase is seen, few enough for a panel of 10,000.
    origins = np.arange(max(steps // 2, max(able)), steps, max(1, h // 3))
    if len(able) == 1 or not len(origins):
        return np.full(many, lags.index(able[0]))
    to = origins[:, None] + np.arange(h)
    truth = np.where(to < steps, z[..., np.minimum(to, steps - 1)], np.nan)
    errors = []
    for lag in able:
        carried = carry(z, lag)
        # The value repeats that lies as many whole lags back as are needed to reach what is known.
        error = np.abs(truth - carried[..., to - lag * (1 + np.arange(h) // lag)]).reshape(*many, -1)
        known = ~np.isnan(error)
        count = known.sum(-1)
        errors.append(np.where(count > 0, np.where(known, error, 0).sum(-1) / np.maximum(count, 1), np.inf))
    return np.array([lags.index(lag) for lag in able])[np.argmin(errors, axis=0)]


def size_of(changes: np.ndarray, chosen: int | np.ndarray) -> np.ndarray:
    """Give the mean size, up to each step, of the changes (..., T, lags) over the chosen lag (...): (..., T, 1).

    Until a change over that lag is known, those over one step stand in for it; NaN before any.
    """
    own = np.take_along_axis(changes, np.asarray(chosen)[..., None, None], axis=-1)[..., 0]
    own, first = (_mean_so_far(np.abs(size)) for size in (own, changes[..., 0]))
    return np.where(np.isnan(own), first, own)[..., None]


def _mean_so_far(x: np.ndarray) -> np.ndarray:
    """The mean of the known values (..., T) up to each step; NaN before any."""
    known = ~np.isnan(x)
    count = np.cumsum(known, axis=-1)
    return np.where(count > 0, np.cumsum(np.where(known, x, 0), axis=-1) / np.maximum(count, 1), np.nan)
