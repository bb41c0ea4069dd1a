"""What the batches of a recorded training show of inputs and targets together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from torch import Tensor

from gatework.look import limits
from gatework.look.finding import Finding
from gatework.look.recall import FOLDS, cross_validated

# Random features of one step, so that labels that are no linear function of it are told too; and the moments they see.
FEATURES, MOMENTS = 48, 6000

# Cases for each input: with fewer, inputs that have nothing to do with it tell a label too.
EACH = 10

# From which steps, counted from its own, a label is told: an early one from those to come; from those before it, all
# at once, by what has been read.
AHEAD, PAST = (1, 2, 3), 3

# What neighbours by one input differ by in a label that is a function of it: squares, 1 is what any two differ by.
FUNCTION = 2e-3


class Joined(NamedTuple):
    """All batches of a recording together: x (T, B, D), the targets y (T, B, K), or (B, K) about the end."""

    x: np.ndarray
    y: np.ndarray
    at_end: bool


def targets(batches: Sequence[tuple[Tensor, Tensor | None]], batch_first: bool) -> Joined | str:
    """Join batches; a text says why that cannot be.

    Batches of another length than most are left out. Classes, whole numbers of few kinds, become a column each.
    """
    kept = [(x, y) for x, y in batches if y is not None and x.dim() == 3]
    if not kept:
        return "No targets were recorded: call recording.batch(x, y)."
    steps = [x.shape[1 if batch_first else 0] for x, _ in kept]
    most = max(set(steps), key=steps.count)
    xs, ys, ends = [], [], []
    for x, y in kept:
        if x.shape[1 if batch_first else 0] != most:
            continue
        end = not (y.dim() >= 2 and y.shape[:2] == x.shape[:2])
        if batch_first:
            x, y = x.transpose(0, 1), (y if end else y.transpose(0, 1))
        if len(y) != x.shape[1] and end:
            return f"The targets' shape {tuple(y.shape)} does not fit the inputs' {tuple(x.shape)}."
        xs.append(x.double().numpy())
        ys.append(y.double().numpy().reshape(*y.shape[: 1 if end else 2], -1))
        ends.append(end)
    if len(set(ends)) > 1:
        return "Some targets are for each step and some about the end."
    # A row that came again would be known by heart when it is asked for.
    rows, joined = np.concatenate(xs, 1), np.concatenate(ys, 0 if ends[0] else 1)
    first = sorted({row.tobytes(): b for b, row in reversed([*enumerate(rows.swapaxes(0, 1))])}.values())
    rows, joined = rows[:, first], joined[first] if ends[0] else joined[:, first]
    if not np.isfinite(joined).all():
        return "Some targets are no numbers."
    kinds = np.unique(joined)
    if joined.shape[-1] == 1 and 2 < len(kinds) <= 20 and bool((kinds == kinds.round()).all()):
        joined = np.equal(joined, kinds).astype(float)
    return Joined(rows, joined, ends[0])


def leaking(joined: Joined, names: Sequence[str] = ()) -> Finding | str | None:
    """Say whether a target stands, up to its unit, among the inputs of its own step (the last one, about the end)."""
    x, y, at_end = joined
    now, before = (x[-1], x[-2]) if at_end and len(x) > 1 else (x[1:], x[:-1])
    told = y if at_end else y[1:]
    inputs, columns = x.shape[2], y.shape[-1]
    now, before, told = now.reshape(-1, inputs), before.reshape(-1, inputs), told.reshape(-1, columns)
    known = np.isfinite(told).all(1)
    now, before, told = now[known], before[known], told[known]
    if len(told) < limits.FEWEST_ROWS:
        return f"There are {len(told)} targets; {limits.FEWEST_ROWS} are needed."
    if len(told) > MOMENTS:
        some = np.random.default_rng(0).choice(len(told), MOMENTS, replace=False)
        now, before, told = now[some], before[some], told[some]
    left = np.stack([_left(now[:, [d]], before[:, [d]], told) for d in range(inputs)], 1)
    known = np.isfinite(left)
    # All inputs asked back are what an autoencoder is given.
    if not at_end and known.any(0)[now.std(0) > 0].all() and known.any(1)[told.std(0) > 0].all():
        return None
    target = "Target {}".format if columns > 1 else "The target".format
    where = "the last" if at_end else "the same"
    if known.any():
        k, d = np.argwhere(known)[0]
        return _leak(target(k), names[d] if names else f"x{d}", where, left[k, d], len(told))
    if not at_end and inputs == 1:
        return None
    # A class may stand there as its number, or any other.
    if (d := _same_kinds(now, told)) is not None:
        return _leak("The target", names[d] if names else f"x{d}", where, 0.0, len(told))
    # Or be a sum of inputs. Of few kinds of inputs anything is one; and so may be a series' next value.
    few = MOMENTS // len(x) + 1
    ahead = not at_end and len(x) > 2 and _is_one_of(*(q[:, :few].reshape(-1, q.shape[-1]) for q in (x[2:], y[1:-1])))
    if ahead or inputs > len(told) / EACH or len(np.unique(now, axis=0)) < len(now) / 2:
        return None
    left = _left(now, before, told)
    if np.isfinite(left).any():
        k = int(np.isfinite(left).argmax())
        return _leak(target(k), "", where, left[k], len(told))
    return None


def _left(now: np.ndarray, before: np.ndarray, told: np.ndarray) -> np.ndarray:
    """What straight lines through the inputs (N, D) leave of labels (N, K), of their spread; inf where it is much.

    A slow series is nearly its own next value too; but then what is left is what a step changes.
    """
    level, spread = now.mean(0), told.std(0)
    if not now.std(0).any():
        return np.full(len(spread), np.inf)
    slope = np.linalg.lstsq(now - level, told - told.mean(0), rcond=None)[0]
    left = (told - told.mean(0) - (now - level) @ slope).std(0)
    step = np.sqrt((((now - before) @ slope) ** 2).mean(0))
    known = (left < limits.KNOWN * np.maximum(step, limits.KNOWN * spread)) & (spread > 0)
    return np.where(known, left / np.where(spread > 0, spread, 1), np.inf)


def _same_kinds(now: np.ndarray, told: np.ndarray) -> int | None:
    """The input (N, D) that has a value of its own for each kind of label (N, K)."""
    labels = np.unique(told, axis=0, return_inverse=True)[1].ravel()
    kinds = labels.max() + 1
    for d, column in enumerate(now.T if 1 < kinds < len(told) / EACH else ()):
        values = np.unique(column, return_inverse=True)[1].ravel()
        if values.max() + 1 == kinds == len(np.unique(values * kinds + labels)):
            return d
    return None


def _leak(target: str, which: str, where: str, left: float, cases: int) -> Finding:
    return Finding(
        "target leaking into the input",
        "serious",
        f"{target} can be read off {f'input {which}' if which else 'the inputs together'} of {where} step, to "
        f"{left:.1g} of its spread, in {cases:,} cases.",
        f"Leave {which or 'what adds up to it'} out of the inputs, or shift it: what is read must be known when the "
        "answer is wanted.",
    )


def shifted(joined: Joined) -> Finding | str | None:
    """Say whether the next step tells a label much better than what was read does: then the label stands too early.

    One that stands too late is not looked for: it asks what a memory of one step answers, as many tasks do on purpose.
    """
    x, y, at_end = joined
    if at_end:
        return "Only labels for each step can be seen to be shifted; these are about the end."
    steps, rows = x.shape[:2]
    around = PAST + max(AHEAD)
    if steps <= around:
        return f"Rows have {steps} steps; {around + 1} are needed."
    if (steps - around) * rows < limits.FEWEST_ROWS:
        return f"There are {steps * rows:,} labels; {limits.FEWEST_ROWS} are needed."
    rng = np.random.default_rng(0)
    moments = np.arange((steps - around) * rows)
    moments = moments if len(moments) <= MOMENTS else np.sort(rng.choice(moments, MOMENTS, replace=False))
    t, b = moments // rows + PAST, moments % rows
    told = y[t, b]
    if not told.std(0).any():
        return "The labels never change."
    # An input that is the labels' own series, earlier or later, makes this a forecast and not a labelling.
    if any(_is_one_of(x[t + s, b], told) for s in range(-PAST, max(AHEAD) + 1)):
        return None
    # Whole rows are held out where there are enough of them.
    fold = rng.permutation(rows)[b] % FOLDS if rows >= FOLDS else np.arange(len(t)) * FOLDS // len(t)

    def score(*known: np.ndarray) -> float:
        features = np.concatenate([_features(one, rng) for one in known], 1)
        return float(np.nanmean(cross_validated(features, told, fold)))

    ahead = [score(x[t + s, b]) for s in AHEAD]
    read = score(x[t, b], np.concatenate([x[t - s, b] for s in range(PAST + 1)], 1))
    if ahead[0] < max(ahead) or ahead[0] < limits.TOLD or ahead[0] - read < limits.SHIFTED:
        return None
    # A label that is an input's own, by some rule, is what a forecast asks for: where what was read tells it too.
    if read > 0 and any(_follows(column, told, rng) for column in x[t + 1, b].T):
        return None
    return Finding(
        "labels shifted by one",
        "serious",
        f"The next step tells a label (R^2 {ahead[0]:.2f}) better than its own and the {PAST} before do (R^2 "
        f"{read:.2f}): the labels stand one step too early, and ask for what was not read yet.",
        "Align them: y = y[:-1], x = x[1:]; unless a forecast is meant.",
    )


def _follows(column: np.ndarray, told: np.ndarray, rng: np.random.Generator) -> bool:
    """Whether labels (N, K) are a function of one input (N,): neighbours by it have the same, nearly."""
    order = np.lexsort((rng.random(len(column)), column))
    return bool((np.diff(told[order], axis=0) ** 2).mean() < FUNCTION * 2 * told.var(0).mean())


def _features(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The inputs of a step, of size 1, and random curved functions of them."""
    spread = x.std(0)
    x = (x - x.mean(0)) / np.where(spread > 0, spread, 1)
    weights = rng.standard_normal((x.shape[1], FEATURES)) * (1.5 / np.sqrt(x.shape[1]))
    return np.concatenate([x, np.tanh(x @ weights + rng.standard_normal(FEATURES))], 1)


def _is_one_of(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether a column of y is a column of x, up to its unit; or y and x are the same letters, otherwise written."""
    both = np.concatenate([x, y], 1)
    kinds = [len(np.unique(q, axis=0)) for q in (x, y, both)]
    if len(set(kinds)) == 1 and 1 < kinds[0] < len(both) / 4:
        return True
    both = both[:, both.std(0) > 0]
    if both.shape[1] < 2:
        return False
    inputs = int((x.std(0) > 0).sum())
    return bool((np.abs(np.corrcoef(both.T)[:inputs, inputs:]) > 0.98).any())
