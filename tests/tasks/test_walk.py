"""Whether the walk test knows a random walk, and does not take what can be forecast for one."""

from __future__ import annotations

import csv
import gzip
from datetime import datetime

import numpy as np
import pytest
from contest import table, weekly

import gatework
from gatework.tasks.walk import wanders


def walk(n, seed, drift=0.0):
    return 1000 + (drift + np.random.default_rng(seed).normal(size=n)).cumsum()


def memory(n, seed, phi):
    """A series that returns to its level by 1 - phi of the way a step."""
    x = np.random.default_rng(seed).normal(size=n + 100)
    for t in range(1, n + 100):
        x[t] += phi * x[t - 1]
    return x[100:]


@pytest.mark.parametrize(("n", "h", "season"), [(150, 1, 1), (150, 24, 7), (300, 7, 7), (1000, 24, 24)])
def test_a_random_walk_is_known_for_one(n, h, season):
    assert np.mean([wanders([walk(n, seed)], h, season) for seed in range(100)]) >= 0.93


def test_many_random_walks_are():
    assert np.mean([wanders([walk(200, 100 * i + k) for k in range(20)], 7, 7) for i in range(20)]) >= 0.9


def test_a_walk_with_calm_and_wild_times_is():
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        wild = np.exp(memory(1000, 1000 + seed, 0.97) / 3)
        found.append(wanders([(wild * rng.normal(size=1000)).cumsum()], 5, 5))
    assert np.mean(found) >= 0.93


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda seed: memory(300, seed, 0), id="noise around a level"),
        pytest.param(lambda seed: memory(600, seed, 0.9), id="a slow return to a level"),
        pytest.param(lambda seed: memory(300, seed, 0.4).cumsum(), id="changes that last"),
        pytest.param(lambda seed: walk(300, seed, drift=0.4), id="a drift"),
        pytest.param(lambda seed: weekly(300, seed) + 0.2 * walk(300, seed), id="a season on a walk"),
        pytest.param(lambda seed: 10 + np.arange(300) + 0.1 * memory(300, seed, 0), id="a line"),
    ],
)
def test_what_can_be_forecast_is_no_walk(make):
    assert np.mean([wanders([make(seed)], 7, 7) for seed in range(40)]) <= 0.05


def test_gaps_are_passed_over_and_short_or_constant_series_tell_nothing():
    y = walk(400, 0)
    y[np.random.default_rng(1).random(400) < 0.1] = np.nan
    assert wanders([y], 7, 7)
    assert wanders([y, np.full(200, 3.0), y[:50]], 7, 7)
    assert not wanders([y[:50]], 7, 7)
    assert not wanders([np.full(200, 3.0)], 7, 7)
    assert not wanders([np.full(200, np.nan), np.empty(0)], 7, 7)


# What a comparison says of it.

SIMPLE = ["LastValue", "SeasonalNaive", "Ridge"]
SENTENCE = "like a random walk, and there is no signal to trade on. Use LastValue."


def test_on_random_walks_the_verdict_says_that_there_is_no_signal():
    found = gatework.compare(table(*(walk(160, seed) for seed in range(8))), 4, models=SIMPLE)
    assert found.verdict().startswith("No model beats the last value here")
    assert found.verdict().endswith(f": these series move {SENTENCE}")
    assert 0.03 <= found.no_signal <= 1
    assert found.to_dict()["no_signal"] == found.no_signal
    one = gatework.compare(table(walk(300, 2)), 4, models=SIMPLE)
    assert one.verdict().endswith(f": this series moves {SENTENCE}")


def test_where_a_model_beats_the_last_value_or_only_naive_ones_ran_it_does_not():
    df = table(*(walk(160, seed) for seed in range(8)))
    rng = np.random.default_rng(0)
    naive = gatework.compare(df, 4, models=SIMPLE[:2]).forecasts
    both = {name: naive[name] for name in ("unique_id", "ds", "cutoff")}
    both["Prophet"] = naive["y"] + 0.5 * rng.normal(size=len(naive["y"]))
    seen = gatework.compare(df, 4, models=SIMPLE[:2], others=both)
    assert seen.no_signal is None
    assert seen.verdict().startswith("Prophet wins by ")
    assert gatework.compare(df, 4, models=SIMPLE[:2]).no_signal is None


def test_where_there_is_signal_it_does_not():
    found = gatework.compare(table(*(weekly(160, seed) for seed in range(8))), 4, models=SIMPLE)
    assert found.no_signal is None
    assert "random walk" not in found.verdict()


def test_the_sp_500_has_none(data):
    with gzip.open(data / "stocks/sp500.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))[-1500:]
    days = np.array([datetime.strptime(row["Date"], "%m/%d/%Y").date() for row in rows], dtype="M8[D]")
    close = np.array([float(row["Close"]) for row in rows])
    found = gatework.compare({"ds": days, "y": close}, 5, models=SIMPLE)
    assert found.verdict().startswith("No model beats the last value here")
    assert found.verdict().endswith(f": this series moves {SENTENCE}")
