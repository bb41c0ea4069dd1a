"""What is to be done with the data: as the person says, or as the data make plain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gatework.data.labels import need_column, read_labels, seen
from gatework.data.listed import SOUNDS
from gatework.data.table import Table, open_table
from gatework.errors import OptionError

# Whole numbers of so few kinds are classes, and of more than so many are not.
FEW, MANY = 10, 100
# The columns that say what a label belongs to: the parameters that name them, and their default names.
ANCHORS = {"id_col": "id", "text_col": "text", "path_col": "path"}


def guess(data: Path, settings: dict[str, Any]) -> tuple[str, str]:
    """Return the task, and why it is that one; "" where nobody need be told.

    Parameters
    ----------
    data : Path
        What is to be learned from.
    settings : dict
        What flags and config file say of the model.

    Raises
    ------
    OptionError
        The data may be for several tasks.
    DataError
        Data that cannot be read, or have no labels where they could be for nothing else.
    """
    if settings.get("h") is not None:
        return "forecast", ""
    if data.is_dir():
        return "classify", "it is a folder"
    if data.suffix.lower() in (".txt", *SOUNDS):
        # Alone it has no labels, which whoever reads it says.
        return "classify", ""
    table = open_table(data)
    anchors = [name for name, usual in ANCHORS.items() if (settings.get(name) or usual) in table.names]
    named = settings.get("target_col")
    target = (named[0] if isinstance(named, list) else named) or "label"
    if target in table.names:
        return _by_labels(table, target, anchors, settings, named is not None)
    if _could_be_forecast(table, settings) or not anchors:
        return "forecast", ""
    if anchors == ["id_col"]:
        raise OptionError(
            f"task must be plain, and there is neither --h nor a column {target!r}; got {seen(table.names)}. "
            "Add --h 24 to forecast 24 steps, or name the column of labels with --target."
        )
    need_column(table, "target_col", target)
    raise AssertionError


def _could_be_forecast(table: Table, settings: dict[str, Any]) -> bool:
    return {settings.get("time_col") or "ds", settings.get("target_col") or "y"} <= set(table.names)


def _by_labels(table: Table, target: str, anchors: list[str], settings: dict[str, Any], named: bool) -> tuple[str, str]:
    labels, there = read_labels(table.load([target])[0], target, decimal_comma=table.decimal_comma)
    known = labels[there]
    if known.dtype.kind not in "iuf":
        return "classify", f"column {target!r} holds {len(np.unique(known)):,} different texts"
    if not anchors:
        return "forecast", ""
    if named and anchors == ["id_col"] and _changes(table, settings.get("id_col") or ANCHORS["id_col"], target):
        raise OptionError(
            f"task must be given where numbers change from step to step, as column {target!r} does; got none. "
            "Add --h 24 to forecast 24 steps, or --task regress or --task classify for answers at each step."
        )
    if (parts := known[known % 1 != 0]).size:
        return "regress", f"column {target!r} holds numbers such as {parts[0]:g}"
    count = len(np.unique(known))
    holds = f"column {target!r} holds {count:,} different whole numbers"
    if FEW < count <= MANY:
        raise OptionError(
            f"task must be given where {holds}, which may be classes or numbers; got none. Add --task classify or "
            "--task regress."
        )
    return "classify" if count <= FEW else "regress", holds


def _changes(table: Table, id_col: str, target: str) -> bool:
    """Whether a sequence has several labels."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ids, labels = table.load([id_col, target])
    counted = pa.table({"id": ids, "label": labels}).group_by("id").aggregate([("label", "count_distinct")])
    return pc.max(counted["label_count_distinct"]).as_py() > 1
