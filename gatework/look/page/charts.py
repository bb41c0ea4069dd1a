"""The page's charts, which Bokeh draws. No label of the caller's is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.look.rate import MOST

if TYPE_CHECKING:
    from gatework.look.gradients import Gradients
    from gatework.look.memory import Memory

GATES = "ifozr"

# Okabe & Ito (2008), as the pictures of docs have them: they differ in brightness too, and each line has its own dash.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#333333")
DASHES = ("solid", "dashed", "dotted", "dotdash", "dashdot")

# Effects this small are drawn on the floor, as plot_memory does.
FLOOR = 1e-4

INK, GRID = "#333333", "#e8e8e8"


def shades(letter: str) -> list[str]:
    """The colours of a heatmap: a gate from shut to open, a memory from one sign to the other."""
    from bokeh.palettes import Cividis256, PuOr11, interp_palette

    return list(Cividis256 if letter in GATES else interp_palette(PuOr11, 255))


def over_time(letters: Sequence[str]) -> dict[str, Any]:
    """Empty charts on one time axis: inputs, a heatmap for each letter, answers. The page's script fills them."""
    from bokeh.models import LinearColorMapper, Range1d

    time = Range1d(start=0, end=1)
    charts = {}
    for name in ("inputs", *letters, "answers"):
        heat = name in letters
        chart = _figure(120 if heat else 150, x_range=time, y_range=Range1d(start=0, end=1))
        chart.name = name
        mapper = LinearColorMapper(palette=shades(name), low=0, high=1, nan_color="#dddddd")
        empty = {"image": [np.zeros((1, 1), np.float32)], "x": [0], "y": [0], "dw": [1], "dh": [1]}
        picture = chart.image("image", "x", "y", "dw", "dh", color_mapper=mapper, source=empty)
        picture.name = f"{name} picture"
        if not heat:
            lines = chart.multi_line("xs", "ys", line_color="color", line_dash="dash", line_width=1.6,
                                     source={"xs": [], "ys": [], "color": [], "dash": []})  # fmt: skip
            lines.name = f"{name} lines"
        chart.yaxis.visible = not heat
        chart.grid.visible = not heat
        charts[name] = chart
    return charts


def memory_chart(found: Memory) -> Any:
    """What plot_memory draws: effects as shares of the largest, R^2 of the state, the control and the horizon."""
    from bokeh.models.annotations import Span

    lags, largest = found.lags, _largest(found.change)
    chart = _logarithmic((FLOOR, 2), "share of the largest")
    # The last lag has none behind it to be held against.
    banded = ~np.isnan(found.control).any(0)
    lo, hi = np.maximum(found.control[:, banded] / largest, FLOOR)
    chart.varea(x=_place(lags[banded]), y1=lo, y2=hi, fill_color="#d9d9d9")
    known = ~np.isnan(found.recall)
    told = np.where(known, found.recall, 0).sum(1) / np.maximum(known.sum(1), 1)
    some = known.any(1)
    curves = [
        (lags, found.change / largest),
        (lags, found.gradient / _largest(found.gradient)),
        (found.recall_lags[some], told[some]),
    ]
    for k, (where, values) in enumerate(curves):
        _curve(chart, where, np.maximum(values, FLOOR), values, k)
    for side, reach in ((1, found.horizon), (-1, found.ahead)):
        if np.isfinite(reach):
            chart.add_layout(
                Span(location=float(_place(side * reach)), dimension="height", line_color=INK, line_width=1)
            )
    _ticks(chart, lags)
    _pointing(chart, "share of the largest, or R²")
    return chart


