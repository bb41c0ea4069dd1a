"""When a forecaster errs, as a table of few lines: along the horizon, over the day and over the week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rich.table import Table

TITLES = {"horizon": "steps ahead", "hour": "hour", "weekday": "weekday"}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# So many cells fit beside a name on a narrow terminal; a day has one for each four hours.
CELLS, HOURS = 7, 4


def when(name: str, profile: Mapping[str, Mapping[int, float]]) -> Table:
    """Lay one model's errors out in two lines for each of "horizon", "hour" and "weekday", where there are several.

    Parameters
    ----------
    name : str
        The model's.
    profile : mapping of str to mapping of int to float
        Its errors by the step of the horizon (from 1), the hour and the weekday (0 is Monday).

    Returns
    -------
    rich Table
        Without a row where nothing differs. Of many steps a few are shown, hours are averaged by fours.
    """
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    for _ in range(CELLS):
        table.add_column(justify="right", no_wrap=True)
    for kind, title in TITLES.items():
        cells = _cells(kind, profile.get(kind, {}))
        if len(cells) > 1:
            table.add_row(title, *cells, style="dim")
            table.add_row(f"MASE of {name}", *(f"{value:.3f}" for value in cells.values()))
    return table


def _cells(kind: str, errors: Mapping[int, float]) -> dict[str, float]:
    if kind == "horizon":
        steps = sorted(errors)
        some = np.unique(np.linspace(0, len(steps) - 1, CELLS).round().astype(int)) if steps else ()
        return {f"{steps[k]:,}": errors[steps[k]] for k in some}
    if kind == "weekday":
        return {DAYS[day]: errors[day] for day in sorted(errors)}
    parts = {first: _within(errors, range(first, first + HOURS)) for first in range(0, 24, HOURS)}
    return {f"{first}–{first + HOURS - 1} h": float(np.mean(part)) for first, part in parts.items() if part}


def _within(errors: Mapping[int, float], hours: Sequence[int]) -> list[float]:
    return [errors[hour] for hour in hours if hour in errors]
