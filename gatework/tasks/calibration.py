"""Whether intervals hold what they promise: the coverage and width of four, and where in its forecast a value lies."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gatework.models.quantiles import MEDIAN, interval, level_of
from gatework.tasks.measures import as_nan, as_null, crps, mean, units_of

if TYPE_CHECKING:
    from rich.console import Group

    from gatework.tasks.scores import Window

# The central intervals that are looked at, in percent, and the one that the sentence is about.
LEVELS = (50, 80, 90, 95)
SAID = 90
# Into so many equal parts the levels from 0 to 1 are cut.
PARTS = 10
# Fewer series, or windows of few series, show too little of how their values hang together.
ENOUGH = 8
# Series that are looked at at once.
AT_ONCE = 512
# Shares of one part and the next that never come in step: they spread a value over equal quantiles evenly.
GOLDEN = (math.sqrt(5) - 1) / 2


class Held(NamedTuple):
    """One central interval.

    Attributes
    ----------
    coverage : float
        The percentage of the values that it held.
    error : float
        The standard error of that, were the interval right: chance moves it by twice as much. NaN where there are too
        few series and windows to tell.
    width : float
        Its mean width in MASE's units.
    """

    coverage: float
    error: float
    width: float


@dataclass(frozen=True)
class Calibration:
    """How well a forecast knows what it does not know; averages are over the windows of each series, then over series.

    Attributes
    ----------
    intervals : dict of float to Held
        For 50, 80, 90 and 95 percent.
    pit : tuple of float
        The percentage of the values in each tenth of its forecast, the lowest first: 10 each where it is right. High
        at both ends where it is too narrow, in the middle where too wide, at one end where it is off to that side
        (probability integral transforms; Diebold, Gunther & Tay, 1998).
    above, above_error : float
        The percentage of the values above the median, and its standard error.
    crps : float
        Twice the pinball loss of all quantiles, in MASE's units: it judges the whole forecast.
    values, units : int
        How many values were scored; and how many series they are of or, of fewer than 8 series, how many windows,
        since the values of a window hang together.
    """

    intervals: dict[float, Held]
    pit: tuple[float, ...]
    above: float
    above_error: float
    crps: float
    values: int
    units: int

    def verdict(self) -> str:
        """Say whether the 90 % interval is too narrow or too wide, and whether the forecasts run low or high.

        Only what lies two standard errors off is said; where there is too little to tell by, that is.
        """
        held = self.intervals[SAID]
        if not self.values:
            return "Nothing can be said of the intervals: no value was scored."
        values = f"{self.values:,} value{'' if self.values == 1 else 's'}"
        said = f"The {SAID} % interval held {held.coverage:.0f} % of {values}"
        if math.isnan(held.error):
            return f"{said}, too few to tell whether it is right: {ENOUGH} windows or series would say more."
        off = held.coverage - SAID
        if abs(off) > 2 * held.error:
            said += f": too {'narrow' if off < 0 else 'wide'}."
        else:
            said += f", no further from {SAID} % than chance explains."
        side = self.above - 50
        if abs(side) > 2 * self.above_error:
            low = side > 0
            share = self.above if low else 100 - self.above
            said += f" Values lie {'above' if low else 'below'} the median {share:.0f} % of the time: "
            said += f"forecasts run {'low' if low else 'high'}."
        return said

    def shown(self) -> Group:
        """Return a table of the intervals and a line of the tenths, as rich prints them."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False)
        for heading in ("interval", "inside", "width"):
            table.add_column(heading, justify="right")
        for level, held in self.intervals.items():
            table.add_row(f"{level:g} %", _shown(held.coverage, ".1f", " %"), _shown(held.width, ".2f"))
        tenths = " ".join(_shown(share, ".0f") for share in self.pit)
        explained = (
            f"CRPS {_shown(self.crps, '.3f')}. CRPS and width: 1 is the mean seasonal change of the past.\n"
            f"% of the values in each tenth of their forecast, the lowest first: {tenths}"
        )
        return Group(table, Text(explained, style="dim"))

    def to_dict(self) -> dict[str, Any]:
        """Return numbers and strings ready for JSON, which has no NaN: None stands there. `from_dict` reads it back."""
        plain = {name: as_null(getattr(self, name)) for name in ("above", "above_error", "crps", "values", "units")}
        intervals = {
            f"{level:g}": {name: as_null(value) for name, value in held._asdict().items()}
            for level, held in self.intervals.items()
        }
        return {
            "intervals": intervals,
            "pit": [as_null(share) for share in self.pit],
            **plain,
            "verdict": self.verdict(),
        }

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Calibration:
        """Rebuild from what `to_dict` returned."""
        above, above_error, score = (as_nan(plain[name]) for name in ("above", "above_error", "crps"))
        intervals = {
            float(level): Held(**{name: as_nan(value) for name, value in held.items()})
            for level, held in plain["intervals"].items()
        }
        pit = tuple(map(as_nan, plain["pit"]))
        return cls(intervals, pit, above, above_error, score, plain["values"], plain["units"])


