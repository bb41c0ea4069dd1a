"""Series of one length, side by side: many are worked on as fast as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np


def alike(values: Sequence[np.ndarray], at_once: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Stack copies of series of one length: which they are (n,), and their values (n, T).

    Parameters
    ----------
    values : sequence of (T_i,) arrays
        The series; those of no steps are passed over.
    at_once : int
        Values in one stack, or those of one series where that is longer.
    """
    lengths = np.array([len(x) for x in values])
    for length in np.unique(lengths[lengths > 0]).tolist():
        same = np.flatnonzero(lengths == length)
        many = max(1, at_once // length)
        for start in range(0, len(same), many):
            which = same[start : start + many]
            yield which, np.stack([values[i] for i in which], dtype=np.float64)
