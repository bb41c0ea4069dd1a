"""What a comparison found: a table, a verdict, a picture, JSON, and the forecasts themselves."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.errors import OptionError
from gatework.tasks.verdict import verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One model's averages over the windows of each series, then over series; NaN where it gives none.

    Attributes
    ----------
    mase, crps, width : float
        In units of each history's seasonal change. CRPS judges all quantiles; the width is the interval's.
    smape, mape, coverage : float
        Percents; MAPE passes over values of 0.
    seconds : float, optional
        To fit and forecast in all windows; None for a model from outside.
    worse : float
        How sure it is (p) that the model differs from the one with the lowest MASE, adjusted for how many are compared
        (Holm, 1979). NaN for that one, and where there is too little to tell by.
    mark : str
        What must be known of it, such as "no covariates".
    calibration : str
        Whether its 90 % interval holds what it promises, in a sentence; empty where it gives no quantiles.
    """

    mase: float
    smape: float
    mape: float
    crps: float
    coverage: float
    width: float
    seconds: float | None
    worse: float
    mark: str = ""
    calibration: str = ""


@dataclass(frozen=True)
class Comparison:
    """What `gatework.compare` found.

    Attributes
    ----------
    rows : dict of str to Row
        Each model by its name, the lowest MASE first.
    profiles : dict of str to dict
        For each model its error by "horizon" (from 1), and by "hour" and "weekday" (0 is Monday) where there are such.
    level : float
        What the intervals are meant to hold, in percent.
    series, windows, h, step_size : int
        How many series were scored, at how many cutoffs, how far ahead, and how many steps apart.
    left_out : int
        Series without a MASE, because their history never changes.
    notes : list of str
        What was inferred, handled and left out, a sentence each.
    forecasts : table
        Every forecast, of the kind of table that came in: id, time, `cutoff`, target, and `NAME`, `NAME-lo-90`,
        `NAME-hi-90` for each model.
    future : str
        Which future of the covariates was read: as they came to be, or as they were forecast.
    no_signal : float, optional
        Where the series move like a random walk and no model beats the last value: how often chance alone would show as
        much of a gain over it (p). None elsewhere, and where there is too little to tell by.
    """

    rows: dict[str, Row]
    profiles: dict[str, dict[str, dict[int, float]]]
    level: float
    series: int
    windows: int
    h: int
    step_size: int
    left_out: int
    notes: list[str]
    forecasts: Any = field(repr=False)
    future: str = ""
    no_signal: float | None = None

    def verdict(self) -> str:
        """Say in one sentence which model to use, or between which no difference was found."""
        best = next(iter(self.rows))
        p = {name: row.worse for name, row in self.rows.items() if name != best}
        return verdict(self.rows, p, self.where(), self.no_signal)

    def where(self) -> str:
        """Return what was scored, as words: "12 windows of 1 series"."""
        return f"{self.windows} window{'' if self.windows == 1 else 's'} of {self.series:,} series"

    def table(self) -> Table:
        """Return the scores as a rich Table: the lowest of each error is bold."""
        from rich.table import Table

        caption = "MASE, CRPS, width: 1 is the mean seasonal change of the past. p: of the difference from the first."
        # Below, since a column of marks would be too wide for a terminal.
        for mark in dict.fromkeys(row.mark for row in self.rows.values() if row.mark):
            names = ", ".join(name for name, row in self.rows.items() if row.mark == mark)
            caption += f"\n{mark.capitalize()}: {names}."
        if self.future:
            caption += f"\nCovariates: {self.future}"
        table = Table(box=None, pad_edge=False, caption=caption, caption_justify="left", caption_style="dim")
        table.add_column("", no_wrap=True, min_width=max(map(len, self.rows)))
        shown = {
            "mase": ("MASE", ".3f"),
            "smape": ("sMAPE %", ".2f"),
            "mape": ("MAPE %", ".2f"),
            "crps": ("CRPS", ".3f"),
            "coverage": (f"in {self.level:g} %", ".1f"),
            "width": ("width", ".2f"),
            "seconds": ("seconds", ".1f"),
            "worse": ("p", ".3f"),
        }
        for heading, _ in shown.values():
            table.add_column(heading, justify="right")
        best = {name: _least(self.rows, name) for name in ("mase", "smape", "mape", "crps")}
        for name, row in self.rows.items():
            cells = [name]
            for key, (_, digits) in shown.items():
                value = getattr(row, key)
                text = "–" if value is None or np.isnan(value) else f"{value:{digits}}"
                cells.append(f"[bold]{text}[/bold]" if text != "–" and value == best.get(key) else text)
            table.add_row(*cells)
        return table

    def when(self, name: str | None = None) -> Table:
        """Return when a model errs as a rich Table: along the horizon, and by hour and weekday where there are such.

        Parameters
        ----------
        name : str, optional
            Which model; by default the one with the lowest MASE.
        """
        from gatework.tasks.when import when

        name = next(iter(self.rows)) if name is None else name
        if name not in self.rows:
            raise OptionError(f"name must be of {', '.join(self.rows)}; got {name!r}.")
        return when(name, self.profiles[name])

    def __str__(self) -> str:
        """Return what a terminal shows: the table, when the best model errs, and the verdict."""
        from rich.console import Console

        console = Console(width=100, color_system=None)
        with console.capture() as shown:
            console.print(self.table())
            if (when := self.when()).row_count:
                console.print()
                console.print(when)
        # A table is padded to its width, which only a screen needs.
        lines = (line.rstrip() for line in shown.get().splitlines())
        return "\n".join([*lines, "", self.verdict()])

    def to_dict(self) -> dict[str, Any]:
        """Return numbers and strings ready for JSON, which has no NaN: None stands there. Without the forecasts."""
        rows = {name: {key: _plain(value) for key, value in asdict(row).items()} for name, row in self.rows.items()}
        names = ("level", "series", "windows", "h", "step_size", "left_out", "notes", "future", "no_signal")
        profiles = {
            model: {by: {str(k): _plain(v) for k, v in errors.items()} for by, errors in kinds.items()}
            for model, kinds in self.profiles.items()
        }
        return {
            "rows": rows,
            "verdict": self.verdict(),
            **{name: getattr(self, name) for name in names},
            "profiles": profiles,
        }

    def plot(self, figure: Figure | None = None) -> list[Axes]:
        """Draw each model's MASE, and its error along the horizon and by hour and weekday where there are such.

        Parameters
        ----------
        figure : matplotlib Figure, optional
            Where to draw; by default a new figure that needs no screen.

        Returns
        -------
        list of matplotlib Axes
            `axes[0].figure.savefig("comparison.png")` writes the picture.
        """
        from gatework.tasks.plot_comparison import plot

        return plot(self, figure)


def _least(rows: dict[str, Row], key: str) -> float | None:
    values = [value for row in rows.values() if not np.isnan(value := getattr(row, key))]
    return min(values) if len(values) > 1 else None


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value
