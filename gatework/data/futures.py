"""What is known ahead: a table of the steps to come, laid behind a panel's covariates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from gatework.data.covariates import Covariates
from gatework.data.encode import encode, expand
from gatework.data.exog import trimmed
from gatework.data.match import Beside, needs, open_beside, ordinals, passed_over, read_beside, when
from gatework.data.panel import Panel
from gatework.data.vintages import add_made, lay_vintages
from gatework.errors import DataError

CUTOFF = "cutoff"
# A future may hold this many steps for each of its rows, and this many in any case, before it is taken for a mistake.
_MOST_STEPS, _ANYWAY = 100, 1_000_000


class Told(NamedTuple):
    """The rows of a table of the future, in order of series, cutoff and time."""

    beside: Beside
    group: np.ndarray  # (rows,) which of its own series
    bounds: list[int]  # where the rows of each of those begin, and where the last ones end
    steps: np.ndarray  # (rows,) ordinals of the times
    made: np.ndarray | None  # (rows,) ordinals of the cutoffs; None without that column
    values: np.ndarray  # (rows, K) float32
    notes: list[str]

    def rows_of(self, series: int) -> slice:
        """The rows for a series of the panel."""
        group = int(self.beside.source[series])
        return slice(self.bounds[group], self.bounds[group + 1]) if group >= 0 else slice(0, 0)


def with_future(panel: Panel, futr_df: Any) -> Panel:
    """The panel with what a table says of its known covariates, in place of what was said before.

    In steps that have passed, the data win over this table. With a column `cutoff`, the last time that was known when
    a row was forecast, the rows become `vintages`. A series without any step begins where this table does.

    Parameters
    ----------
    panel : Panel
        With covariates, of which some are known ahead.
    futr_df : table, dict or path
        The panel's id and time columns and those covariates; no target.

    Raises
    ------
    OptionError
        No covariate of the panel is known ahead.
    DataError
        A column is not there or of another type, a row is there twice, or a time is off the panel's grid.
    """
    needs(panel.covariates.columns[1] if panel.covariates else (), "futr_exog_list", "futr_df")
    told = _read(panel, futr_df)
    panel = replace(panel, starts=_starts(panel, told))
    before: Covariates = panel.covariates  # type: ignore[assignment]
    notes = [*panel.notes, *told.notes, *passed_over(told.beside, "futr_df"), *_unnamed(told.beside)]
    lengths = [len(series) for series in panel.values]
    if told.made is not None:
        parts = [told.rows_of(i) for i in range(len(panel))]
        vintages, more = lay_vintages(told, parts, panel.starts, lengths)
        return replace(panel, covariates=replace(before, vintages=vintages), notes=(*notes, *more))
    known, now, gaps = [], [], 0
    for i, (old, length) in enumerate(zip(before.known, lengths, strict=True)):
        rows = told.rows_of(i)
        steps = told.steps[rows] - panel.starts[i]
        known.append(_joined(old, length, steps[steps >= 0], told.values[rows][steps >= 0]))
        to_come = steps[steps >= length]
        gaps += len(to_come) > 0 and to_come[0] > max(length, len(old))
        now.append(known[i][length if len(to_come) else len(known[i]) :])
    if gaps:
        notes.append(
            f"futr_df: for {gaps:,} of {len(panel):,} series there are steps between the last value and its first row; "
            f"they are masked, never filled."
        )
    if not sum(map(len, now)):
        notes.append("futr_df: no row lies after the last value of its series, so it tells nothing of what comes.")
    covariates = replace(before, known=tuple(known))
    if before.vintages is not None:
        # What is told now is the newest forecast of all: without that an older one would be read.
        covariates = replace(covariates, vintages=add_made(before.vintages, lengths, now))
    return replace(panel, covariates=covariates, notes=tuple(notes))


def _read(panel: Panel, futr_df: Any) -> Told:
    columns: Any = panel.covariates.columns[1]  # type: ignore[union-attr]
    table = open_beside(futr_df, "futr_df")
    time, names = panel.columns.time, [column.name for column in columns]
    has_cutoff = CUTOFF in table.names
    beside = read_beside(panel, table, [time, *names, *([CUTOFF] if has_cutoff else [])], "futr_df")
    steps = ordinals(panel, beside.columns[time], time, "futr_df")
    made = ordinals(panel, beside.columns[CUTOFF], CUTOFF, "futr_df") if has_cutoff else None
    read = [
        encode(beside.columns[column.name], column.name, column, of="futr_df", decimal_comma=beside.decimal_comma)
        for column in columns
    ]
    order = np.lexsort((steps, beside.group) if made is None else (steps, made, beside.group))
    group, steps, made = beside.group[order], steps[order], None if made is None else made[order]
    again = (group[1:] == group[:-1]) & (steps[1:] == steps[:-1])
    again &= True if made is None else made[1:] == made[:-1]
    if again.any():
        at = int(np.argmax(again)) + 1
        keys = [name for name in (panel.columns.id, CUTOFF if has_cutoff else None, time) if name in beside.columns]
        who = f"{beside.ids[group[at]]!r} at " if panel.columns.id in beside.columns else ""
        raise DataError(
            f"futr_df must have one row for each {' and '.join(map(str, keys))}; got {who}{when(panel, steps[at])} "
            f"again in row {order[at] + 1}. Remove one."
        )
    values = expand(np.stack([one.raw for one in read], 1), columns)[order]
    notes = [note for one in read for note in one.notes]
    bounds = np.searchsorted(group, np.arange(len(beside.ids) + 1, dtype=group.dtype)).tolist()
    return Told(beside, group, bounds, steps, made, values, notes)


def _starts(panel: Panel, told: Told) -> np.ndarray:
    """The panel's starts; a series without any step begins at its first row here, or behind its latest cutoff."""
    starts = panel.starts.copy()
    known = panel.covariates.known  # type: ignore[union-attr]
    for i, (series, old) in enumerate(zip(panel.values, known, strict=True)):
        rows = told.rows_of(i)
        if not len(series) and not len(old) and rows.stop > rows.start:
            starts[i] = told.steps[rows.start] if told.made is None else told.made[rows.stop - 1] + 1
    return starts


def _joined(old: np.ndarray, length: int, steps: np.ndarray, values: np.ndarray) -> np.ndarray:
    """What was known and what is told in one: the old wins up to `length`, the new behind it."""
    if not len(steps):
        return old
    n = max(len(old), int(steps[-1]) + 1)
    if n - length > max(_MOST_STEPS * len(steps), _ANYWAY):
        raise DataError(
            f"futr_df must have rows at most steps; got {len(steps):,} rows that reach {n - length:,} steps beyond the "
            f"last value. Correct the times."
        )
    new = np.full((n, values.shape[1]), np.nan, np.float32)
    new[steps] = values
    was = np.full_like(new, np.nan)
    was[: len(old)] = old
    first, second = (np.concatenate(pair) for pair in ((was[:length], new[length:]), (new[:length], was[length:])))
    return trimmed(np.where(np.isnan(first), second, first), length)


def _unnamed(beside: Beside) -> list[str]:
    """A note on the series that a table of the future does not name."""
    without = int((beside.source < 0).sum())
    if not without:
        return []
    return [f"futr_df: {without:,} of {len(beside.source):,} series {'has' if without == 1 else 'have'} no row in it."]
