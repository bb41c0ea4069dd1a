"""Gradients as a picture: their norm by how many steps back, a line a layer, on a logarithmic scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gatework.errors import OptionError
from gatework.look.networks import folded, memory_of, norms_of
from gatework.look.rate import MOST
from gatework.tasks.plot import need_matplotlib
from gatework.tasks.plot_comparison import COLOURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from gatework.look.gradients import Flow, Gradients

LINES = ("-", "--", "-.", ":")
TITLES = {
    "vanishing": "the gradient vanishes",
    "exploding": "the gradient explodes",
    "neither": "the gradient neither vanishes nor explodes",
}


def plot_gradients(found: Gradients, flows: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
    """Draw how far back a loss is felt.

    Parameters
    ----------
    found : Gradients
        What `gradients` gave.
    flows : sequence of str, optional
        Which of `found.flows`, a line each. By default all, where those of networks that answer together are one line:
        their median, within a band from the lowest to the highest. Of a layer its memory is drawn: c of an LSTM, h of
        the others.
    ax : matplotlib Axes, optional
        Where; by default that of a new figure, one column of a page wide, that pyplot knows nothing of.

    Returns
    -------
    Axes
        A gradient of 0 is not drawn: a logarithm has no place for it. Under the dotted line lies less than a
        thousandth of the largest.

    Raises
    ------
    OptionError
        matplotlib is not installed, or there is no such flow.
    """
    need_matplotlib()
    from matplotlib.ticker import MaxNLocator

    places = folded(found.flows) if flows is None else {name: [name] for name in flows}
    for name in () if flows is None else flows:
        if name not in found.flows:
            raise OptionError(f"flows must be of {', '.join(found.flows)}; got {name!r}.")
    own = ax is None
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(3.3, 2.3 + 0.13 * len(places)), layout="constrained", dpi=200).subplots()
    largest = 0.0
    for k, (place, names) in enumerate(places.items()):
        norms = norms_of(found.flows, names)
        middle = _drawn(np.median(norms, 0))
        largest = max(largest, float(np.nanmax(_drawn(norms), initial=0)))
        style, color = LINES[k // len(COLOURS) % len(LINES)], "0.2" if place == "x" else COLOURS[k % len(COLOURS)]
        lags = np.arange(len(middle)) * found.flows[names[0]].stride
        ax.plot(lags, middle, style, color=color, linewidth=1.3, label=_label(found, place, names))
        if len(names) > 1:
            edges = _drawn(norms.min(0)), _drawn(norms.max(0))
            ax.fill_between(lags, *edges, color=color, alpha=0.15, linewidth=0)
    ax.set_yscale("log")
    if largest > 0:
        ax.axhline(largest / MOST, color="0.5", linewidth=0.8, linestyle=":")
        ax.annotate(
            "a thousandth of the largest", (1, largest / MOST), (-2, 2), fontsize=6, color="0.3", ha="right",
            xycoords=("axes fraction", "data"), textcoords="offset points",
        )  # fmt: skip
    ax.set_xlabel("steps back", fontsize=8)
    ax.set_ylabel("size of the gradient", fontsize=8)
    networks = max(map(len, places.values()), default=1)
    more = f"\nmedian and range of {networks} networks" if networks > 1 else ""
    ax.set_title(TITLES[found.verdict] + more, loc="left", fontsize=8)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.tick_params(labelsize=7)
    ax.tick_params(which="minor", length=0)
    ax.spines[["top", "right"]].set_visible(False)
    ax.margins(x=0.01)
    if own:
        ax.figure.legend(loc="outside lower left", fontsize=7, frameon=False)
    else:
        ax.legend(fontsize=7, edgecolor="none")
    return ax


def _drawn(norms: np.ndarray) -> np.ndarray:
    return np.where((norms > 0) & np.isfinite(norms), norms, np.nan)


def _a_step(flow: Flow) -> float:
    """By how much it changes with each step of the data."""
    return flow.rate ** (1 / flow.stride)


def _label(found: Gradients, place: str, names: Sequence[str]) -> str:
    """What a line is, and by how much it changes with each step back."""
    rates = [_a_step(found.flows[name]) for name in names if np.isfinite(found.flows[name].rate)]
    said = "inputs" if place == "x" else f"{place} {memory_of(found.flows[names[0]])}"
    return said + (f", ×{np.median(rates):.3g} a step" if rates else "")
