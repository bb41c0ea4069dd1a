from __future__ import annotations

import csv
import json
import os
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from gatework.tasks.naive import Forecast, last_value, seasonal_naive
from gatework.tasks.scores import Scores, Window, coverage, mase, score, smape

GAP = float("nan")


def panel(*values, season_length=1):
    return SimpleNamespace(values=tuple(np.array(v, dtype=float) for v in values), season_length=season_length)


def forecast(median, width=1.0):
    median = np.array(median, dtype=float)
    return Forecast(median, median - width, median + width)


def test_smape_worked_by_hand():
    assert smape(np.array([100.0, 50.0]), np.array([50.0, 150.0])) == pytest.approx(
        (200 * 50 / 150 + 200 * 100 / 200) / 2
    )


def test_smape_of_zero_forecast_as_zero_is_zero():
    assert smape(np.array([0.0, 1.0]), np.array([0.0, -1.0])) == pytest.approx(100)


def test_mase_worked_by_hand():
    # Seasonal changes |5 - 1|, |4 - 2| have mean 3; the errors 1 and 5 have mean 3.
    assert mase(np.array([6.0, 9.0]), np.array([5.0, 4.0]), np.array([1.0, 2.0, 5.0, 4.0]), 2) == pytest.approx(1)


def test_missing_values_do_not_count():
    history = np.array([1.0, GAP, 3.0, 5.0, GAP, GAP, 9.0])
    assert mase(np.array([GAP, 7.0]), np.array([1.0, 4.0]), history, 1) == pytest.approx(3 / 2)
    assert smape(np.array([GAP, 7.0]), np.array([1.0, 7.0])) == 0
    assert coverage(np.array([GAP, 7.0]), np.array([0.0, 6.0]), np.array([9.0, 8.0])) == 100
    assert np.isnan(smape(np.array([GAP]), np.array([1.0])))


def test_mase_of_a_history_shorter_than_a_season_is_scaled_by_one_step_changes():
    assert mase(np.array([6.0]), np.array([4.0]), np.array([1.0, 2.0, 3.0]), 12) == pytest.approx(2)


def test_coverage_counts_the_bounds_as_inside():
    assert coverage(np.array([1.0, 2.0, 3.0, 4.0]), np.full(4, 2.0), np.full(4, 3.0)) == 50


