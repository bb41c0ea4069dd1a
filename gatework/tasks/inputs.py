"""What a forecaster is given: its data, what is known of their future, and what never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.data.frame import read
from gatework.data.futures import with_future
from gatework.data.static import with_static
from gatework.errors import DataError, OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatework.data.covariates import Column, Covariates
    from gatework.data.panel import Panel

# Parameters of every forecaster that are also those of `read`.
NAMES = ("id_col", "time_col", "target_col", "futr_exog_list", "hist_exog_list", "stat_exog_list")


def read_first(params: dict[str, Any], df: Any, futr_df: Any = None, static_df: Any = None) -> Panel:
    """Read the data of a fit, as a forecaster's parameters say."""
    names = {name: params[name] for name in (*NAMES, "freq", "season_length")}
    return read(df, **names, futr_df=futr_df, static_df=static_df)


def read_more(
    params: dict[str, Any], known: Panel, df: Any = None, futr_df: Any = None, static_df: Any = None
) -> Panel:
    """Read what a fitted forecaster is to continue: its own series, or others on the grid and in the terms of fit.

    Parameters
    ----------
    params : dict
        The forecaster's; one that an older gatework saved knows of no covariates.
    known : Panel
        The series of fit, which are continued where `df` is None, and others beside them that `static_df` names: of
        series that have no value yet, what never changes is all that is known. New data read their static covariates
        off it, where `static_df` is None.
    df, futr_df, static_df : table, dict or path, optional
        As for predict.
    """
    statics = params.get("stat_exog_list")
    if df is None:
        if static_df is not None:
            listed = [statics] if isinstance(statics, str) else statics or []
            known = with_static(known, static_df, listed, like=known.covariates, keep_static_only=True)
        return known if futr_df is None else with_future(known, futr_df)
    names: dict[str, Any] = {name: params.get(name) for name in NAMES}
    if statics and static_df is None:
        static_df = known
    return read(
        df,
        **names,
        freq=known.freq,
        season_length=known.season_length,
        futr_df=futr_df,
        static_df=static_df,
        like=known.covariates,
    )


def check_steps(h: int | None, fitted: int) -> int:
    """Return how many steps to forecast.

    Raises
    ------
    OptionError
        More than were fitted, or none.
    """
    if h is None:
        return fitted
    if isinstance(h, bool) or not isinstance(h, int | np.integer) or h < 1:
        raise OptionError(f"h must be a whole number of at least 1; got {h!r}.")
    if h > fitted:
        raise OptionError(f"h must be at most {fitted:,}, as fitted; got {h:,}. Fit with h={h}.")
    return int(h)


def check_future(panel: Panel, h: int) -> None:
    """Refuse series of which the known covariates end before their forecasts would.

    Raises
    ------
    DataError
        It names the columns, and the series that has least.
    """
    covariates = panel.covariates
    if covariates is None or not covariates.columns[1]:
        return
    reach = np.array([_reach(covariates, i, len(series)) for i, series in enumerate(panel.values)])
    reach[[len(series) == 0 for series in panel.values]] = h
    short = np.any(reach < h, axis=0)
    if not short.any():
        return
    names = [column.name for column, is_short in zip(covariates.columns[1], short, strict=True) if is_short]
    steps = "step" if h == 1 else f"{h:,} steps"
    i, least = int(reach.min(1).argmin()), int(reach.min())
    got = "none" if not reach[:, short].any() else f"{least:,} for {panel.ids[i]!r}" if len(panel) > 1 else f"{least:,}"
    raise DataError(
        f"futr_df must hold {_listed(names)} for the {steps} after the last value of each series; got {got}. Give a "
        "table with the ids, the times and these columns (command line: --futr)."
    )


def about(panel: Panel) -> list[str]:
    """Say which covariates are read."""
    if panel.covariates is None:
        return []
    past, known, static = panel.covariates.columns
    kinds = ((known, "known ahead"), (past, "known up to the last value"), (static, "the same at all times"))
    return [f"covariates: {'; '.join(f'{_names(columns)} ({what})' for columns, what in kinds if columns)}."]


def about_future(*histories: Panel) -> str:
    """Say which future of the known covariates forecasts of these histories read; nothing where there are none."""
    covariates = histories[0].covariates
    if covariates is None or not covariates.columns[1]:
        return ""
    names, one = _names(covariates.columns[1]), len(covariates.columns[1]) == 1
    if covariates.vintages is None:
        they, them = ("it", "it") if one else ("they", "them")
        return f"with {names} as {they} came to be (actuals): a real forecast of {them} would be worse."
    early, windows = map(sum, zip(*map(_early, histories), strict=True))
    but = f" But {early:,} of {windows:,} windows lie before the first vintage and read actuals." if early else ""
    return f"with {names} as {'it was' if one else 'they were'} forecast (vintages).{but}"


def _early(history: Panel) -> tuple[int, int]:
    """How many series have no vintage that was made by the end of their history, and how many have a history."""
    vintages = history.covariates.vintages if history.covariates else None
    made = [len(cutoffs) > 0 for cutoffs in vintages.cutoffs] if vintages else []
    there = [known for known, series in zip(made, history.values, strict=True) if len(series)]
    return there.count(False), len(there)


def _reach(covariates: Covariates, i: int, length: int) -> np.ndarray:
    """For how many steps after the last value each known column of series `i` is told, (columns,)."""
    values, begins = covariates.known[i], 0
    if covariates.vintages is not None and len(made := covariates.vintages.cutoffs[i]):
        latest = int(np.searchsorted(made, length, side="right")) - 1
        if latest >= 0:
            values, begins = covariates.vintages.values[i][latest], int(made[latest])
    told = ~np.isnan(values[max(length - begins, 0) :])
    last = np.where(told.any(0), len(told) - told[::-1].argmax(0), 0) if len(told) else np.zeros(told.shape[1], int)
    # A column's categories are all there or none is.
    firsts = np.cumsum([0, *(column.width for column in covariates.columns[1])])[:-1]
    return last[firsts]


def _names(columns: Sequence[Column]) -> str:
    return _listed([column.name for column in columns])


def _listed(names: Sequence[Any]) -> str:
    *most, last = map(str, names)
    return f"{', '.join(most)} and {last}" if most else last
