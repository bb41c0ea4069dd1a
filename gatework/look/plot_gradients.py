"""Gradients as a picture: their norm by how many steps back, a line a layer, on a logarithmic scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gatework.errors import OptionError
from gatework.look.rate import MOST
from gatework.tasks.plot import need_matplotlib
from gatework.tasks.plot_comparison import COLOURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from gatework.look.gradients import Gradients

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
        Which of `found.flows`, all by default. Of a layer its memory is drawn: c of an LSTM, h of the others.
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

    names = list(found.flows if flows is None else flows)
    for name in names:
        if name not in found.flows:
            raise OptionError(f"flows must be of {', '.join(found.flows)}; got {name!r}.")
    own = ax is None
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(3.3, 2.3 + 0.13 * len(names)), layout="constrained", dpi=200).subplots()
    largest = 0.0
    for k, name in enumerate(names):
        flow = found.flows[name]
        letter = next(one for one in ("c", "h", "x") if one in flow.norms)
        norms = flow.norms[letter]
        largest = max(largest, float(np.max(norms[np.isfinite(norms)], initial=0)))
        shown = np.where((norms > 0) & np.isfinite(norms), norms, np.nan)
        color, style = COLOURS[k % len(COLOURS)], LINES[k // len(COLOURS) % len(LINES)]
        label = "inputs" if name == "x" else f"{name} {letter}"
        if np.isfinite(flow.rate):
            label += f", ×{flow.rate:.3g} a step"
        ax.plot(shown, style, color="0.2" if name == "x" else color, linewidth=1.3, label=label)
    ax.set_yscale("log")
    if largest > 0:
        ax.axhline(largest / MOST, color="0.5", linewidth=0.8, linestyle=":")
        ax.annotate(
            "a thousandth of the largest", (0, largest / MOST), (2, 2), fontsize=6, color="0.4",
            xycoords=("axes fraction", "data"), textcoords="offset points",
        )  # fmt: skip
    ax.set_xlabel("steps back", fontsize=8)
    ax.set_ylabel("size of the gradient", fontsize=8)
    ax.set_title(TITLES[found.verdict], loc="left", fontsize=8)
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
