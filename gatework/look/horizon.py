"""How far back an effect reaches: the last lag that counts, beside what shuffled times would give."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gatework.look.effect import Effect

# The band holds what shuffled times give as often as three standard errors do: hundreds of lags are held against it.
ERRORS = 3

# Lags are a floor behind one that is more than so many times as loud as any of them, if they are so many, and if their
# older half is no quieter than errors explain, or a fifth at most.
ABRUPT, BEHIND, ALIKE = 2, 8, 0.8


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


def _is_floor(effect: Effect, start: int) -> bool:
    """Whether the effect from a lag on is the same at near and at far lags, but for errors of measurement.

    One replaced input tells of many lags, so that they err together: many lags are no surer than one.
    """
    means, errors = [], []
    for half in np.array_split(np.arange(start, len(effect.lags)), 2):
        mean, second = effect.mean[half].mean(), effect.second[half].mean()
        means.append(mean)
        errors.append((second - mean**2) / effect.count[half].mean())
    near, far = means
    # A difference of rounding is none, where nothing varies.
    apart = max(ERRORS * np.sqrt(max(sum(errors), 0)), 1e-5 * near)
    return abs(near - far) <= apart and far >= ALIKE * near


def floor(effect: Effect, eps: float, peak: float) -> tuple[int, float] | None:
    """Find the floor on which the last lag that stands far out of the control stands: that lag, and the floor's height.

    A floor is of inputs that matter alike whenever they came, as shuffled times would have it. Its height is a share of
    `peak`. None where some of what lies behind still tells times apart, or too few lags do lie there.
    """
    edge, behind = control(effect)[1], np.maximum.accumulate(effect.mean[::-1])[::-1]
    out = _loud(effect, eps * peak)
    out = out[out + BEHIND < len(effect.lags)]
    out = out[effect.mean[out] > np.maximum(ABRUPT * behind[out + 1], edge[out])]
    if not len(out) or not _is_floor(effect, out[-1] + 1):
        return None
    return int(effect.lags[out[-1]]), _average(effect, np.arange(len(effect.lags)) > out[-1])[0] / peak


def horizon(effect: Effect, eps: float, peak: float) -> Horizon:
    """Find the last lag that counts, among lags 0, 1, ... that grow.

    A lag counts when its effect is at least eps times `peak`. It counts no more on a floor behind a lag that stands
    out. A decay never is a floor, and passes the control sooner in shorter data: there eps alone decides. Where nothing
    stands out but the input of the same step, a floor that reaches eps is all the memory there is: it goes beyond the
    data.
    """
    if not peak > 0:
        return Horizon(np.nan, False)
    loud = _loud(effect, eps * peak)
    if not len(loud):
        return Horizon(0.0, False)
    last = loud[-1]
    found = floor(effect, eps, peak)
    if found and found[0] == 0 and found[1] >= eps:
        return Horizon(float(effect.lags[-1]), True)
    if found and found[0] < effect.lags[last]:
        return Horizon(float(found[0]), False)
    if last == len(effect.lags) - 1:
        return Horizon(float(effect.lags[last]), True)
    return Horizon(_crossing(effect, last, eps * peak), False)


def _loud(effect: Effect, level: float) -> np.ndarray:
    """Which lags reach a level: beside another that does, or by more than errors explain. A few wild changes do not."""
    reached = effect.mean >= level
    error = np.sqrt(np.maximum(effect.second - effect.mean**2, 0) / effect.count)
    beside = np.append(reached[1:], False) | np.append(False, reached[:-1])
    return np.flatnonzero(reached & (beside | (effect.mean - ERRORS * error >= level)))


def _crossing(effect: Effect, last: int, level: float) -> float:
    """Where a decay passes the level, between the last lag that counts and the next; a bump ends where it stands."""
    here, behind = effect.mean[last], effect.mean[last + 1]
    falling = last == 0 or effect.mean[last - 1] > here
    if not falling or behind <= 0:
        return float(effect.lags[last])
    share = np.log(here / level) / np.log(here / behind)
    return float(effect.lags[last] + share * (effect.lags[last + 1] - effect.lags[last]))
