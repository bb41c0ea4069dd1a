"""Folders of labelled files: a folder of recordings a class, or a file of text a class with an item a line."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gatework.data.listed import SOUNDS, audio_items, text_items
from gatework.data.sequences import Ask, Items
from gatework.data.utf8 import not_utf8
from gatework.errors import DataError

_KNOWN = ", ".join(SOUNDS[:3])


def read_folder(folder: Path, kind: str | None, ask: Ask) -> Items:
    """Read a folder as its files show it.

    Raises
    ------
    DataError
        A folder without such files, or with both; recordings without a folder for each class, where labels are needed.
    """
    files = [one for one in sorted(folder.rglob("*")) if one.is_file() and not _hidden(one, folder)]
    sounds = [one for one in files if one.suffix.lower() in SOUNDS]
    texts = [one for one in files if one.suffix.lower() == ".txt" and one.parent == folder]
    if kind is None and sounds and texts:
        raise DataError(
            f"X must be a folder of recordings or of texts; got '{folder}', which has {len(sounds):,} and "
            f"{len(texts):,}. Say kind='audio' or kind='text'."
        )
    if kind == "series":
        raise DataError(f"X must be a table or arrays for kind='series'; got '{folder}', a folder. Name a file.")
    found = texts if kind == "text" or (kind is None and texts) else sounds
    if not found:
        kinds = sorted({one.suffix or one.name for one in files})
        raise DataError(
            f"X must be a folder with a folder of {_KNOWN} files for each class, or with a .txt file for each class; "
            f"got '{folder}', which has {', '.join(kinds[:5]) if kinds else 'no files'}. Check the path."
        )
    left = [one for one in files if one not in set(found)]
    names = ", ".join(str(one.relative_to(folder)) for one in left[:3]) + (", ..." if len(left) > 3 else "")
    are = "file of another kind is" if len(left) == 1 else "files of other kinds are"
    notes = [f"{len(left):,} {are} left out: {names}."] if left else []
    return _texts(found, ask, notes) if found is texts else _sounds(folder, found, ask, notes)


def _hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _sounds(folder: Path, files: list[Path], ask: Ask, notes: list[str]) -> Items:
    inside = [one.relative_to(folder) for one in files]
    y = None
    if ask.need_y:
        loose = [one for one in inside if len(one.parts) == 1]
        if loose:
            many = "no folder" if len(loose) == len(inside) else "some that are in none"
            raise DataError(
                f"X must be a folder with a folder of recordings for each class; got '{folder}', which has {many}, "
                f"such as {loose[0]}. Move them into folders named after their classes, or give a table with the "
                f"columns 'path' and 'label'."
            )
        y = np.array([one.parts[0] for one in inside])
    ids = tuple(one.as_posix() for one in inside)
    return audio_items(files, ids, ask, y=y, targets=("label",) if ask.need_y else (), where="", notes=notes)


def read_lines(file: Path) -> tuple[list[str], list[int], int]:
    """The lines that are not empty, the number of each from 1, and how many were empty.

    Raises
    ------
    DataError
        A line that is not UTF-8.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise not_utf8(file) from None
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    # What follows the last line break is no line.
    lines = lines[:-1] if lines and not lines[-1] else lines
    kept = [(k, line) for k, line in enumerate(lines, 1) if line.strip()]
    return [line for _, line in kept], [k for k, _ in kept], len(lines) - len(kept)


def _texts(files: list[Path], ask: Ask, notes: list[str]) -> Items:
    """Items of .txt files, whose names are the classes."""
    texts, ids, classes, empty = [], [], [], 0
    for file in files:
        lines, places, blank = read_lines(file)
        texts += lines
        ids += [f"{file.name}:{k}" for k in places]
        classes += [file.stem] * len(lines)
        empty += blank
    if not texts:
        raise DataError(
            f"X must hold a text that is not empty; got {len(files):,} files without any. Check how they were made."
        )
    if empty:
        notes.append(f"{empty:,} empty {'line is' if empty == 1 else 'lines are'} passed over.")
    where = f"{len(files):,} {'file' if len(files) == 1 else 'files'} with an item a line, "
    y, targets = (np.array(classes), ("label",)) if ask.need_y else (None, ())
    return text_items(texts, tuple(ids), ask, y=y, targets=targets, where=where, notes=notes)


def read_text_file(file: Path, ask: Ask) -> Items:
    """Items of one .txt file, for which no label is needed.

    Raises
    ------
    DataError
        Labels are needed.
    """
    if ask.need_y:
        raise DataError(
            f"X must be a folder with a .txt file for each class, or a table with a column of text; got '{file}' "
            f"alone, which has no labels. Name its folder."
        )
    return _texts([file], ask, [])
