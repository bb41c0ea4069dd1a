"""What a fitted forecaster can be asked: what comes next, as a table, a score or a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gatework.errors import NotFittedError
from gatework.models.quantiles import check_levels
from gatework.tasks.backtest import as_window, forecast_columns, origins
from gatework.tasks.backtested import Backtested
from gatework.tasks.inputs import check_future, check_steps, read_first, read_more
from gatework.tasks.newcomers import welcome
from gatework.tasks.recipe import check
from gatework.tasks.scores import score

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from gatework.data.panel import Panel
    from gatework.models.ensemble import Ensemble
    from gatework.tasks.recipe import Recipe


class Predicting(Backtested):
    """A forecaster that fit has given a panel, a network and its recipe."""

    panel_: Panel
    net_: Ensemble
    recipe_: Recipe

    def predict(
        self,
        df: Any = None,
        level: float | Sequence[float] | None = (90,),
        *,
        h: int | None = None,
        futr_df: Any = None,
        static_df: Any = None,
    ) -> Any:
        """Forecast the next h steps of each series, after `lead` others.

        Parameters
        ----------
        df : table, dict or path, optional
            The series to continue, with the columns that fit saw; fit need not have seen these series. By default those
            of fit.
        level : float or sequence of floats
            Percents that the intervals are to hold; None for the median alone.
        h : int, optional
            Fewer steps than were fitted.
        futr_df : table, dict or path, optional
            The covariates of `futr_exog_list` for these steps, with ids and times; they may also stand in rows of `df`
            without a target. By default what fit was given.
        static_df : table, dict or path, optional
            The covariates of `stat_exog_list` for the series of `df`. By default what fit was given for them. Without
            `df`, it may name new series, which have no value yet; in `df` they are rows without a target. Their
            forecast is a mixture of those of the ten series most like them.

        Returns
        -------
        table
            Of the kind that came in (a path gives a pyarrow.Table), N * h rows: the id, where there was one, the time,
            the median under the alias, and `LSTM-lo-90`, `LSTM-hi-90` for each level. Levels above 95 extend the
            learned quantiles as a normal distribution would.

        Raises
        ------
        NotFittedError
            Before fit.
        DataError, OptionError
            Data, levels or steps that cannot be used, or covariates that end too early.
        """
        self._check_fitted("predict")
        levels, steps = check_levels(level), check_steps(h, self.h)
        panel = self._to_continue(df, futr_df, static_df, steps)
        return panel.frame(self._columns(panel, steps, levels))

    def simulate(
        self, n_paths: int = 100, seed: int = 0, df: Any = None, *, futr_df: Any = None, static_df: Any = None
    ) -> Any:
        """Draw joint paths: what may happen over all h steps together, such as what they sum up to.

        Each step is as likely as predict's quantiles say. How steps hang together is a Gaussian copula, read off the
        errors of past forecasts of the series that fit saw; series are drawn independently of each other.

        Parameters
        ----------
        n_paths : int
            Paths a series.
        seed : int
            The same seed draws the same paths.
        df, futr_df, static_df : table, dict or path, optional
            As for predict.

        Returns
        -------
        table
            Of the kind that came in, N * n_paths * h rows: the id, where there was one, the time, the path's number
            `sample` from 0, and the value under the alias.

        Raises
        ------
        NotFittedError
            Before fit.
        DataError, OptionError
            Data or numbers that cannot be used.
        """
        from gatework.tasks.simulate import simulate

        self._check_fitted("simulate")
        panel, standard = self._to_continue(df, futr_df, static_df, self.h), self.recipe_.standard
        return panel.frame(
            simulate(self._foresee, self.panel_, panel, self.ahead, n_paths, seed, self.alias, self.lead, standard)
        )

    def score(self, df: Any, y: None = None, *, futr_df: Any = None, static_df: Any = None) -> float:
        """Forecast the last h steps of each series from those before, and give minus the MASE: higher is better.

        The weights are those of fit, so these steps should be ones that fit did not see.

        Parameters
        ----------
        df, futr_df, static_df : table, dict or path
            As for predict.
        y : None
            Not used; scikit-learn passes it.
        """
        self._check_fitted("score")
        panel = read_more(self.get_params(), self.panel_, df, futr_df, static_df)
        at = origins(panel, self.ahead, 1, 1, self.lead)[0]
        return -score([as_window(at, self._foresee(at.history))], self.alias).rows[self.alias].mase

    def plot(
        self,
        df: Any = None,
        level: float | Sequence[float] | None = (80, 95),
        ids: Sequence[Any] | None = None,
        *,
        h: int | None = None,
        futr_df: Any = None,
        static_df: Any = None,
    ) -> Any:
        """Draw the forecasts beside the end of the series; the parameters are those of predict.

        Parameters
        ----------
        df, level, h, futr_df, static_df
            As for predict.
        ids : sequence, optional
            The series to draw; by default the first nine.

        Returns
        -------
        list of matplotlib Axes
            One a series; `axes[0].figure.savefig("forecast.png")` writes the picture.
        """
        from gatework.tasks.plot import plot

        self._check_fitted("plot")
        levels, steps = check_levels(level), check_steps(h, self.h)
        panel = self._to_continue(df, futr_df, static_df, steps)
        return plot(panel, self._columns(panel, steps, levels), self.alias, ids)

    def _checked(self, df: Any, futr_df: Any = None, static_df: Any = None) -> Panel:
        check(self)  # type: ignore[arg-type]
        return read_first(self.get_params(), df, futr_df, static_df)

    def _to_continue(self, df: Any, futr_df: Any, static_df: Any, steps: int) -> Panel:
        panel = read_more(self.get_params(), self.panel_, df, futr_df, static_df)
        check_future(panel, self.lead + steps)
        return panel

    def _columns(self, panel: Panel, steps: int, levels: Sequence[float]) -> dict[Any, np.ndarray]:
        found = welcome(panel, self._foresee(panel), self.recipe_.standard)[:, self.lead : self.lead + steps]
        return forecast_columns(panel, found, levels, self.alias, self.lead)

    def _foresee(self, panel: Panel) -> np.ndarray:
        from gatework.tasks.learning import foresee

        return foresee(self.net_, panel, self.recipe_)

    def _check_fitted(self, name: str) -> None:
        if not hasattr(self, "net_"):
            raise NotFittedError(f"{type(self).__name__} must be fitted before {name}; got none. Call fit(df) first.")
