"""What two plain learners see of series: windows of lags, calendar and covariates, in each window's own units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gatework.data.calendar import SIZES, calendar_parts
from gatework.data.frequency import DAY, WEEK
from gatework.tasks.alongside import Alongside

if TYPE_CHECKING:
    from gatework.data.panel import Panel
    from gatework.data.standard import Standard

# Lags beside the season's, at most; windows to learn from, at most: more cost time and change nothing that shows.
RECENT, MOST = 24, 20_000
# Units beyond which a target is an accident, from which nothing is learned.
FARTHEST = 10.0


def filled(series: np.ndarray) -> np.ndarray:
    """A series with its gaps filled by straight lines, for learners that know no gaps."""
    known = np.flatnonzero(~np.isnan(series))
    return np.interp(np.arange(len(series)), known, series[known]) if len(known) else series[:0]


@dataclass(frozen=True)
class Spots:
    """Windows: the series each lies in, and the place of its last known value in `Lags.z`."""

    series: np.ndarray
    place: np.ndarray

    def __len__(self) -> int:
        """How many."""
        return len(self.place)

    def __getitem__(self, which: np.ndarray) -> Spots:
        """Some of them."""
        return Spots(self.series[which], self.place[which])


class Lags:
    """Series of a panel laid end to end, and what can be read at any place of them.

    Each window is measured from its own simple forecast (the last season, or the last value where there is none), in
    units of its recent seasonal changes, in logarithms where its series is positive.

    Parameters
    ----------
    panel : Panel
        The series.
    h : int
        Steps to forecast.
    standard : Standard, optional
        The units of the covariates, where others were learned in.
    """

    def __init__(self, panel: Panel, h: int, standard: Standard | None = None):
        self.panel, self.h, self.m = panel, h, panel.season_length
        values = [filled(series) for series in panel.values]
        self.log = np.array([len(v) > 0 and 0 < v.min() < v.max() for v in values])
        self.lengths = np.array([len(v) for v in values])
        self.begins = np.concatenate([[0], np.cumsum(self.lengths)[:-1]]).astype(np.int64)
        self.z = np.concatenate([np.log(v) if log else v for v, log in zip(values, self.log, strict=True)])
        self.known = np.concatenate(
            [~np.isnan(series[: len(v)]) for series, v in zip(panel.values, values, strict=True)]
        )
        self.size = np.concatenate(
            [_sizes(self.z[a : a + n], self.m) for a, n in zip(self.begins, self.lengths, strict=True)]
        )
        recent = self.m + min(max(self.m, 12), RECENT)
        back = {*range(recent)} | {s - k for s in self.seasons for k in range(1, min(h, s) + 1)}
        self.back = np.array(sorted(back))
        self.beside = None
        if panel.covariates is not None:
            self.beside = Alongside(panel.covariates, [len(v) for v in panel.values], self.seasons, h, standard)

    @property
    def standard(self) -> Standard | None:
        """The units of the covariates, where there are any."""
        return None if self.beside is None else self.beside.standard

    @property
    def seasons(self) -> list[int]:
        """The season's steps, and the week's where the season is a day."""
        freq = self.panel.freq
        week = freq.calendar == "clock" and self.m * freq.step == DAY
        return [self.m, WEEK // freq.step] if week else [self.m]

    def ends(self) -> Spots:
        """The last value of each series that has one."""
        some = np.flatnonzero(self.lengths)
        return Spots(some, self.begins[some] + self.lengths[some] - 1)

    def windows(self, rng: np.random.Generator) -> Spots:
        """Every window with a season behind it, h known steps ahead and a unit; of many, so many at random; by time."""
        first = self.begins + self.m + 2
        counts = np.maximum(self.begins + self.lengths - self.h - first, 0)
        series = np.repeat(np.arange(len(counts)), counts)
        place = first[series] + np.arange(len(series)) - np.repeat(np.cumsum(counts) - counts, counts)
        kept = np.flatnonzero(self.size[place] > 0)
        if len(kept) > MOST:
            kept = np.sort(rng.choice(kept, MOST, replace=False))
        # By how far each lies from the end of its series, the earliest first.
        left = (self.begins + self.lengths)[series[kept]] - place[kept]
        return Spots(series, place)[kept[np.argsort(-left, kind="stable")]]

    def left(self, spots: Spots) -> np.ndarray:
        """How many steps of its series follow each window's last known value."""
        return (self.begins + self.lengths)[spots.series] - 1 - spots.place

    def at(self, spots: Spots, back: np.ndarray) -> np.ndarray:
        """Values (B, K) so many steps `back` (K,) or (B, K); before its first value a series has that."""
        return self.z[np.maximum(spots.place[:, None] - back, self.begins[spots.series][:, None])]

    def base(self, spots: Spots) -> np.ndarray:
        """The simple forecast (B, h)."""
        ahead = np.arange(1, self.h + 1)
        return self.at(spots, self.m * -(-ahead // self.m) - ahead)

    def unit(self, spots: Spots) -> np.ndarray:
        """What the windows are measured in (B, 1): 0 where nothing has changed."""
        return self.size[spots.place][:, None]

    def targets(self, spots: Spots) -> np.ndarray:
        """What followed (B, h), measured from the simple forecast; NaN where it is missing."""
        ahead = spots.place[:, None] + np.arange(1, self.h + 1)
        units = (self.z[ahead] - self.base(spots)) / self.unit(spots)
        return np.where(self.known[ahead], units.clip(-FARTHEST, FARTHEST), np.nan)

    def undo(self, spots: Spots, units: np.ndarray) -> np.ndarray:
        """Values (B, h, Q) of units (B, h, Q)."""
        z = self.base(spots)[..., None] + self.unit(spots)[..., None] * units
        return np.where(self.log[spots.series][:, None, None], np.exp(np.minimum(z, 700)), z)

    def flat(self, spots: Spots) -> np.ndarray:
        """What is read for all steps at once (B, F): the lags, and the calendar of the last known value as 0 and 1.

        Of the covariates those that are known up to the last value only.
        """
        now = self.at(spots, np.zeros(1, dtype=np.int64))
        lags = (self.at(spots, self.back) - now) / self._safe(spots)
        parts = self._parts(spots, np.zeros(1, dtype=np.int64))
        read = [lags, *(np.eye(SIZES[name])[values[:, 0]] for name, values in parts.items())]
        if self.beside is not None:
            read.append(
                self.beside.behind(*self._cut(spots), np.arange(min(max(self.m, 6), RECENT))).reshape(len(spots), -1)
            )
        return np.hstack(read)

    def ahead(self, spots: Spots) -> np.ndarray:
        """What is known of each step ahead besides the target (B, h, F)."""
        if self.beside is None:
            return np.empty((len(spots), self.h, 0))
        return self.beside.ahead(*self._cut(spots))

    def stacked(self, spots: Spots) -> np.ndarray:
        """What is read for each step by itself (B * h, F): which step, its seasons past, what is new, its calendar."""
        h, m, ahead = self.h, self.m, np.arange(1, self.h + 1)
        base, unit = self.base(spots), self._safe(spots)
        steps = [np.broadcast_to(ahead, base.shape)]
        for season in {*self.seasons, 2 * m, 3 * m}:
            past = self.at(spots, season * -(-ahead // season) - ahead)
            steps.append((past - base) / unit)
        steps.append((self.at(spots, np.zeros(1, dtype=np.int64)) - base) / unit)
        steps.extend(self._parts(spots, ahead).values())
        near = np.arange(min(6, m + 1))
        news = (self.at(spots, near) - self.at(spots, near + m)) / unit
        span = np.arange(max(m, 6))
        trend = (self.at(spots, span).mean(1) - self.at(spots, span + len(span)).mean(1))[:, None] / unit
        whole, each = [news, trend], [np.stack(steps, -1)]
        if self.beside is not None:
            cut = self._cut(spots)
            whole.append(self.beside.behind(*cut, near).reshape(len(spots), -1))
            each += [self.beside.behind(*cut, m * -(-ahead // m) - ahead), self.ahead(spots)]
        return np.hstack([np.concatenate(each, -1).reshape(len(spots) * h, -1), np.repeat(np.hstack(whole), h, axis=0)])

    def _safe(self, spots: Spots) -> np.ndarray:
        unit = self.unit(spots)
        return np.where(unit > 0, unit, 1)

    def _cut(self, spots: Spots) -> tuple[np.ndarray, np.ndarray]:
        """The series of windows, and the steps of each that are known."""
        return spots.series, spots.place - self.begins[spots.series] + 1

    def _parts(self, spots: Spots, ahead: np.ndarray) -> dict[str, np.ndarray]:
        inside = spots.place - self.begins[spots.series]
        return calendar_parts(self.panel, (self.panel.starts[spots.series] + inside)[:, None] + ahead)


def _sizes(z: np.ndarray, m: int) -> np.ndarray:
    """The mean seasonal change of the last three seasons before each step, but no less than a tenth of all so far."""
    total = np.zeros(len(z))
    total[m:] = np.cumsum(np.abs(z[m:] - z[:-m]))
    upto = np.arange(len(z)) - m + 1
    width = max(3 * m, 30)
    before = np.concatenate([np.zeros(width), total])[: len(z)]
    with np.errstate(divide="ignore", invalid="ignore"):
        recent, ever = (total - before) / np.minimum(upto, width), total / upto
    return np.where(upto > 0, np.maximum(recent, 0.1 * ever), 0)
