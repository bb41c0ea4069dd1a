"""Forecasts of covariates as they were made, one after the other: laid by the cutoff of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gatework.data.covariates import Vintages
from gatework.errors import DataError

if TYPE_CHECKING:
    from gatework.data.futures import Told

# Vintages may hold this many steps for each row of theirs, and this many in any case, before it is taken for a mistake.
_MOST_STEPS, _ANYWAY = 100, 1_000_000


def lay_vintages(
    told: Told, parts: Sequence[slice], starts: np.ndarray, lengths: Sequence[int]
) -> tuple[Vintages, list[str]]:
    """Give each series (its rows are `parts`) the vintages that were made by the time of its last value, and notes.

    Raises
    ------
    DataError
        Rows that lie so far behind their cutoff that one of both must be wrong.
    """
    made: np.ndarray = told.made  # type: ignore[assignment]
    ahead = told.steps - made - 1
    first = np.flatnonzero(np.diff(told.group, prepend=-1).astype(bool) | (np.diff(made, prepend=made[0] - 1) != 0))
    which = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(made))))
    inside = ahead >= 0
    reach = int(ahead.max()) + 1
    if reach < 1:
        raise DataError(
            "futr_df must have rows after their cutoff; got none. Is `cutoff` the last time that was known?"
        )
    if len(first) * reach > max(_MOST_STEPS * len(made), _ANYWAY):
        raise DataError(
            f"futr_df must have rows soon after their cutoff; got one {reach:,} steps behind. Correct the times."
        )
    values = np.full((len(first), reach, told.values.shape[1]), np.nan, np.float32)
    values[which[inside], ahead[inside]] = told.values[inside]

    cutoffs, of_series, late = [], [], 0
    for part, start, length in zip(parts, starts.tolist(), lengths, strict=True):
        low, high = np.searchsorted(first, [part.start, part.stop])
        steps = made[first[low:high]] + 1 - start
        some = slice(*np.searchsorted(steps, [0, length + 1]).tolist())
        late += len(steps) - some.stop
        cutoffs.append(steps[some])
        of_series.append(values[low:high][some])
    far = "1 step" if reach == 1 else f"{reach:,} steps"
    notes = [f"futr_df: {sum(map(len, cutoffs)):,} vintages of at most {far} are read by their cutoff."]
    if late:
        were = "was" if late == 1 else "were"
        notes.append(f"futr_df: {late:,} more {were} made after the last value of a series; later ones are not used.")
    if not inside.all():
        notes.append(f"futr_df: {int((~inside).sum()):,} rows are not after their cutoff; they are not read.")
    return Vintages(tuple(cutoffs), tuple(of_series)), notes


def add_made(vintages: Vintages, lengths: Sequence[int], told: Sequence[np.ndarray]) -> Vintages:
    """Add to each series, as the vintage of its last value, what is now `told` of the steps behind it (n, K)."""
    reach = max([values.shape[1] for values in vintages.values] + [len(values) for values in told])
    cutoffs, of_series = [], []
    for made, values, n, ahead in zip(*vintages, lengths, told, strict=True):
        grown = np.full((len(values) + 1, reach, values.shape[2]), np.nan, np.float32)
        grown[:-1, : values.shape[1]] = values
        grown[-1, : len(ahead)] = ahead
        keep = slice(None) if not len(ahead) else np.append(made != n, True)
        cutoffs.append(np.append(made, n)[keep] if len(ahead) else made)
        of_series.append(grown[keep] if len(ahead) else grown[:-1])
    return Vintages(tuple(cutoffs), tuple(of_series))
