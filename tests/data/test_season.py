"""The season of integer steps is found where it is, and not where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from gatework.data.season import CANDIDATES, find_season


def series(season, steps, noise, seed, shape=None):
    rng = np.random.default_rng(seed)
    shape = rng.normal(size=season) if shape is None else shape
    return np.tile(shape, -(-steps // season))[:steps] + noise * rng.normal(size=steps) + 0.05 * np.arange(steps)


@pytest.mark.parametrize("season", CANDIDATES)
@pytest.mark.parametrize("seed", range(5))
def test_a_repeating_shape(season, seed):
    assert find_season([series(season, max(6 * season, 60) + 5, 0.4, seed)]) == season


@pytest.mark.parametrize("season", [s for s in CANDIDATES if s >= 7])
def test_a_smooth_wave(season):
    wave = np.sin(2 * np.pi * np.arange(season) / season)
    # The change from step to step is small beside the noise that hides it, so the noise is less.
    for seed in range(5):
        assert find_season([series(season, 8 * season, 0.04 * 2 * np.pi / season, seed, shape=wave)]) == season


def test_a_season_is_seen_twice_or_not_at_all():
    wave = np.sin(2 * np.pi * np.arange(60) / 24)
    assert find_season([wave]) == 24
    assert find_season([wave[:40]]) == 1


def test_the_day_is_the_season_of_hours_with_a_week():
    day, week = np.sin(np.arange(24) / 24 * 2 * np.pi), np.repeat([0, 0, 0, 0, 0, -0.5, -0.7], 24)
    hours = np.tile(day, 7 * 8) + np.tile(week, 8)
    assert find_season([hours + 0.02 * np.random.default_rng(0).normal(size=len(hours))]) == 24


def test_rare_demand_on_one_day_of_the_week():
    demand = np.where(np.arange(140) % 7 == 3, np.random.default_rng(0).integers(3, 9, 140), 0)
    assert find_season([demand.astype(float)]) == 7


def test_a_season_that_explains_next_to_nothing_is_none():
    # It is there, beyond doubt, in a tenth of the changes: no forecast is better for it.
    assert find_season([series(24, 4_000, 3.0, 0)]) == 1


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", ["noise", "walk", "trend", "smooth", "spike", "two spikes"])
def test_no_season_where_there_is_none(kind, seed):
    noise = np.random.default_rng(seed).normal(size=1500)
    values = {
        "noise": noise,
        "walk": noise.cumsum(),
        "trend": 3 * np.arange(1500) + noise,
        "smooth": np.convolve(noise, np.ones(10) / 10),
        "spike": np.where(np.arange(1500) % 500 == 77, 1e6, noise),
        "two spikes": np.where(np.isin(np.arange(1500), [700, 724]), 1e6, noise),
    }[kind]
    assert find_season([values]) == 1


@pytest.mark.parametrize(
    "values", [np.ones(100), np.arange(100.0), np.array([1.0, 2, 3]), np.full(50, np.nan), np.empty(0)]
)
def test_nothing_to_see(values):
    assert find_season([values]) == 1


def test_gaps_and_many_series():
    rng = np.random.default_rng(0)
    shape = rng.normal(size=12)
    panel = [series(12, 40, 1.0, seed, shape) for seed in range(100)]
    for values in panel:
        values[rng.integers(0, 40, 8)] = np.nan
    assert find_season(panel) == 12
