"""How far back the data themselves depend on what was before: by how well the next is told from so many steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatework.look import limits
from gatework.look.recall import FOLDS, cross_validated

# Enough moments and readings for a ridge regression in a tenth of a second.
MOMENTS, READINGS, LONGEST = 3000, 192, 512

# Moments for each reading: neighbouring rows may be alike, and then they tell of each other what no lag does.
EACH = 8

# With fewer moments R^2 is off by more than what is looked for.
FEWEST = 200


@dataclass(frozen=True)
class Dependence:
    """How well something is told from the last steps of the inputs.

    Attributes
    ----------
    what : str
        What was told: "the next input" or "the target".
    steps : (N,) int array
        From how many of the last steps; 1 is the present one alone.
    score : (N,) array
        R^2 from so many steps, by ridge regression, on rows or times that were not fitted to.
    """

    what: str
    steps: np.ndarray
    score: np.ndarray

    def gain(self, beyond: float) -> float:
        """How much R^2 steps that lie more than `beyond` back add."""
        return float(self.score.max() - self.score[self.steps <= max(beyond + 1, 1)].max())

    def needed(self) -> int | None:
        """How far back most of what the past adds to the present lies; None where that is little, or near."""
        if not len(self.steps) or self.gain(0) < limits.GAIN:
            return None
        enough = self.score[0] + limits.MOST_OF_IT * self.gain(0)
        lag = int(self.steps[np.argmax(self.score >= enough)]) - 1
        return lag if lag >= limits.NEAR else None


def dependence(
    x: np.ndarray,
    alive: np.ndarray,
    target: np.ndarray | None = None,
    at_end: bool = False,
    also: Sequence[int] = (),
) -> Dependence:
    """Measure how far back x (T, B, D) must be read to tell its own next step, or a target.

    Parameters
    ----------
    x : (T, B, D) array
        The inputs.
    alive : (T, B) bool array
        Which steps count.
    target : (T, B, K) or (B, K) array, optional
        What is to be told: at each step, or with `at_end` at a row's end.
    at_end : bool
        The target is one for each row.
    also : sequence of int
        Numbers of steps to tell it from, beside those that are chosen.
    """
    what = "the next input" if target is None else "the target"
    rng = np.random.default_rng(0)
    x = _few(x, rng)
    features = x.shape[2]
    ends = alive.sum(0)
    longest = int(min(READINGS // features, LONGEST, ends.max() if at_end else ends.max() // 2))
    # Rows enter that are long enough for the farthest lag, so that every lag is judged by the same moments.
    if at_end:
        b = np.flatnonzero(ends >= longest)
        t = ends[b] - 1
    else:
        last, times = ends - (1 if target is None else 0), np.arange(len(x))[:, None]
        t, b = np.nonzero(alive & (times >= longest - 1) & (times < last))
    if len(t) > MOMENTS:
        chosen = np.sort(rng.choice(len(t), MOMENTS, replace=False))
        t, b = t[chosen], b[chosen]
    longest = min(longest, len(t) // (EACH * features))
    if longest < 2 or len(t) < FEWEST:
        return Dependence(what, np.empty(0, int), np.empty(0))
    told = x[t + 1, b] if target is None else target[b] if at_end else target[t, b]
    told = told.astype(float)
    told = told / np.maximum(told.std(0), 1e-12)
    fold, past = _folds(t, b), {}

    def score(steps: int) -> float:
        if steps not in past:
            known = np.concatenate([x[t - k, b] for k in range(steps)], 1).astype(float)
            found = cross_validated(known, told, fold)
            past[steps] = float(np.nanmean(found)) if np.isfinite(found).any() else 0.0
        return past[steps]

    grid = sorted({1, 2, 3, 4, longest} | {k for k in (*(2**k for k in range(2, 10)), *also) if 0 < k < longest})
    scores = np.array([score(k) for k in grid])
    # Between two of them the need is looked for by halves.
    if scores.max() - scores[0] >= limits.GAIN:
        enough = scores[0] + limits.MOST_OF_IT * (scores.max() - scores[0])
        high = grid[int(np.argmax(scores >= enough))]
        low = max([k for k in grid if k < high], default=high)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if score(middle) >= enough else (middle, high)
    steps = np.array(sorted(past))
    return Dependence(what, steps, np.array([past[k] for k in steps.tolist()]))


def _few(x: np.ndarray, rng: np.random.Generator, most: int = 8) -> np.ndarray:
    """At most so many inputs, of size 1: random sums of them where there are more."""
    spread = x.std((0, 1))
    x = (x - x.mean((0, 1))) / np.where(spread > 0, spread, 1)
    x = x[..., spread > 0] if (spread > 0).any() else x
    return x if x.shape[2] <= most else x @ (rng.standard_normal((x.shape[2], most)) / np.sqrt(x.shape[2]))


def _folds(t: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Hold out neighbouring rows where there are enough of them, else stretches of time."""
    rows = np.unique(b)
    if len(rows) >= FOLDS:
        return np.searchsorted(rows, b) * FOLDS // len(rows)
    return np.argsort(np.argsort(t, kind="stable"), kind="stable") * FOLDS // len(t)
