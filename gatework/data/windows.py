"""Every window of a panel as a network reads it: gathered at once from flat tensors, in units of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gatework.data.alike import alike
from gatework.data.clock import Clock
from gatework.data.clock import owners as clock_owners
from gatework.data.context import Context, future_owners, past_owners
from gatework.data.covariates import Covariates
from gatework.data.rules import SEASONS, steps_along, steps_back
from gatework.data.scale import Scale, carry, follow, in_logs, size_of
from gatework.data.simple import simple
from gatework.data.standard import Standard

# Values that are worked on at once.
AT_ONCE = 100_000


class Batch(NamedTuple):
    """B windows as a network reads them, float32."""

    past: Tensor  # (B, L, past_features), 0 where a value is missing
    future: Tensor  # (B, h, future_features)
    target: Tensor  # (B, h), NaN where a value is missing


def past_features(lags: Sequence[int], standard: Standard | None = None, calendar: Sequence[str] = ()) -> int:
    """How many the encoder reads a step: value, change over each lag, whether known; covariates; the calendar."""
    return len(lags) + 2 + len(owners(lags, standard, calendar)[0])


def future_features(lags: Sequence[int], standard: Standard | None = None, calendar: Sequence[str] = ()) -> int:
    """How many the decoder reads: each lag's repeats, the simple forecast, the place; these too; and the reach."""
    return len(lags) + 3 + len(owners(lags, standard, calendar)[1])


