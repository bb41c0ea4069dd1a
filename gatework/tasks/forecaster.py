"""The forecaster: a table of series in, the next h steps of each out, as a median and intervals."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from gatework.tasks import folder as folders
from gatework.tasks import keep
from gatework.tasks.backtest import as_window
from gatework.tasks.inputs import about, about_future, read_more
from gatework.tasks.predicting import Predicting
from gatework.tasks.recipe import check_steps_to_take, choose, outcome, too_short
from gatework.tasks.scores import score

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from gatework.data.panel import Panel
    from gatework.tasks.folder import Parts
    from gatework.tasks.learning import Learned
    from gatework.tasks.recipe import Recipe
    from gatework.train.checkpoint import Checkpoint


class Forecaster(Predicting):
    """Forecast series with an encoder-decoder LSTM (Hochreiter & Schmidhuber, 1997; Sutskever et al., 2014).

    The network reads up to the last value and adds to the simple forecast that each series follows by itself (a blend
    of what repeats and what is smoothed, by how well each served its past; Assimakopoulos & Nikolopoulos, 2000; Bates &
    Granger, 1969), in units of the series' own changes, in logarithms where the series is positive. It learns
    quantiles, so the intervals are its own. Where training does not help on the last window of the series, which is
    held out for that, what remains is close to the simple forecast.

    Parameters
    ----------
    h : int
        Steps to forecast: the one thing only you know.
    lead : int
        Steps between the last value and the first forecast: a day-ahead market asks at noon for all of tomorrow, which
        is `h=24, lead=12`.
    input_size : int, optional
        Steps that the network reads before each forecast. By default a season and h, at least 24 and at most 512;
        lags of a season, and of a week where a season is a day, reach farther back.
    hidden_size : int
        Units a layer. 64 did as well as more on M4's weekly and hourly series, in less time.
    num_layers : int
        Layers of the encoder and of the decoder; 2, as in most forecasters of this kind.
    cell : {"lstm", "gru", "rnn"}
        What remembers.
    freq : str or int, optional
        The step of the grid ("15min", "h", "D", "B", "W-SUN", "MS", "QE", ..., or a whole number). By default inferred
        from the times.
    season_length : int, optional
        Steps in the main season, 1 for none. By default the frequency's own (24 for hours, 12 for months).
    effort : {"normal", "fast", "best"}
        How long to train: "fast" a quarter of the normal time, "best" four times as long, for more networks, from other
        first weights and other windows, that forecast together.
    max_steps : int, optional
        Training steps of each network, first without the windows that are held out and then once more with them. By
        default up to 1,700, the fewer, the longer the windows; where there are fewer than 10,000 values to learn from,
        400, and of fewer than 3,000 two to four networks share these. With `max_steps` there is one network, or four at
        effort "best".
    learning_rate : float
        The top of the one-cycle rate.
    batch_size : int
        Windows a training step.
    seed : int
        Of the first weights and of the windows drawn: the same seed gives the same forecasts, on one machine with one
        number of threads.
    alias : str
        The model's name in tables.
    id_col : str
        Your column that says which series a row belongs to. Without a column "unique_id" the table is one series.
    time_col : str
        Your column of times.
    target_col : str or list of str
        Your column of the values to forecast; of a list, each column becomes a series of its own.
    futr_exog_list : list of str, optional
        Columns of covariates that are known ahead: holidays, prices, weather forecasts. They stand beside the target,
        numbers or text, and their future comes with `futr_df`.
    hist_exog_list : list of str, optional
        Columns of covariates that are known up to the last value only.
    stat_exog_list : list of str, optional
        Columns of `static_df`: what never changes of a series.
    calendar : bool
        Whether the networks read hour, weekday and day of the year, by the wall clock, each where the data are long
        enough. What lags repeat is of the same hour by that clock in any case.
    progress : bool, optional
        Show a progress bar; by default where stderr is a terminal.

    Attributes
    ----------
    panel_ : Panel
        The series it was fitted on.
    net_ : Ensemble
        The networks.
    history_ : History
        What happened in the training that chose how long to train, before everything was learned from.
    scores_ : Scores
        The last h steps of each series, forecast by networks that had not learned from them yet, beside both naive
        forecasts. They helped to choose how long to train, which flatters them slightly; `evaluate` has more windows
        and no such choice.
    notes_ : list of str
        What was inferred, chosen and handled, a sentence each.

    Examples
    --------
    >>> import numpy as np, gatework
    >>> t = np.arange(120)
    >>> data = {"ds": t, "y": 10 + np.sin(t * np.pi / 6)}
    >>> model = gatework.Forecaster(h=6, season_length=12, max_steps=20).fit(data)
    >>> sorted(model.predict(level=80))
    ['LSTM', 'LSTM-hi-80', 'LSTM-lo-80', 'ds']
    """

    def __init__(
        self,
        h: int,
        *,
        lead: int = 0,
        input_size: int | None = None,
        hidden_size: int = 64,
        num_layers: int = 2,
        cell: Literal["lstm", "gru", "rnn"] = "lstm",
        freq: str | int | None = None,
        season_length: int | None = None,
        effort: Literal["normal", "fast", "best"] = "normal",
        max_steps: int | None = None,
        learning_rate: float = 1.6e-2,
        batch_size: int = 64,
        seed: int = 0,
        alias: str = "LSTM",
        id_col: str = "unique_id",
        time_col: str = "ds",
        target_col: str | list[str] = "y",
        futr_exog_list: list[str] | None = None,
        hist_exog_list: list[str] | None = None,
        stat_exog_list: list[str] | None = None,
        calendar: bool = False,
        progress: bool | None = None,
    ):
        self.h = h
        self.lead = lead
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.cell = cell
        self.freq = freq
        self.season_length = season_length
        self.effort = effort
        self.max_steps = max_steps
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.seed = seed
        self.alias = alias
        self.id_col = id_col
        self.time_col = time_col
        self.target_col = target_col
        self.futr_exog_list = futr_exog_list
        self.hist_exog_list = hist_exog_list
        self.stat_exog_list = stat_exog_list
        self.calendar = calendar
        self.progress = progress

    def fit(
        self,
        df: Any,
        folder: str | PathLike | None = None,
        resume: bool = False,
        *,
        futr_df: Any = None,
        static_df: Any = None,
    ) -> Self:
        """Learn from a table of series.

        The last h steps of each series, and of few series several windows, are held out at first: they decide how long
        to train, how far to trust the networks and how wide the intervals must be, and give `scores_`. Then the
        networks learn from them too.

        Parameters
        ----------
        df : table, dict or path
            One row for each series and time: a pandas, polars or pyarrow table, a dict of arrays, or the path of a CSV
            or Parquet file. Missing values are masked, never filled.
        folder : path, optional
            Keep checkpoints there, and the result, as `save` does.
        resume : bool
            Go on from the checkpoint in `folder`; from the start where there is none.
        futr_df : table, dict or path, optional
            The future of the covariates in `futr_exog_list`: ids, times and these columns, no target. With a column
            `cutoff`, the last time that was known when a row was forecast, there are forecasts of the past too: then
            the network learns from those, and how far to trust them.
        static_df : table, dict or path, optional
            The covariates in `stat_exog_list`, one row for each series.

        Returns
        -------
        Forecaster
            Itself. After Ctrl-C it is fitted too, with the best weights so far.

        Raises
        ------
        DataError
            Data that cannot be used, or that are not those of the checkpoint.
        OptionError
            A setting that cannot be.
        TrainingError
            The loss stopped being a number.
        """
        panel = self._checked(df, futr_df, static_df)
        self.source_ = keep.paths(data=df, futr_df=futr_df, static_df=static_df)
        self._learn(panel, keep.checkpoint(self, panel, folder, resume), resume)
        if folder is not None:
            self.save(folder)
        return self

    def fine_tune(self, df: Any, max_steps: int | None = None, *, futr_df: Any = None, static_df: Any = None) -> Self:
        """Go on learning, from other series or from newer values, with the weights that fit found.

        As in fit, the last windows are held out at first; where they were forecast best by the networks as they came,
        these stay as they are. The rate is a quarter of fit's, so that little is forgotten. What is read of a window
        (its length, the lags, the units of covariates) stays as fit chose it.

        Parameters
        ----------
        df : table, dict or path
            The series, with the columns that fit saw; `predict()` will continue these from now on.
        max_steps : int, optional
            Training steps, as in the constructor; by default a quarter of fit's.
        futr_df, static_df : table, dict or path, optional
            As for fit.

        Returns
        -------
        Forecaster
            Itself.

        Raises
        ------
        NotFittedError
            Before fit; `gatework.load` gives a fitted one.
        DataError, OptionError, TrainingError
            As for fit.
        """
        from gatework.tasks.learning import learn

        self._check_fitted("fine_tune")
        check_steps_to_take(max_steps)
        panel = read_more(self.get_params(), self.panel_, df, futr_df, static_df)
        steps, rate = max_steps or max(1, self.recipe_.steps // 4), self.recipe_.learning_rate / 4
        gentle = replace(self.recipe_, steps=steps, learning_rate=rate)
        learned = learn(panel, gentle, progress=self.progress, start=self.net_)
        if not learned.history.losses and learned.history.stopped != "interrupted":
            raise too_short(panel, self.ahead)
        self.source_ = keep.paths(data=df, futr_df=futr_df, static_df=static_df)
        self.notes_ = [*panel.notes, *about(panel), f"fine-tuned with up to {steps:,} steps, from the weights of fit."]
        self._keep(panel, self.recipe_, learned)
        return self

    def _learn(self, panel: Panel, checkpoint: Checkpoint | None = None, resume: bool = False) -> Self:
        from gatework.tasks.learning import learn

        recipe, notes = choose(self, panel)
        self.notes_ = [*panel.notes, *about(panel), *notes]
        self._keep(panel, recipe, learn(panel, recipe, checkpoint, resume, self.progress))
        return self

    def _keep(self, panel: Panel, recipe: Recipe, learned: Learned) -> None:
        net, self.panel_, self.history_ = learned.net, panel, learned.history
        self.net_, self.recipe_ = net, replace(recipe, members=len(net.members))
        window = as_window(learned.held, learned.rehearsed)
        self.scores_ = replace(score([window], self.alias), future=about_future(learned.held.history))
        trusted = float(net.trust), float(net.heed), net.spread.tolist()
        self.notes_ += outcome(recipe, self.history_, *trusted, self.scores_.future)

    def save(self, folder: str | PathLike) -> Path:
        """Write the fitted forecaster to a folder, from which gatework.load reads it: no pickle, nothing that runs."""
        return folders.save(self, folder)

    def _copy_that_learned(self, panel: Panel) -> Callable[[Panel], np.ndarray]:
        """Give the forecasts of a copy that has seen this panel and nothing else."""
        copy = type(self)(**self.get_params())._learn(panel)
        # Ctrl-C ends a fit with the best weights so far; a backtest of half a training would tell nothing.
        if copy.history_.stopped == "interrupted":
            raise KeyboardInterrupt
        return copy._foresee

    def _saved(self) -> Parts:
        self._check_fitted("save")
        return keep.take_apart(self)

    @classmethod
    def _restored(cls, parts: Parts) -> Forecaster:
        return keep.put_together(cls(**parts.config["params"]), parts)
