"""A fitted estimator as a folder: safetensors, Parquet and JSON; nothing in it is ever run."""

from __future__ import annotations

import hashlib
import inspect
import io
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gatework import __version__
from gatework.errors import DataError
from gatework.train.checkpoint import make_folder, sync_folder, tensor_bytes, to_json, write_whole

if TYPE_CHECKING:
    import pyarrow
    from torch import Tensor

FORMAT = 1
MODEL, HISTORY, SCORES = PARTS = ("model.safetensors", "history.parquet", "scores.json")

# What a config.json may name as its class, and where that lives. A folder from a stranger can name nothing else.
ESTIMATORS = {
    "Classifier": "gatework.tasks.classifier",
    "Forecaster": "gatework.tasks.forecaster",
    "Regressor": "gatework.tasks.regressor",
}


@dataclass(frozen=True)
class Parts:
    """What a fitted estimator consists of.

    Attributes
    ----------
    config : dict
        All that is not a tensor or a table, as JSON can hold it: parameters, the data's path and fingerprint, the
        network's sizes, columns and frequency, the training's history. `save` adds format, version, class and hashes.
    tensors : dict of str to Tensor
        The network's state dict.
    history : pyarrow.Table
        The series that a prediction needs.
    scores : dict
        What a backtest found, as JSON can hold it.
    card : str
        The model card, in Markdown; "" when loaded, since people may edit theirs.
    """

    config: dict[str, Any]
    tensors: Mapping[str, Tensor]
    history: pyarrow.Table
    scores: dict[str, Any]
    card: str


class Saved(Protocol):
    """What an estimator has, so that it can be saved and loaded."""

    def _saved(self) -> Parts:
        """Take apart; raises NotFittedError before fit."""

    @classmethod
    def _restored(cls, parts: Parts) -> Saved:
        """Put together again."""


def save(estimator: Saved, folder: str | os.PathLike) -> Path:
    """Write a fitted estimator to `folder`, whole or not at all; an older one there is replaced.

    The parts are written beside the old ones first, under names that end in `.new`. Then config.json, which holds
    their hashes, is replaced: from that moment the folder is the new model, and before it the old one. Last, the parts
    take their names. `load` goes by the hashes, so it finds the right parts after a crash at any point.

    Parameters
    ----------
    estimator : Forecaster
        A fitted one.
    folder : path
        Made where it is missing. Other files in it are left alone.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    DataError
        A file is where the folder should be, or the estimator is of a class that load does not know.
    NotFittedError
        There is nothing to save yet.
    """
    name = type(estimator).__name__
    if name not in ESTIMATORS:
        raise DataError(
            f"estimator must be one of {', '.join(ESTIMATORS)}; got {name}, which load could not find again."
        )
    parts = estimator._saved()
    data = {MODEL: tensor_bytes(parts.tensors), HISTORY: _table_bytes(parts.history), SCORES: _json(parts.scores)}
    header = {"format": FORMAT, "gatework": __version__, "class": name}
    hashes = {name: _hash(content) for name, content in data.items()}
    folder = make_folder(folder)
    for name, content in data.items():
        write_whole(_new(folder, name), content)
    write_whole(folder / "config.json", _json({**header, **parts.config, "files": hashes}))
    for name in PARTS:
        os.replace(_new(folder, name), folder / name)
    sync_folder(folder)
    write_whole(folder / "README.md", parts.card.encode())
    return folder


