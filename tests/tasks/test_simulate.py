"""Joint paths: each step as forecast, all steps together as they hang together, the same seed the same paths."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import gatework
from gatework.data.frame import read
from gatework.errors import OptionError
from gatework.models.quantiles import QUANTILES, Z, interval, quantile
from gatework.tasks import simulate as simulated
from gatework.tasks.backtest import forecast_columns, origins
from gatework.tasks.learning import foresee
from gatework.tasks.simulate import correlation, dependence, draw, path_columns, simulate

GRID = np.random.default_rng(0).exponential(size=(2, 3, len(QUANTILES))).cumsum(-1)
ALIKE = np.array([[1, 0.8, 0.3], [0.8, 1, 0.5], [0.3, 0.5, 1]])


def walks(series=40, steps=120, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(series, steps)).cumsum(1)
    ids, t = np.repeat([f"s{i:02}" for i in range(series)], steps), np.tile(np.arange(steps), series)
    return read({"unique_id": ids, "ds": t, "y": y.ravel()}, season_length=1)


def known(h):
    """The right forecast of a random walk: its last value, and intervals that grow with the root of the steps."""

    def forecast(panel):
        last = np.array([series[-1] if len(series) else np.nan for series in panel.values])
        return last[:, None, None] + np.sqrt(np.arange(1, h + 1))[:, None] * Z

    return forecast


def walk(h):
    ahead = np.arange(1, h + 1)
    return np.sqrt(np.minimum.outer(ahead, ahead) / np.maximum.outer(ahead, ahead))


def shares(found, forecast, correlated, of=np.sum, levels=(80, 90)):
    """The percentage of the sums over all steps that lie within the central intervals of the paths' sums."""
    inside = {level: [] for level in levels}
    for at in found:
        paths, truth = of(draw(forecast(at.history), correlated, 300, 0), -1), of(at.truth, -1)
        for level in levels:
            lo, hi = np.quantile(paths, [0.5 - level / 200, 0.5 + level / 200], axis=1)
            inside[level].append((lo <= truth) & (truth <= hi))
    return {level: 100 * np.mean(held) for level, held in inside.items()}


def each(steps, _):
    """Every step by itself, in the place of a sum."""
    return steps


# Each step by itself.


def test_every_step_has_exactly_the_quantiles_that_predict_gives():
    paths = draw(GRID, ALIKE, 20_000, 0)
    for p in (0.005, 0.03, 0.25, 0.5, 0.6, 0.9, 0.97, 0.995):
        below = (paths <= quantile(GRID, p)[:, None]).mean(1)
        assert below == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / 20_000))


def test_a_step_that_is_sure_never_varies_and_one_without_a_forecast_has_no_path():
    sure = np.full((1, 3, len(QUANTILES)), 7.0)
    sure[0, 2] = np.nan
    paths = draw(sure, ALIKE, 50, 0)
    assert (paths[..., :2] == 7).all()
    assert np.isnan(paths[..., 2]).all()


def test_the_same_seed_draws_the_same_paths_however_many_go_at_once(monkeypatch):
    paths = draw(GRID, ALIKE, 5, 3)
    np.testing.assert_array_equal(draw(GRID, ALIKE, 5, 3), paths)
    assert (draw(GRID, ALIKE, 5, 4) != paths).all()
    monkeypatch.setattr(simulated, "AT_ONCE", 1)
    np.testing.assert_array_equal(draw(GRID, ALIKE, 5, 3), paths)


# All steps together.


def test_paths_hang_together_as_told_and_series_do_not():
    paths = draw(np.broadcast_to(Z, (2, 3, len(Z))), ALIKE, 20_000, 0)
    np.testing.assert_allclose(np.corrcoef(paths[0].T), ALIKE, atol=0.03)
    np.testing.assert_allclose(np.corrcoef(paths[0].T, paths[1].T)[:3, 3:], 0, atol=0.03)


def test_many_windows_tell_any_correlation():
    scores = np.random.default_rng(0).multivariate_normal([5, 0, -1], ALIKE, 2000)
    np.testing.assert_allclose(correlation(scores * [1, 9, 0.1]), ALIKE, atol=0.06)


def test_missing_scores_do_not_count():
    rng = np.random.default_rng(0)
    scores = rng.multivariate_normal([0, 0, 0], ALIKE, 4000)
    scores[rng.random(scores.shape) < 0.4] = np.nan
    np.testing.assert_allclose(correlation(scores), ALIKE, atol=0.08)


