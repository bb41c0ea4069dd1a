"""The labelled data sets, each with its official or stated split: what bench/labels.py learns from and is judged by."""

from __future__ import annotations

import csv
import gzip
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

DATA = Path(os.environ.get("GATEWORK_DATA", Path(__file__).parents[2] / "shared" / "data"))
UCR = [
    "ArrowHead",
    "BasicMotions",
    "Chinatown",
    "ERing",
    "GunPoint",
    "ItalyPowerDemand",
    "JapaneseVowels",
    "OSULeaf",
    "PLAID",
]
SPEAKERS = ["george", "jackson", "lucas", "nicolas", "theo", "yweweler"]
# Remaining life is learned, and judged, up to this many cycles.
CAP = 125


class Split(NamedTuple):
    """What is learned from, what it is judged by, and the settings that are no defaults but part of the question."""

    X: Any
    y: Any
    X_test: Any
    y_test: Any
    settings: dict[str, Any]
    groups: Any = None


def fsdd(leave_out: str | None = None) -> Split:
    """Spoken digits: takes 0 to 4 are the test; or a speaker is, with all takes."""
    files = sorted((DATA / "fsdd" / "recordings").glob("*.wav"))
    digit, speaker, take = (np.array(part) for part in zip(*(file.stem.split("_") for file in files), strict=True))
    held = speaker == leave_out if leave_out else take.astype(int) < 5
    paths = np.array([str(file) for file in files])
    groups = speaker[~held] if leave_out else None
    return Split(paths[~held].tolist(), digit[~held], paths[held].tolist(), digit[held], {}, groups)


def ucr(name: str) -> Split:
    """A set of the UCR and UEA archives, as its TRAIN and TEST files split it."""
    (X, y), (X_test, y_test) = (_ucr_part(name, part) for part in ("TRAIN", "TEST"))
    return Split(X, np.array(y), X_test, np.array(y_test), {})


def _ucr_part(name: str, part: str) -> tuple[list[np.ndarray], list[str]]:
    path = next((DATA / "ucr_uea" / name).glob(f"*_{part}.*"))
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in re.split(r"(?i)^@data\s*$", text, flags=re.MULTILINE)[1].splitlines()]
    X, y = [], []
    for line in filter(None, lines):
        if path.suffix == ".ts":
            *rows, label = line.split(":")
        elif line[0] in "'\"":
            quoted, label = line[1:].rsplit(line[0], 1)
            rows, label = quoted.split("\\n"), label.strip(" ,")
        else:
            row, label = line.rsplit(",", 1)
            rows = [row]
        X.append(np.stack([_numbers(row) for row in rows], -1))
        y.append(label)
    return X, y


def _numbers(row: str) -> np.ndarray:
    return np.array([np.nan if cell in ("?", "NaN", "") else float(cell) for cell in row.split(",")], np.float32)


def cmapss(name: str) -> Split:
    """Engines until they fail, and the cycles left at each; of the test engines those at the last cycle known."""
    X = _engines(DATA / "cmapss" / f"train_{name}.txt.gz")
    y = [np.minimum(np.arange(len(one))[::-1], CAP).astype(float) for one in X]
    left = np.loadtxt(DATA / "cmapss" / f"RUL_{name}.txt").ravel()
    return Split(X, y, _engines(DATA / "cmapss" / f"test_{name}.txt.gz"), np.minimum(left, CAP), {})


def _engines(path: Path) -> list[np.ndarray]:
    with gzip.open(path, "rt") as file:
        table = np.loadtxt(file)
    return [table[table[:, 0] == unit, 2:] for unit in np.unique(table[:, 0])]


def sst2() -> Split:
    """Sentences of film reviews: train and test as they come; dev is left alone."""

    def part(name: str) -> tuple[list[str], np.ndarray]:
        with (DATA / "sst2" / f"{name}.tsv").open(encoding="utf-8") as file:
            rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        return [row[0] for row in rows], np.array([int(row[1]) for row in rows])

    return Split(*part("train"), *part("test"), {})


def names() -> Split:
    """Surnames of 18 languages: of each language's names, without those that come again, every fifth is the test."""
    rows: list[tuple[str, str, bool]] = []
    for file in sorted((DATA / "names_nationality").glob("*.txt")):
        own = sorted({line.strip() for line in file.read_text(encoding="utf-8").splitlines()} - {""})
        rows += [(name, file.stem, k % 5 == 4) for k, name in enumerate(own)]
    parts = [
        ([n for n, _, held in rows if held == test], [c for _, c, held in rows if held == test]) for test in (0, 1)
    ]
    (X, y), (X_test, y_test) = parts
    settings = {"tokens": "characters", "class_weight": "balanced"}
    return Split(X, np.array(y), X_test, np.array(y_test), settings)


def mnist(permuted: bool = False) -> Split:
    """Digits pixel by pixel, in rows or in one order that was drawn once: 60,000 to learn from, 10,000 for the test."""
    order = np.random.default_rng(0).permutation(784) if permuted else np.arange(784)

    def part(name: str) -> tuple[np.ndarray, np.ndarray]:
        with gzip.open(DATA / "mnist" / f"{name}-images-idx3-ubyte.gz") as images:
            X = np.frombuffer(images.read(), np.uint8, offset=16).reshape(-1, 784)[:, order, None]
        with gzip.open(DATA / "mnist" / f"{name}-labels-idx1-ubyte.gz") as labels:
            return X.astype(np.float32), np.frombuffer(labels.read(), np.uint8, offset=8).astype(int)

    return Split(*part("train"), *part("t10k"), {})


SETS = {
    "fsdd": fsdd,
    **{f"fsdd-{one}": lambda one=one: fsdd(one) for one in SPEAKERS},
    **{one: lambda one=one: ucr(one) for one in UCR},
    **{one: lambda one=one: cmapss(one) for one in ("FD001", "FD003")},
    "sst2": sst2,
    "names": names,
    "mnist": mnist,
    "permuted-mnist": lambda: mnist(permuted=True),
}