def owners(
    lags: Sequence[int], standard: Standard | None = None, calendar: Sequence[str] = ()
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Which of the caller's columns, or behind them part of the calendar, each number that stands beside is of.

    Of those that the encoder reads a step, and of those that the decoder does.
    """
    past, future = past_owners(standard), future_owners(standard, lags)
    clock = clock_owners(calendar, first=max((*past, *future), default=-1) + 1)
    return past + clock, future + clock


class Windows:
    """Windows of ragged series: the L steps before a cutoff, and the h steps from it on.

    Nothing from the cutoff on reaches `past`, `future` or the scale. Each value is read as its distance from the last
    known one and from the one a lag before it, in units of the window's scale and through asinh, which is linear near 0
    and logarithmic far out.

    Parameters
    ----------
    values : sequence of (T_i,) arrays
        The series, NaN where a value is missing.
    lags : tuple of int
        1, and the seasons' lengths, ascending.
    input_size : int
        L. A window that begins before its series is padded with missing values.
    h : int
        Steps to forecast.
    covariates : Covariates, optional
        What else is known of the series; data/context.py reads it.
    standard : Standard, optional
        Its units; must be given where covariates are.
    clock : Clock, optional
        What the calendar says of the steps.
    """

    def __init__(
        self,
        values: Sequence[np.ndarray],
        lags: tuple[int, ...],
        input_size: int,
        h: int,
        covariates: Covariates | None = None,
        standard: Standard | None = None,
        clock: Clock | None = None,
    ):
        self.lags, self.input_size, self.h = lags, input_size, h
        lengths = np.array([len(x) for x in values], dtype=np.int64)
        begins = lengths.cumsum() - lengths
        logs, chosen = np.zeros(len(values), dtype=bool), np.zeros(len(values), dtype=np.int64)
        # Series one behind the other, and a last row of NaN, where positions outside any series point.
        rows, width = int(lengths.sum()) + 1, len(lags)
        flat, z, usual = (np.full(rows, np.nan) for _ in range(3))
        carried, changes, paths = (np.full((rows, n), np.nan) for n in (width, width, 1 + 2 * width))
        for which, x in alike(values, AT_ONCE):
            at = begins[which, None] + np.arange(x.shape[1])
            flat[at] = x
            logs[which] = log = in_logs(x)
            x[log] = np.log(x[log])
            z[at] = x
            # Seasons come round on the clock's face; what was last known is so by the time that passed.
            face = None if clock is None else clock.face(which, x.shape[1])
            shown = x if face is None else _lay(x, face)
            last = np.stack([carry(shown, lag) for lag in lags], -1)
            carried[at], before = _seen(last, face), _seen(_before(last, lags), face)
            if face is not None:
                carried[at, 0] = last = carry(x, 1)
                before[:, :, :1] = _before(last[..., None], (1,))
            changes[at] = change = x[..., None] - before
            chosen[which] = lag = follow(shown, lags, h)
            usual[at] = size_of(change, lag)[..., 0]
            paths[at] = _seen(np.stack(simple(list(shown), lags, h)), face)
        self.lengths, self._begins = torch.from_numpy(lengths), torch.from_numpy(begins)
        self.log, self.chosen = torch.from_numpy(logs), torch.from_numpy(chosen)
        self._values, self._z, self._usual = map(torch.from_numpy, (flat, z, usual))
        self._carried, self._changes, self._simple = map(torch.from_numpy, (carried, changes, paths))
        self._lags_ahead = torch.stack([torch.arange(lag, lag + h) // lag for lag in lags])
        self._steps_back, self._steps_along = map(torch.from_numpy, (steps_back(lags, h), steps_along(h)))
        self.context, self.clock = None, clock
        if covariates is not None and standard is not None:
            self.context = Context(covariates, standard, lengths.tolist(), lags, h)

    def scale(self, series: Tensor, cutoffs: Tensor) -> Scale:
        """Measure the windows of `series` (B,) that end before step `cutoffs` (B,), each at least 1."""
        return self._measure(series, cutoffs)[0]

    def batch(self, series: Tensor, cutoffs: Tensor) -> Batch:
        """Read the windows of `series` (B,) that end before step `cutoffs` (B,), each at least 1.

        A target beyond the series is NaN.
        """
        scale, changes, paths = self._measure(series, cutoffs)
        steps = torch.arange(self.h)
        values = self._z[self._at(series, cutoffs, torch.arange(-self.input_size, 0))]
        last = self._carried[self._at(series, cutoffs, torch.tensor([-1])), 0]  # (B, 1): lag 1 carries the last known
        past = torch.cat([(values - last)[..., None], changes], -1) / scale.unit[..., None]
        future = (torch.cat([paths, scale.path[..., None]], -1) - last[..., None]) / scale.unit[..., None]
        known = ~torch.isnan(values)[..., None]
        place = ((steps + 1) / self.h).expand(len(series), -1)
        # A random walk over n lags reaches sqrt(n) times as far as one over one lag.
        reach = self._lags_ahead[self.chosen[series]].sqrt()
        behind, ahead = [torch.asinh(past).nan_to_num(), known], [torch.asinh(future), place[..., None]]
        if self.context is not None:
            behind.append(self.context.past(series, cutoffs, self.input_size))
            ahead.append(self.context.future(series, cutoffs))
        if self.clock is not None:
            behind.append(self.clock.past(series, cutoffs))
            ahead.append(self.clock.future(series, cutoffs))
        return Batch(
            torch.cat(behind, -1).float(),
            torch.cat([*ahead, reach[..., None]], -1).float(),
            scale.apply(self._values[self._at(series, cutoffs, steps)]).float(),
        )

    def _measure(self, series: Tensor, cutoffs: Tensor) -> tuple[Scale, Tensor, Tensor]:
        """The scale (see Scale), the changes (B, L, lags) in it, and what each lag would repeat (B, h, lags)."""
        changes = self._changes[self._at(series, cutoffs, torch.arange(-self.input_size, 0))]
        repeats = [
            self._carried[self._at(series, cutoffs, self._repeated(series, cutoffs, k)), k]
            for k in range(len(self.lags))
        ]
        # A series that does not reach back a whole lag repeats its last known value.
        paths = torch.stack([torch.where(torch.isnan(one), repeats[0], one) for one in repeats], -1)
        chosen = self.chosen[series]
        path = self._path(series, cutoffs)
        path = torch.where(torch.isnan(path), paths[torch.arange(len(series)), :, chosen], path)
        own = changes[torch.arange(len(series)), :, chosen].abs()
        usual = self._usual[self._at(series, cutoffs, torch.tensor([-1]))]
        return Scale.of(path, own, usual, self.log[series]), changes, paths

    def _path(self, series: Tensor, cutoffs: Tensor) -> Tensor:
        """The simple forecast (B, h); NaN where a rule with a share in it is not known so early."""
        start = self._simple[self._at(series, cutoffs, torch.tensor([-1]))]
        path = start[..., 0] + start[:, 0, 1:SEASONS] @ self._steps_along
        seasons = self.lags[1:]
        late = [0] * len(seasons) + [lag // 2 for lag in seasons]
        for k, back in enumerate(self._steps_back):
            back = back - 1
            if self.clock is not None:
                back = self.clock.same_hour(series, cutoffs, back, seasons[k % len(seasons)], -1 - late[k])
            path = path + self._simple[self._at(series, cutoffs, back), SEASONS + k]
        return path

    def _repeated(self, series: Tensor, cutoffs: Tensor, k: int) -> Tensor:
        """The steps, counted from the cutoffs, that lag k repeats: by the wall clock where that is known."""
        lag = self.lags[k]
        back = torch.arange(self.h) - lag * self._lags_ahead[k]
        return back if self.clock is None or lag == 1 else self.clock.same_hour(series, cutoffs, back, lag)

    def _at(self, series: Tensor, cutoffs: Tensor, offsets: Tensor) -> Tensor:
        """Where steps at `offsets` (n,) or (B, n) from the cutoffs lie in the flat tensors; outside, at their NaN."""
        steps = cutoffs[:, None] + offsets
        inside = (steps >= 0) & (steps < self.lengths[series][:, None])
        return torch.where(inside, self._begins[series][:, None] + steps, -1)


def _before(carried: np.ndarray, lags: Sequence[int]) -> np.ndarray:
    """The last known value at least a lag before each step, (n, T, lags); NaN where none."""
    before = np.full(carried.shape, np.nan)
    for k, lag in enumerate(lags):
        before[:, lag:, k] = carried[:, :-lag, k]
    return before


def _lay(x: np.ndarray, face: np.ndarray) -> np.ndarray:
    """Lay values (n, T) out where the clock's face had them; of an hour that it showed twice, the first."""
    shown, farthest = np.full((len(x), face.max() + 1), np.nan), np.maximum.accumulate(face, axis=1)
    first = np.ones(face.shape, dtype=bool)
    first[:, 1:] = face[:, 1:] > farthest[:, :-1]
    shown[first.nonzero()[0], face[first]] = x[first]
    return shown


def _seen(table: np.ndarray, face: np.ndarray | None) -> np.ndarray:
    """Read from a table (n, W, k) of places on the clock's face what each step has: (n, T, k)."""
    return table if face is None else np.take_along_axis(table, face[..., None], 1)
