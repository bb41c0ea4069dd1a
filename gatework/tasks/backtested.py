"""What every forecaster can be asked: how it would have done in the past."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gatework.models.quantiles import check_levels
from gatework.tasks.backtest import as_window, backtest_columns, walk
from gatework.tasks.estimator import Estimator
from gatework.tasks.inputs import about_future
from gatework.tasks.scores import Scores, score

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from gatework.data.panel import Panel


class Backtested(Estimator):
    """A forecaster that can be sent back in time. It has `h` and `alias`, reads data, and can make a learned copy."""

    h: int
    lead: int
    alias: str

    @property
    def ahead(self) -> int:
        """Steps from the last value to the last forecast."""
        return self.lead + self.h

    def _checked(self, df: Any, futr_df: Any = None, static_df: Any = None) -> Panel:
        raise NotImplementedError

    def _copy_that_learned(self, panel: Panel) -> Callable[[Panel], np.ndarray]:
        raise NotImplementedError

    def cross_validation(
        self,
        df: Any,
        n_windows: int = 1,
        step_size: int | None = None,
        refit: bool = False,
        level: float | Sequence[float] | None = (90,),
        *,
        futr_df: Any = None,
        static_df: Any = None,
    ) -> Any:
        """Forecast the past as if it were the future, with a copy of this forecaster that has never seen it.

        The copy learns from what lies before the first cutoff, and once more at every later cutoff where `refit`. Every
        forecast reads all values up to its cutoff. This forecaster need not be fitted, and stays as it is.

        Parameters
        ----------
        df : table, dict or path
            As for fit.
        n_windows : int
            How many cutoffs, the last of them h steps, and `lead` more, before the end of each series.
        step_size : int, optional
            Steps from one cutoff to the next; by default h, so that windows do not overlap.
        refit : bool
            Learn anew at every cutoff: slower, and what a forecaster that is trained daily would do.
        level : float or sequence of floats
            As for predict.
        futr_df, static_df : table, dict or path, optional
            As for fit. Covariates that are known ahead are read as they came to be, which flatters every forecast; with
            a column `cutoff` in futr_df they are read as they were forecast.

        Returns
        -------
        table
            As predict's, by series, cutoff and time, with the columns `cutoff` (the last time that was known) and the
            target as it came (NaN where missing).

        Raises
        ------
        DataError, OptionError
            Data or settings that cannot be used, or series too short for so many windows.
        """
        levels = check_levels(level)
        panel = self._checked(df, futr_df, static_df)
        found = walk(panel, self.ahead, n_windows, step_size, refit, self._copy_that_learned, self.lead)
        return panel.frame(backtest_columns(found, levels, self.alias))

    def evaluate(
        self,
        df: Any,
        n_windows: int = 1,
        step_size: int | None = None,
        refit: bool = False,
        *,
        futr_df: Any = None,
        static_df: Any = None,
    ) -> Scores:
        """Score what `cross_validation` forecasts beside both naive forecasts. The parameters are the same."""
        panel = self._checked(df, futr_df, static_df)
        found = walk(panel, self.ahead, n_windows, step_size, refit, self._copy_that_learned, self.lead)
        scores = score([as_window(at, quantiles) for at, quantiles in found], self.alias)
        return replace(scores, future=about_future(*(at.history for at, _ in found)))
