"""The simple forecast: the blend takes what served best, and each series and step is alone."""

from __future__ import annotations

import numpy as np
import pytest

from gatework.data import simple as room
from gatework.data.rules import SEASONS, Line, Season, steps_along, steps_back
from gatework.data.simple import simple

nan = np.nan
LAGS, H = (1, 4), 6


def forecast(z: np.ndarray, lags: tuple[int, ...] = LAGS, h: int = H) -> np.ndarray:
    """The simple forecast after the last step, read as the docstring says."""
    (table,), last = simple([z], lags, h), len(z) - 1
    path = table[-1, 0] + table[-1, 1:SEASONS] @ steps_along(h)
    return path + sum(table[last + back, column] for column, back in enumerate(steps_back(lags, h), SEASONS))


@pytest.mark.parametrize("lag", [4, 5])
def test_a_season_that_never_changes_is_forecast(lag):
    z = 10 + np.tile([3.0, -1, 2, 0, 1][:lag], 30)
    np.testing.assert_allclose(forecast(z, (1, lag)), np.tile(z[:lag], 3)[:H], atol=1e-9)


def test_the_blend_takes_what_served_best():
    rng = np.random.default_rng(0)
    t = np.arange(144)
    walk = rng.normal(size=2000).cumsum()
    np.testing.assert_allclose(forecast(walk), walk[-1], atol=1.5)
    noise = 5 + rng.normal(size=2000)
    np.testing.assert_allclose(forecast(noise), 5, atol=0.5)
    line = 3 + 0.1 * np.arange(60)
    np.testing.assert_allclose(forecast(line, (1,)), 3 + 0.1 * (60 + np.arange(H)), atol=0.01)
    # A trend and noisy seasons: far better than the last season repeated.
    true = 0.02 * (144 + np.arange(12)) + np.sin((144 + np.arange(12)) * np.pi / 6)
    many = 0.02 * t + np.sin(t * np.pi / 6) + 0.3 * rng.normal(size=(10, 144))
    ours, naive = np.stack([forecast(z, (1, 12), 12) for z in many]), many[:, -12:]
    assert np.abs(ours - true).mean() < 0.5 * np.abs(naive - true).mean()


def test_the_shares_by_hand():
    shares = room._shares(np.array([[1.0, 0, np.inf, 2], [2, 1, np.inf, 2], [1, 0, np.inf, np.inf]]), 12)
    assert shares.T.tolist() == [[0.5, 0, 0.5], [1, 0, 0], [1, 0, 0], [0.5, 0.5, 0]]
    near, _ = room._shares(np.array([[1.0], [1.5]]), 12)
    np.testing.assert_allclose(near, 1 / (1 + 1.5**-12))


def test_the_errors_by_hand():
    truth, origins, back = np.array([[[2.0, 6], [4, nan]]]), np.array([1, 2]), np.array([[-1, 0]])
    level, slope = np.array([[9.0, 1, 3]]), np.array([[9.0, 2, 1]])
    lines = [Line(level), Line(level, slope, 1, 3.0), Line(level, slope, 2)]
    along = np.array([[1.0, 2], [1, 1.5]])
    # From the first origin 1 and 5 off, -1 and 1, -1 and 2; from the second 1, 0 and 0, which count most.
    first = room.FIRST
    wanted = np.array([6 * first + 1, 3 * 2 * first, 3 * first]) / (2 * first + 1)
    found = room._errors(truth, origins, Season(None, level, 0, lines), back, along)
    np.testing.assert_allclose(found[:, 0], wanted)
    # With a season of -1, then 2, and only from the second origin on.
    found = room._errors(truth, origins, Season(SEASONS, np.array([[7, -1.0, 2]]), 2, lines), back, along)
    np.testing.assert_allclose(found[:, 0], [2, 3 * 1, 1])
    assert np.isinf(room._errors(truth * nan, origins, Season(None, level, 0, lines), back, along)).all()


def test_few_origins_prove_little():
    assert room._proof(np.arange(0), H) == 1
    assert room._proof(np.array([7]), H) == 1 / 2
    assert room._proof(np.arange(7, 7 + 18 + 1), H) == 4 / 5


def test_a_rule_without_a_share_leaves_nothing_of_itself(monkeypatch):
    monkeypatch.setattr(room, "_shares", lambda errors, sharpness: np.eye(len(errors))[:, :1])
    z = np.random.default_rng(3).normal(size=30)
    (table,) = simple([z], LAGS, H)
    np.testing.assert_array_equal(table, np.column_stack([z, np.zeros((30, 4))]))


@pytest.mark.parametrize("z", [np.full(50, 0.1), np.full(3, -1e12), np.array([2.5, nan, 2.5, nan, 2.5] * 8)])
def test_what_never_changes_is_forecast_exactly(z):
    assert (forecast(z) == z[0]).all()


def test_missing_values_do_not_spread():
    rng = np.random.default_rng(1)
    z = np.sin(np.arange(200) * np.pi / 2) + 3 + 0.1 * rng.normal(size=200)
    holes = np.where(rng.random(200) < 0.2, nan, z)
    holes[[0, 1]] = nan
    np.testing.assert_allclose(forecast(holes), forecast(z), atol=0.3)


def test_series_of_any_length_are_each_alone():
    rng = np.random.default_rng(2)
    many = [rng.normal(size=n).cumsum() for n in (0, 1, 2, 3, 7, 8, 9, 10, 40, 40, 40, 7)]
    for z, table in zip(many, simple(many, LAGS, H), strict=True):
        assert table.shape == (len(z), 1 + 2 * len(LAGS))
        np.testing.assert_allclose(table, simple([z], LAGS, H)[0], rtol=1e-9, atol=1e-12)
        if len(z):
            assert np.isfinite(table[-1]).all()
