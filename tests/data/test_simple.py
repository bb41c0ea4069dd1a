"""The simple forecast: each rule is what it says, none looks ahead, and the blend takes what served best."""

from __future__ import annotations

import numpy as np
import pytest

from gatework.data import simple as room
from gatework.data.simple import simple, steps_back

nan = np.nan
LAGS, H = (1, 4), 6


def forecast(z: np.ndarray, lags: tuple[int, ...] = LAGS, h: int = H) -> np.ndarray:
    """The simple forecast after the last step, read as the docstring says."""
    (table,), last = simple([z], lags, h), len(z) - 1
    path = table[-1, 0] + table[-1, 1] * np.arange(1, h + 1)
    return path + sum(table[last + back, column] for column, back in enumerate(steps_back(lags, h), 2))


def rules(z: np.ndarray, lags: tuple[int, ...] = LAGS) -> list[room.Rule]:
    origins = np.array([len(z) - 1])
    return [r for k in range(len(lags)) for r in room._rules(z[None], lags, k, origins, np.arange(1, H + 1))]


def test_what_repeats_and_what_is_smoothed():
    z = np.array([3.0, 1, 4, 1, 5, 9, 2, 6])
    repeats, *smooth = rules(z, (1,))
    assert repeats.paths[0, 0].tolist() == [6] * H
    slope = np.polyfit(np.arange(8), z, 1)[0] / 2
    for alpha, level_rule, trend_rule in zip(room.ALPHAS, smooth[::2], smooth[1::2], strict=True):
        level = np.average(z, weights=(1 - alpha) ** np.arange(8.0)[::-1])
        np.testing.assert_allclose(level_rule.paths[0, 0], level)
        np.testing.assert_allclose(trend_rule.paths[0, 0], level + slope * (1 / alpha - 1 + np.arange(1, H + 1)))


def test_half_of_a_trend_is_carried_on_without_lag():
    trend = [rule.paths[0, 0] for rule in rules(np.arange(400.0), (1,))[2::2]]
    # Smoothing with alpha lags by (1 - alpha) / alpha steps; half of that is made good, as theta has it.
    wanted = [399 - (1 / a - 1) / 2 + np.arange(1, H + 1) / 2 for a in room.ALPHAS]
    np.testing.assert_allclose(trend, wanted, rtol=1e-6)


@pytest.mark.parametrize("lag", [4, 5])
def test_a_season_that_never_changes_is_forecast_by_every_seasonal_rule(lag):
    z = 10 + np.tile([3.0, -1, 2, 0, 1][:lag], 30)
    ahead = np.tile(z[:lag], 3)[:H]
    _, *rest = rules(z, (1, lag))
    for rule in rest[2 * len(room.ALPHAS) :: 2]:
        np.testing.assert_allclose(rule.paths[0, 0], ahead, atol=1e-9)
    np.testing.assert_allclose(forecast(z, (1, lag)), ahead, atol=1e-9)


def test_the_blend_takes_what_served_best():
    rng = np.random.default_rng(0)
    t = np.arange(144)
    walk = rng.normal(size=2000).cumsum()
    np.testing.assert_allclose(forecast(walk), walk[-1], atol=1.5)
    noise = 5 + rng.normal(size=2000)
    np.testing.assert_allclose(forecast(noise), 5, atol=0.5)
    # A trend and a noisy season: far better than the last season repeated.
    season = 0.02 * t + np.sin(t * np.pi / 6) + 0.3 * rng.normal(size=144)
    true = 0.02 * (144 + np.arange(12)) + np.sin((144 + np.arange(12)) * np.pi / 6)
    ours, naive = forecast(season, (1, 12), 12), season[-12:]
    assert np.abs(ours - true).mean() < 0.5 * np.abs(naive - true).mean()


def test_the_shares_by_hand():
    shares = room._shares(np.array([[1.0, 0, np.inf, 2], [2, 1, np.inf, 2], [1, 0, np.inf, np.inf]]))
    assert shares.T.tolist() == [[0.5, 0, 0.5], [1, 0, 0], [1, 0, 0], [0.5, 0.5, 0]]
    near, _ = room._shares(np.array([[1.0], [1.5]]))
    np.testing.assert_allclose(near, 1 / (1 + 1.5**-12))


def test_a_rule_without_a_share_leaves_nothing_of_itself(monkeypatch):
    monkeypatch.setattr(room, "_shares", lambda errors: np.eye(len(errors))[:, :1])
    z = np.random.default_rng(3).normal(size=30)
    (table,) = simple([z], LAGS, H)
    np.testing.assert_array_equal(table, np.column_stack([np.zeros((30, 2)), z, np.zeros((30, 3))]))


@pytest.mark.parametrize("lag", [4, 5])
def test_no_rule_has_seen_what_comes_later(lag):
    rng = np.random.default_rng(4)
    z = rng.normal(size=(1, 30)).cumsum(axis=1)
    for known in range(1, 30):
        other = np.concatenate([z[:, :known], rng.normal(size=(1, 30 - known))], axis=1)
        for k in range(2):
            both = (room._rules(x, (1, lag), k, np.array([29]), np.arange(1, H + 1)) for x in (z, other))
            for one, two in zip(*both, strict=True):
                for column in one.columns:
                    # The mean of a season is read half a season late, and a slope where there is a level.
                    seen = known - (lag // 2 if column == 5 else 0)
                    if column == 1 and np.isnan(one.columns[0][0, known - 1]):
                        continue
                    mine, yours = one.columns[column][:, : max(seen, 0)], two.columns[column][:, : max(seen, 0)]
                    np.testing.assert_allclose(mine, yours, rtol=0, atol=1e-12)


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
        assert table.shape == (len(z), 2 + 2 * len(LAGS))
        np.testing.assert_allclose(table, simple([z], LAGS, H)[0], rtol=1e-9, atol=1e-12)
        if len(z):
            assert np.isfinite(table[-1]).all()
