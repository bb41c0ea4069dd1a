"""Joint paths: what may happen over all steps together, each step as likely as its quantiles say.

Quantiles of one step say nothing of the next: whether a high hour is followed by another decides what a day may sum up
to. A Gaussian copula says how steps hang together and leaves each step's own distribution as it was forecast (Schefzik,
Thorarinsdottir & Gneiting, 2013; Wilks, 2015). Series are drawn independently of each other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.data.floor import floor
from gatework.errors import OptionError
from gatework.models.quantiles import QUANTILES, level_of, values_at
from gatework.tasks.backtest import FEWEST, forecast_columns, origin
from gatework.tasks.measures import mean
from gatework.tasks.newcomers import welcome

if TYPE_CHECKING:
    from gatework.data.panel import Panel
    from gatework.data.standard import Standard

# Windows that are looked back on, and cutoffs they may stand at: each costs a forecast of every series.
MOST_WINDOWS, MOST_CUTOFFS = 2000, 60
# Of what lies beyond these levels the extended quantiles know too little.
FARTHEST = 1e-3
# So many windows stand for a random walk's steps, which hang together where nothing is known yet.
PRIOR = 2
# Numbers that are drawn at once.
AT_ONCE = 2_000_000


def simulate(
    forecast: Callable[[Panel], np.ndarray],
    past: Panel,
    panel: Panel,
    h: int,
    n_paths: int,
    seed: int,
    alias: str,
    lead: int = 0,
    standard: Standard | None = None,
) -> dict[Any, np.ndarray]:
    """Draw joint paths of what follows a panel, as a long table.

    Parameters
    ----------
    forecast : callable
        Makes quantiles (N, h, Q) of what follows a panel.
    past : Panel
        The series whose past forecasts say how steps hang together.
    panel : Panel
        The series to continue.
    h : int
        Steps to forecast.
    n_paths : int
        Paths a series.
    seed : int
        The same seed draws the same paths.
    alias : str
        The forecaster's name.
    lead : int
        The first of the h steps, which are not asked for.
    standard : Standard, optional
        The units of the covariates: by the static ones, series of which nothing else is known are welcome too.

    Returns
    -------
    dict
        As `path_columns` lays it out.

    Raises
    ------
    OptionError
        `n_paths` or `seed` is no whole number, or too small; or a column is called "sample".
    """
    for name, value, least in (("n_paths", n_paths, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise OptionError(f"{name} must be a whole number of at least {least}; got {value!r}.")
    if "sample" in (panel.columns.id, panel.columns.time, alias):
        raise OptionError("your columns must not be called 'sample', as a path's number is; got one. Rename it.")
    quantiles = welcome(panel, forecast(panel), standard)
    paths = draw(quantiles, dependence(forecast, past, h), n_paths, seed)
    np.maximum(paths, np.array([floor(series) for series in panel.values])[:, None, None], out=paths)
    return path_columns(panel, paths[..., lead:], alias, lead)


def dependence(forecast: Callable[[Panel], np.ndarray], panel: Panel, h: int) -> np.ndarray:
    """Say how the steps of a forecast hang together: the correlation (h, h) of its errors, as normal scores.

    Read off windows of the last half of each series, pooled over series. Where they are few it is drawn towards the
    correlation that an error would have of which one part lasts and another fades from step to step, in the share that
    leaves the least error to expect (Ledoit & Wolf, 2004; Schäfer & Strimmer, 2005).

    Parameters
    ----------
    forecast : callable
        Makes quantiles (N, h, Q) of what follows a panel.
    panel : Panel
        The series to look back on.
    h : int
        Steps to forecast.
    """
    cutoffs = int(np.clip(-(-MOST_WINDOWS // len(panel)), 1, MOST_CUTOFFS))
    room = max(len(series) for series in panel.values) // 2 - h
    step = int(np.clip(room // cutoffs, 1, h))
    scores = []
    for drop in range(h, h + 1 + min(max(room, 0), step * (cutoffs - 1)), step):
        at = origin(panel, h, drop)
        found = _scores(forecast(at.history), at.truth)
        # Half of each series is left to forecast from: a window that knew less would tell of another forecast.
        found[[len(series) - drop < max(FEWEST, len(series) / 2) for series in panel.values]] = np.nan
        scores.append(found)
    # Windows that overlap are worth only what each adds.
    return correlation(np.concatenate(scores), step / h)


def draw(quantiles: np.ndarray, correlated: np.ndarray, n_paths: int, seed: int) -> np.ndarray:
    """Draw paths (N, n_paths, h) whose steps have these quantiles (N, h, Q) and hang together as correlated (h, h).

    Beyond the outermost quantiles values lie where `quantile` extends them to; NaN where the quantiles are.
    """
    series, h, _ = quantiles.shape
    root, chance = np.linalg.cholesky(correlated), np.random.default_rng(seed)
    paths = np.empty((series, n_paths, h))
    many = max(1, AT_ONCE // (n_paths * h))
    for start in range(0, series, many):
        some = slice(start, start + many)
        scores = chance.standard_normal(paths[some].shape) @ root.T
        paths[some] = values_at(quantiles[some, None], scores)
    return paths


def path_columns(panel: Panel, paths: np.ndarray, alias: str, lead: int = 0) -> dict[Any, np.ndarray]:
    """Lay paths (N, n_paths, h) out as a long table: id (if there is one), time, `sample` from 0, and the alias.

    By series, then sample, then time. A series of no steps and no paths has no rows.
    """
    series, n_paths, h = paths.shape
    # Which series a row of a forecast's table is of: those that have no place in time are not in it.
    empty = np.array([len(values) == 0 for values in panel.values]) & np.isnan(paths).all((1, 2))
    rows = np.where(empty, np.nan, np.arange(series))
    which = np.broadcast_to(rows[:, None, None], (series, h, len(QUANTILES)))
    table = forecast_columns(panel, which, [], alias, lead)
    kept = table.pop(alias)[::h].astype(int)
    shape = (len(kept), n_paths, h)
    table = {name: np.broadcast_to(one.reshape(-1, 1, h), shape).ravel() for name, one in table.items()}
    table["sample"] = np.broadcast_to(np.arange(n_paths)[:, None], shape).ravel()
    return {**table, alias: paths[kept].ravel()}


def correlation(scores: np.ndarray, worth: float = 1) -> np.ndarray:
    """Estimate how the columns of scores (n, h), NaN where missing, are correlated; `worth` is what each row counts."""
    h = scores.shape[1]
    ahead = np.arange(1, h + 1)
    known = ~np.isnan(scores)
    x = np.where(known, scores - mean(scores, 0), 0)
    # Each pair by the sizes of the rows that have both, so that no correlation leaves [-1, 1].
    size = np.sqrt((x**2).T @ known)
    both = size * size.T
    found = np.divide(x.T @ x, both, out=np.zeros((h, h)), where=both > 0)
    rows = worth * (known.T.astype(float) @ known)
    walk = np.sqrt(np.minimum.outer(ahead, ahead) / np.maximum.outer(ahead, ahead))
    found = (rows * found + PRIOR * walk) / (rows + PRIOR)
    smooth = _lasting_and_fading(found, rows + PRIOR)
    apart = ~np.eye(h, dtype=bool)
    noise = (rows * ((1 - found**2) / (rows + PRIOR)) ** 2)[apart].sum()
    off = ((found - smooth) ** 2)[apart].sum()
    share = 1.0 if noise >= off else noise / off
    return _proper(share * smooth + (1 - share) * found)


def _scores(quantiles: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """What a standard normal distribution would have in the place of each value of its forecast."""
    from scipy.special import ndtri

    return ndtri(np.clip(level_of(quantiles, truth), FARTHEST, 1 - FARTHEST))


def _lasting_and_fading(found: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Fit w + (1 - w) a ** distance to correlations (h, h) by least squares, for w from 0 to 1 and a from 0 to below 1.

    An error of variance 1 has such correlations if w of it lasts and the rest is an AR(1) process.
    """
    h = len(found)
    distance = np.abs(np.subtract.outer(np.arange(h), np.arange(h)))
    best, smooth = np.inf, np.eye(h)
    for fading in np.linspace(0, 0.99, 100):
        fades = fading**distance
        rest = 1 - fades
        bottom = float((rows * rest**2).sum())
        lasts = float(np.clip((rows * (found - fades) * rest).sum() / bottom, 0, 1)) if bottom else 0.0
        candidate = lasts * rest + fades
        error = float((rows * (found - candidate) ** 2).sum())
        if error < best:
            best, smooth = error, candidate
    return smooth


def _proper(matrix: np.ndarray) -> np.ndarray:
    """Lift what eigenvalues of a symmetric matrix are not above 0, and bring its diagonal back to 1."""
    sizes, directions = np.linalg.eigh((matrix + matrix.T) / 2)
    lifted = (directions * np.maximum(sizes, 1e-6)) @ directions.T
    scale = np.sqrt(np.diag(lifted))
    return lifted / np.outer(scale, scale)
