"""A trace as a picture: what was read, and the gates and memories of one layer, unit by unit, on one time axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.errors import OptionError
from gatework.look.plot_sequences import named, spectrogram
from gatework.tasks.plot import need_matplotlib
from gatework.tasks.plot_comparison import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gatework.look.trace import Trace

TITLES = {
    "x": "inputs", "outputs": "outputs",
    "i": "input gate i", "f": "forget gate f", "g": "candidate g", "o": "output gate o", "c": "long-term memory c",
    "r": "reset gate r", "z": "update gate z", "n": "candidate n", "h": "short-term memory h",
}  # fmt: skip
# In the order in which a step goes; the candidate is left out, as c and h show what came of it.
USUAL = ("x", "i", "f", "o", "r", "z", "c", "h", "outputs")
GATES = "iforz"


def plot_trace(
    found: Trace,
    layer: str | None = None,
    row: int = 0,
    quantities: str | Sequence[str] | None = None,
    ax: Axes | Sequence[Axes] | None = None,
) -> list[Axes]:
    """Draw one row of a trace, a small picture a quantity. Gates are dark when shut and bright when open.

    Parameters
    ----------
    found : Trace
        What `trace` gave.
    layer : str, optional
        Which layer and direction, as `found.layers` names them; by default the first.
    row : int
        Which row of the batch.
    quantities : str or sequence of str, optional
        What to draw: "x", "outputs", and the letters that the layer has. By default all but the candidate, and the
        outputs where there is one for each step that is not h.
    ax : matplotlib Axes, or a sequence of them, optional
        Where, one for each quantity. By default a new figure, one column of a page wide, that pyplot knows nothing of.

    Returns
    -------
    list of Axes
        One a quantity. Units are ordered by how long they remember: by the mean of their forget gate (a GRU's update
        gate), the longest memory at the top. Of a Classifier or Regressor what it answers and what is true stands
        above; tokens stand along the axis, sound is a spectrogram, and its time is in seconds.

    Raises
    ------
    OptionError
        matplotlib is not installed, or what is asked for is not there.
    """
    need_matplotlib()
    layer = next(iter(found.layers)) if layer is None else layer
    if layer not in found.layers:
        raise OptionError(f"layer must be one of {', '.join(found.layers)}; got {layer!r}.")
    if not 0 <= row < found.x.shape[1]:
        raise OptionError(f"row must be from 0 to {found.x.shape[1] - 1}; got {row}.")
    parts = found.layers[layer]
    values = {letter: q[:, row] for letter, q in parts.items()}
    kind = None if found.sequences is None else found.sequences.kind
    # A decoder has times of its own, which are not those of the inputs.
    if len(parts["h"]) == -(-len(found.x) // found.stride):
        values |= {} if kind == "text" else {"x": found.x[:, row]}
        values |= {"outputs": found.outputs[:, row]} if len(found.outputs) == len(found.x) else {}
    usual = [one for one in USUAL if one in values]
    if "outputs" in values and np.array_equal(values["outputs"], values["h"], equal_nan=True):
        usual.remove("outputs")
    chosen = usual if quantities is None else _listed(quantities)
    for one in chosen:
        if one not in values:
            raise OptionError(f"quantities must be of {', '.join(values)}; got {one!r}.")
    axes = _axes(chosen, ax)
    gate = values.get("f", values.get("z"))
    order = np.arange(values["h"].shape[1]) if gate is None else np.argsort(-np.nanmean(gate, axis=0))
    length = int((~np.isnan(values["h"][:, 0])).sum())
    ends = len(found.x) if found.lengths is None else int(found.lengths[row])
    for one, place in zip(chosen, axes, strict=True):
        if one in ("x", "outputs"):
            names = found.names if one == "x" and found.names else tuple(f"y{k}" for k in range(values[one].shape[1]))
            if one == "x" and found.sequences is not None and found.sequences.hertz:
                spectrogram(place, values[one][:ends], found.sequences.hertz)
            else:
                _tracks(place, values[one][:ends] if "x" in values else values[one][:length], names)
        else:
            # A projected h has another number of units than the gates that would order them.
            sort = order if values[one].shape[1] == len(order) else slice(None)
            _heat(place, values[one][:length, sort], one in GATES, found.stride)
        place.set_title(TITLES[one], loc="left", fontsize=8, pad=2)
        place.tick_params(labelsize=7)
    axes[-1].set_xlabel(f"step of row {row}, {layer}", fontsize=8)
    if found.sequences is not None:
        named(axes, found.sequences, row, layer, ends)
    return axes


def _listed(quantities: str | Sequence[str]) -> list[str]:
    return [quantities] if isinstance(quantities, str) else list(quantities)


def _axes(chosen: list[str], ax: Any) -> list[Axes]:
    if ax is None:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(3.3, 0.35 + 0.85 * len(chosen)), layout="constrained", dpi=200)
        return list(figure.subplots(len(chosen), 1, sharex=True, squeeze=False)[:, 0])
    given = list(np.atleast_1d(np.asarray(ax, dtype=object)).ravel())
    if len(given) != len(chosen):
        raise OptionError(f"ax must be one for each of {', '.join(chosen)}; got {len(given)}.")
    return given


def _heat(ax: Axes, q: np.ndarray, gate: bool, stride: int) -> None:
    """Units by steps, as wide as the data's that they stand for: gates from 0 to 1, memories from sign to sign."""
    most = float(np.nanmax(np.abs(q), initial=0)) or 1.0
    cmap, ticks = ("cividis", [0.0, 1.0]) if gate else ("PuOr_r", [-most, 0.0, most])
    span = (-0.5, stride * len(q) - 0.5, q.shape[1] - 0.5, -0.5)
    image = ax.imshow(
        q.T, aspect="auto", interpolation="nearest", cmap=cmap, vmin=ticks[0], vmax=ticks[-1], extent=span
    )
    bar = ax.figure.colorbar(image, ax=ax, pad=0.02, fraction=0.06, aspect=12)
    bar.set_ticks(ticks, labels=[f"{tick:.2g}" for tick in ticks])
    bar.ax.tick_params(labelsize=6, length=2)
    bar.outline.set_visible(False)
    ax.set_ylabel("unit", fontsize=7)
    # The places of rows in a sorted picture would be taken for the numbers of units.
    ax.set_yticks([])
    ax.spines[:].set_visible(False)


def _tracks(ax: Axes, q: np.ndarray, names: Sequence[str]) -> None:
    """A line for each of a few, or all in one colour."""
    few = q.shape[1] <= len(COLOURS)
    for k in range(q.shape[1]):
        ax.plot(q[:, k], color=COLOURS[k] if few else "0.6", linewidth=1 if few else 0.6, label=names[k])
    if 1 < q.shape[1] <= len(COLOURS):
        ax.legend(fontsize=6, frameon=False, ncols=3, loc="lower right", bbox_to_anchor=(1, 0.98), borderpad=0,
                  handlelength=1, columnspacing=0.8)  # fmt: skip
    ax.spines[["top", "right"]].set_visible(False)
    ax.margins(x=0)
