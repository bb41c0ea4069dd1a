"""What a forecast is worth: MASE, sMAPE and coverage, beside what the two naive forecasts would have scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gatework.tasks.calibration import Calibration, calibrate
from gatework.tasks.measures import as_nan, as_null, mean, units_of
from gatework.tasks.naive import Forecast, last_value, seasonal_naive
from gatework.tasks.walk import wanders

if TYPE_CHECKING:
    from rich.table import Table

    from gatework.data.frame import Panel

BASELINES = {"SeasonalNaive": "the seasonal naive", "LastValue": "the last value"}

# With fewer pairs the verdict only reports what happened: chance would name a winner too often.
ENOUGH = 8


def smape(y: np.ndarray, yhat: np.ndarray) -> np.ndarray:
    """Symmetric mean absolute percentage error, as M4 has it: 200 |y - yhat| / (|y| + |yhat|), averaged.

    Parameters
    ----------
    y, yhat : (..., h) arrays
        What happened and what was forecast. A step where either is NaN does not count; 0 forecast as 0 is exact.

    Returns
    -------
    (...) array
        Percent, from 0 (exact) to 200; NaN where no step counts.
    """
    size = np.abs(y) + np.abs(yhat)
    return mean(200 * np.abs(y - yhat) / np.where(size == 0, 1, size), -1)


def mase(y: np.ndarray, yhat: np.ndarray, history: np.ndarray, season_length: int) -> float:
    """Mean absolute scaled error (Hyndman & Koehler, 2006): the error in units of the past's seasonal change.

    Parameters
    ----------
    y, yhat : (h,) arrays
        What happened and what was forecast. A step where either is NaN does not count.
    history : (T,) array
        The series up to the forecast's origin; NaN where a value is missing.
    season_length : int
        Steps in a season. A history that holds no two values one season apart is scaled by its one-step changes.

    Returns
    -------
    float
        1 is the seasonal naive's own error in the past, one step ahead of each season; lower is better. NaN where the
        history never changes (its scale is 0 and any error would be infinite) or no step counts.
    """
    return float(mean(np.abs(y - yhat))) / float(units_of([history], season_length)[0])


def coverage(y: np.ndarray, lo: np.ndarray, hi: np.ndarray) -> np.ndarray:
    """Return the percentage of the values of `y` (..., h) that lie within [lo, hi]; NaN where none is known."""
    return 100 * mean(np.where(np.isnan(y + lo + hi), np.nan, (lo <= y) & (y <= hi)), -1)


class Window(NamedTuple):
    """One origin of a backtest: what was known, what then happened (N, h; NaN where missing), and what was forecast.

    The forecast's quantiles (N, h, Q) are there where it has some.
    """

    history: Panel
    y: np.ndarray
    forecast: Forecast
    quantiles: np.ndarray | None = None


@dataclass(frozen=True)
class Score:
    """One forecaster's averages: MASE, sMAPE in percent, and the percentage of values inside its interval."""

    mase: float
    smape: float
    coverage: float


