"""The covariates that stand in the data beside the target: which columns, and each on the grid of its series."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gatework.data.align import Aligned, Rows
from gatework.data.covariates import Column, Covariates
from gatework.data.encode import Encoded, expand
from gatework.errors import OptionError


class Lists(NamedTuple):
    """The caller's columns of covariates."""

    past: tuple = ()
    known: tuple = ()
    static: tuple = ()

    @property
    def in_data(self) -> dict[str, tuple]:
        """Those that stand in the data, by the option that names them."""
        return {"hist_exog_list": self.past, "futr_exog_list": self.known}


def lists(hist: Any, futr: Any, stat: Any, taken: Mapping[str, Sequence[Any]]) -> Lists:
    """The three lists as tuples: None is none, and a name by itself is one.

    Parameters
    ----------
    hist, futr, stat : str, sequence of str, or None
        As the caller gave them.
    taken : mapping of str to sequence
        The names that are no covariates, by the option that says so.

    Raises
    ------
    OptionError
        No list of names, or a name that is there twice.
    """
    options: dict[str, tuple] = {}
    for option, given in {"hist_exog_list": hist, "futr_exog_list": futr, "stat_exog_list": stat}.items():
        names = () if given is None else tuple(given) if isinstance(given, (list, tuple)) else (given,)
        if not all(isinstance(name, (str, int, np.integer)) for name in names):
            raise OptionError(f"{option} must be names of columns; got {given!r}. Give a list, such as ['price'].")
        options[option] = names
    for option, names in options.items():
        for name in names:
            if names.count(name) > 1:
                raise OptionError(f"{option} must name each column once; got {name!r} twice. Remove one.")
            if name == "cutoff" and option == "futr_exog_list":
                raise OptionError(
                    "futr_exog_list must not name 'cutoff': in futr_df it says when a forecast was made. Rename yours."
                )
    for (option, names), (other, others) in itertools.combinations(
        [*options.items(), *((one, tuple(its)) for one, its in taken.items())], 2
    ):
        both = [name for name in names if name in others]
        if both and option in options:
            raise OptionError(
                f"{option} must name other columns than {other}; got {both[0]!r} in both. Remove it from one."
            )
    return Lists(*options.values())


def lay_covariates(
    read: Mapping[Any, Encoded], chosen: Lists, rows: Rows, ordinals: np.ndarray, found: Aligned
) -> tuple[Covariates, list[str]]:
    """Lay the columns beside the target on the grid of each series, from its first value on; and notes on them.

    What is known ahead goes on where the target ends, as far as there are rows that say something.
    """
    lengths = np.array([len(series) for series in found.values], dtype=np.int64)
    past, known = (
        _lay([read[name] for name in names], rows, ordinals, found.starts, n)
        for names, n in ((chosen.past, lengths), (chosen.known, lengths + found.after))
    )
    for i in np.flatnonzero(found.after):
        known[i] = trimmed(known[i], int(lengths[i]))
    columns = tuple(tuple(read[name].column for name in names) for names in (chosen.past, chosen.known, ()))
    notes = [note for name in (*chosen.past, *chosen.known) for note in read[name].notes]
    history = [values[:n] for values, n in zip(known, lengths.tolist(), strict=True)]
    notes += [*_missing(past, columns[0]), *_missing(history, columns[1])]
    static = np.empty((len(lengths), 0), np.float32)
    return Covariates(tuple(past), tuple(known), static, columns), notes  # type: ignore[arg-type]


def trimmed(known: np.ndarray, length: int) -> np.ndarray:
    """What is known ahead of a series of this length, without the steps at the end that say nothing."""
    told = np.flatnonzero(~np.isnan(known[length:]).all(1))
    return known[: length + (int(told[-1]) + 1 if len(told) else 0)]


def _lay(
    read: Sequence[Encoded], rows: Rows, ordinals: np.ndarray, starts: np.ndarray, lengths: np.ndarray
) -> list[np.ndarray]:
    """Each series' columns (n, W), NaN where it has no row."""
    columns = [one.column for one in read]
    ends = np.cumsum(lengths)
    flat = np.full((ends[-1], sum(column.width for column in columns)), np.nan, np.float32)
    bounds = np.searchsorted(rows.series, np.arange(len(starts) + 1)).tolist()
    series = [flat[end - n : end] for end, n in zip(ends.tolist(), lengths.tolist(), strict=True)]
    # One series after the other: with all at once the places alone would take more memory than the values.
    for values, low, high, start in zip(series, bounds[:-1], bounds[1:], starts.tolist(), strict=True):
        steps = ordinals[low:high] - start
        first, last = np.searchsorted(steps, [0, len(values)]).tolist()
        here = slice(low + first, low + last)
        at = here if rows.order is None else rows.order[here]
        if read and last > first:
            values[steps[first:last]] = expand(np.stack([one.raw[at] for one in read], 1), columns)
    return series


def _missing(series: Sequence[np.ndarray], columns: Sequence[Column]) -> list[str]:
    """A note on each column that is missing in some steps."""
    if not columns:
        return []
    steps, missing = sum(map(len, series)), sum(np.isnan(values).sum(0) for values in series)
    at = np.cumsum([0, *(column.width for column in columns[:-1])])
    return [
        f"{column.name} is missing in {count:,} of {steps:,} steps; it is masked there, never filled."
        for column, count in zip(columns, np.asarray(missing)[at].tolist(), strict=True)
        if count
    ]