def read_m4(path):
    with path.open(newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return [np.array([float(cell) for cell in row[1:] if cell]) for row in rows]


@pytest.mark.parametrize(
    ("name", "season_length", "published"),
    [
        ("Hourly", 24, {"Naive2": (2.395, 18.383), "SeasonalNaive": (1.193, 13.912), "LastValue": (11.608, 43.003)}),
        ("Weekly", 1, {"Naive2": (2.777, 9.161), "SeasonalNaive": (2.777, 9.161), "LastValue": (2.777, 9.161)}),
    ],
)
def test_the_m4_competitions_published_scores_come_out(name, season_length, published, data):
    m4 = data / "m4"
    train, test = read_m4(m4 / f"Train/{name}-train.csv"), np.array(read_m4(m4 / f"Test/{name}-test.csv"))
    naive2 = forecast(read_m4(m4 / f"Naive2-forecasts-{name}.csv"))
    scores = score([Window(panel(*train, season_length=season_length), test, naive2)], "Naive2")
    assert {k: (round(row.mase, 3), round(row.smape, 3)) for k, row in scores.rows.items()} == published


def test_a_constant_series_is_left_out_of_mase_and_counted():
    history = panel([5, 5, 5, 5], [1, 2, 3, 4])
    scores = score([Window(history, np.array([[7.0], [5.0]]), forecast([[5], [5]]))], "LSTM")
    assert scores.rows["LSTM"].mase == 0
    assert (scores.series, scores.left_out) == (2, 1)


def test_windows_are_averaged_within_a_series_first():
    history = panel([0, 1], [0, 1])
    first = Window(history, np.array([[2.0], [2.0]]), forecast([[2], [4]]))
    second = Window(history, np.array([[2.0], [GAP]]), forecast([[4], [4]]))
    assert score([first, second], "LSTM").rows["LSTM"].mase == pytest.approx((1 + 2) / 2)


def windows_of(errors, n_windows=1, seed=0):
    """Random walks and a model whose error in each series is the naive's own times one of `errors`."""
    walks = np.random.default_rng(seed).standard_normal((len(errors), 40 + n_windows)).cumsum(axis=1)
    windows = []
    for origin in range(40, 40 + n_windows):
        y, last = walks[:, origin : origin + 1], walks[:, origin - 1 : origin]
        windows.append(Window(panel(*walks[:, :origin]), y, forecast(y + (last - y) * np.array(errors)[:, None])))
    return windows


def test_verdict_when_the_model_wins():
    scores = score(windows_of([0.5] * 50), "LSTM")
    mine, theirs = scores.rows["LSTM"].mase, scores.rows["SeasonalNaive"].mase
    assert scores.verdict() == (
        f"LSTM wins: MASE {mine:.3f} against {theirs:.3f} of the seasonal naive, 50 % better, on 50 series."
    )


def test_verdict_when_the_naive_wins():
    scores = score(windows_of([1.5] * 50), "LSTM")
    mine, theirs = scores.rows["LSTM"].mase, scores.rows["SeasonalNaive"].mase
    assert scores.verdict() == (
        f"The seasonal naive wins; use it: LSTM has MASE {mine:.3f} against {theirs:.3f}, 50 % worse, on 50 series."
    )


def test_verdict_when_chance_could_have_done_it():
    scores = score(windows_of([0.2, 1.8] * 25), "LSTM")
    mine, theirs = scores.rows["LSTM"].mase, scores.rows["SeasonalNaive"].mase
    assert scores.verdict() == (
        f"No difference found between LSTM and the seasonal naive: MASE {mine:.3f} against {theirs:.3f} on 50 series."
    )


def test_verdict_on_one_window_of_one_series_claims_no_winner():
    verdict = score(windows_of([0.5]), "GRU").verdict()
    assert verdict.startswith("GRU beat the seasonal naive (MASE ")
    assert verdict.endswith(
        ", 50 % better) on 1 window of 1 series, which proves little: `gatework evaluate` with more windows says more."
    )


def test_many_windows_of_one_series_are_enough_for_a_winner():
    scores = score(windows_of([0.5], n_windows=12), "LSTM")
    assert scores.pairs == 12
    gap = scores.rows["LSTM"].mase - scores.rows["SeasonalNaive"].mase
    assert scores.gaps["SeasonalNaive"][0] == pytest.approx(gap)
    assert scores.verdict().endswith("on 12 windows of 1 series.")


def test_windows_of_many_series_do_not_pass_for_independent():
    assert score(windows_of([0.5] * 20, n_windows=5), "LSTM").pairs == 20


def test_no_winner_is_claimed_where_there_is_no_difference():
    rng, claimed = np.random.default_rng(1), 0
    for seed in range(200):
        scores = score(windows_of(rng.choice([0.0, 2.0], 20), seed=seed), "LSTM")
        claimed += not scores.verdict().startswith("No difference")
    assert claimed <= 20  # two standard errors let chance through about once in twenty times


def test_verdict_without_any_mase():
    scores = score([Window(panel([5, 5]), np.array([[5.0]]), forecast([[5]]))], "LSTM")
    assert (
        scores.verdict()
        == "No verdict: no series has a MASE. None differs from its last season, or none has a value to score."
    )


def test_the_better_baseline_is_the_rival():
    values = [np.tile([0.0, 10.0, 0.0, -10.0], 8) + np.arange(32) * 0.1 for _ in range(9)]
    history = panel(*[v[:-4] for v in values], season_length=4)
    y = np.array([v[-4:] for v in values])
    assert "the seasonal naive" in score([Window(history, y, forecast(y))], "LSTM").verdict()
    walk = [np.random.default_rng(i).standard_normal(44).cumsum() for i in range(9)]
    history = panel(*[v[:-4] for v in walk], season_length=4)
    y = np.array([v[-4:] for v in walk])
    assert "the last value" in score([Window(history, y, forecast(y))], "LSTM").verdict()


def test_the_baselines_are_made_from_the_history_alone():
    window = windows_of([1.0] * 3)[0]
    scores = score([window], "LSTM")
    rivals = {
        "SeasonalNaive": seasonal_naive(window.history.values, 1, 1),
        "LastValue": last_value(window.history.values, 1),
    }
    for name, rival in rivals.items():
        assert score([window._replace(forecast=rival)], "X").rows["X"] == scores.rows[name]


def test_scores_survive_json_with_nan_as_null():
    scores = score([Window(panel([5, 5]), np.array([[5.0]]), forecast([[5]]))], "LSTM")
    text = json.dumps(scores.to_dict(), allow_nan=False)
    again = Scores.from_dict(json.loads(text))
    assert np.isnan(again.rows["LSTM"].mase)
    assert again.to_dict() == scores.to_dict()
    scores = score(windows_of([0.5] * 9), "LSTM")
    assert Scores.from_dict(json.loads(json.dumps(scores.to_dict(), allow_nan=False))) == scores


def test_the_table_shows_every_row_and_the_level():
    console = Console(width=100, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(score(windows_of([0.5] * 9), "LSTM", level=80).table())
    text = console.export_text()
    assert [line.split()[0] for line in text.splitlines()[1:]] == ["LSTM", "SeasonalNaive", "LastValue"]
    assert "MASE" in text
    assert "inside the 80 % interval" in text


def judged(series, errors):
    """A model that misses what follows each series by so many of its usual changes, beside the last value."""
    windows = []
    for back in range(10, 0, -1):
        known, y = series[:-back], series[-back : len(series) - back + 1]
        windows.append(Window(panel(known), y[None], forecast(y[None] + errors)))
    return score(windows, "LSTM")


def test_where_there_is_no_signal_the_verdict_says_so():
    walk = 100 + np.random.default_rng(0).normal(size=400).cumsum()
    said = "Up to now the series has moved like a random walk: there is no signal to trade on."
    assert judged(walk, 1.0).verdict().endswith(said)
    # Not where the model is surely better, nor of a series whose past tells of its next steps.
    assert said not in judged(walk, 0.01).verdict()
    wave = 100 + np.sin(np.arange(400) / 3) + 0.1 * np.random.default_rng(0).normal(size=400)
    assert said not in judged(wave, 1.0).verdict()
    assert Scores.from_dict(json.loads(json.dumps(judged(walk, 1.0).to_dict()))).verdict().endswith(said)
