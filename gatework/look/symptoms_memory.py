"""Whether a model remembers as far back as its data depend on."""

from __future__ import annotations

import numpy as np

from gatework.look import limits
from gatework.look.dependence import Dependence
from gatework.look.finding import Finding
from gatework.look.memory import Memory


def too_short(needed: int, depends: Dependence, found: Memory) -> Finding | None:
    """Say whether steps that lie farther back than the model remembers would tell much more."""
    horizon = 0.0 if np.isnan(found.horizon) else found.horizon
    # A memory that ends in the last tenth of what it needs has most of it.
    if found.beyond or horizon >= limits.MOST_OF_IT * needed or depends.gain(horizon) < limits.GAIN:
        return None
    known = depends.score.max() - depends.gain(horizon)
    return Finding(
        "memory too short",
        "serious",
        f"It remembers {horizon:,.3g} steps (memory), from which {depends.what} can be told with R^2 {known:.2f}; from "
        f"{needed:,} steps back with R^2 {depends.score.max():.2f} (ridge regression on rows it had not seen).",
        f'Train it anew with init="chrono", chrono_max={2 * needed} in gatework.LSTM, and let each row of a batch have '
        f"more than {needed:,} steps.",
    )
