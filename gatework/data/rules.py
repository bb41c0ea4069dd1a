"""The rules of the simple forecast: straight and damped lines on a series without its season; none looks ahead.

A line starts from a level that is smoothed exponentially (Brown, 1959) and goes on with half of the trend, as the theta
method has it (Assimakopoulos & Nikolopoulos, 2000; Hyndman & Billah, 2003), with the whole of it, or with what the
series has done of late, which fades (Gardner & McKenzie, 1985).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.signal import lfilter

from gatework.data.scale import carry

# How much the newest value counts in a level.
ALPHAS = (0.1, 0.4, 0.95)
# How much a season counts of the one after it: all alike, or the last as much as all before it.
MEMORIES = (1.0, 0.5)
# How much a value counts of the one after it in the slope of late, and how much of that slope each step keeps.
LATE, DAMPING = 0.6, 0.8
# Errors of a rule with the whole trend count so much more: it goes farthest astray where it does not hold.
DOUBT = 1.08
# The columns of the table, and the first of the seasons'.
LEVEL, SLOPE, DAMPED, SEASONS = range(4)


class Line(NamedTuple):
    """A forecast of what a season leaves of N series: from each step's level on along its slope."""

    level: np.ndarray  # (N, T)
    slope: np.ndarray | None = None  # (N, T)
    trend: int = SLOPE  # the slope's column of the table
    doubt: float = 1.0


class Season(NamedTuple):
    """What comes back of N series, and the lines of the rest: each is a rule."""

    column: int | None  # of the table; None where nothing comes back
    values: np.ndarray  # (N, T)
    since: int  # the first step to forecast from
    lines: list[Line]


def steps_back(lags: tuple[int, ...], h: int) -> np.ndarray:
    """Where the seasons' columns are read for each step ahead, from the last known step: (2 * len(lags) - 2, h).

    A season's mean is known half a season late.
    """
    ahead = np.arange(1, h + 1)
    late = [(lag, 0) for lag in lags[1:]] + [(lag, lag // 2) for lag in lags[1:]]
    return np.array([ahead - lag * -(-(ahead + delay) // lag) for lag, delay in late], dtype=int).reshape(-1, h)


def steps_along(h: int) -> np.ndarray:
    """How often the slope and the damped slope have been added, for each step ahead: (2, h)."""
    ahead = np.arange(1, h + 1)
    return np.stack([ahead, np.cumsum(DAMPING**ahead)])


def rules(z: np.ndarray, lags: tuple[int, ...]) -> Iterator[Season]:
    """Give the rules of histories z (N, T), season by season; none of a season that they do not hold twice."""
    steps, known = z.shape[1], carry(z, 1)
    # Before the first value there is that value.
    known = np.where(np.isnan(known), carry(z[:, ::-1], 1)[:, ::-1], known)
    yield Season(None, np.zeros_like(z), 0, [Line(known), *_lines(known)])
    for k, lag in enumerate(lags[1:]):
        if steps >= 2 * lag:
            yield Season(SEASONS + k, carry(z, lag), lag - 1, [Line(np.zeros_like(z))])
        if steps < 2 * lag + lag // 2:
            continue
        distance = _distance(known, z, lag)
        for memory in MEMORIES:
            season, rest = _season(distance, memory, known)
            since = 2 * lag - 1
            yield Season(SEASONS + len(lags) - 1 + k, season, since, _lines(rest, since))


def _lines(x: np.ndarray, since: int = 0) -> list[Line]:
    """The lines of series x (N, T) that are known from the step `since` on."""
    whole, late = _slope(x, 1.0), _slope(x, LATE)
    lines = []
    for alpha in ALPHAS:
        level = _level(x, alpha)
        level[:, :since] = np.nan
        for slope, trend, doubt in ((whole / 2, SLOPE, 1.0), (whole, SLOPE, DOUBT), (late, DAMPED, 1.0)):
            # A level lags behind a trend by (1 - alpha) / alpha steps of it.
            lines.append(Line(level + slope * (1 / alpha - 1), slope, trend, doubt))
    return lines


def _distance(known: np.ndarray, z: np.ndarray, lag: int) -> np.ndarray:
    """How far each value lies from the mean of the season around it: (N, seasons, lag), NaN where unknown."""
    (many, steps), half = z.shape, lag // 2
    total = np.concatenate([np.zeros((many, 1)), np.cumsum(known, axis=1)], axis=1)
    middle = np.arange(half, steps - half)
    # Over an even season the mean of the two averages that lie half a step off; over an odd one both are the same.
    starts, ends = middle - half, middle + half + 1
    sums = total[:, starts + lag] - total[:, starts] + total[:, ends] - total[:, ends - lag]
    distance = np.full((many, -(-steps // lag) * lag), np.nan)
    distance[:, middle] = z[:, middle] - sums / (2 * lag)
    return distance.reshape(many, -1, lag)


def _season(distance: np.ndarray, memory: float, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean season up to each step, and the series without what was known of it then; both (N, T).

    At a step stands the mean of its distance and of those whole seasons before it. The first one and a half seasons are
    adjusted by the first season that is known, which is after two.
    """
    (many, steps), lag = known.shape, distance.shape[2]
    half, there = lag // 2, ~np.isnan(distance)
    total, count = (lfilter([1], [1, -memory], x, axis=1) for x in (np.where(there, distance, 0), there.astype(float)))
    season = (total / np.where(count > 0, count, 1)).reshape(many, -1)[:, :steps]
    then, start = np.empty_like(known), min(lag + half, steps)
    then[:, start:] = season[:, start - lag : steps - lag]
    then[:, :start] = season[:, half : half + lag][:, (np.arange(start) - half) % lag]
    return season, known - then


def _level(x: np.ndarray, alpha: float) -> np.ndarray:
    """The exponentially smoothed level (N, T): of the values so far, each counting 1 - alpha of the one after it."""
    weight = 1 - (1 - alpha) ** np.arange(1, x.shape[1] + 1)
    return lfilter([alpha], [1, alpha - 1], x) / weight


def _slope(x: np.ndarray, memory: float) -> np.ndarray:
    """The slope (N, T) of the straight line through the values so far, each counting `memory` of the one after it.

    0 for the first four, which tell little of it.
    """
    x = x - x[:, :1]  # keeps digits
    age = np.arange(x.shape[1], dtype=float)
    count, ages, squares = (np.cumsum(memory**age * age**power) for power in range(3))
    spread = count * squares - ages**2
    newest, older = lfilter([1], [1, -memory], x), lfilter([0, memory], [1, -2 * memory, memory**2], x)
    slope = (ages * newest - count * older) / np.where(spread > 0, spread, 1)
    slope[:, :4] = 0
    return slope