def load(folder: str | os.PathLike) -> Any:
    """Read a fitted estimator back from the folder that `save` wrote.

    Parameters
    ----------
    folder : path
        The folder. One from a stranger is safe: it holds numbers and text, and nothing of it is run.

    Returns
    -------
    Forecaster
        It predicts as the one that was saved did.

    Raises
    ------
    DataError
        It is no such folder, a part of it is missing or broken, or a later gatework wrote it.
    """
    folder = Path(folder)
    config = _config(folder)
    contents = [_part(folder, name, config["files"][name]) for name in PARTS]
    # Only now torch: a folder that cannot be loaded is refused before it has been paid for.
    import safetensors.torch

    readers = (safetensors.torch.load, _table, json.loads)
    tensors, history, scores = map(_read, readers, contents, [folder / name for name in PARTS])
    parts = Parts(config, tensors, history, scores, card="")
    estimator = getattr(import_module(ESTIMATORS[config["class"]]), config["class"])
    unknown = sorted(set(config.get("params", ())) - set(inspect.signature(estimator).parameters))
    if unknown:
        path = folder / "config.json"
        raise DataError(f"params must be those of a {config['class']}; got {unknown[0]!r} in {path}. Update gatework.")
    return estimator._restored(parts)


def look(folder: str | os.PathLike) -> tuple[dict[str, Any], pyarrow.Table]:
    """Read the config and the history alone, as `load` does but without torch: enough to refuse other data early."""
    folder = Path(folder)
    config = _config(folder)
    return config, _read(_table, _part(folder, HISTORY, config["files"][HISTORY]), folder / HISTORY)


def _config(folder: Path) -> dict[str, Any]:
    """Read config.json and refuse what this gatework cannot load."""
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise DataError(f"folder must be one that save wrote; got {folder}, which {what}. Fit and save a model first.")
    path = folder / "config.json"
    if not path.is_file():
        unfinished = (folder / "checkpoint.safetensors").is_file()
        why = "holds a training that has not ended" if unfinished else "has no config.json"
        advice = f"Run `gatework resume {folder}`." if unfinished else "Fit and save a model first."
        raise DataError(f"folder must be one that save wrote; got {folder}, which {why}. {advice}")
    try:
        config = json.loads(path.read_bytes())
        version, name, files = config["format"], config["class"], config["files"]
        intact = isinstance(version, int) and isinstance(name, str) and sorted(files) == sorted(PARTS)
        intact = intact and isinstance(config.get("params", {}), dict)
    except (ValueError, KeyError, TypeError):
        intact = False
    if not intact:
        raise DataError(f"config.json must be as save wrote it; got {path}, which is not. Save the model again.")
    if version > FORMAT:
        raise DataError(f"format must be {FORMAT} or older; got {version} in {path}. Update gatework.")
    if name not in ESTIMATORS:
        raise DataError(f"class must be one of {', '.join(ESTIMATORS)}; got {name!r} in {path}. Update gatework.")
    return config


def _part(folder: Path, name: str, wanted: str) -> bytes:
    """Read the part that config.json means, under its name or, after a crash within `save`, its new one."""
    for path in (folder / name, _new(folder, name)):
        if path.is_file() and _hash(content := path.read_bytes()) == wanted:
            return content
    what = "is broken or of another model" if (folder / name).is_file() else "is missing"
    raise DataError(f"{name} must be the one that {folder / 'config.json'} names; it {what}. Save the model again.")


def _read(reader: Callable[[bytes], Any], content: bytes, path: Path) -> Any:
    """Read a part that has the right hash and may still be wrong: in a stranger's folder both are the stranger's."""
    from safetensors import SafetensorError

    try:
        return reader(content)
    except (SafetensorError, ValueError, OSError):
        raise DataError(
            f"{path.name} must be as save wrote it; got {path}, which is not. Save the model again."
        ) from None


def _new(folder: Path, name: str) -> Path:
    return folder / f"{name}.new"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _json(entries: Mapping[str, Any]) -> bytes:
    """One entry a line: a person can read it, and a thousand losses do not take a thousand lines."""
    lines = (f"  {to_json(key)}: {to_json(value)}" for key, value in entries.items())
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _table_bytes(table: pyarrow.Table) -> bytes:
    import pyarrow.parquet

    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer)
    return buffer.getvalue()


def _table(content: bytes) -> pyarrow.Table:
    import pyarrow.parquet

    # Not read_table: that imports pandas where there is one, which takes longer than all else here.
    return pyarrow.parquet.ParquetFile(io.BytesIO(content)).read()
