"""The rules of the simple forecast: each is what it says, and none looks ahead."""

from __future__ import annotations

import numpy as np
import pytest

from gatework.data import rules as room
from gatework.data.rules import SEASONS, Line, Season, rules, steps_along, steps_back

H = 6


def paths(z: np.ndarray, lags: tuple[int, ...]) -> list[list[np.ndarray]]:
    """The forecast of each line of each season after the last step of z (T,)."""
    return [[path(season, line, len(z) - 1, lags) for line in season.lines] for season in rules(z[None], lags)]


def path(season: Season, line: Line, last: int, lags: tuple[int, ...]) -> np.ndarray:
    found = np.full(H, line.level[0, last])
    if line.slope is not None:
        found = found + line.slope[0, last] * steps_along(H)[line.trend - 1]
    if season.column is not None:
        found = found + season.values[0, last + steps_back(lags, H)[season.column - SEASONS]]
    return found


def slope_of(z: np.ndarray, memory: float) -> float:
    return np.polyfit(np.arange(len(z)), z, 1, w=np.sqrt(memory ** np.arange(len(z))[::-1]))[0]


def test_the_lines_of_a_series():
    z = np.array([3.0, 1, 4, 1, 5, 9, 2, 6])
    ((last, *lines),) = paths(z, (1,))
    assert last.tolist() == [6] * H
    whole, late = slope_of(z, 1.0), slope_of(z, room.LATE)
    ahead, damped = np.arange(1, H + 1), np.cumsum(room.DAMPING ** np.arange(1.0, H + 1))
    for k, alpha in enumerate(room.ALPHAS):
        level = np.average(z, weights=(1 - alpha) ** np.arange(8.0)[::-1])
        wanted = [
            level + b * (1 / alpha - 1 + along) for b, along in ((whole / 2, ahead), (whole, ahead), (late, damped))
        ]
        np.testing.assert_allclose(lines[3 * k : 3 * k + 3], wanted)


def test_a_trend_is_carried_on_without_lag_and_its_half_as_theta_has_it():
    ((_, *lines),) = paths(np.arange(400.0), (1,))
    # Smoothing with alpha lags by (1 - alpha) / alpha steps; half of that is made good by half of the trend.
    half = [399 - (1 / a - 1) / 2 + np.arange(1, H + 1) / 2 for a in room.ALPHAS]
    np.testing.assert_allclose(lines[::3], half, rtol=1e-6)
    np.testing.assert_allclose(lines[1::3], [399 + np.arange(1.0, H + 1)] * len(room.ALPHAS), rtol=1e-6)
    np.testing.assert_allclose(
        lines[2::3], [399 + np.cumsum(0.8 ** np.arange(1.0, H + 1))] * len(room.ALPHAS), rtol=1e-6
    )


@pytest.mark.parametrize("lag", [4, 5])
def test_a_season_that_never_changes_is_forecast_by_every_seasonal_rule(lag):
    z = 10 + np.tile([3.0, -1, 2, 0, 1][:lag], 30)
    ahead = np.tile(z[:lag], 3)[:H]
    _, repeated, *means = paths(z, (1, lag))
    np.testing.assert_array_equal(repeated, [ahead])
    assert [len(lines) for lines in means] == [3 * len(room.ALPHAS)] * len(room.MEMORIES)
    np.testing.assert_allclose(np.concatenate(means), np.tile(ahead, (18, 1)), atol=1e-9)


@pytest.mark.parametrize("lag", [4, 5])
def test_a_mean_season_is_what_it_says(lag):
    z = np.random.default_rng(0).normal(size=41)
    half, steps = lag // 2, 41
    *_, alike, recent = rules(z[None], (1, lag))
    # Over an even season the first and the last value around a step count half.
    weights = np.ones(lag) if lag % 2 else np.array([0.5, 1, 1, 1, 0.5])
    middle = np.convolve(z, weights / lag, mode="valid")
    distance = np.concatenate([np.full(half, np.nan), z[half : steps - half] - middle])
    for season, memory in ((alike, 1.0), (recent, 0.5)):
        for t in range(half, steps - half):
            known = distance[t::-lag][: t // lag + 1]
            known = known[~np.isnan(known)]
            wanted = np.average(known, weights=memory ** np.arange(len(known)))
            assert season.values[0, t] == pytest.approx(wanted)


def test_a_season_that_a_history_does_not_hold_twice_has_no_rules():
    columns = [[season.column for season in rules(np.arange(steps)[None] * 1.0, (1, 6))] for steps in (11, 12, 14, 15)]
    assert columns == [[None], [None, SEASONS], [None, SEASONS], [None, SEASONS, SEASONS + 1, SEASONS + 1]]


@pytest.mark.parametrize("lag", [4, 5])
def test_no_rule_has_seen_what_comes_later(lag):
    rng = np.random.default_rng(4)
    z = rng.normal(size=(1, 30)).cumsum(axis=1)
    for known in range(1, 30):
        other = np.concatenate([z[:, :known], rng.normal(size=(1, 30 - known))], axis=1)
        for one, two in zip(rules(z, (1, lag)), rules(other, (1, lag)), strict=True):
            # The mean of a season is read half a season late.
            seen = max(known - (lag // 2 if one.column == SEASONS + 1 else 0), 0)
            np.testing.assert_allclose(one.values[:, :seen], two.values[:, :seen], rtol=0, atol=1e-12)
            for mine, yours in zip(one.lines, two.lines, strict=True):
                np.testing.assert_allclose(mine.level[:, :known], yours.level[:, :known], rtol=0, atol=1e-10)
                assert np.isnan(mine.level[:, : one.since]).all() or mine.slope is None
                # A slope is read where there is a level.
                if mine.slope is not None and known > one.since:
                    now = slice(one.since, known)
                    np.testing.assert_allclose(mine.slope[:, now], yours.slope[:, now], rtol=0, atol=1e-10)
