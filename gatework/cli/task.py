"""What is to be done with the data: as the person says, or as the data make plain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatework.data.columns import is_number, is_text
from gatework.data.table import Table, open_table
from gatework.errors import OptionError

# Whole numbers of so few kinds are classes, and of more than so many are not.
FEW, MANY = 10, 100
# The columns that say where the label belongs: the default names, and the parameters that replace them.
ANCHORS = {"id_col": "id", "text_col": "text", "path_col": "path"}


def guess(data: Path, settings: dict[str, Any]) -> tuple[str, str]:
    """Return the task, and why it is that one; "" where nobody need be told.

    Raises
    ------
    OptionError
        There are labels that may be classes or numbers.
    DataError
        Data that cannot be read.
    """
    if settings.get("h") is not None:
        return "forecast", ""
    if data.is_dir():
        return "classify", "it is a folder of classes"
    table = open_table(data)
    target = settings.get("target_col") or "label"
    target = target[0] if isinstance(target, list) else target
    anchored = any((settings.get(name) or usual) in table.names for name, usual in ANCHORS.items())
    if target not in table.names or not anchored:
        return "forecast", ""
    return _by_labels(table, target)


def _by_labels(table: Table, target: str) -> tuple[str, str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    column = table.load([target])[0].drop_null()
    if is_text(column.type) or pa.types.is_boolean(column.type) or not is_number(column.type):
        return "classify", f"column {target!r} holds {_count(column):,} different texts"
    if pa.types.is_floating(column.type) and pc.any(pc.not_equal(pc.floor(column), column)).as_py():
        return "regress", f"column {target!r} holds numbers such as {_example(column)}"
    count = _count(column)
    if count <= FEW:
        return "classify", f"column {target!r} holds {count:,} different whole numbers"
    if count > MANY:
        return "regress", f"column {target!r} holds {count:,} different whole numbers"
    raise OptionError(
        f"task must be given where column {target!r} holds {count:,} different whole numbers, which may be classes or "
        "numbers; got none. Add --task classify or --task regress."
    )


def _count(column: Any) -> int:
    import pyarrow.compute as pc

    return pc.count_distinct(column).as_py()


def _example(column: Any) -> str:
    import pyarrow.compute as pc

    return f"{column.filter(pc.not_equal(pc.floor(column), column))[0].as_py():g}"
