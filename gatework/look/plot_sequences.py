"""Rows as a person reads them, in pictures: tokens along the axis, sound as a spectrogram, time in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gatework.look.sequences import Sequences

# Tokens that are written on an axis of a column's width, at most, and the letters of each.
TOKENS, LETTERS = 32, 14
# Letters of a title in a line.
LINE = 52


def spectrogram(ax: Axes, q: np.ndarray, hertz: Sequence[float]) -> None:
    """Draw bands (T, D) by steps, the lowest at the bottom, with octaves on the axis."""
    ax.imshow(q.T, aspect="auto", interpolation="nearest", cmap="magma", origin="lower")
    octaves = [one for one in (125, 250, 500, 1000, 2000, 4000, 8000) if hertz[0] <= one <= hertz[-1]]
    # Near the bottom octaves lie close.
    octaves = octaves[1 - len(octaves) % 2 :: 2] if len(octaves) > 3 else octaves
    ax.set_yticks([int(np.argmin(np.abs(np.asarray(hertz) - one))) for one in octaves], [f"{one:,}" for one in octaves])
    ax.set_ylabel("Hz", fontsize=7)
    ax.spines[:].set_visible(False)


def named(axes: Sequence[Axes], found: Sequences, row: int, layer: str, length: int) -> None:
    """Name the row, what is said of it, and its steps."""
    name, first, last = found.ids[row], axes[0], axes[-1]
    head = "\n".join(wrap(f"{f'row {name}' if name.isdigit() else name}: {found.said[row]}", LINE))
    first.set_title(f"{head}\n{first.get_title(loc='left')}", loc="left", fontsize=8, pad=2)
    last.set_xlabel(f"step, {layer}", fontsize=8)
    if found.words:
        every = -(-length // TOKENS)
        steps = range(0, length, every)
        # A dollar sign would begin a formula.
        words = [_cut(found.words[row][step]).replace("$", r"\$") for step in steps]
        last.set_xticks(list(steps), words, rotation=90, fontsize=6)
        last.set_xlabel(layer if every == 1 else f"one token in {every}, {layer}", fontsize=8)
    if found.seconds:
        seconds = found.seconds
        last.xaxis.set_major_formatter(lambda step, _: f"{step * seconds:.3g}")
        last.set_xlabel(f"seconds, {layer}", fontsize=8)


def _cut(token: str) -> str:
    return token if len(token) <= LETTERS else f"{token[: LETTERS - 1]}…"
