"""Files that are written whole or not at all, and the checkpoint that training resumes from."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatework.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 1
FIRST = "checkpoint.safetensors"


def write_whole(path: str | os.PathLike, data: bytes) -> None:
    """Write `data` to `path` so that a crash at any moment leaves either the old file or the new one.

    The bytes go to a temporary file in the same folder and reach the disk (fsync); only then does that file take the
    name (os.replace), and the folder is synchronised too, since the name lives there.

    Parameters
    ----------
    path : path
        The file; its folder must exist.
    data : bytes
        All that it shall hold.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(part, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with suppress(FileNotFoundError):
            part.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut."""
    # Windows cannot open a folder, and writes its names through.
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: str | os.PathLike) -> Path:
    """Return `folder`, made where it was missing.

    Raises
    ------
    DataError
        A file of that name is in the way.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise DataError(f"folder must be a folder; got {folder}, where a file is in the way. Choose another.") from None
    return folder


def to_json(thing: Any) -> str:
    """Return `thing` as JSON; numpy's numbers, which parameters may be after a search, become Python's."""
    return json.dumps(thing, default=lambda number: number.item())


def tensor_bytes(tensors: Mapping[str, Tensor], note: dict[str, str] | None = None) -> bytes:
    """Return a safetensors file of `tensors`, with a note in its header."""
    from safetensors.torch import save

    # Clones, because tied weights share their memory and safetensors refuses to guess whose it is.
    return save({name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}, note)


class Checkpoint:
    """One training's last safe state: tensors and facts in one safetensors file, replaced whole.

    Parameters
    ----------
    folder : path
        Where `checkpoint.safetensors` lives; made when first saved.
    fingerprint : str
        Of the data. A checkpoint of other data is refused, since going on with it would be neither one training nor
        the other.
    run : dict, optional
        What the caller needs to start this training again (JSON), such as its class, its parameters and the data's
        path; `about` gives it back.
    """

    def __init__(self, folder: str | os.PathLike, fingerprint: str, run: Mapping[str, Any] | None = None):
        self.folder = Path(folder)
        self.fingerprint = fingerprint
        self.run = run
        self.path = self.folder / FIRST

    def beside(self, number: int) -> Checkpoint:
        """Give the checkpoint of another training of the same run, counted from 1, in a file of its own."""
        other = Checkpoint(self.folder, self.fingerprint, self.run)
        other.path = self.folder / f"checkpoint-{number}.safetensors"
        return other

    def clear(self) -> None:
        """Remove the checkpoints beside this one, of trainings that came after it."""
        for path in self.folder.glob("checkpoint-*.safetensors"):
            path.unlink()

    def exists(self) -> bool:
        """Whether there is one to resume from."""
        return self.path.is_file()

    def save(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Replace the checkpoint by one of these tensors and facts (JSON), whole or not at all."""
        note = {"format": FORMAT, "fingerprint": self.fingerprint, "run": self.run, **facts}
        make_folder(self.folder)
        write_whole(self.path, tensor_bytes(tensors, {"gatework": to_json(note)}))

    def facts(self) -> dict[str, Any]:
        """Return the facts alone, as `load` does, without torch."""
        facts = _read(self.path)
        if facts["fingerprint"] != self.fingerprint:
            raise DataError(
                f"data must be what the training in {self.folder} began with; got other data (fingerprint "
                f"{self.fingerprint[:12]}, not {facts['fingerprint'][:12]}). Give the same data, or fit without resume."
            )
        return facts

    def load(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return the tensors (on the CPU) and the facts.

        Raises
        ------
        DataError
            There is none, it is broken, a later gatework wrote it, or it belongs to other data.
        """
        from safetensors.torch import load

        facts = self.facts()
        # Not mapped from the file, which the next save must be free to replace, on Windows too.
        return load(self.path.read_bytes()), facts


def about(folder: str | os.PathLike) -> dict[str, Any]:
    """Read what the checkpoint in `folder` says of itself, without torch.

    Returns
    -------
    dict
        The `facts` it was saved with (fit's: step, settings, shapes, history), and `fingerprint`, `run` and `format`.

    Raises
    ------
    DataError
        There is none, it is broken, or a later gatework wrote it.
    """
    return _read(Path(folder) / FIRST)


def _read(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise DataError(f"folder must hold a checkpoint; got {path.parent}, which has none. Fit without resume first.")
    try:
        with safe_open(path, framework="numpy") as file:
            facts = json.loads(file.metadata()["gatework"])
        version = facts["format"]
    except (SafetensorError, KeyError, TypeError, ValueError):
        raise DataError(f"checkpoint must be whole; got {path}, which is broken. Fit without resume.") from None
    if version > FORMAT:
        raise DataError(
            f"checkpoint must be of format {FORMAT} or older; got {path} of format {version}. Update gatework."
        )
    return facts
