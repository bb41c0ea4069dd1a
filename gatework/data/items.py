"""X and y in any form that a person has them, read as sequences with their answers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gatework.data.answers import read_groups, read_y
from gatework.data.arrays import cut_padding, listed, read_arrays
from gatework.data.folders import read_folder, read_text_file
from gatework.data.listed import SOUNDS, audio_items, kind_of_table, read_column, read_list
from gatework.data.long import read_long
from gatework.data.sequences import KINDS, Ask, Items, Like, about
from gatework.data.table import open_table
from gatework.errors import DataError, OptionError

__all__ = ["Items", "Like", "read_items"]


def read_items(
    X: Any,  # noqa: N803
    y: Any = None,
    *,
    lengths: Any = None,
    groups: Any = None,
    kind: str | None = None,
    layout: str = "NTD",
    stepwise: bool | None = None,
    id_col: Any = "id",
    time_col: Any = "time",
    target_col: Any = "label",
    group_col: Any = None,
    text_col: Any = "text",
    path_col: Any = "path",
    feature_cols: Any = None,
    like: Like | None = None,
    need_y: bool = True,
) -> Items:
    """Read sequences and their answers, and say what was found.

    Parameters
    ----------
    X : list, array, table or path
        Series: a list, or an array of objects, of (T_i, D) arrays; a 3-D array; a 2-D array, or a data frame of numbers
        with `y` beside it, whose rows are series of one column; a long table, a row for each id and time. Text: a list
        of str, a table with a column of text, or a folder of .txt files, one a class with an item a line. Audio: a
        folder with a folder of recordings for each class, a table with a column of paths, or a list of paths or
        (samples, rate) pairs. A table is a data frame of any library, a dict of columns, or a .csv, .csv.gz, .tsv,
        .tsv.gz or .parquet file.
    y : array, list or series, optional
        One answer a sequence, (N, K) for K targets, or a list of arrays of one answer a step. Tables and folders have
        their own.
    lengths : (N,) ints, optional
        How many steps of a padded array are no padding.
    groups : (N,) array, optional
        Which sequences belong together; of a table, `group_col` says it.
    kind : {"series", "audio", "text"}, optional
        What X holds, where it may be several.
    layout : {"NTD", "NDT"}
        The axes of a 3-D array; of a list's arrays without N. Data frames are (T, D) in both.
    stepwise : bool, optional
        Whether there is one answer for each step. Inferred where it is plain.
    id_col, time_col, group_col, text_col, path_col : str
        A table's columns. None for `id_col` says that a long table is one sequence.
    target_col : str or list of str
        The column of labels, or several targets.
    feature_cols : str or list of str, optional
        The columns that are read; by default all others that hold numbers or a few texts.
    like : Like, optional
        What fit saw: X is read as that again.
    need_y : bool
        Whether answers must be there. A table's own are not read without it.

    Raises
    ------
    DataError, OptionError
        What cannot be used, in one sentence. Rows are counted from 1, the first below the header.
    """
    if kind not in (None, *KINDS):
        raise OptionError(f"kind must be 'series', 'audio' or 'text'; got {kind!r}. Leave it out to infer it.")
    if layout not in ("NTD", "NDT"):
        raise OptionError(f"layout must be 'NTD' or 'NDT'; got {layout!r}. N is sequences, T steps, D columns.")
    if groups is not None and group_col is not None:
        raise OptionError(f"groups must be left out where group_col is given; got both, {group_col!r}. Give one.")
    if like is not None and kind not in (None, like.kind):
        raise DataError(f"X must be {like.kind}, as fit saw it; got kind={kind!r}. Leave it out.")
    kind = like.kind if like else kind
    targets = (target_col,) if isinstance(target_col, str) or not isinstance(target_col, (list, tuple)) else target_col
    if not targets:
        raise OptionError(f"target_col must be a column or a list of them; got {target_col!r}. Name that of labels.")
    X = listed(X)  # noqa: N806
    ask = Ask(id_col, time_col, tuple(targets), group_col, text_col, path_col, feature_cols, stepwise, like)
    ask = ask._replace(need_y=need_y and y is None)
    items, padded = _read_x(X, y, kind, ask, lengths, layout)
    if lengths is not None and items.kind != "series":
        raise OptionError(f"lengths must be left out for {items.kind}; got some. They are for padded arrays.")
    if y is not None:
        steps = np.array([len(one) for one in items.items]) if items.kind == "series" else None
        answers, names, each = read_y(y, len(items), steps, stepwise if like is None else like.stepwise, padded)
        seen_at_fit = replace(items.like, stepwise=each) if like is None else like
        said = (f"{one.removesuffix('.')}{about(answers, names)}." for one in items.notes[:1])
        items = replace(
            items, y=answers, targets=names, stepwise=each, like=seen_at_fit, notes=(*said, *items.notes[1:])
        )
    elif need_y and items.y is None:
        raise DataError(
            f"{items.like.estimator} requires y to be passed, but the target y is None. Give one label or number for "
            f"each sequence."
        )
    if padded and lengths is None and not items.like.stepwise:
        cut, note = cut_padding(items.items)
        items = replace(items, items=cut, notes=(*items.notes, note) if note else items.notes)
    if groups is not None:
        items = replace(items, groups=read_groups(groups, len(items)))
    return items if items.notes and items.notes[0].startswith("read as") else _with_summary(items)


def _read_x(x: Any, y: Any, kind: str | None, ask: Ask, lengths: Any, layout: str) -> tuple[Items, int]:
    """Read X, with its own answers where it has them; and the steps of an array that may be padded, else 0."""
    if isinstance(x, (str, os.PathLike)):
        path = Path(x)
        if path.is_dir():
            return read_folder(path, kind, ask), 0
        if path.suffix.lower() == ".txt" and path.is_file() and kind in (None, "text"):
            return read_text_file(path, ask), 0
        if path.suffix.lower() in SOUNDS and kind in (None, "audio"):
            return audio_items([path], (str(x),), ask), 0
        ask = ask._replace(folder=path.parent)
    if hasattr(x, "nnz") or not _is_table(x):
        found = read_list(x, kind, ask)
        if found is None and kind in ("audio", "text"):
            want = "texts" if kind == "text" else "paths or (samples, rate) pairs"
            raise DataError(f"X must be a list of {want}, a table or a folder; got {_what(x)}. Give one of these.")
        return (found, 0) if found else read_arrays(x, lengths=lengths, layout=layout, like=ask.like)
    table = open_table(x)
    as_rows = ask.like is not None and ask.like.rows is not None
    held = "series" if as_rows else kind or kind_of_table(table, ask, y is not None)
    if held != "series":
        return read_column(table, held, ask), 0
    if y is not None or as_rows:
        return read_arrays(x, lengths=lengths, layout=layout, like=ask.like)
    return read_long(table, ask), 0


def _is_table(x: Any) -> bool:
    import narwhals as nw

    if isinstance(x, (str, os.PathLike, Mapping)) or nw.dependencies.is_into_dataframe(x):
        return True
    # What cannot be looked into without being collected is refused as a table.
    return hasattr(x, "collect")


def _what(x: Any) -> str:
    shape = getattr(x, "shape", None)
    return f"{type(x).__name__}{'' if shape is None else f' {tuple(shape)}'}"


def _with_summary(items: Items) -> Items:
    """Say first what was read."""
    count = f"{len(items):,} {'sequence' if len(items) == 1 else 'sequences'}"
    shortest, longest = min(map(len, items.items)), max(map(len, items.items))
    steps = f"{longest:,}" if shortest == longest else f"{shortest:,} to {longest:,}"
    width = f"{len(items.names):,} {'column' if len(items.names) == 1 else 'columns'}"
    what = f"read as series: {count} of {steps} {'step' if longest == 1 else 'steps'}, {width}"
    return replace(items, notes=(f"{what}{about(items.y, items.targets)}.", *items.notes))
