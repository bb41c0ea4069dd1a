"""What a series never falls below. Without torch."""

from __future__ import annotations

import numpy as np


def floor(values: np.ndarray) -> float:
    """Give what a history (T,) never falls below: 0 where all is above, or where 0 is the least and came repeatedly."""
    least = np.fmin.reduce(values, initial=np.inf)
    return 0.0 if 0 < least < np.inf or (least == 0 and (values == 0).sum() > 1) else -np.inf