def calibrate(windows: Iterable[Window]) -> Calibration | None:
    """Look where the values of a backtest lie in their forecasts; None where a window has no quantiles.

    All windows are of the same N series in the same order. A value that is missing does not count.
    """
    cells, values = [], 0
    for history, y, _, quantiles in windows:
        if quantiles is None:
            return None
        units = units_of(history.values, history.season_length)
        values += int((~np.isnan(y + quantiles[..., MEDIAN])).sum())
        parts = [slice(start, start + AT_ONCE) for start in range(0, len(y), AT_ONCE)]
        cells.append(np.concatenate([_cells(y[part], quantiles[part], units[part]) for part in parts], axis=1))
    cube = np.stack(cells)  # (windows, what is measured, N)
    by_series = mean(cube, axis=0)
    inside, width, pit, (above, score) = np.split(mean(by_series, axis=1), _ENDS)
    if (~np.isnan(by_series[0])).sum() < ENOUGH:
        by_series = cube.swapaxes(0, 1).reshape(cube.shape[1], -1)
    units = by_series[:, ~np.isnan(by_series[0])]
    errors = _errors(units[: len(LEVELS)], units[_ABOVE], values)
    intervals = {
        float(level): Held(*map(float, row)) for level, *row in zip(LEVELS, inside, errors, width, strict=False)
    }
    return Calibration(
        intervals, tuple(map(float, pit)), float(above), errors[-1], float(score), values, units.shape[1]
    )


# Where each kind of measurement ends among the rows of _cells.
_ENDS = (len(LEVELS), 2 * len(LEVELS), 2 * len(LEVELS) + PARTS)
_ABOVE = _ENDS[-1]


def _cells(y: np.ndarray, quantiles: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Measure forecasts (N, h, Q) by what happened (N, h): each mean over the steps, (what is measured, N)."""
    known = ~np.isnan(y + quantiles[..., MEDIAN])

    def percent(true: np.ndarray) -> np.ndarray:
        return mean(np.where(known, 100 * true, np.nan), 1)

    inside, width = [], []
    for level in LEVELS:
        lo, hi = interval(quantiles, level)
        inside.append(percent((lo <= y) & (y <= hi)))
        width.append(mean(np.where(known, hi - lo, np.nan), 1) / units)
    share = (np.arange(1, y.size + 1) * GOLDEN % 1).reshape(y.shape)
    levels = level_of(quantiles, y, share)
    part = np.minimum(levels * PARTS, PARTS - 1) // 1
    pit = [percent(np.equal(part, k)) for k in range(PARTS)]
    return np.stack([*inside, *width, *pit, percent(levels > 0.5), mean(crps(y, quantiles), 1) / units])


def _errors(inside: np.ndarray, above: np.ndarray, values: int) -> list[float]:
    """Standard errors of the coverages, from each unit's (levels, units), and of the share (units,) above the median.

    Were all values independent, a coverage would vary by p (1 - p) a value. How much more it does from unit to unit
    says how the values of one hang together; of the four intervals the one that shows most of it speaks for all, since
    an interval that held everything shows nothing.
    """
    n = len(above)
    if n < ENOUGH:
        return [math.nan] * (len(LEVELS) + 1)
    p = np.array(LEVELS) / 100
    usual = 1e4 * p * (1 - p)
    together = max(float((inside.var(axis=1, ddof=1) / usual).max()), n / values)
    side = max(float(above.var(ddof=1)), 1e4 * 0.25 * together)
    return [*map(float, np.sqrt(together * usual / n)), math.sqrt(side / n)]


def _shown(value: float, digits: str, unit: str = "") -> str:
    return "–" if math.isnan(value) else f"{value:{digits}}{unit}"