@dataclass(frozen=True)
class Scores:
    """What a backtest found: averages over the windows of each series, then over series.

    Attributes
    ----------
    alias : str
        The model's name.
    level : float
        What the intervals are meant to hold, in percent.
    rows : dict of str to Score
        The model first, then "SeasonalNaive" and "LastValue".
    series, windows : int
        How many series were scored, and at how many origins.
    left_out : int
        Series without a MASE, because their history never changes.
    pairs : int
        How many paired differences in MASE stand behind the verdict: one a series where there are at least 8 series,
        since the windows of one series resemble each other; else one a window of each series.
    gaps : dict of str to (float, float)
        For each baseline the mean paired difference, model minus baseline, and its standard error.
    calibration : Calibration, optional
        Whether the model's intervals hold what they promise; None where it gave no quantiles.
    future : str
        Which future of the covariates the model read: as they came to be, or as they were forecast.
    walk : bool
        Whether the series move like a random walk.
    """

    alias: str
    level: float
    rows: dict[str, Score]
    series: int
    windows: int
    left_out: int
    pairs: int
    gaps: dict[str, tuple[float, float]]
    calibration: Calibration | None = None
    future: str = ""
    walk: bool = False

    def verdict(self) -> str:
        """Say in one line who wins, the model or the better of the two baselines.

        A winner is named only when at least 8 pairs were compared and their mean difference in MASE lies more than two
        standard errors from zero. With fewer pairs the line says what happened, and that it proves little. Where the
        series move like a random walk and the model is not surely better than the last value, the line ends with that.
        """
        gap, error = self.gaps["LastValue"]
        if not self.walk or (self.pairs >= ENOUGH and gap < -2 * error):
            return self._outcome()
        these = "the series has moved" if self.series == 1 else "the series have moved"
        return f"{self._outcome()} Up to now {these} like a random walk: there is no signal to trade on."

    def _outcome(self) -> str:
        """Say who wins, whatever the series are."""
        if not self.pairs:
            return "No verdict: no series has a MASE. None differs from its last season, or none has a value to score."
        rival = min(self.gaps, key=lambda name: self.rows[name].mase)
        name, mine, theirs = BASELINES[rival], self.rows[self.alias].mase, self.rows[rival].mase
        scored = f"MASE {mine:.3f} against {theirs:.3f}"
        where = self.where()
        gap, error = self.gaps[rival]
        if f"{mine:.3f}" == f"{theirs:.3f}" or (self.pairs >= ENOUGH and abs(gap) <= 2 * error):
            return f"No difference found between {self.alias} and {name}: {scored} on {where}."
        by = "" if theirs == 0 else f", {100 * abs(mine / theirs - 1):.0f} % {'better' if mine < theirs else 'worse'}"
        if self.pairs < ENOUGH:
            verb = "beat" if mine < theirs else "lost to"
            where = f"{self.windows} window{'' if self.windows == 1 else 's'} of {self.series} series"
            proof = "which proves little: `gatework evaluate` with more windows says more"
            return f"{self.alias} {verb} {name} ({scored}{by}) on {where}, {proof}."
        if mine < theirs:
            return f"{self.alias} wins: {scored} of {name}{by}, on {where}."
        return f"{name.capitalize()} wins; use it: {self.alias} has {scored}{by}, on {where}."

    def where(self) -> str:
        """Return what was scored, as words: "414 series", "3 windows of 1 series"."""
        return f"{self.series} series" if self.windows == 1 else f"{self.windows} windows of {self.series} series"

    def table(self) -> Table:
        """Return the scores as a rich Table; the lowest MASE and sMAPE are bold."""
        from rich.table import Table

        table = Table("", box=None, pad_edge=False, caption=self.future or None, caption_justify="left")
        for heading in ("MASE", "sMAPE", f"inside the {self.level:g} % interval"):
            table.add_column(heading, justify="right")
        best = {min(vars(row)[metric] for row in self.rows.values()) for metric in ("mase", "smape")}
        for name, row in self.rows.items():
            cells = zip(vars(row).values(), (".3f", ".2f", ".1f"), ("", " %", " %"), strict=True)
            shown = [(value, "–" if np.isnan(value) else f"{value:{digits}}{unit}") for value, digits, unit in cells]
            table.add_row(name, *(f"[bold]{text}[/bold]" if value in best else text for value, text in shown))
        return table

    def to_dict(self) -> dict[str, Any]:
        """Return numbers and strings ready for JSON, which has no NaN: None stands there. `from_dict` reads it back."""
        plain = asdict(self)
        plain["calibration"] = None if self.calibration is None else self.calibration.to_dict()
        plain["rows"] = {name: {k: as_null(v) for k, v in row.items()} for name, row in plain["rows"].items()}
        plain["gaps"] = {name: [as_null(v) for v in gap] for name, gap in plain["gaps"].items()}
        return plain | {"verdict": self.verdict()}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Scores:
        """Rebuild from what `to_dict` returned."""
        rows = {name: Score(**{k: as_nan(v) for k, v in row.items()}) for name, row in plain["rows"].items()}
        gaps = {name: (as_nan(gap), as_nan(error)) for name, (gap, error) in plain["gaps"].items()}
        # A model that an older gatework saved has no calibration.
        found = plain.get("calibration")
        calibration = None if found is None else Calibration.from_dict(found)
        kept = {key: value for key, value in plain.items() if key != "verdict"}
        return cls(**kept | {"rows": rows, "gaps": gaps, "calibration": calibration})


def score(windows: Sequence[Window], alias: str, level: float = 90) -> Scores:
    """Score a model's forecasts beside both baselines', which are made here from the same histories.

    Parameters
    ----------
    windows : sequence of Window
        One an origin, all with the same N series in the same order.
    alias : str
        The model's name in the table.
    level : float
        What the forecasts' intervals are meant to hold, in percent.

    Returns
    -------
    Scores
        Missing values do not count, and a series that has no MASE is left out of it and counted.
    """
    cube = np.stack([_score_window(window, level) for window in windows])  # (windows, models, metrics, N)
    by_series = mean(cube, axis=0)
    averages = mean(by_series, axis=2)
    rows = {name: Score(*map(float, row)) for name, row in zip((alias, *BASELINES), averages, strict=True)}
    scored, scaled = ~np.isnan(by_series[0, 1]), ~np.isnan(by_series[0, 0])
    if scaled.sum() >= ENOUGH:
        units = by_series[:, 0]  # (models, N)
    else:
        units = cube[:, :, 0].swapaxes(0, 1).reshape(len(rows), -1)  # (models, windows * N)
    units = units[:, ~np.isnan(units).any(axis=0)]
    pairs = units.shape[1]
    gaps = {}
    for name, theirs in zip(BASELINES, units[1:], strict=True):
        gap = units[0] - theirs
        gaps[name] = (float(mean(gap)), float(gap.std(ddof=1) / np.sqrt(pairs)) if pairs > 1 else float("nan"))
    left_out = int((scored & ~scaled).sum())
    past = windows[-1].history
    return Scores(
        alias,
        level,
        rows,
        int(scored.sum()),
        len(windows),
        left_out,
        pairs,
        gaps,
        calibrate(windows),
        walk=wanders(past.values, windows[-1].y.shape[1], past.season_length),
    )


def _score_window(window: Window, level: float) -> np.ndarray:
    """Measure the model and both baselines: (models, metrics, N)."""
    history, y, forecast, _ = window
    h, season_length = y.shape[1], history.season_length
    rivals = seasonal_naive(history.values, season_length, h, level), last_value(history.values, h, level)
    units = units_of(history.values, season_length)
    return np.stack(
        [
            (mean(np.abs(y - median), 1) / units, smape(y, median), coverage(y, lo, hi))
            for median, lo, hi in (forecast, *rivals)
        ]
    )