def gradients_chart(found: Gradients) -> Any:
    """What plot_gradients draws: the size of the gradient by how many steps back, a line a layer."""
    from bokeh.models.annotations import Span

    chart = _logarithmic((0.1, 1), "size of the gradient")
    largest, smallest, most = 0.0, np.inf, 1
    for k, flow in enumerate(found.flows.values()):
        norms = flow.norms[memory_of(flow.norms)]
        good = (norms > 0) & np.isfinite(norms)
        largest = max(largest, float(np.max(norms, where=good, initial=0)))
        smallest = min(smallest, float(np.min(norms, where=good, initial=np.inf)))
        most = max(most, len(norms))
        _curve(chart, np.arange(len(norms)), np.where(good, norms, np.nan), norms, k)
    if largest > 0:
        # Whole powers of ten, which have room for their names.
        low, high = np.floor(np.log10(max(smallest, 1e-300))), np.ceil(np.log10(largest))
        chart.y_range.start, chart.y_range.end = float(10.0**low), float(10.0 ** max(high, low + 1))
        chart.add_layout(Span(location=largest / MOST, dimension="width", line_color=INK, line_dash="dotted"))
    _ticks(chart, np.arange(most))
    _pointing(chart, "size")
    return chart


def memory_of(norms: dict[str, np.ndarray]) -> str:
    """Which of a flow's norms stands for it: the long-term memory where there is one."""
    return next(one for one in ("c", "h", "x") if one in norms)


def look_of(k: int) -> tuple[str, str]:
    """The colour and the dash of the k-th line."""
    return COLOURS[k % len(COLOURS)], DASHES[k % len(DASHES)]


def _figure(height: int, **options: Any) -> Any:
    from bokeh.plotting import figure

    chart = figure(height=height, sizing_mode="stretch_width", toolbar_location=None, tools="", min_border_left=58,
                   min_border_right=14, min_border_top=4, outline_line_color="#bbbbbb", **options)  # fmt: skip
    for axis in chart.axis:
        axis.axis_line_color = axis.major_tick_line_color = axis.minor_tick_line_color = "#999999"
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_color = axis.major_label_text_color = INK
    chart.grid.grid_line_color = GRID
    return chart


def _logarithmic(y_range: tuple[float, float], name: str) -> Any:
    return _figure(300, y_axis_type="log", y_range=y_range, x_axis_label="steps back", y_axis_label=name)


def _curve(chart: Any, lags: np.ndarray, values: np.ndarray, true: np.ndarray, k: int) -> None:
    color, dash = look_of(k)
    source = {"x": _place(lags), "y": values, "lag": lags, "true": true}
    line = chart.line("x", "y", source=source, line_color=color, line_dash=dash, line_width=2)
    line.name = "curve"
    # A curve of few lags keeps its points.
    if len(lags) < 12:
        chart.scatter("x", "y", source=source, color=color, size=6)


def _pointing(chart: Any, what: str) -> None:
    from bokeh.models import HoverTool

    curves = [one for one in chart.renderers if one.name == "curve"]
    tips = [("", "$swatch:line_color"), ("steps back", "@lag"), (what, "@true")]
    chart.add_tools(HoverTool(renderers=curves, mode="vline", tooltips=tips))


def _place(lag: Any) -> Any:
    """Where a lag stands: near ones evenly, those beyond 10 by their logarithm."""
    size = np.abs(lag)
    return np.sign(lag) * np.where(size <= 10, size, 10 + 10 * np.log10(np.maximum(size, 1) / 10))


def _ticks(chart: Any, lags: np.ndarray) -> None:
    steps = (0, 2, 5, 10, 20, 50, *(a * 10**k for k in range(2, 7) for a in (1, 2, 5)))
    marks = sorted({side * one for one in steps for side in (1, -1) if lags[0] <= side * one <= lags[-1]})
    places = [float(_place(one)) for one in marks]
    chart.xaxis.ticker = places
    chart.xaxis.major_label_overrides = {place: f"{abs(one):,}" for place, one in zip(places, marks, strict=True)}
    if lags[0] < 0:
        chart.xaxis.axis_label = "steps ahead (left) and back (right)"


def _largest(values: np.ndarray) -> float:
    return float(np.nanmax(values, initial=0)) or 1.0
