"""A forecast as a picture: the last part of the history, the median, and a band for each interval."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.errors import OptionError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gatework.data.frame import Panel

MOST = 9

# Two colours that differ in brightness too: the picture survives colour blindness and grey print (Okabe & Ito, 2008).
PAST, AHEAD = "#333333", "#0072B2"


def need_matplotlib() -> None:
    """Raise OptionError, with the command that helps, unless matplotlib is installed."""
    if find_spec("matplotlib") is None:
        raise OptionError("plot must have matplotlib; it is not installed. Run: pip install 'gatework[plot]'")


def plot(
    panel: Panel,
    forecast: Mapping[str, np.ndarray],
    alias: str,
    ids: Sequence[Any] | None = None,
    figure: Figure | None = None,
) -> list[Axes]:
    """Draw forecasts beside the end of their histories, one small picture a series.

    Parameters
    ----------
    panel : Panel
        The histories. A missing value leaves a gap in the line.
    forecast : mapping of column name to (N * h,) array
        What predict returns, as columns: the id (where the panel has one), the time, the median under `alias`, and
        `alias-lo-90`, `alias-hi-90` for each interval.
    alias : str
        The model's name.
    ids : sequence, optional
        The series to draw; the first nine by default.
    figure : matplotlib Figure, optional
        Where to draw, such as `plt.figure()`. By default a new figure that pyplot knows nothing of: it needs no screen,
        and `axes[0].figure.savefig("forecast.png")` writes it.

    Returns
    -------
    list of Axes
        One a series drawn.

    Raises
    ------
    OptionError
        If matplotlib is not installed, or an id is unknown.
    """
    need_matplotlib()
    from matplotlib.figure import Figure

    chosen = _choose(panel, ids)
    columns = 1 if len(chosen) == 1 else 2 if len(chosen) <= 4 else 3
    rows = -(-len(chosen) // columns)
    if figure is None:
        figure = Figure(figsize=(9, 4) if columns == 1 else (4.2 * columns, 2.6 * rows + 0.8))
    figure.set_layout_engine("constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for spare in grid[len(chosen) :]:
        spare.remove()
    axes = list(grid[: len(chosen)])
    for ax, i in zip(axes, chosen, strict=True):
        _draw(ax, panel, i, forecast, alias)
    figure.supylabel(panel.columns.target, fontsize="medium")
    if ids is None and len(chosen) < len(panel):
        figure.suptitle(f"the first {len(chosen)} of {len(panel)} series", x=0.01, ha="left", fontsize="medium")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=4, frameon=False)
    return axes


def _choose(panel: Panel, ids: Sequence[Any] | None) -> list[int]:
    if ids is None:
        return list(range(min(MOST, len(panel))))
    known = list(panel.ids)
    unknown = [name for name in ids if name not in known]
    if unknown:
        raise OptionError(f"ids must be series of the data; got {unknown[0]!r}. The first ones are {known[:3]}.")
    return [known.index(name) for name in ids]


def _draw(ax: Axes, panel: Panel, i: int, forecast: Mapping[str, np.ndarray], alias: str) -> None:
    from matplotlib.colors import to_rgb
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    names, values = panel.columns, panel.values[i]
    mine = np.ones(len(forecast[names.time]), bool) if names.id is None else forecast[names.id] == panel.ids[i]
    times = forecast[names.time][mine]

    shown = min(len(values), max(4 * len(times), 2 * panel.season_length, 20))
    past = panel.freq.times(panel.starts[i] + np.arange(len(values) - shown, len(values)))
    values = values[len(values) - shown :]
    _line(ax, past, values, PAST, "history")

    # The fan starts at the last known value, where there is nothing to be unsure of.
    known = np.flatnonzero(~np.isnan(values))[-1:]
    times, first = np.concatenate([past[known], times]), values[known]
    found = (re.fullmatch(re.escape(alias) + "-lo-(.+)", name) for name in forecast)
    levels = sorted((match[1] for match in found if match), key=float, reverse=True)
    for rank, level in enumerate(levels, start=1):
        lo, hi = (np.concatenate([first, forecast[f"{alias}-{end}-{level}"][mine]]) for end in ("lo", "hi"))
        shade = 1 - 0.55 * rank / (len(levels) + 1)
        # Whitened rather than transparent: nested bands keep the shade that the legend gives them.
        blue = shade * np.ones(3) + (1 - shade) * np.array(to_rgb(AHEAD))
        ax.fill_between(times, lo, hi, color=blue, linewidth=0, label=f"{level} % interval")
    _line(ax, times, np.concatenate([first, forecast[alias][mine]]), AHEAD, f"{alias}, median")

    if names.id is not None:
        ax.set_title(str(panel.ids[i]), loc="left", fontsize="medium")
    if np.issubdtype(times.dtype, np.datetime64):
        locator = AutoDateLocator(minticks=3, maxticks=7)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="0.9")
    ax.set_axisbelow(True)
    ax.margins(x=0.01)


def _line(ax: Axes, times: np.ndarray, values: np.ndarray, color: str, label: str) -> None:
    # A line needs two neighbours: a known value between two gaps would vanish without its dot.
    gaps = np.isnan(np.concatenate([[np.nan], values, [np.nan]]))
    alone = np.flatnonzero(gaps[:-2] & ~gaps[1:-1] & gaps[2:])
    ax.plot(times, values, color=color, linewidth=1.5, label=label)
    if len(alone):
        ax.plot(times[alone], values[alone], ".", color=color, markersize=4)
