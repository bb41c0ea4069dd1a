"""A saved model as the verbs meet it: what can be known of it, and refused, before torch is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatework.data.frame import read
from gatework.data.history import from_parquet_table
from gatework.data.panel import Panel
from gatework.data.table import open_table
from gatework.errors import DataError
from gatework.tasks.folder import look


def look_into(folder: Path) -> tuple[dict[str, Any], Panel]:
    """Return the parameters of the model in a folder, and the series it was fitted to."""
    config, history = look(folder)
    return config["params"], from_parquet_table(history)


def read_like(known: Panel, path: Path) -> Panel:
    """Read a file of more series like those of a panel: the same columns, on the same grid.

    Raises
    ------
    DataError
        A column is not there, or the data cannot be used.
    """
    columns, names = known.columns, open_table(path).names
    for name in (columns.id, columns.time, columns.target):
        if name is not None and name not in names:
            raise DataError(
                f"data must have the columns that the model was fitted to; got {', '.join(map(repr, names))} "
                f"in '{path}', without {name!r}. Rename the columns."
            )
    id_col = "unique_id" if columns.id is None else columns.id
    return read(
        path,
        id_col=id_col,
        time_col=columns.time,
        target_col=columns.target,
        freq=known.freq,
        season_length=known.season_length,
    )
