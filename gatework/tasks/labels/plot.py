"""Labels as pictures: which class was taken for which, how training went, and numbers beside the true ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.errors import OptionError
from gatework.tasks.plot import AHEAD, PAST, need_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gatework.tasks.labels.scores import LabelScores
    from gatework.train.history import History

# A count is written where it fits its cell at so many points; of more classes than these not each has its name.
SMALLEST, LARGEST, NAMES = 4.5, 9.0, 40
LONGEST = 22
# Lines the eye can keep apart (Okabe & Ito, 2008); more networks than these begin anew.
COLOURS = (AHEAD, "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
DENSE = 5_000


def plot_confusion(scores: LabelScores, ax: Axes | None = None, target: str | None = None) -> Axes:
    """Draw how often each true class, a row, was taken for each, a column.

    Parameters
    ----------
    scores : LabelScores
        Of a classifier.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure that pyplot knows nothing of: `ax.figure.savefig("classes.png")`.
    target : str, optional
        Which, where there are several; by default the first.

    Returns
    -------
    Axes
        A cell has its count, and is as dark as its share of the row is large.

    Raises
    ------
    OptionError
        matplotlib is not installed, the target is unknown, or it is a number.
    """
    need_matplotlib()
    if target is None:
        target = next(iter(scores.targets))
    if target not in scores.targets:
        raise OptionError(f"target must be one of {list(scores.targets)}; got {target!r}. Name one of these.")
    found = scores.targets[target]
    if not found.classes:
        raise OptionError(f"target must have classes; got {target!r}, a number. Call plot_predicted instead.")
    k = len(found.classes)
    counts = np.array(found.confusion)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    names = [_short(str(name)) for name in found.classes]
    size = float(np.clip(0.42 * k + 1.2, 3.2, 12))
    ax = ax or _axes(size + 0.09 * max(map(len, names)), size + 0.09 * max(map(len, names)))
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    # A digit is 0.6 times as wide as its font is high, and the layout takes some of the room.
    cell = 72 * min(ax.bbox.size) / ax.figure.dpi / k
    font = min(LARGEST, 0.9 * cell / (0.6 * max(len(f"{n:,}") for n in counts.ravel())))
    for i, j in np.argwhere(counts > 0) if font >= SMALLEST else ():
        colour = "white" if shares[i, j] > 0.55 else PAST
        ax.text(j, i, f"{counts[i, j]:,}", ha="center", va="center", color=colour, fontsize=font)
    every = -(-k // NAMES)
    turned = max(map(len, names)) > 3 and k > 2
    ax.set_xticks(range(0, k, every), names[::every], rotation=90 if turned else 0, fontsize="small")
    ax.set_yticks(range(0, k, every), names[::every], fontsize="small")
    ax.set_xlabel("taken for")
    ax.set_ylabel("true class")
    measured = f": {100 * found.value(found.model):.1f} % {'balanced accuracy' if found.balanced else 'right'}"
    ax.set_title(f"{target}{measured} of {found.count:,}" if found.count else target, loc="left", fontsize="medium")
    # White lines keep neighbours of one colour apart.
    ax.set_xticks(np.arange(k + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(k + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="white", linewidth=1 if k <= NAMES else 0.3)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)
    return ax


def plot_learning(histories: Sequence[History], ax: Axes | None = None) -> Axes:
    """Draw how training went: the loss of each network, smoothed, and its validations, the kept one marked.

    Parameters
    ----------
    histories : sequence of History
        One a network.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        Both are losses on one axis: where validations rise while the loss falls, the network learns by heart.

    Raises
    ------
    OptionError
        matplotlib is not installed.
    """
    need_matplotlib()
    from matplotlib.ticker import MaxNLocator

    ax = ax or _axes(7.5, 3.8)
    several = len(histories) > 1
    for i, history in enumerate(histories):
        colour = COLOURS[i % len(COLOURS)]
        name = f"network {i + 1}" if several else "training"
        steps, losses = _smooth(np.array(history.losses, dtype=float))
        ax.plot(steps, losses, color=colour, linewidth=1.2, alpha=0.9, label=name)
        if history.validation:
            at, value = np.array(history.validation, dtype=float).T
            label = "validation" if i == len(histories) - 1 else None
            shown = PAST if several and label else colour
            ax.plot(at, value, "--o", color=colour, linewidth=0.8, markersize=3)
            # The legend speaks of all networks, so that its colour is none's.
            ax.plot([], [], "--o", color=shown, linewidth=0.8, markersize=3, label=label)
        if history.best is not None:
            label = "kept" if i == len(histories) - 1 else None
            marked = ax.plot(history.best_step, history.best, "o", markersize=9, markerfacecolor="none", color=PAST)
            marked[0].set_label(label)
    ax.set_xlabel("step")
    ax.set_ylabel("loss")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(frameon=False, fontsize="small", ncols=2 if several else 1)
    return _plain(ax)


def plot_predicted(truth: Any, predicted: Any, ax: Axes | None = None, name: str = "") -> Axes:
    """Draw predicted numbers against the true ones; on the diagonal both are the same.

    Parameters
    ----------
    truth, predicted : (N,) arrays
        Where either is NaN there is nothing to draw.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.
    name : str
        Of the target.

    Returns
    -------
    Axes
        With both axes alike.

    Raises
    ------
    OptionError
        matplotlib is not installed.
    """
    need_matplotlib()
    truth, predicted = np.asarray(truth, dtype=float).ravel(), np.asarray(predicted, dtype=float).ravel()
    known = np.isfinite(truth) & np.isfinite(predicted)
    truth, predicted = truth[known], predicted[known]
    ax = ax or _axes(4.6, 4.6)
    if len(truth):
        both = np.concatenate([truth, predicted])
        lo, hi = both.min(), both.max()
        margin = 0.04 * (hi - lo) or 1.0
        ends = (lo - margin, hi + margin)
        ax.plot(ends, ends, color="0.7", linewidth=1, zorder=1)
        ax.set(xlim=ends, ylim=ends, aspect="equal")
    # Many points hide each other unless they can be seen through.
    alpha = float(np.clip(60 / np.sqrt(max(1, len(truth))) / 4, 0.15, 0.8))
    ax.plot(
        truth, predicted, "o", color=AHEAD, markersize=3 if len(truth) > 500 else 4.5, markeredgewidth=0, alpha=alpha
    )
    ax.lines[-1].set_rasterized(len(truth) > DENSE)
    ax.set_xlabel("true")
    ax.set_ylabel("predicted")
    ax.set_title(name, loc="left", fontsize="medium")
    return _plain(ax)


def _axes(width: float, height: float) -> Axes:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained").subplots()


def _plain(ax: Axes) -> Axes:
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color="0.92")
    ax.set_axisbelow(True)
    return ax


def _smooth(losses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average the losses over a fortieth of the training, and say at which steps each average ends."""
    n = len(losses)
    wide = max(1, n // 40)
    sums = np.cumsum(np.concatenate([[0.0], losses]))
    return np.arange(wide, n + 1), (sums[wide:] - sums[: n + 1 - wide]) / wide


def _short(name: str) -> str:
    # Names that are alike at first may differ at the end.
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 9]}…{name[-8:]}"
