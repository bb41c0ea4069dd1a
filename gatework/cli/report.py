"""What a person is told: what was read and chosen, and how good the forecasts are."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from gatework.tasks.card import describe

if TYPE_CHECKING:
    from pathlib import Path

    from gatework.data.panel import Panel
    from gatework.tasks.labels.scores import LabelScores
    from gatework.tasks.scores import Scores


def tell_data(path: Path | str, panel: Panel, file: TextIO | None = None) -> None:
    """Print what was read from a file."""
    print(f"{path}: {describe(panel)}.", file=file)
    tell(panel.notes, file)


def tell(notes: Iterable[str], file: TextIO | None = None) -> None:
    """Print notes, one a line, and let them be seen before what takes long begins."""
    for note in notes:
        print(f"- {note}", file=file)
    (file or sys.stdout).flush()


def tell_calibration(scores: Scores) -> None:
    """Print whether the intervals hold what they promise, and nothing where the model has none."""
    if scores.calibration is None:
        return
    from rich.console import Console

    print()
    Console(highlight=False).print(scores.calibration.shown())
    print(f"\n{scores.calibration.verdict()}")


def tell_scores(scores: Scores | LabelScores) -> None:
    """Print the table and the line that says who wins."""
    from rich.console import Console

    print()
    Console(highlight=False).print(scores.table())
    print(f"\n{scores.verdict()}")
