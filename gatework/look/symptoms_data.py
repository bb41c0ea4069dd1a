"""What the data alone show: their size, their order, and what fills them up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gatework.look import limits
from gatework.look.finding import Finding, Severity


def unscaled(read: np.ndarray, names: Sequence[str]) -> Finding | None:
    """Say whether what the first layer reads, (N, D), has another size than its weights are made for."""
    size, level, spread = np.sqrt((read**2).mean(0)), np.abs(read.mean(0)), read.std(0)
    moving = spread > limits.SAME * np.maximum(level, 1e-12)
    large = np.flatnonzero((size > limits.LARGE) & moving)
    shifted = np.flatnonzero((level > limits.LEVEL * spread) & (level > limits.HIGH) & moving)
    # A letter that is rare has a small size too, and is of size 1 where it stands.
    tiny = np.flatnonzero((size < limits.SMALL) & moving & ((read == 0).mean(0) < limits.SPARSE))
    whole = float(np.sqrt((read**2).sum(1).mean()))
    severity: Severity = "serious"
    if len(large):
        k = large[np.argmax(size[large])]
        said = f"Input {names[k]} has a size of {size[k]:,.3g} (root mean square)"
    elif len(shifted):
        k = shifted[np.argmax((level / np.maximum(spread, 1e-12))[shifted])]
        said = f"Input {names[k]} lies {level[k]:,.3g} from 0 and varies by {spread[k]:,.3g} only"
    elif whole < limits.SMALL and moving.any():
        k = int(np.argmax(size))
        said = f"All inputs together have a size of {whole:,.2g} (root mean square), the largest {names[k]}"
    elif len(tiny):
        k = tiny[np.argmin(size[tiny])]
        said = f"Input {names[k]} has a size of {size[k]:,.2g} (root mean square), all together {whole:,.2g}"
        severity = "worth knowing"
    else:
        return None
    return Finding(
        "unscaled input",
        severity,
        f"{said}; the weights are made for 1.",
        "Subtract each input's mean and divide by its standard deviation, both from the training data.",
    )


def constant(x: np.ndarray, names: Sequence[str], remedy: str = "") -> Finding | None:
    """Say which inputs, (N, D), never change; sparse data have columns that did not occur, which is no fault."""
    if len(x) < 2 or not len(names):
        return None
    still = np.ptp(x, axis=0) <= limits.SAME * np.abs(x).max(0)
    if (x == 0).mean() > limits.SPARSE and not still.all():
        still &= x[0] != 0
    some = np.flatnonzero(still)
    if not len(some):
        return None
    listed = ", ".join(f"{names[k]} (always {x[0, k]:.4g})" for k in some[:3])
    more = f" and {len(some) - 3:,} more" if len(some) > 3 else ""
    return Finding(
        "constant input",
        "serious" if still.all() else "worth knowing",
        f"{len(some):,} of {x.shape[1]:,} inputs never change: {listed}{more}.",
        remedy or f"Leave {'them' if len(some) > 1 else 'it'} out: input_size={x.shape[1] - len(some)}."
        if not still.all()
        else "Give other data: from these, nothing can be learned.",
    )


def swapped(x: np.ndarray) -> Finding | None:
    """Say whether rows go on from each other while the steps of (T, B, D) do not."""
    steps, rows = x.shape[:2]
    if rows < limits.FEWEST_NEIGHBOURS or 2 < steps < limits.FEWEST_NEIGHBOURS:
        return None
    # Rows may be sorted by their level, or drift: only what their steps have in common beside it is an order of time.
    moving = np.ptp(x, axis=0) > limits.SAME * np.abs(x).max(0)
    beside = x if steps <= 2 else np.where(moving, x - x.mean(0), 0)
    along_rows, along_time = _neighbours(beside.swapaxes(0, 1)), (_neighbours(x) if steps > 2 else np.nan)
    if not along_rows < limits.SMOOTH or along_time < limits.EXCHANGEABLE:
        return None
    order = (
        f"there is no more than {steps} step{'s' * (steps > 1)}"
        if steps <= 2
        else f"neighbouring steps differ by {along_time:.0%} of what any two steps do"
    )
    return Finding(
        "batch and time swapped",
        "serious",
        f"Neighbouring rows differ by {along_rows:.0%} of what any two rows do, while {order} (mean squares): what is "
        f"given as {rows:,} rows of {steps:,} steps looks like {steps:,} rows of {rows:,}.",
        "Set batch_first in the layer as the data have it, or give x.transpose(0, 1).",
    )


def _neighbours(x: np.ndarray) -> float:
    """Mean square of the differences of neighbours along the first axis over that of any two, averaged over inputs."""
    near, any_two = (np.diff(x, axis=0) ** 2).mean((0, 1)), 2 * x.var(0, ddof=1).mean(0)
    varies = any_two > limits.SAME**2 * (x**2).mean((0, 1))
    return float((near[varies] / any_two[varies]).mean()) if varies.any() else np.nan


def padding(x: np.ndarray, moved: Callable[[np.ndarray], float], counts: bool) -> Finding | None:
    """Say whether rows of (T, B, D) end in a filling of different lengths that the model reads.

    `moved(filled)`, with filled (T, B) bool, says by what share of their spread the answers move when the filling is
    changed; `counts` is whether there is an answer for each step, which a loss may count.
    """
    steps, rows = x.shape[:2]
    # A column of the time is the same in all rows, and goes on where they are filled up.
    own = x[..., np.ptp(x, axis=1).any(0)]
    if steps < 4 or rows < 4 or not own.shape[2]:
        return None
    filler = _filler(own)
    value = "" if filler is None else "0" if not np.any(filler) else ", ".join(f"{v:.3g}" for v in filler[:3])
    ends = None if filler is None else _filled((own == filler).all(-1))
    if ends is None:
        ends, value = _filled((own == own[-1]).all(-1)), "the same value"
    if ends is None:
        return None
    filled, runs = ends
    padded = runs >= 2
    share = moved(filled & padded)
    if share < limits.MOVED and not counts:
        return None
    does = (
        f"other values there move the answers by {share:.0%} of their spread"
        if share >= limits.MOVED
        else "each of these steps has an answer, which a loss may count"
    )
    return Finding(
        "padding read as data",
        "serious" if share >= limits.MOVED else "worth knowing",
        f"{padded.mean():.0%} of the rows end in 2 to {runs.max():,} steps of {value}, {(filled & padded).mean():.0%} "
        f"of all steps, and {does}.",
        "Say where each row ends: lengths= in gatework's layers, pack_padded_sequence for torch's; and leave these "
        "steps out of the loss.",
    )


def _filled(same: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Which steps (T, B) each row's last run of a filling has, and how long it is, (B,).

    None: too few rows have one, or all end alike, or it stands elsewhere too.
    """
    steps = len(same)
    runs = np.where(same.all(0), steps, np.argmin(same[::-1], axis=0))
    filled = np.arange(steps)[:, None] >= steps - runs
    within = same[~filled].mean() if (~filled).any() else 1.0
    padded = runs >= 2
    if (
        padded.mean() < limits.PADDED_ROWS
        or len(np.unique(runs[padded])) < limits.PADDED_LENGTHS
        or within > limits.ELSEWHERE
    ):
        return None
    return filled, runs


def _filler(x: np.ndarray) -> np.ndarray | None:
    """The step (D,) in which most rows end, where at least two do."""
    values, counts = np.unique(x[-1], axis=0, return_counts=True)
    return values[counts.argmax()] if counts.max() > 1 else None
