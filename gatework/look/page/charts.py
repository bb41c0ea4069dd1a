"""The page's charts, which Bokeh draws. No label of the caller's is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.look.memory_in_words import count
from gatework.look.networks import folded, network_of, norms_of
from gatework.look.rate import MOST

if TYPE_CHECKING:
    from gatework.look.gradients import Gradients
    from gatework.look.memory import Memory

GATES = "ifozr"

# Okabe & Ito (2008), as the pictures of docs have them: they differ in brightness too, and each line has its own dash.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#333333")
DASHES = ("solid", "dashed", "dotted", "dotdash", "dashdot")

# Where the axis of effects ends, and an R^2 that is none.
FLOOR, NONE = 1e-4, 1e-2

# The gradient's axis ends where so little of the largest is left: nothing is learnt from that.
DEEPEST = 1e9

BACK = "steps back, beyond 10 by their logarithm"
# Names on the axis of lags are this share of it apart, at least: a narrow screen has no more room.
ROOM = 0.06

INK, GRID = "#333333", "#e8e8e8"


def shades(letter: str) -> list[str]:
    """The colours of a heatmap: a gate from shut to open, a memory from one sign to the other."""
    from bokeh.palettes import Cividis256, PuOr11, interp_palette

    return list(Cividis256 if letter in GATES else interp_palette(PuOr11, 255))


def sound() -> list[str]:
    """The colours of a spectrogram, from quiet to loud."""
    from bokeh.palettes import Magma256

    return list(Magma256)


def over_time(
    letters: Sequence[str], hertz: Sequence[float] = (), clock: bool = False, words: bool = False
) -> dict[str, Any]:
    """Empty charts on one time axis: inputs, a heatmap for each letter, answers. The page's script fills them.

    The inputs are a spectrogram where `hertz` are the middles of its bands, and tokens where they are `words`. With a
    `clock` the axes are of seconds, which the script sets.
    """
    from bokeh.models import LinearColorMapper, Range1d

    time, seconds = Range1d(start=0, end=1), Range1d(start=0, end=1, name="clock")
    charts = {}
    for name in ("inputs", *letters, "answers"):
        heat, heard = name in letters, bool(hertz) and name == "inputs"
        chart = _figure(120 if heat else 150, x_range=time, y_range=Range1d(start=0, end=1))
        chart.name = name
        palette = sound() if heard else shades(name)
        mapper = LinearColorMapper(palette=palette, low=0, high=1, nan_color="#dddddd")
        empty = {"image": [np.zeros((1, 1), np.float32)], "x": [0], "y": [0], "dw": [1], "dh": [1]}
        picture = chart.image("image", "x", "y", "dw", "dh", color_mapper=mapper, source=empty)
        picture.name = f"{name} picture"
        if not heat:
            lines = chart.multi_line("xs", "ys", line_color="color", line_dash="dash", line_width=1.6,
                                     source={"xs": [], "ys": [], "color": [], "dash": []})  # fmt: skip
            lines.name = f"{name} lines"
        chart.yaxis.visible = not heat
        chart.grid.visible = not heat
        if heard:
            _frequencies(chart, hertz)
        if words and name == "inputs":
            chart.yaxis.visible = chart.grid.visible = False
        if clock:
            chart.extra_x_ranges = {"clock": seconds}
            chart.xaxis.x_range_name, chart.xgrid.visible = "clock", False
        if clock and name == "inputs":
            chart.xaxis.axis_label = "seconds"
        charts[name] = chart
    return charts


def memory_chart(found: Memory) -> Any:
    """Effects as shares of the largest, what can be read off the state and off the present input, control, horizon."""
    lags, largest = found.lags, _largest(found.change)
    chart = _logarithmic((FLOOR, 2), "share of the largest, or R²")
    # The last lag has none behind it to be held against.
    banded = ~np.isnan(found.control).any(0)
    lo, hi = np.maximum(found.control[:, banded] / largest, FLOOR)
    chart.varea(x=_place(lags[banded]), y1=lo, y2=hi, fill_color="#d9d9d9")
    curves = [
        (lags, found.change / largest),
        (lags, found.gradient / _largest(found.gradient)),
        (found.recall_lags, _told(found.recall)),
        (found.recall_lags, _told(found.recall_now)),
    ]
    for k, (where, values) in enumerate(curves):
        _curve(chart, where, np.where(values > 0, values, np.nan), values, k)
    for side, reach, said in ((1, found.horizon, "horizon "), (-1, found.ahead, "ahead ")):
        if np.isfinite(reach):
            more = "≥ " if found.beyond and side > 0 else ""
            place = float(_place(side * reach))
            _upright(chart, place, said + more + count(reach), place > _place(lags[-1]) / 2)
    chart.yaxis.ticker = [1, 0.1, 0.01, 0.001, 0.0001]
    chart.yaxis.major_label_overrides = {0.1: "0.1", 0.01: "0.01", 0.001: "0.001", 0.0001: "0.0001", 1: "1"}
    _ticks(chart, lags)
    _pointing(chart, "share of the largest, or R²")
    return chart


def gradients_chart(found: Gradients) -> Any:
    """The size of the gradient by how many steps back, a line a layer; of several networks their median and range.

    A curve of one of several networks has its number as its tag, one of all of them "all", and the page shows those
    of one tag at a time.
    """
    from bokeh.models.annotations import Label, Span

    chart = _logarithmic((0.1, 1), "size of the gradient")
    largest, smallest, most = 0.0, np.inf, 1
    for k, names in enumerate(folded(found.flows).values()):
        norms, lone = norms_of(found.flows, names), len(names) == 1
        lags = np.arange(norms.shape[1]) * found.flows[names[0]].stride
        curves: list[tuple[np.ndarray, list[str]]] = [(norms[0], [])]
        if not lone:
            low, high = (np.where(edge > 0, edge, np.nan) for edge in (norms.min(0), norms.max(0)))
            band = chart.varea(x=_place(lags), y1=low, y2=high, fill_color=look_of(k)[0], fill_alpha=0.15)
            band.tags = ["all"]
            curves = [(np.median(norms, 0), ["all"])]
            curves += [(one, [str(network_of(name)[0])]) for one, name in zip(norms, names, strict=True)]
        for values, tags in curves:
            good = (values > 0) & np.isfinite(values)
            largest = max(largest, float(np.max(values, where=good, initial=0)))
            smallest = min(smallest, float(np.min(values, where=good, initial=np.inf)))
            line = _curve(chart, lags, np.where(good, values, np.nan), values, k)
            line.tags, line.visible = tags, tags in ([], ["all"])
        most = max(most, int(lags[-1]) + 1)
    if largest > 0:
        # Whole powers of ten, which have room for their names; what is far below the line would press the rest flat.
        low, high = np.floor(np.log10(max(smallest, largest / DEEPEST))), np.ceil(np.log10(largest))
        chart.y_range.start, chart.y_range.end = float(10.0**low), float(10.0 ** max(high, low + 1))
        if largest / MOST >= chart.y_range.start:
            line = largest / MOST
            chart.add_layout(Span(location=line, dimension="width", line_color=INK, line_dash="dotted"))
            label = Label(x=float(_place(most - 1)), y=line, y_offset=2, text="a thousandth of the largest")
            label.update(text_align="right", text_font_size="11px", text_color=INK, background_fill_color="white")
            chart.add_layout(label)
    _ticks(chart, np.arange(most))
    _pointing(chart, "size")
    return chart


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
    return _figure(300, y_axis_type="log", y_range=y_range, x_axis_label=BACK, y_axis_label=name)


def _frequencies(chart: Any, hertz: Sequence[float]) -> None:
    """Name the bands on the axis, the nearest to each octave; the lowest is at the bottom."""
    octaves = [one for one in (125, 250, 500, 1000, 2000, 4000, 8000) if hertz[0] <= one <= hertz[-1]]
    marks = {int(np.argmin(np.abs(np.asarray(hertz) - one))) + 0.5: f"{one:,}" for one in octaves}
    chart.grid.visible, chart.height = False, 190
    chart.yaxis.ticker = list(marks)
    chart.yaxis.major_label_overrides = marks


def _curve(chart: Any, lags: np.ndarray, values: np.ndarray, true: np.ndarray, k: int) -> Any:
    color, dash = look_of(k)
    source = {"x": _place(lags), "y": values, "lag": lags, "true": true}
    line = chart.line("x", "y", source=source, line_color=color, line_dash=dash, line_width=2)
    line.name = "curve"
    return line


def _upright(chart: Any, place: float, said: str, right: bool) -> None:
    """A line at a lag, and its name beside it, on the side where there is room."""
    from bokeh.models.annotations import Label, Span

    chart.add_layout(Span(location=place, dimension="height", line_color=INK, line_width=1))
    chart.add_layout(
        Label(x=place, y=chart.y_range.end, text=said, x_offset=-5 if right else 5, y_offset=-3, text_color=INK,
              text_align="right" if right else "left", text_baseline="top", text_font_size="12px",
              background_fill_color="white", background_fill_alpha=0.8)
    )  # fmt: skip


def _pointing(chart: Any, what: str) -> None:
    from bokeh.models import HoverTool

    curves = [one for one in chart.renderers if one.name == "curve"]
    tips = [("", "$swatch:line_color"), ("steps back", "@lag"), (what, "@true")]
    chart.add_tools(HoverTool(renderers=curves, mode="vline", tooltips=tips))


def _place(lag: Any) -> Any:
    """Where a lag stands: near ones evenly, those beyond 10 by their logarithm, without a bend where these meet."""
    size = np.abs(lag)
    return np.sign(lag) * np.where(size <= 10, size, 10 + 10 * np.log(np.maximum(size, 1) / 10))


def _ticks(chart: Any, lags: np.ndarray) -> None:
    steps = (0, 2, 5, 10, 20, 50, *(a * 10**k for k in range(2, 7) for a in (1, 2, 5)))
    room = ROOM * float(_place(lags[-1]) - _place(lags[0]))
    marks: dict[float, str] = {}
    # From the middle outwards, so that 0 has its name.
    for side, farthest in ((1, lags[-1]), (-1, -lags[0])):
        last = -np.inf
        for one in steps:
            place = float(_place(one))
            if one <= farthest and place - last >= room:
                marks[side * place], last = f"{one:,}", place
    chart.xaxis.ticker = sorted(marks)
    chart.xaxis.major_label_overrides = marks
    if lags[0] < 0:
        chart.xaxis.axis_label = "steps ahead (left) and back (right), beyond 10 by their logarithm"


def _told(scores: np.ndarray) -> np.ndarray:
    """R^2, the mean over the inputs of which it is known; NaN where it is none."""
    known = ~np.isnan(scores)
    mean = np.where(known, scores, 0).sum(1) / np.maximum(known.sum(1), 1)
    return np.where(mean >= NONE, mean, np.nan)


def _largest(values: np.ndarray) -> float:
    return float(np.nanmax(values, initial=0)) or 1.0
