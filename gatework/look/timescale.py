"""How long the gates say that each unit remembers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

# The gate that keeps the memory: the LSTM's forget gate, the GRU's update gate. A plain RNN has none.
KEEPS = ("f", "z")


def timescales(layers: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Give each unit's timescale in steps, by layer and direction: -1 / ln f, after which exp(-1) of a memory is left.

    ln f is averaged over all steps of all rows, for over many steps it is the product of the gates that is left. 0
    where a gate is always shut, infinite where it never closes.

    Parameters
    ----------
    layers : mapping of str to mapping of str to (T, B, H) array
        The moments, as a Trace has them, NaN past a row's end. Layers without a gate that keeps are left out.
    """
    found = {}
    for name, parts in layers.items():
        gate = next((parts[letter] for letter in KEEPS if letter in parts), None)
        if gate is not None:
            with np.errstate(divide="ignore"):
                found[name] = 1 / np.abs(np.nanmean(np.log(gate.astype(np.float64)), axis=(0, 1)))
    return found


def slow(scales: Mapping[str, np.ndarray], share: float) -> float:
    """The timescale that this share of all units does not exceed; NaN where there is no unit."""
    units = np.sort(np.concatenate([np.empty(0), *scales.values()]))
    return float(units[int(share * (len(units) - 1))]) if len(units) else np.nan
