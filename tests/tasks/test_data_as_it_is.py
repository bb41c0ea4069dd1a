"""Data as they are: gaps, any scale and length, rare demand, a new level, several seasons, hardly a value."""

from __future__ import annotations

import numpy as np
import pytest

from gatework import Forecaster
from gatework.errors import DataError

SMALL = {"hidden_size": 8, "num_layers": 1, "max_steps": 20, "batch_size": 32, "progress": False}
STEPS, H = 200, 6


def wave(seed: int = 0, steps: int = STEPS) -> np.ndarray:
    """Around 0, with a season of 12."""
    return 5 * np.sin(np.arange(steps) * np.pi / 6) + np.random.default_rng(seed).normal(size=steps)


def one(y: np.ndarray, h: int = H, **settings) -> Forecaster:
    return Forecaster(h, **{"season_length": 12} | SMALL | settings).fit({"ds": np.arange(len(y)), "y": y})


def many(series: list[np.ndarray]) -> dict[str, np.ndarray]:
    """A table of series of whole-number steps, in the order of their ids."""
    return {
        "unique_id": np.repeat(np.arange(len(series)), [len(y) for y in series]),
        "ds": np.concatenate([np.arange(len(y)) for y in series]),
        "y": np.concatenate(series),
    }


# Gaps


def week(steps: int) -> np.ndarray:
    t = np.arange(steps)
    return 50 + 10 * np.sin(t * 2 * np.pi / 7) + 8 * (t % 7 == 3) + np.random.default_rng(0).normal(size=steps)


def with_gaps(y: np.ndarray) -> np.ndarray:
    """A fifth of the values is missing here and there, and two weeks near the end are."""
    gaps = np.where(np.random.default_rng(1).random(len(y)) < 0.2, np.nan, y)
    gaps[-30:-16] = np.nan
    gaps[[0, -1]] = y[[0, -1]]
    return gaps


def test_gaps_are_masked_which_is_far_better_than_zeros():
    y, gaps = week(214), with_gaps(week(214)[:200])
    masked, filled = (
        np.abs(one(past, 14, season_length=7).predict()["LSTM"] - y[200:]).mean()
        for past in (gaps, np.nan_to_num(gaps))
    )
    # The noise alone makes 0.8.
    assert masked < 2
    assert masked < filled / 4


def test_a_missing_row_is_a_missing_value():
    gaps = with_gaps(week(200))
    there = ~np.isnan(gaps)
    model = one(gaps, season_length=7)
    rows = Forecaster(H, season_length=7, **SMALL).fit({"ds": np.flatnonzero(there), "y": gaps[there]})
    for name, column in model.predict().items():
        np.testing.assert_array_equal(rows.predict()[name], column)


def test_gaps_of_a_covariate_are_masked_which_is_better_than_zeros():
    rng = np.random.default_rng(2)
    x = 15 + 6 * rng.normal(size=214)
    y, gaps = week(214) + 3 * x, np.where(rng.random(214) < 0.25, np.nan, x)

    def error(known: np.ndarray) -> float:
        model = Forecaster(
            14, season_length=7, futr_exog_list=["x"], **SMALL | {"max_steps": 60, "learning_rate": 1e-2}
        )
        table, ahead = ({"ds": np.arange(214)[part], "x": known[part]} for part in (slice(200), slice(200, 214)))
        found = model.fit(table | {"y": y[:200]}, futr_df=ahead).predict()["LSTM"]
        return np.abs(found - y[200:]).mean()

    # Missing weather stays unknown weather: x differs by 6 from its mean, which moves y by 18.
    assert error(gaps) < 0.8 * error(np.nan_to_num(gaps))


# Scales and lengths

BASES = {
    "positive": wave() + 20,
    "of both signs": wave(),
    "rare demand": np.where(np.random.default_rng(0).random(STEPS) < 0.3, 1.0 + np.arange(STEPS) % 5, 0.0),
}


@pytest.fixture(scope="module")
def as_they_are() -> dict[str, dict[str, np.ndarray]]:
    return {name: one(y).predict() for name, y in BASES.items()}


@pytest.mark.parametrize("factor", [1e-9, 1e12])
@pytest.mark.parametrize("name", BASES)
def test_the_unit_of_a_series_changes_nothing_but_the_unit_of_its_forecast(name, factor, as_they_are):
    found = one(BASES[name] * factor).predict()
    for column in ("LSTM", "LSTM-lo-90", "LSTM-hi-90"):
        error = np.abs(found[column] / factor - as_they_are[name][column]).max()
        assert error < 1e-9 * np.abs(BASES[name]).max()


def test_the_units_of_one_panel_may_be_any_and_each_series_is_as_if_they_were_alike():
    series, factors = list(BASES.values()), (1e-6, 1e12, -1e-9)
    series[1:] = [wave(3), wave(4) - 20]
    plain, scaled = (
        Forecaster(H, season_length=12, **SMALL).fit(many(some)).predict()["LSTM"].reshape(3, H)
        for some in ([series[0], series[1], -series[2]], [y * f for y, f in zip(series, factors, strict=True)])
    )
    np.testing.assert_allclose(scaled / np.abs(factors)[:, None], plain, rtol=1e-9)


