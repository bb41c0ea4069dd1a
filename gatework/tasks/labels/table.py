"""Scores as a table, for the terminal and for a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from gatework.tasks.labels.measures import ClassRow, NumberRow, Row
from gatework.tasks.labels.verdict import in_digits

if TYPE_CHECKING:
    from rich.table import Table

    from gatework.tasks.labels.scores import LabelScores, TargetScores

# Headings of the columns, and whether more is better.
COLUMNS = {
    ClassRow: {"accuracy": True, "balanced accuracy": True, "macro F1": True, "log loss": False},
    NumberRow: {"RMSE": False, "MAE": False, "R²": True},
}
NONE = "–"


def rich(scores: LabelScores) -> Table:
    """Make a rich Table; the best of each column is bold, and several targets follow each other under their names."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(
        "",
        box=None,
        pad_edge=False,
        caption=escape(" ".join(filter(None, [scores.how, *scores.notes]))) or None,
        caption_justify="left",
    )
    for heading in _headings(scores):
        table.add_column(heading, justify="right")
    for target, found in scores.targets.items():
        if len(scores.targets) > 1:
            table.add_row(f"[italic]{escape(target)}[/italic]")
        best = _best(found)
        for name, row in found.rows.items():
            cells = zip(_texts(row), best, strict=True)
            table.add_row(escape(name), *(f"[bold]{text}[/bold]" if text == top else text for text, top in cells))
    return table


def markdown(scores: LabelScores) -> str:
    """Make a Markdown table; several targets have a column for their names."""
    several = len(scores.targets) > 1
    first = ["target", ""] if several else [""]
    lines = [_line([*first, *_headings(scores)]), f"|{'---|' * len(first)}{'---:|' * len(_headings(scores))}"]
    for target, found in scores.targets.items():
        for name, row in found.rows.items():
            lines.append(_line([*([target] if several else []), name, *_texts(row)]))
    return "\n".join(lines)


def _headings(scores: LabelScores) -> list[str]:
    first = next(iter(scores.targets.values()))
    return list(COLUMNS[type(first.rows[first.model])])


def _texts(row: Row) -> list[str]:
    if isinstance(row, NumberRow):
        return [NONE if np.isnan(row.rmse) else in_digits(value) for value in row[:2]] + [_text(row.r2, 1, "")]
    return [*(_text(share, 100, " %") for share in row[:3]), _text(row.log_loss, 1, "")]


def _text(value: float, times: int, unit: str) -> str:
    # Rounded first: what rounds to nothing has no sign.
    digits = 1 if unit else 3
    return NONE if np.isnan(value) else f"{round(times * value, digits) + 0.0:.{digits}f}{unit}"


def _best(scores: TargetScores) -> list[str]:
    """Give the best text of each column; "" where there is none, or nothing to be better than."""
    rows = [row for row in scores.rows.values() if not np.isnan(row[0])]
    if len(rows) < 2:
        return [""] * len(COLUMNS[type(scores.rows[scores.model])])
    best = []
    for k, more in enumerate(COLUMNS[type(rows[0])].values()):
        top = (max if more else min)(rows, key=lambda row: row[k])
        best.append(_texts(top)[k].replace(NONE, ""))
    return best


def _line(cells: Iterable[str]) -> str:
    # A bar in a name would end its cell.
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
