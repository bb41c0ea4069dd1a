"""What never changes: a table with a row for each series, laid beside a panel's covariates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gatework.data.columns import row_of
from gatework.data.covariates import Column, Covariates, Vintages
from gatework.data.encode import encode, expand
from gatework.data.match import Beside, needs, open_beside, passed_over, read_beside
from gatework.data.panel import Panel
from gatework.errors import DataError


def with_static(
    panel: Panel,
    static_df: Any,
    stat_exog_list: Sequence[Any],
    *,
    like: Covariates | None = None,
    keep_static_only: bool = False,
) -> Panel:
    """The panel with the columns of a table that has a row for each series.

    Parameters
    ----------
    panel : Panel
        The series.
    static_df : table, dict, path or Panel
        The panel's id column and `stat_exog_list`. Of a Panel its statics are taken over, by id.
    stat_exog_list : sequence of str
        The columns.
    like : Covariates, optional
        What fit saw: the columns are read as they were read then.
    keep_static_only : bool
        Add ids that have no rows in the data as series of 0 steps, behind the latest value of all.

    Raises
    ------
    DataError
        A column is not there, or a series has no row, or two.
    """
    names = tuple(stat_exog_list)
    needs(names, "stat_exog_list", "static_df")
    if static_df is None:
        raise DataError(
            f"static_df must hold {', '.join(map(str, names))} of each series; got none. Give a table with a row for "
            f"each."
        )
    if isinstance(static_df, Panel):
        return _taken_over(panel, static_df)
    beside = read_beside(panel, open_beside(static_df, "static_df"), names, "static_df")
    _, first = np.unique(beside.group, return_index=True)
    if row := row_of(~np.isin(np.arange(len(beside.group)), first)):
        whose = f" for each {panel.columns.id}" if panel.columns.id in beside.columns else ""
        who = f"{beside.ids[beside.group[row - 1]]!r} again" if whose else "another"
        raise DataError(f"static_df must have one row{whose}; got {who} in row {row}. Remove one.")
    kinds = {column.name: column for column in like.columns[2]} if like else {}
    read = [
        encode(beside.columns[name], name, kinds.get(name), of="static_df", decimal_comma=beside.decimal_comma)
        for name in names
    ]
    columns = tuple(one.column for one in read)
    notes = [note for one in read for note in one.notes]
    raw = np.stack([one.raw for one in read], 1)
    notes += [
        f"{name} of static_df is missing in {count:,} of {len(raw):,} rows; it is masked there, never filled."
        for name, count in zip(names, np.isnan(raw).sum(0).tolist(), strict=True)
        if count
    ]
    # `first` holds the row of each of the table's series.
    values = expand(raw, columns)[first]
    source = beside.source
    if keep_static_only and beside.unknown:
        panel, source, note = _extended(panel, beside)
        notes.append(note)
    else:
        notes += passed_over(beside, "static_df")
    static = values[source]
    if keep_static_only and panel.covariates is not None and panel.covariates.columns[2] == columns:
        # What the table does not say of a series stays as it was.
        kept = source < 0
        static[kept], source = panel.covariates.static[kept], np.where(kept, 0, source)
    _refuse_missing(panel, source)
    return replace(panel, covariates=_with(panel, static, columns), notes=(*panel.notes, *notes))


def _taken_over(panel: Panel, known: Panel) -> Panel:
    """The statics of another panel, by id."""
    before = known.covariates
    if before is None:
        raise DataError("static_df must be a Panel with covariates; got one without. Give a table.")
    places = {str(name): i for i, name in enumerate(known.ids)}
    source = np.array([places.get(str(name), -1) for name in panel.ids], np.int64)
    _refuse_missing(panel, source)
    return replace(panel, covariates=_with(panel, before.static[source], before.columns[2]))


def _with(panel: Panel, static: np.ndarray, columns: tuple[Column, ...]) -> Covariates:
    covariates = panel.covariates or Covariates(
        tuple(np.empty((len(series), 0), np.float32) for series in panel.values),
        tuple(np.empty((len(series), 0), np.float32) for series in panel.values),
        static,
        ((), (), ()),
    )
    return replace(covariates, static=static, columns=(*covariates.columns[:2], columns))


def _refuse_missing(panel: Panel, source: np.ndarray) -> None:
    if row := row_of(source < 0):
        missing = f", {int((source < 0).sum()):,} of {len(source):,} missing" if len(source) > 1 else ""
        raise DataError(
            f"static_df must have a row for each series; got none for {panel.ids[row - 1]!r}{missing}. Add it."
        )


def _extended(panel: Panel, beside: Beside) -> tuple[Panel, np.ndarray, str]:
    """The panel with a series of 0 steps for each new id, in order; which row each series reads; and a note."""
    new = [(name, place) for place in beside.unknown for name in _names_of(panel, beside.ids[place])]
    ids = [*panel.ids, *(name for name, _ in new)]
    order = sorted(range(len(ids)), key=lambda i: ids[i])
    source = np.append(beside.source, [place for _, place in new]).astype(np.int64)[order]

    def ordered(parts: Sequence[np.ndarray], empty: np.ndarray) -> tuple[np.ndarray, ...]:
        longer = [*parts, *[empty] * len(new)]
        return tuple(longer[i] for i in order)

    covariates = panel.covariates
    if covariates is not None:
        vintages = covariates.vintages
        past, known = (parts[0][:0] for parts in (covariates.past, covariates.known))
        covariates = replace(
            covariates,
            past=ordered(covariates.past, past),
            known=ordered(covariates.known, known),
            static=_ordered_static(covariates.static, len(new), order),
            vintages=vintages
            and Vintages(
                ordered(vintages.cutoffs, vintages.cutoffs[0][:0]), ordered(vintages.values, vintages.values[0][:0])
            ),
        )
    starts = np.append(panel.starts, np.full(len(new), panel.last().max() + 1))
    longer = replace(
        panel,
        ids=tuple(ids[i] for i in order),
        values=ordered(panel.values, np.empty(0)),
        starts=starts[order],
        covariates=covariates,
    )
    what = "series is" if len(new) == 1 else "series are"
    note = f"static_df: {len(new):,} {what} not in the data, {new[0][0]!r} first: known by what never changes alone."
    return longer, source, note


def _ordered_static(static: np.ndarray, new: int, order: list[int]) -> np.ndarray:
    """The statics that were known, with rows of NaN for new series."""
    return np.concatenate([static, np.full((new, static.shape[1]), np.nan, np.float32)])[order]


def _names_of(panel: Panel, name: Any) -> list[Any]:
    """The series that an id stands for: itself, or one for each target where ids have several."""
    targets = panel.columns.targets
    ends = tuple(f"/{target}" for target in targets)
    if targets and not set(panel.ids) <= set(targets) and not str(name).endswith(ends):
        return [f"{name}{end}" for end in ends]
    kind = type(panel.ids[0])
    try:
        return [kind(name)]
    except ValueError:
        raise DataError(
            f"{panel.columns.id} of static_df must hold {kind.__name__}, as the data do; got {name!r}. Correct it."
        ) from None
