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

# How far the labels are moved to find where they belong.
SHIFTS = range(-3, 4)


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
    for k in range(columns):
        for d in range(inputs):
            spread, size = told[:, k].std(), now[:, d].std()
            if spread == 0 or size == 0:
                continue
            slope = np.cov(told[:, k], now[:, d])[0, 1] / size**2
            left = np.sqrt(((told[:, k] - told[:, k].mean() - slope * (now[:, d] - now[:, d].mean())) ** 2).mean())
            # A slow series is nearly its own next value too: but then what is left is what a step changes.
            step = abs(slope) * np.sqrt(((now[:, d] - before[:, d]) ** 2).mean())
            if left < limits.KNOWN * max(step, limits.KNOWN * spread):
                which = names[d] if names else f"x{d}"
                target = f"Target {k}" if columns > 1 else "The target"
                return Finding(
                    "target leaking into the input",
                    "serious",
                    f"{target} can be read off input {which} of {'the last' if at_end else 'the same'} step, to "
                    f"{left / spread:.1g} of its spread, in {len(told):,} cases.",
                    f"Leave {which} out of the inputs, or shift it: what is read must be known when the answer is "
                    "wanted.",
                )
    return None


def shifted(joined: Joined) -> Finding | str | None:
    """Say whether the steps beside a label's own tell it better than its own does: then it belongs there."""
    x, y, at_end = joined
    if at_end:
        return "Only labels for each step can be seen to be shifted; these are about the end."
    steps, rows = x.shape[:2]
    reach = max(SHIFTS)
    if steps <= 2 * reach:
        return f"Rows have {steps} steps; {2 * reach + 1} are needed."
    if (steps - 2 * reach) * rows < limits.FEWEST_ROWS:
        return f"There are {steps * rows:,} labels; {limits.FEWEST_ROWS} are needed."
    rng = np.random.default_rng(0)
    moments = np.arange((steps - 2 * reach) * rows)
    moments = moments if len(moments) <= MOMENTS else np.sort(rng.choice(moments, MOMENTS, replace=False))
    t, b = moments // rows + reach, moments % rows
    known = _features(x[t, b], rng)
    # Whole rows are held out where there are enough of them.
    fold = rng.permutation(rows)[b] % FOLDS if rows >= FOLDS else np.arange(len(t)) * FOLDS // len(t)
    told = np.concatenate([y[t + s, b] for s in SHIFTS], 1)
    # An input that is the labels' own series, earlier or later, makes this a forecast and not a labelling.
    if any(_is_one_of(x[t, b], y[t + s, b]) for s in SHIFTS):
        return None
    scores = np.nanmean(cross_validated(known, told, fold).reshape(len(SHIFTS), -1), 1)
    if not np.isfinite(scores).all():
        return "The labels never change."
    best = list(SHIFTS)[int(scores.argmax())]
    here = scores[list(SHIFTS).index(0)]
    if abs(best) != 1 or scores.max() < limits.TOLD or scores.max() - here < limits.SHIFTED:
        return None
    late = best > 0
    return Finding(
        "labels shifted by one",
        "worth knowing" if late else "serious",
        f"An input tells the label of the step {'after' if late else 'before'} it (R^2 {scores.max():.2f}) better than "
        f"its own (R^2 {here:.2f}): the labels stand one step too {'late' if late else 'early'}.",
        f"Align them: {'y = y[1:], x = x[:-1]' if late else 'y = y[:-1], x = x[1:]'}; unless it is meant so.",
    )


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
