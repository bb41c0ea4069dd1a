"""A saved model as the verbs meet it: what can be known of it, and refused, before torch is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatework.data.history import from_parquet_table
from gatework.data.panel import Panel
from gatework.data.table import open_table
from gatework.errors import DataError
from gatework.tasks import Forecaster
from gatework.tasks.folder import look
from gatework.tasks.inputs import read_more


def label_config(folder: Path) -> dict[str, Any] | None:
    """Return what a folder says of the classifier or regressor in it; None where it holds a forecaster."""
    config, _ = look(folder)
    return None if config["class"] == Forecaster.__name__ else config


def look_into(folder: Path) -> tuple[dict[str, Any], Panel]:
    """Return the parameters of the forecaster in a folder, and the series it was fitted to.

    Raises
    ------
    DataError
        The folder holds none.
    """
    config, history = look(folder)
    if config["class"] != Forecaster.__name__:
        raise DataError(f"model must be a Forecaster; got {folder}, a {config['class']}. Give the folder of another.")
    return config["params"], from_parquet_table(history)


def read_like(
    parameters: dict[str, Any], known: Panel, path: Path | None, futr: Path | None = None, static: Path | None = None
) -> Panel:
    """Read a file of more series like those of a model, or of the future of its own: the same columns and grid.

    Raises
    ------
    DataError
        A column is not there, or the data cannot be used.
    """
    columns, names = known.columns, None if path is None else open_table(path).names
    for name in (columns.time, *(columns.targets or (columns.id, columns.target))):
        if names is not None and name is not None and name not in names:
            raise DataError(
                f"data must have the columns that the model was fitted to; got {', '.join(map(repr, names))} "
                f"in '{path}', without {name!r}. Rename the columns."
            )
    return read_more(parameters, known, path, futr, static)
