"""A memory as a picture: its effect by lag beside the control, and what can be read off the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.look.memory_in_words import count
from gatework.tasks.plot import need_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gatework.look.memory import Memory

# Okabe & Ito (2008): they differ in brightness too, and each line has a dash of its own.
CHANGE, GRADIENT, STATE, HORIZON, BAND = "#0072B2", "#D55E00", "#009E73", "#333333", "0.85"

# Effects this small lie on the floor, and an R^2 this small is none.
FLOOR, NONE = 1e-3, 1e-2


def plot_memory(memory: Memory, ax: Axes | None = None) -> Axes:
    """Draw a memory by lag: the effect by replacement and by gradient, the control, the state's recall, the horizon.

    Effects are shares of the largest, so that they stand beside R^2. The axis of lags is linear up to 10 steps and
    logarithmic behind; inputs that are read ahead of the answer lie to the left.

    Parameters
    ----------
    memory : Memory
        What `gatework.look.memory` found.
    ax : matplotlib Axes, optional
        Where to draw; by default on a new figure of one column's width, which needs no screen:
        `ax.figure.savefig("memory.png")` writes it.

    Returns
    -------
    Axes
        The one drawn on.

    Raises
    ------
    OptionError
        If matplotlib is not installed.

    Examples
    --------
    >>> import torch, gatework
    >>> from gatework.look import memory, plot_memory
    >>> ax = plot_memory(memory(gatework.LSTM(3, 8), torch.randn(100, 4, 3)))
    >>> ax.get_xlabel()
    'steps back'
    """
    need_matplotlib()
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(4.5, 3.6), layout="constrained").subplots()
    lags = memory.lags
    largest = _largest(memory.change)
    band = (memory.control / largest).clip(FLOOR)
    ax.fill_between(lags, *band, color=BAND, linewidth=0, label="control: shuffled times")
    ax.axhline(memory.eps, color="0.6", linewidth=0.8, linestyle=(0, (1, 3)), zorder=1)
    _line(ax, lags, memory.change / largest, CHANGE, "-", "effect, input replaced")
    _line(ax, lags, memory.gradient / _largest(memory.gradient), GRADIENT, "--", "effect, by gradient")
    if len(memory.recall_lags):
        known = ~np.isnan(memory.recall)
        total = np.where(known, memory.recall, 0).sum(1) / np.maximum(known.sum(1), 1)
        _line(ax, memory.recall_lags, np.where(total >= NONE, total, 0), STATE, ":", "read off the state, $R^2$")
    for reach, side in ((memory.horizon, 1), (memory.ahead, -1)):
        if reach >= 0:
            ax.axvline(side * reach, color=HORIZON, linewidth=1, zorder=1)
            _name(ax, side * reach, ("≥ " if memory.beyond and side > 0 else "") + count(reach), lags)
    _axes(ax, lags)
    ax.set_title("What an input does to later answers", loc="left", fontsize="medium")
    ax.legend(loc="upper center", bbox_to_anchor=(0.45, -0.2), ncols=2, frameon=False, fontsize="small")
    return ax


def _largest(values: np.ndarray) -> float:
    return float(np.nanmax(values, initial=0)) or 1.0


def _line(ax: Axes, lags: np.ndarray, values: np.ndarray, color: str, dash: str, label: str) -> None:
    # A curve of few lags keeps its points.
    marker: dict[str, Any] = {"marker": "o", "markersize": 3} if len(lags) < 12 else {}
    ax.plot(lags, np.clip(values, FLOOR, None), dash, color=color, linewidth=1.6, label=label, **marker)


def _name(ax: Axes, where: float, said: str, lags: np.ndarray) -> None:
    late = where > 0 and where >= lags[-1] / 3
    ax.annotate(
        f"horizon {said}",
        (where, 1),
        (-4 if late else 4, -3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right" if late else "left",
        va="top",
        fontsize="small",
        color=HORIZON,
    )


def _axes(ax: Axes, lags: np.ndarray) -> None:
    ax.set_yscale("log")
    ax.set_ylim(FLOOR, 2)
    ax.set_yticks([1, 0.1, 0.01, 0.001], ["1", "0.1", "0.01", "0.001"])
    ax.set_ylabel("share of the largest")
    if lags[-1] > 20 or lags[0] < -20:
        ax.set_xscale("symlog", linthresh=10, linscale=1)
        marks = [
            m for m in (0, 2, 5, 10, 20, 50, *(a * 10**k for k in range(2, 7) for a in (1, 2, 5))) if m <= lags[-1]
        ]
        if lags[0] < 0:
            marks = [m for m in (0, 5, *(10**k for k in range(1, 7))) if m <= max(lags[-1], -lags[0])]
            marks = sorted({*marks, *(-m for m in marks)})
        ax.set_xticks(marks, [f"{abs(m):,}" for m in marks])
        ax.minorticks_off()
    ax.set_xlim(lags[0] - 0.2, lags[-1] * 1.05 + 0.2)
    ax.set_xlabel("steps back" if lags[0] >= 0 else "steps ahead (left)  and back (right)")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="0.92")
    ax.set_axisbelow(True)
