"""Forecasts of the past as if it were the future: what was known at each origin, what was forecast, what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gatework.data.floor import floor
from gatework.data.panel import Panel
from gatework.errors import DataError, OptionError
from gatework.models.quantiles import MEDIAN, interval
from gatework.tasks.naive import Forecast
from gatework.tasks.scores import Window

# With fewer steps before it, an origin has nothing to forecast from.
FEWEST = 3


class Origin(NamedTuple):
    """One point in time: the history up to it, and the h values after it (N, h), NaN where there is none.

    The first `lead` of them are not asked for, and NaN.
    """

    history: Panel
    truth: np.ndarray
    lead: int = 0


def origin(panel: Panel, h: int, drop: int, lead: int = 0) -> Origin:
    """Stand `drop` steps, at least h, before the end of each series; one with no more steps has no history there."""
    truth = np.full((len(panel), h), np.nan)
    for row, series in zip(truth, panel.values, strict=True):
        if len(series) > drop:
            row[lead:] = series[len(series) - drop + lead :][: h - lead]
    return Origin(panel.head(drop), truth, lead)


def origins(panel: Panel, h: int, n_windows: int, step_size: int, lead: int = 0) -> list[Origin]:
    """Stand at `n_windows` points, `step_size` steps apart, the last one h steps before the end; oldest first.

    The first `lead` of the h steps after each are not asked for.

    Raises
    ------
    OptionError
        A number is below 1.
    DataError
        No series is long enough for the oldest.
    """
    for name, value in (("n_windows", n_windows), ("step_size", step_size)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise OptionError(f"{name} must be a whole number of at least 1; got {value!r}.")
    need, longest = FEWEST + h + step_size * (n_windows - 1), max(len(series) for series in panel.values)
    if longest < need:
        raise DataError(
            f"data must have a series of {need:,} steps for h={h}, n_windows={n_windows} and step_size={step_size}; "
            f"got {longest:,} at most. Ask for less, or give a longer history."
        )
    return [origin(panel, h, h + step_size * back, lead) for back in reversed(range(n_windows))]


def walk(
    panel: Panel,
    h: int,
    n_windows: int,
    step_size: int | None,
    refit: bool,
    learn: Callable[[Panel], Callable[[Panel], np.ndarray]],
    lead: int = 0,
) -> list[tuple[Origin, np.ndarray]]:
    """Forecast from each of `origins`, as quantiles (N, h, Q): with what `learn` makes of the first, or of each."""
    found: list[tuple[Origin, np.ndarray]] = []
    for at in origins(panel, h, n_windows, h - lead if step_size is None else step_size, lead):
        if not found or refit:
            forecast = learn(at.history)
        found.append((at, forecast(at.history)))
    return found


def as_window(at: Origin, quantiles: np.ndarray, level: float = 90) -> Window:
    """Put what was forecast, (N, h, Q) quantiles, beside what happened, for scoring."""
    return Window(at.history, at.truth, Forecast(quantiles[..., MEDIAN], *interval(quantiles, level)), quantiles)


def forecast_columns(
    panel: Panel, quantiles: np.ndarray, levels: Sequence[float], alias: str, lead: int = 0
) -> dict[Any, np.ndarray]:
    """Lay forecasts (N, h, Q) out as a long table: id (if there is one), time, the median, and each interval's ends.

    The first of the h steps comes `lead` steps after the next. A series of no steps and no forecast has no rows.
    """
    kept = np.flatnonzero(_has_steps(panel) | ~np.isnan(quantiles).all((1, 2)))
    h = quantiles.shape[1]
    table: dict[Any, np.ndarray] = {}
    if panel.columns.id is not None:
        ids = np.empty(len(kept), dtype=object)
        ids[:] = [panel.ids[i] for i in kept]
        table[panel.columns.id] = ids.repeat(h)
    table[panel.columns.time] = panel.freq.times((panel.last()[kept, None] + lead + np.arange(1, h + 1)).ravel())
    rows = quantiles[kept].reshape(len(kept) * h, -1)
    table[alias] = rows[:, MEDIAN]
    # Beyond the learned quantiles lie others, which know of no floor.
    least = np.array([floor(panel.values[i]) for i in kept]).repeat(h)
    for level in levels:
        lo, hi = interval(rows, level)
        table[f"{alias}-lo-{level:g}"], table[f"{alias}-hi-{level:g}"] = np.maximum(lo, least), hi
    return table


def backtest_columns(
    found: Sequence[tuple[Origin, np.ndarray]], levels: Sequence[float], alias: str
) -> dict[Any, np.ndarray]:
    """Lay the forecasts of several origins out as one long table, by series, then cutoff, then time.

    After the time comes `cutoff`, the last time that was known; after the alias the target, under its own name.
    """
    parts, series = [], []
    for (history, truth, lead), quantiles in found:
        kept, truth = np.flatnonzero(_has_steps(history)), truth[:, lead:]
        h = truth.shape[1]
        table = forecast_columns(history, quantiles[:, lead:], levels, alias, lead)
        known = {name: table.pop(name) for name in (history.columns.id, history.columns.time) if name in table}
        cutoff = history.freq.times(history.last()[kept].repeat(h))
        parts.append({**known, "cutoff": cutoff, history.columns.target: truth[kept].ravel(), **table})
        series.append(kept.repeat(h))
    order = np.concatenate(series).argsort(kind="stable")
    return {name: np.concatenate([part[name] for part in parts])[order] for name in parts[0]}


def _has_steps(panel: Panel) -> np.ndarray:
    """Which series have a step at all, (N,)."""
    return np.array([len(series) > 0 for series in panel.values])
