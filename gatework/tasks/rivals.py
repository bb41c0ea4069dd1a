"""Who forecasts in a comparison: a name, what it learns from a panel, and how it forecasts any."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.models.quantiles import MEDIAN, QUANTILES
from gatework.tasks import classical
from gatework.tasks.learners import boosting, learner, ridge
from gatework.tasks.naive import Forecast, last_value, seasonal_naive

if TYPE_CHECKING:
    from gatework.data.panel import Panel
    from gatework.tasks.forecaster import Forecaster

CELLS = {"LSTM": "lstm", "GRU": "gru", "RNN": "rnn"}
NAIVE = ("LastValue", "SeasonalNaive")
CLASSICAL = {"Theta": classical.theta, "ETS": classical.ets}
LEARNERS = {"Ridge": ridge, "Boosting": boosting}
# Every name that `compare` knows, in the order in which they forecast: the quick ones first.
MODELS = (*NAIVE, *CLASSICAL, *LEARNERS, *CELLS)
# Those that can read nothing but the series itself.
NO_COVARIATES = (*NAIVE, *CLASSICAL)

Foresee = Callable[["Panel"], np.ndarray]


def learns(name: str, model: Forecaster, failed: Callable[[int], None]) -> Callable[[Panel], Foresee]:
    """Return what learns from a panel and gives a forecast: panel -> (panel -> quantiles (N, h, Q)).

    Parameters
    ----------
    name : str
        One of MODELS.
    model : Forecaster
        Its settings are those of LSTM, GRU and RNN; its h, its lead and its seed are everyone's.
    failed : callable
        Told of how many series one forecast of a classical model failed.
    """
    h = model.ahead

    def simple(panel: Panel) -> np.ndarray:
        return _quantiles(lambda level: seasonal_naive(panel.values, panel.season_length, h, level))

    def last(panel: Panel) -> np.ndarray:
        return _quantiles(lambda level: last_value(panel.values, h, level))

    if name in CELLS:
        own: dict[str, Any] = {**model.get_params(), "cell": CELLS[name], "alias": name}
        return type(model)(**own)._copy_that_learned
    if name in CLASSICAL:
        return lambda panel: classical.classical(CLASSICAL[name], h, simple, failed)
    if name in LEARNERS:
        return lambda panel: learner(LEARNERS[name], panel, h, model.seed, simple)
    return lambda panel: last if name == "LastValue" else simple


def make_ready(name: str, covariates: bool = False) -> None:
    """Import what a model needs, so that the seconds it takes are its own."""
    if name in CELLS:
        import gatework.tasks.learning  # noqa: F401
    elif name in CLASSICAL:
        CLASSICAL[name](1)
    elif name in LEARNERS:
        import sklearn.ensemble
        import sklearn.linear_model
        import sklearn.preprocessing  # noqa: F401

        if covariates:
            from gatework.data import context  # noqa: F401


def _quantiles(at: Callable[[float], Forecast]) -> np.ndarray:
    """Every learned quantile (N, h, Q) of a forecast that can be asked for any level."""
    rungs = [at(100 * (1 - 2 * p)) for p in QUANTILES[:MEDIAN]]
    return np.stack([*(f.lo for f in rungs), rungs[0].median, *(f.hi for f in reversed(rungs))], axis=-1)