def test_few_windows_are_drawn_towards_what_lasts_and_what_fades():
    h = 24
    truth = 0.3 + 0.7 * 0.8 ** np.abs(np.subtract.outer(np.arange(h), np.arange(h)))
    for seed in range(5):
        scores = np.random.default_rng(seed).multivariate_normal(np.zeros(h), truth, 20)
        raw = np.corrcoef(scores.T)
        assert np.abs(correlation(scores) - truth).mean() < 0.7 * np.abs(raw - truth).mean()
        # Windows of which each adds a tenth are fewer still.
        smooth = correlation(scores, 0.1)
        assert np.abs(smooth - raw).mean() > np.abs(correlation(scores) - raw).mean()


def test_without_any_window_steps_hang_together_as_a_random_walks():
    np.testing.assert_allclose(correlation(np.full((3, 8), np.nan)), walk(8), atol=1e-6)
    assert correlation(np.full((0, 1), np.nan)) == pytest.approx(1)


@pytest.mark.parametrize("rows", [1, 2, 3, 10])
def test_whatever_is_known_there_are_paths(rows):
    rng = np.random.default_rng(rows)
    scores = rng.normal(size=(rows, 12))
    scores[rng.random(scores.shape) < 0.3] = np.nan
    scores[:, 4] = np.nan
    scores[:, 5] = 2.0
    found = correlation(scores)
    assert np.diag(found) == pytest.approx(np.ones(12))
    assert np.linalg.eigvalsh(found).min() > 0
    assert np.isfinite(draw(np.broadcast_to(Z, (1, 12, len(Z))), found, 4, 0)).all()


def test_the_windows_looked_back_on_are_of_the_last_half_and_see_nothing_later():
    panel, seen = walks(series=3, steps=100), []

    def forecast(history):
        seen.append([len(series) for series in history.values])
        for series, whole in zip(history.values, panel.values, strict=True):
            np.testing.assert_array_equal(series, whole[: len(series)])
        return known(6)(history)

    dependence(forecast, panel, 6)
    assert max(map(max, seen)) == 94
    assert 50 <= min(map(min, seen)) < 56
    assert len(seen) <= 60


def test_a_random_walks_steps_are_found_to_hang_together_as_they_do():
    panel = walks()
    found = origins(panel, 12, 3, 12)
    forecast = known(12)
    correlated = dependence(forecast, found[0].history, 12)
    np.testing.assert_allclose(correlated, walk(12), atol=0.12)
    held = shares(origins(walks(series=300, seed=1), 12, 1, 12), forecast, correlated)
    assert held == pytest.approx({80: 80, 90: 90}, abs=5)


def test_series_too_short_to_look_back_on_have_paths_all_the_same():
    panel = read({"ds": np.arange(5), "y": [1.0, 2, 3, 4, 5]}, season_length=1)
    np.testing.assert_allclose(dependence(known(4), panel, 4), walk(4), atol=1e-6)


def test_on_real_series_sums_over_the_horizon_are_held_as_often_as_promised(data):
    with (data / "m4/Train/Hourly-train.csv").open(newline="") as file:
        rows = [np.array([float(cell) for cell in row[1:] if cell]) for row in list(csv.reader(file))[1::7]]
    table = {
        "unique_id": np.concatenate([[f"{k:03}"] * len(row) for k, row in enumerate(rows)]),
        "ds": np.concatenate([np.arange(len(row)) for row in rows]),
        "y": np.concatenate(rows),
    }
    model = gatework.Forecaster(24, season_length=24, hidden_size=16, num_layers=1, max_steps=200, progress=False)
    found = origins(read(table, season_length=24), 24, 5, 24)
    model._learn(found[0].history)

    def forecast(panel):
        return foresee(model.net_, panel, model.recipe_)

    correlated = dependence(forecast, found[0].history, 24)
    held = shares(found, forecast, correlated)
    # 300 sums of 60 series move by 3 % of themselves, and the intervals of single steps are a little off by their own.
    assert held == pytest.approx(shares(found, forecast, correlated, each), abs=8)
    assert held == pytest.approx({80: 80, 90: 90}, abs=10)
    # Steps that know nothing of each other make sums far too sure, steps that are all one make them too unsure.
    assert shares(found, forecast, np.eye(24))[80] < 60
    assert shares(found, forecast, np.full((24, 24), 1 - 1e-9) + 1e-9 * np.eye(24))[80] > held[80] + 4


# The table.


