"""Where results go: what cannot be written is refused before the work begins."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

from gatework.errors import OptionError
from gatework.tasks.plot import need_matplotlib
from gatework.train.checkpoint import write_whole

TABLES = (".csv", ".parquet")
PICTURES = (".png", ".svg", ".pdf", ".jpg")


def check_model_folder(folder: Path, overwrite: bool) -> None:
    """Refuse a folder whose contents a new model would replace or mix with, and one that cannot be written.

    Raises
    ------
    OptionError
        With what is there, and what to do.
    """
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if "config.json" in there and not overwrite:
        raise OptionError(
            f"output must be a new folder; got {folder}, which holds a model. "
            "Add --overwrite to replace it, or choose another -o."
        )
    if "checkpoint.safetensors" in there and not overwrite:
        raise OptionError(
            f"output must be a new folder; got {folder}, which holds a training that has not ended. "
            f"Run `gatework resume {folder}`, or add --overwrite to begin anew."
        )
    if there and not there & {"config.json", "checkpoint.safetensors"}:
        raise OptionError(
            f"output must be a new or empty folder; got {folder}, which holds {min(there)}. Choose another -o."
        )
    above = next(path for path in (folder, *folder.parents) if path.exists())
    if not above.is_dir():
        raise OptionError(f"output must be a folder; got {folder}, where {above} is a file. Choose another -o.")
    _check_writable("output", above)


def check_file(name: str, path: Path, suffixes: tuple[str, ...]) -> None:
    """Refuse a file that could not be written, or whose suffix names no format that could be.

    Raises
    ------
    OptionError
        The text begins with `name`.
    """
    if path.suffix.lower() not in suffixes:
        known = f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
        raise OptionError(f"{name} must end in {known}; got '{path}'. Choose one of them.")
    if path.is_dir():
        raise OptionError(f"{name} must be a file; got '{path}', a folder. Choose another.")
    if not path.parent.is_dir():
        raise OptionError(f"{name} must be in a folder that exists; got '{path}'. Run `mkdir -p {path.parent}` first.")
    _check_writable(name, path if path.exists() else path.parent)


def check_picture(path: Path) -> None:
    """Refuse a picture that could not be drawn or written."""
    need_matplotlib()
    check_file("plot", path, PICTURES)


def _check_writable(name: str, path: Path) -> None:
    if not os.access(path, os.W_OK):
        raise OptionError(f"{name} must be where you may write; got '{path}', where you may not. Choose another place.")


def write_table(table: Any, path: Path) -> None:
    """Write a pyarrow.Table as the path's suffix says, whole or not at all."""
    if path.suffix.lower() == ".csv":
        return write_whole(path, to_csv(table).encode())
    from pyarrow import parquet

    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    return write_whole(path, buffer.getvalue())


def to_csv(table: Any) -> str:
    """Return a pyarrow.Table as CSV, with quotes only where they are needed: arrow's own writer quotes every text."""
    columns = [column.cast("string").to_pylist() for column in table.columns]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([table.column_names, *zip(*columns, strict=True)])
    return text.getvalue()