def test_series_of_5_to_5000_steps_in_one_panel():
    lengths = [5, 7, 20, 50, 300, 5000]
    series = [20 + wave(k, n) for k, n in enumerate(lengths)]
    model = Forecaster(H, season_length=12, **SMALL).fit(many(series))
    assert "3 of 6 series have fewer values than two seasons." in model.notes_
    found = model.predict()
    assert all(np.isfinite(column).all() for column in found.values())
    assert (found["LSTM-lo-90"] < found["LSTM"]).all()
    assert (found["LSTM"] < found["LSTM-hi-90"]).all()
    # What is long enough to show its season follows it.
    ahead = np.stack([20 + 5 * np.sin((n + np.arange(H)) * np.pi / 6) for n in lengths[3:]])
    assert np.abs(found["LSTM"].reshape(-1, H)[3:] - ahead).mean() < 1.5
    # The company that a series keeps has no part in its forecast.
    for k in (0, 2, 5):
        alone = model.predict({"ds": np.arange(lengths[k]), "y": series[k]})["LSTM"]
        np.testing.assert_allclose(alone, found["LSTM"].reshape(-1, H)[k], rtol=1e-6)


# Levels and seasons


@pytest.mark.parametrize(("before", "after"), [(100.0, 160.0), (-30.0, 30.0), (160.0, 4.0)])
def test_after_a_step_the_forecast_stands_on_the_new_level(before, after):
    y = np.repeat([before, after], 150) + 0.3 * wave(1, 300)
    table = one(y, max_steps=40).predict()
    ahead, noise = after + 1.5 * np.sin(np.arange(H) * np.pi / 6), 0.3
    assert np.abs(table["LSTM"] - ahead).max() < 0.1 * abs(after - before)
    assert (table["LSTM-lo-90"] < ahead + noise).all()
    assert (table["LSTM-hi-90"] > ahead - noise).all()
    assert np.abs(np.stack([table["LSTM-lo-90"], table["LSTM-hi-90"]]) - before).min() > 0.5 * abs(after - before)


def test_hours_with_a_day_and_a_week_need_no_setting():
    t = np.arange(24 * 7 * 8)
    y = 100 + 10 * np.sin(t * np.pi / 12) - 15 * (t // 24 % 7 >= 5) + np.random.default_rng(1).normal(size=len(t))
    table = {"ds": np.datetime64("2024-01-01T00", "h") + t, "y": y}
    model = Forecaster(48, **SMALL | {"max_steps": 40})
    # Seven cutoffs, one on each day of the week: yesterday's day misleads on two of them.
    rows = model.evaluate(table, n_windows=7, step_size=24).rows
    assert rows["LSTM"].mase < 0.3 * rows["SeasonalNaive"].mase


def test_rare_demand_is_neither_nothing_nor_all_of_it():
    rng = np.random.default_rng(9)
    demand = np.where(rng.random((20, 150)) < 0.3, 1.0 + rng.poisson(3, (20, 150)), 0)
    found = Forecaster(7, season_length=7, **SMALL).fit(many(list(demand))).predict(level=(50, 90))
    assert all(np.isfinite(column).all() for column in found.values())
    # Most days are without demand, and of those with one in twenty have more than 7.
    assert np.abs(np.median(found["LSTM"])) < 1
    assert 3 < np.median(found["LSTM-hi-90"]) < 9
    # What was never below 0 is not forecast there.
    assert all((found[name] >= 0).all() for name in found if "LSTM" in name)
    assert (found["LSTM-lo-90"] == 0).mean() > 0.5


def test_nothing_falls_below_the_floor_beyond_the_learned_quantiles_either():
    rng = np.random.default_rng(0)
    rare = np.where(rng.random(120) < 0.2, rng.poisson(3, 120), 0.0)
    for values in (rare, 0.1 + rng.random(120) ** 4):
        model = one(values, season_length=12)
        assert (model.predict(level=99.9)["LSTM-lo-99.9"] >= 0).all()
        assert (model.simulate(500)["LSTM"] >= 0).all()


def test_one_zero_passed_on_the_way_is_no_floor():
    falling = np.arange(60.0)[::-1]
    assert (one(falling, season_length=1).predict()["LSTM-lo-90"] < 0).all()


# Hardly a value


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    return one(wave() + 20)


@pytest.mark.parametrize("values", [[7.5], [7.5, np.nan], [7.5, 7.5, 7.5, 7.5]])
def test_of_a_new_series_one_value_is_enough_and_is_what_is_forecast(values, fitted):
    table = fitted.predict({"ds": np.arange(len(values)), "y": values})
    for name in ("LSTM", "LSTM-lo-90", "LSTM-hi-90"):
        np.testing.assert_array_equal(table[name], 7.5)


def test_two_values_tell_how_much_a_new_series_changes(fitted):
    table = fitted.predict({"ds": [4, 5], "y": [10.0, 12.0]})
    np.testing.assert_array_equal(table["ds"], 6 + np.arange(H))
    assert (table["LSTM-lo-90"] < table["LSTM"]).all()
    assert np.abs(table["LSTM"] - 12).max() < 4


def test_without_any_value_a_new_series_is_refused(fitted):
    with pytest.raises(DataError) as error:
        fitted.predict({"ds": [0, 1], "y": [np.nan, np.nan]})
    assert str(error.value) == "y must hold numbers; got only missing ones. Check the column."
