"""How far back an effect reaches: the last lag that counts, beside what shuffled times would give."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gatework.look.effect import Effect

# The band holds what shuffled times give as often as three standard errors do: hundreds of lags are held against it.
ERRORS = 3

# What lies behind a lag is a floor where the effect is more than so many times as large as at any of these lags, while
# some that count lie so many lags behind, no smaller than the largest of them by the square: a decay is, by then.
ABRUPT, BEHIND = 2, 4


class Horizon(NamedTuple):
    """The last lag that counts.

    Attributes
    ----------
    steps : float
        How far back it lies; between two lags where the effect decays. NaN where there is no effect at all.
    beyond : bool
        Whether the effect still counted at the oldest lag of the data: then the horizon is at least that far.
    """

    steps: float
    beyond: bool


def control(effect: Effect) -> np.ndarray:
    """Say what each lag would measure if times were shuffled among all that lie farther: the band (2, N) of its mean.

    NaN for the last lag. Lags that stand for a wider gap are drawn more often.
    """
    older = np.array(
        [
            _average(effect, np.arange(len(effect.lags)) > k) if k + 1 < len(effect.lags) else (np.nan, np.nan)
            for k in range(len(effect.lags))
        ]
    ).reshape(-1, 2)
    mean, second = older.T
    error = ERRORS * np.sqrt(np.maximum(second - mean**2, 0) / effect.count)
    return np.stack([np.maximum(mean - error, 0), mean + error])


def _average(effect: Effect, chosen: np.ndarray) -> tuple[float, float]:
    gaps = np.gradient(effect.lags.astype(float))[chosen] if len(effect.lags) > 1 else np.ones(1)
    return float(np.average(effect.mean[chosen], weights=gaps)), float(np.average(effect.second[chosen], weights=gaps))


def horizon(effect: Effect, eps: float, peak: float) -> Horizon:
    """Find the last lag that counts, among lags 0, 1, ... that grow.

    A lag counts when its effect is at least eps times `peak`. Where one stands out of the control and is twice as
    large as any behind it, what lies behind is noise, or a floor that knows no time: it is in the control's band, and
    the memory ends there. A decay sinks into the control slowly, sooner in shorter data, so there eps alone decides.
    """
    if not peak > 0:
        return Horizon(np.nan, False)
    loud = np.flatnonzero(effect.mean >= eps * peak)
    if not len(loud):
        return Horizon(0.0, False)
    last = loud[-1]
    edge, behind = control(effect)[1], np.maximum.accumulate(effect.mean[::-1])[::-1]
    inner = loud[loud <= last - BEHIND]
    floor = behind[inner + 1]
    ends = inner[
        (effect.mean[inner] > np.maximum(ABRUPT * floor, edge[inner])) & (effect.mean[last] >= floor / ABRUPT**2)
    ]
    if len(ends):
        return Horizon(float(effect.lags[ends[-1]]), False)
    if last == len(effect.lags) - 1:
        return Horizon(float(effect.lags[last]), True)
    return Horizon(_crossing(effect, last, eps * peak), False)


def _crossing(effect: Effect, last: int, level: float) -> float:
    """Where a decay passes the level, between the last lag that counts and the next; a bump ends where it stands."""
    here, behind = effect.mean[last], effect.mean[last + 1]
    falling = last == 0 or effect.mean[last - 1] > here
    if not falling or behind <= 0:
        return float(effect.lags[last])
    share = np.log(here / level) / np.log(here / behind)
    return float(effect.lags[last] + share * (effect.lags[last + 1] - effect.lags[last]))
