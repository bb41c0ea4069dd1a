"""Text and recordings that a person lists: in a column of a table, in a list, or in a series."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gatework.data.arrays import depth, is_missing
from gatework.data.columns import is_text, row_of
from gatework.data.labels import need_column, read_labels, seen, side_by_side
from gatework.data.sequences import Ask, Items, Like, about
from gatework.data.table import Table
from gatework.errors import DataError

SOUNDS = (".wav", ".flac", ".ogg", ".oga", ".mp3", ".aif", ".aiff")


def kind_of_table(table: Table, ask: Ask, with_y: bool) -> str:
    """Tell what a table holds by its columns; where y comes beside it, numbers need no column of ids.

    Raises
    ------
    DataError
        It may be several kinds, or is none.
    """
    named = {"text": ask.text_col not in ("text", None), "audio": ask.path_col not in ("path", None)}
    options = {"text": ask.text_col, "audio": ask.path_col}
    found = [kind for kind, name in options.items() if name in table.names or named[kind]]
    timed = ask.time_col in table.names or ask.time_col not in ("time", None)
    if timed or (not found and (ask.id_col is None or ask.id_col in table.names or ask.id_col != "id")):
        found.append("series")
    if len(found) == 1:
        return found[0]
    if found:
        columns = options | {"series": ask.time_col}
        raise DataError(
            f"X must be a table of one kind; got the columns {' and '.join(repr(columns[one]) for one in found)}, "
            f"which make it {' or '.join(found)}. Say kind={found[0]!r} or kind={found[1]!r} (command line: --kind)."
        )
    if with_y:
        return "series"
    raise DataError(
        f"X must have the columns 'id' and 'time' of a long table, or a column 'text' or 'path'; got "
        f"{seen(table.names)}. Say which it is with id_col=, text_col= or path_col= (command line: --id, --text, "
        f"--path); a file must begin with a line of names."
    )


def read_column(table: Table, kind: str, ask: Ask) -> Items:
    """Read the column of texts, or of paths, which are relative to `ask.folder`; with its labels and groups.

    Raises
    ------
    DataError
        A column that is not there or cannot be used, a row without a label, a path at which there is no file.
    """
    option, name = ("text_col", ask.text_col) if kind == "text" else ("path_col", ask.path_col)
    need_column(table, option, name)
    wanted = [name, *(ask.targets if ask.need_y else ())]
    for target in wanted[1:]:
        need_column(table, "target_col", target)
    if ask.groups_in is not None:
        need_column(table, "group_col", ask.groups_in)
        wanted.append(ask.groups_in)
    with_ids = [ask.id_col] if ask.id_col in table.names and ask.id_col not in wanted else []
    if len(set(wanted)) < len(wanted):
        raise DataError(f"{option}, target_col and group_col must be columns of their own; got {wanted}. Name each.")
    columns = dict(zip(wanted + with_ids, table.load(wanted + with_ids, ids=with_ids), strict=True))
    texts = _texts(columns[name], name, option)
    labels = []
    for target in ask.targets if ask.need_y else ():
        values, there = read_labels(columns[target], target, decimal_comma=table.decimal_comma)
        _refuse_missing(there, target)
        labels.append(values)
    groups = None
    if ask.groups_in is not None:
        groups, there = read_labels(columns[ask.groups_in], ask.groups_in)
        _refuse_missing(there, ask.groups_in)
    y = side_by_side(labels) if labels else None
    ids = tuple(columns[with_ids[0]].to_pylist()) if with_ids else None
    targets = tuple(map(str, ask.targets)) if ask.need_y else ()
    where = f"column {str(name)!r}, "
    if kind == "text":
        return text_items(texts, ids, ask, y=y, targets=targets, groups=groups, where=where)
    if row := row_of(np.array([not one for one in texts])):
        raise DataError(f"{name} must hold a path in every row; got none in row {row}. Fill it in or remove the row.")
    paths = [ask.folder / one for one in texts]
    return audio_items(paths, ids or tuple(texts), ask, y=y, targets=targets, groups=groups, where=where)


def _texts(column: Any, name: Any, option: str) -> list[str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not len(column):
        raise DataError("X must have at least one row; got none. Check how it was made.")
    if not (is_text(column.type) or pa.types.is_null(column.type)):
        what = "paths" if option == "path_col" else "text"
        raise DataError(
            f"{name} must hold {what}; got {column.type}, such as {column[0].as_py()} in row 1. Name the column of "
            f"{what} with {option}= (command line: --{option.removesuffix('_col')})."
        )
    return pc.fill_null(column.cast(pa.large_string()), "").to_pylist()


def _refuse_missing(there: np.ndarray, name: Any) -> None:
    if not there.all():
        raise DataError(
            f"{name} must be known in every row; got none in row {int(np.argmin(there)) + 1}. Fill it in or remove the "
            f"row."
        )


def read_list(x: Any, kind: str | None, ask: Ask) -> Items | None:
    """Read a list, series or array of texts, of paths, or of (samples, rate) pairs; None where it is something else.

    Raises
    ------
    DataError
        Texts beside other things; some paths of recordings beside texts.
    """
    if getattr(x, "ndim", 1) != 1 or hasattr(x, "detach"):
        return None
    if isinstance(x, np.ndarray) and x.dtype.kind not in "OU":
        return None
    listed = x if isinstance(x, (list, tuple)) else np.asarray(x)
    if isinstance(listed, np.ndarray) and listed.ndim != 1:
        return None
    listed = list(listed)
    if listed and all(_is_sound(one) for one in listed) and kind in (None, "audio"):
        from gatework.data.wave import Wave

        waves = [one if isinstance(one, Wave) else Wave.of(one[0], one[1], f"X[{k}]") for k, one in enumerate(listed)]
        return audio_items(waves, tuple(range(len(waves))), ask)
    written = [isinstance(one, (str, os.PathLike)) for one in listed]
    if not any(written):
        return None
    if kind == "series":
        odd = os.fspath(listed[written.index(True)])
        raise DataError(f"X must be series of numbers; got text, such as {odd[:60]!r}. Give a list of (T, D) arrays.")
    for place, (one, is_written) in enumerate(zip(listed, written, strict=True)):
        if not (is_written or is_missing(one)):
            raise DataError(f"X[{place}] must be text, as others of X are; got {type(one).__name__}. Leave it out.")
    texts = [os.fspath(one) if is_written else "" for one, is_written in zip(listed, written, strict=True)]
    sounds = [one.lower().endswith(SOUNDS) for one in texts]
    paths = any(not isinstance(one, str) for one in listed if not is_missing(one))
    if kind is None and not all(sounds) and (any(sounds) or paths):
        odd = texts[int(np.argmin(sounds))]
        raise DataError(
            f"X must be texts, or paths that end in {', '.join(SOUNDS[:3])}; got both, such as {odd[:60]!r}. "
            f"Say kind='text' or kind='audio'."
        )
    if kind == "audio" or (kind is None and all(sounds)):
        return audio_items([Path(one) for one in texts], tuple(texts), ask)
    return text_items(texts, None, ask)


def _is_sound(one: Any) -> bool:
    """Whether it is a Wave, or samples beside their rate."""
    if hasattr(one, "samples") and hasattr(one, "rate"):
        return True
    pair = isinstance(one, (tuple, list)) and len(one) == 2
    return pair and isinstance(one[1], (int, float, np.number)) and depth(one[0]) in (1, 2)


def text_items(
    texts: Sequence[str],
    ids: tuple | None,
    ask: Ask,
    *,
    y: np.ndarray | None = None,
    targets: tuple[str, ...] = (),
    groups: np.ndarray | None = None,
    where: str = "",
    notes: Sequence[str] = (),
) -> Items:
    """Texts as Items; an empty one is an empty sequence.

    Raises
    ------
    DataError
        Texts that are all empty, where there is only them to learn from.
    """
    items = [text if text.strip() else "" for text in texts]
    empty = sum(not text for text in items)
    if empty == len(items) and ask.like is None:
        raise DataError(f"X must hold a text that is not empty; got {empty:,} empty ones. Check how it was made.")
    count = f"{len(items):,} {'item' if len(items) == 1 else 'items'}"
    said = [f"read as text: {where}{count}{about(y, targets)}.", *notes]
    if empty:
        are = "text is empty: it is" if empty == 1 else "texts are empty: they are"
        said.append(f"{empty:,} {are} read as a sequence without steps.")
    like = ask.like or Like("text")
    return Items("text", items, (), ids or tuple(range(len(items))), y, targets, groups, False, tuple(said), like)


def audio_items(
    sounds: Sequence[Any],
    ids: tuple,
    ask: Ask,
    *,
    y: np.ndarray | None = None,
    targets: tuple[str, ...] = (),
    groups: np.ndarray | None = None,
    where: str = "",
    notes: Sequence[str] = (),
) -> Items:
    """Paths or Waves as Items.

    Raises
    ------
    DataError
        A path at which there is no file.
    """
    absent = [one for one in sounds if isinstance(one, Path) and not one.is_file()]
    if absent:
        raise DataError(
            f"X must be paths of recordings; got '{absent[0]}', no such file ({len(absent):,} of {len(sounds):,}). "
            f"Check the path: in a table it is relative to the table's folder."
        )
    count = f"{len(sounds):,} {'recording' if len(sounds) == 1 else 'recordings'}"
    said = (f"read as audio: {where}{count}{about(y, targets)}.", *notes)
    return Items("audio", list(sounds), (), ids, y, targets, groups, False, said, ask.like or Like("audio"))
