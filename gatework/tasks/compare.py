"""Every forecaster on the same past: one backtest, one table, one verdict."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.models.quantiles import MEDIAN, interval
from gatework.tasks.backtest import as_window, backtest_columns, walk
from gatework.tasks.calibration import calibrate
from gatework.tasks.comparison import Comparison, Row
from gatework.tasks.inputs import about_future
from gatework.tasks.judge import METRICS, Forecasts, Judged, judge, profiles
from gatework.tasks.measures import mean
from gatework.tasks.plan import Plan, plan
from gatework.tasks.rivals import NAIVE, NO_COVARIATES, learns, make_ready
from gatework.tasks.significance import ALPHA, holm, paired
from gatework.tasks.walk import wanders

if TYPE_CHECKING:
    from gatework.tasks.backtest import Origin


def compare(
    df: Any,
    h: int,
    *,
    models: Sequence[str] | None = None,
    others: Any = (),
    n_windows: int | None = None,
    step_size: int | None = None,
    refit: bool = False,
    level: float = 90,
    futr_df: Any = None,
    static_df: Any = None,
    **settings: Any,
) -> Comparison:
    """Forecast the past with every model, from the same cutoffs, and say which one to use.

    Parameters
    ----------
    df : table, dict or path
        As for Forecaster.fit. It is never changed.
    h : int
        Steps to forecast.
    models : sequence of str, optional
        Of "LastValue", "SeasonalNaive", "Theta", "ETS", "Ridge", "Boosting", "LSTM", "GRU" and "RNN"; all by default.
        Theta and ETS need `pip install 'gatework[compare]'`.
    others : table, dict, path, or sequence of them
        Forecasts made elsewhere: the id, time and `cutoff` (the last time that was known) of each, and a column
        `NAME` for each model, with `NAME-lo-90` and `NAME-hi-90` where it has intervals.
    n_windows, step_size : int, optional
        How many cutoffs, and the steps between them. By default 3 of 8 series or more, and of fewer series 12 to 24, as
        far as half of the longest series reaches.
    refit : bool
        Let the models that learn do so anew at every cutoff. By default they learn before the first one, as a model in
        use does; Theta and ETS are fitted at each cutoff either way, which is all they do.
    level : float
        What the intervals are to hold, in percent.
    futr_df, static_df : table, dict or path, optional
        As for Forecaster.fit. LSTM, GRU, RNN, Ridge and Boosting read covariates; the others are marked. With a column
        `cutoff` in futr_df what is known ahead is read as it was forecast, else as it came to be, and it is said which.
    **settings
        Parameters of Forecaster: `freq`, `season_length`, `id_col`, `time_col`, `target_col`, `futr_exog_list`,
        `hist_exog_list` and `stat_exog_list` for the data; `lead` and `seed` for all; the rest for LSTM, GRU and RNN.

    Returns
    -------
    Comparison
        `print(found.verdict())`, `found.table()`, `found.plot()`, `found.forecasts`.

    Raises
    ------
    DataError, OptionError
        Data or settings that cannot be used, or forecasts in `others` that do not match the backtest.

    Examples
    --------
    >>> import numpy as np, gatework
    >>> t = np.arange(120)
    >>> data = {"ds": t, "y": 10 + np.sin(t * np.pi / 6)}
    >>> found = gatework.compare(data, 6, models=["LastValue", "SeasonalNaive"], season_length=12)
    >>> list(found.rows)
    ['SeasonalNaive', 'LastValue']
    """
    return carry_out(plan(df, h, models, others, n_windows, step_size, level, settings, futr_df, static_df), refit)


def carry_out(plan: Plan, refit: bool = False) -> Comparison:
    """Let every model forecast from every cutoff, and score them all."""
    notes = list(plan.notes)
    own = [_run(name, plan, refit, notes) for name in plan.names]
    return _compared(plan, [*own, *plan.outside], notes)


def _run(name: str, plan: Plan, refit: bool, notes: list[str]) -> Forecasts:
    model, panel, windows = plan.model, plan.panel, len(plan.found)
    if model.progress or (model.progress is None and sys.stderr.isatty()):
        print(f"{name} ...", file=sys.stderr, flush=True)
    failures: list[int] = []
    make_ready(name, bool(plan.covariates))
    learner = learns(name, model, failures.append)
    start = time.perf_counter()
    walked = walk(panel, model.ahead, windows, plan.step_size, refit, learner, model.lead)
    seconds = time.perf_counter() - start
    if failures:
        notes.append(
            f"{name} cannot forecast {sum(failures):,} of {windows * len(panel):,} histories, constant or too short "
            "for it: the seasonal naive stands in."
        )
    quantiles = np.stack([found for _, found in walked])
    mark = "no covariates" if plan.covariates and name in NO_COVARIATES else ""
    return Forecasts(name, quantiles, *interval(quantiles, plan.level), seconds, mark)


def _compared(plan: Plan, models: list[Forecasts], notes: list[str]) -> Comparison:
    found, h = plan.found, plan.model.h
    judged = {one.name: judge(found, one) for one in models}
    averages = {name: {metric: one.average(metric) for metric in METRICS} for name, one in judged.items()}
    order = sorted(models, key=lambda one: np.nan_to_num(averages[one.name]["mase"], nan=np.inf))
    p = _against_the_best([judged[one.name] for one in order], plan.model.ahead / plan.step_size)
    rows = {
        one.name: Row(
            **averages[one.name], seconds=one.seconds, worse=value, mark=one.mark, calibration=_calibration(found, one)
        )
        for one, value in zip(order, p, strict=True)
    }
    first = judged[order[0].name].cells
    scored = ~np.isnan(mean(first["smape"], 0))
    left_out = int((scored & np.isnan(mean(first["mase"], 0))).sum())
    if left_out:
        which = f"{left_out:,} of {len(scored):,} series never change{'s' if left_out == 1 else ''} before the cutoff"
        notes.append(f"{which}, without MASE, CRPS and width, and without a say in who wins.")
    return Comparison(
        rows=rows,
        profiles={one.name: profiles(found, judged[one.name].error) for one in order},
        level=plan.level,
        series=int(scored.sum()),
        windows=len(found),
        h=h,
        step_size=plan.step_size,
        left_out=left_out,
        notes=notes,
        forecasts=_table(found, order, plan.level),
        future=about_future(*(at.history for at in found)),
        no_signal=_no_signal(plan, judged),
    )


def _against_the_best(ranked: list[Judged], overlap: float) -> list[float]:
    best, *others = (one.cells["mase"] for one in ranked)
    p = np.array([paired(other, best, overlap).p for other in others])
    known = ~np.isnan(p)
    p[known] = holm(p[known])
    return [float("nan"), *map(float, p)]


def _no_signal(plan: Plan, judged: dict[str, Judged]) -> float | None:
    """How surely any model beats the last value; None where one does, or where the series are no random walk."""
    if "LastValue" not in judged or judged.keys() <= {*NAIVE}:
        return None
    last = judged["LastValue"].cells["mase"]
    found = [
        paired(one.cells["mase"], last, plan.model.ahead / plan.step_size)
        for name, one in judged.items()
        if name != "LastValue"
    ]
    if any(np.isnan(one.p) for one in found):
        return None
    # What lies behind the last value does not beat it, however surely.
    least = float(holm([one.p if one.gap < 0 else 1 for one in found]).min())
    if least < ALPHA:
        return None
    panel = plan.panel
    return least if wanders(panel.values, plan.model.h, panel.season_length) else None


def _calibration(found: list[Origin], one: Forecasts) -> str:
    if np.isnan(one.quantiles[..., 0]).all():
        return ""
    windows = [as_window(at, quantiles) for at, quantiles in zip(found, one.quantiles, strict=True)]
    calibration = calibrate(windows)
    return "" if calibration is None else calibration.verdict()


def _table(found: list[Origin], models: list[Forecasts], level: float) -> Any:
    """Every forecast as one table."""
    table: dict[Any, np.ndarray] = {}
    for one in models:
        columns = {one.name: one.quantiles[..., MEDIAN]}
        # An outside model may have no intervals.
        if not np.isnan(one.lo).all():
            columns |= {f"{one.name}-lo-{level:g}": one.lo, f"{one.name}-hi-{level:g}": one.hi}
        for name, values in columns.items():
            alike = np.broadcast_to(values[..., None], one.quantiles.shape)
            table |= backtest_columns(list(zip(found, alike, strict=True)), [], name)
    return found[0].history.frame(table)