def test_the_table_has_the_ids_and_times_of_predict():
    panel = walks(series=3, steps=20)
    quantiles = known(4)(panel)
    table = simulate(known(4), panel, panel, 4, 5, 0, "LSTM")
    assert list(table) == ["unique_id", "ds", "sample", "LSTM"]
    assert {len(column) for column in table.values()} == {3 * 5 * 4}
    one = forecast_columns(panel, quantiles, [], "LSTM")
    for sample in range(5):
        rows = table["sample"] == sample
        for name in ("unique_id", "ds"):
            np.testing.assert_array_equal(table[name][rows], one[name])
    paths = draw(quantiles, dependence(known(4), panel, 4), 5, 0)
    np.testing.assert_array_equal(table["LSTM"].reshape(3, 5, 4), paths)
    # By series, then path, then time.
    assert table["ds"][:8].tolist() == [20, 21, 22, 23] * 2
    assert table["sample"][:8].tolist() == [0] * 4 + [1] * 4


def test_a_series_without_a_step_has_no_row_and_one_series_no_id():
    panel = walks(series=3, steps=20)
    short = panel.__class__(**{**vars(panel), "values": (panel.values[0], panel.values[1][:0], panel.values[2])})
    paths = np.arange(3 * 2 * 4.0).reshape(3, 2, 4)
    paths[1] = np.nan
    table = path_columns(short, paths, "A")
    assert set(table["unique_id"]) == {"s00", "s02"}
    np.testing.assert_array_equal(table["A"], paths[[0, 2]].ravel())
    alone = read({"ds": np.arange(9), "y": np.arange(9.0) % 4}, season_length=1)
    assert list(simulate(known(2), alone, alone, 2, 3, 0, "A")) == ["ds", "sample", "A"]


def test_paths_and_predict_agree_on_a_fitted_network():
    t = np.arange(80)
    y = 20 + 5 * np.sin(t * np.pi / 6) + np.random.default_rng(0).normal(size=80)
    model = gatework.Forecaster(4, season_length=12, hidden_size=8, num_layers=1, max_steps=20, progress=False)
    model.fit({"ds": t, "y": y})

    def forecast(panel):
        return foresee(model.net_, panel, model.recipe_)

    table = simulate(forecast, model.panel_, model.panel_, 4, 4000, 0, "LSTM")
    predicted = model.predict(level=(80, 99))
    paths = table["LSTM"].reshape(4000, 4)
    ends = [0.005, 0.1, 0.5, 0.9, 0.995]
    names = ["LSTM-lo-99", "LSTM-lo-80", "LSTM", "LSTM-hi-80", "LSTM-hi-99"]
    for p, name in zip(ends, names, strict=True):
        assert (paths <= predicted[name]).mean(0) == pytest.approx(p, abs=0.03)
    lo, hi = interval(forecast(model.panel_), 80)
    np.testing.assert_allclose((lo[0], hi[0]), (predicted["LSTM-lo-80"], predicted["LSTM-hi-80"]))


@pytest.mark.parametrize("n_paths", [0, -1, 2.0, True, "9", None])
def test_a_number_of_paths_that_cannot_be(n_paths):
    panel = walks(series=1, steps=20)
    with pytest.raises(OptionError) as error:
        simulate(known(2), panel, panel, 2, n_paths, 0, "A")
    assert str(error.value) == f"n_paths must be a whole number of at least 1; got {n_paths!r}."


def test_a_seed_that_cannot_be():
    panel = walks(series=1, steps=20)
    with pytest.raises(OptionError) as error:
        simulate(known(2), panel, panel, 2, 9, -1, "A")
    assert str(error.value) == "seed must be a whole number of at least 0; got -1."


def test_a_column_called_sample_is_refused_before_anything_is_forecast():
    panel = walks(series=1, steps=20)
    with pytest.raises(OptionError) as error:
        simulate(pytest.fail, panel, panel, 2, 9, 0, "sample")
    assert str(error.value) == "your columns must not be called 'sample', as a path's number is; got one. Rename it."


def test_a_forecaster_draws_paths_as_a_table_of_the_kind_that_came_in():
    import pandas as pd

    df = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2024-01-01", periods=60), "y": np.arange(60.0) % 7})
    model = gatework.Forecaster(4, hidden_size=8, num_layers=1, max_steps=5, progress=False).fit(df)
    paths = model.simulate(3, seed=1)
    assert list(paths.columns) == ["unique_id", "ds", "sample", "LSTM"]
    pd.testing.assert_frame_equal(
        paths[paths["sample"] == 2][["unique_id", "ds"]].reset_index(drop=True), model.predict()[["unique_id", "ds"]]
    )
    pd.testing.assert_frame_equal(paths, model.simulate(3, seed=1))
