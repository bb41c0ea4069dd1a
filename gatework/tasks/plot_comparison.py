"""A comparison as a picture: who errs how much, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gatework.tasks.plot import AHEAD, PAST, need_matplotlib
from gatework.tasks.when import DAYS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gatework.tasks.comparison import Comparison

# Lines that the eye can keep apart: the best few in colour (Okabe & Ito, 2008), the rest in grey, the seasonal
# naive in a darker one, since it is what MASE is measured by.
COLOURS = (AHEAD, "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
REST, YARDSTICK = "0.8", "0.5"
TITLES = {"horizon": "along the horizon", "hour": "by hour of the day", "weekday": "by weekday"}


def plot(found: Comparison, figure: Figure | None = None) -> list[Axes]:
    """Draw a comparison.

    Parameters
    ----------
    found : Comparison
        What to draw.
    figure : matplotlib Figure, optional
        Where; by default a new one that pyplot knows nothing of.

    Returns
    -------
    list of Axes
        The models' MASE, then an axes for each profile.

    Raises
    ------
    OptionError
        matplotlib is not installed.
    """
    need_matplotlib()
    from matplotlib.figure import Figure

    best = next(iter(found.rows))
    kinds = [kind for kind in TITLES if len(found.profiles[best].get(kind, ())) > 1]
    columns = 1 if not kinds else 2
    rows = -(-(1 + len(kinds)) // columns)
    if figure is None:
        figure = Figure(figsize=(5.2 * columns, 3.4 * rows))
    figure.set_layout_engine("constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for spare in grid[1 + len(kinds) :]:
        spare.remove()
    axes = list(grid[: 1 + len(kinds)])
    names = list(found.rows)
    colours = {name: COLOURS[i] if i < len(COLOURS) else REST for i, name in enumerate(names)}
    if colours.get("SeasonalNaive") == REST:
        colours["SeasonalNaive"] = YARDSTICK
    _bars(axes[0], found, colours)
    for ax, kind in zip(axes[1:], kinds, strict=True):
        _lines(ax, found, kind, colours)
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.set_axisbelow(True)
    figure.suptitle(found.verdict(), x=0.01, ha="left", fontsize="medium", wrap=True)
    return axes


def _bars(ax: Axes, found: Comparison, colours: dict[str, str]) -> None:
    names = list(found.rows)
    mase = np.nan_to_num([found.rows[name].mase for name in names])
    places = np.arange(len(names))
    ax.barh(places, mase, color=[colours[name] for name in names])
    for place, value in zip(places, mase, strict=True):
        ax.annotate(f"{value:.3f}", (value, place), (4, 0), textcoords="offset points", va="center", fontsize="small")
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.margins(x=0.15)
    ax.set_xlabel("MASE, lower is better")
    ax.set_title(found.where(), loc="left", fontsize="medium")


def _lines(ax: Axes, found: Comparison, kind: str, colours: dict[str, str]) -> None:
    from matplotlib.ticker import MaxNLocator

    # The best last, so that it lies above the others.
    for name in reversed(found.rows):
        errors = found.profiles[name][kind]
        marker = "o" if len(errors) < 10 else ""
        ax.plot(list(errors), list(errors.values()), color=colours[name], marker=marker, markersize=3, label=name)
    if kind == "weekday":
        ax.set_xticks(list(found.profiles[name][kind]), [DAYS[k] for k in found.profiles[name][kind]])
    else:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel({"horizon": "steps ahead", "hour": "hour", "weekday": ""}[kind])
    ax.set_title(f"MASE {TITLES[kind]}", loc="left", fontsize="medium", color=PAST)
    ax.grid(axis="y", color="0.9")
    ax.set_ylim(bottom=0)
