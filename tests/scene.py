"""The small table that the command line is tried on."""

from __future__ import annotations

import numpy as np

# Flags that make training a matter of a second.
SMALL = "--hidden-size 4 --num-layers 1 --max-steps 4"


def write_days(path, n=80):
    """Write `n` days with a week's season, one of them without a value, as CSV."""
    days = np.datetime64("2024-01-01") + np.arange(n)
    cells = [f"{value:.2f}" for value in 10 + np.arange(n) % 7 + np.sin(np.arange(n))]
    cells[n // 2] = ""
    path.write_text("ds,y\n" + "".join(f"{day},{cell}\n" for day, cell in zip(days, cells, strict=True)))
