"""The comparison: every model on the same past, one table, one verdict, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from contest import NAIVE, rivals, table, weekly
from matplotlib.figure import Figure
from rich.console import Console
from scipy import stats

import gatework
from gatework.errors import DataError, GateworkError, OptionError
from gatework.tasks.compare import carry_out
from gatework.tasks.plan import plan as make_plan

QUICK = {"max_steps": 4, "hidden_size": 4, "num_layers": 1, "progress": False}


# The backtest.


def test_every_model_stands_at_the_same_cutoffs_and_is_scored_on_the_same_values():
    df = table(weekly(), weekly(seed=1) * 100)
    found = gatework.compare(df, 7, models=["SeasonalNaive", "LSTM", "Ridge"], n_windows=2, step_size=5, **QUICK)
    model = gatework.Forecaster(7, **QUICK)
    frame = model.cross_validation(df, n_windows=2, step_size=5)
    for name in ("unique_id", "ds", "cutoff", "y", "LSTM", "LSTM-lo-90", "LSTM-hi-90"):
        np.testing.assert_array_equal(found.forecasts[name], frame[name])
    scores = model.evaluate(df, n_windows=2, step_size=5)
    for name in ("LSTM", "SeasonalNaive"):
        row, expected = found.rows[name], scores.rows[name]
        assert (row.mase, row.smape, row.coverage) == pytest.approx((expected.mase, expected.smape, expected.coverage))
    assert np.isfinite(found.forecasts["Ridge"]).all()
    assert all(row.seconds > 0 for row in found.rows.values())


def test_no_model_sees_what_comes_after_its_cutoff():
    names = ["LastValue", "SeasonalNaive", "Ridge", "Boosting", "GRU"]
    y = weekly()
    later = np.concatenate([y[:-7], y[-7:] + 1000])
    one, other = (gatework.compare(table(x), 7, models=names, n_windows=1, **QUICK).forecasts for x in (y, later))
    for name in names:
        np.testing.assert_array_equal(one[name], other[name])


def test_after_a_lead_every_model_forecasts_and_is_scored_on_the_steps_that_were_asked_for():
    df = table(weekly(90), weekly(90, seed=1) * 100)
    names = ["LastValue", "SeasonalNaive", "Ridge", "Boosting", "LSTM"]
    found = gatework.compare(df, 4, models=names, n_windows=2, lead=3, **QUICK)
    frame = gatework.Forecaster(4, lead=3, **QUICK).cross_validation(df, n_windows=2, step_size=4)
    for name in ("unique_id", "ds", "cutoff", "y", "LSTM", "LSTM-lo-90"):
        np.testing.assert_array_equal(found.forecasts[name], frame[name])
    assert len(found.forecasts["ds"]) == 2 * 2 * 4
    assert (found.h, found.step_size) == (4, 4)
    # The season is a week, of which the fourth to seventh day are asked for.
    first = found.forecasts["ds"][:4] - found.forecasts["cutoff"][:4]
    assert (first / np.timedelta64(1, "D")).tolist() == [4, 5, 6, 7]
    assert found.forecasts["SeasonalNaive"][:4].tolist() == df["y"][:90][75:79].tolist()
    assert list(found.profiles["Ridge"]["horizon"]) == [1, 2, 3, 4]
    for name in names:
        error = np.abs(found.forecasts["y"] - found.forecasts[name]).reshape(2, 2, 4)
        assert np.isfinite(error).all()
        unit = np.array([[np.abs(y[7:n] - y[: n - 7]).mean() for n in (79, 83)] for y in np.split(df["y"], 2)])
        assert found.rows[name].mase == pytest.approx((error.mean(2) / unit).mean())
        assert found.profiles[name]["horizon"][1] == pytest.approx((error[..., 0] / unit).mean())
    mine = {name: frame[name] for name in ("unique_id", "ds", "cutoff", "LSTM")}
    mine["Mine"] = mine.pop("LSTM")
    beside = gatework.compare(df, 4, models=["SeasonalNaive"], others=mine, n_windows=2, lead=3)
    assert beside.rows["Mine"].mase == pytest.approx(found.rows["LSTM"].mase)


@pytest.mark.parametrize("name", ["Ridge", "Boosting"])
def test_the_learners_find_what_no_naive_forecast_can(name):
    # The season's height alternates, so that neither the last season nor the last value is right.
    t = np.arange(400)
    y = np.sin(t * 2 * np.pi / 7) * np.where(t // 7 % 2, 3, 1) + 0.02 * np.random.default_rng(0).normal(size=400)
    found = gatework.compare(table(y), 7, models=["SeasonalNaive", name])
    assert found.rows[name].mase < 0.5 * found.rows["SeasonalNaive"].mase
    assert 80 <= found.rows[name].coverage <= 100
    assert found.rows[name].crps < found.rows[name].mase


@pytest.mark.parametrize("name", ["Ridge", "Boosting"])
def test_the_learners_take_series_as_they_come(name):
    gaps = weekly()
    gaps[[3, 20, 21, 70, 79]] = np.nan
    df = table(gaps, 1e9 * weekly(seed=1), 1e-6 * weekly(seed=2), -weekly(seed=3), np.full(80, 3.0), np.arange(80.0))
    found = gatework.compare(df, 7, models=["SeasonalNaive", name], n_windows=2)
    values = found.forecasts[name].reshape(6, 2, 7)
    assert np.isfinite(values).all()
    assert (values[1] > 1e9).all()
    assert (values[2] < 1e-4).all()
    assert (values[4] == 3).all()
    lo, hi = (found.forecasts[f"{name}-{end}-90"] for end in ("lo", "hi"))
    assert (lo <= found.forecasts[name]).all()
    assert (found.forecasts[name] <= hi).all()


@pytest.mark.parametrize("name", ["Ridge", "Boosting"])
def test_where_lags_tell_nothing_the_learners_stay_near_the_simple_forecast(name):
    ratios = []
    for seed in range(8):
        walk = table(np.random.default_rng(seed).normal(size=60).cumsum())
        rows = gatework.compare(walk, 4, models=["LastValue", name], season_length=1).rows
        ratios.append(rows[name].mase / rows["LastValue"].mase)
    assert np.mean(ratios) < 1.1


def test_with_too_little_to_learn_from_the_learners_are_the_seasonal_naive():
    found = gatework.compare(table(weekly(22)), 7, models=["SeasonalNaive", "Ridge", "Boosting"], n_windows=1)
    for name in ("Ridge", "Boosting"):
        np.testing.assert_array_equal(found.forecasts[name], found.forecasts["SeasonalNaive"])


def test_windows_are_chosen_by_what_there_is():
    found = gatework.compare(table(*(weekly(60, i) for i in range(8))), 7, models=NAIVE)
    assert (found.windows, found.step_size, found.where()) == (3, 7, "3 windows of 8 series")
    found = gatework.compare(table(weekly(144)), 12, models=NAIVE)
    assert (found.windows, found.step_size) == (13, 5)
    found = gatework.compare(table(weekly(2000)), 12, models=NAIVE)
    assert (found.windows, found.step_size) == (24, 12)
    found = gatework.compare(table(weekly(20)), 12, models=NAIVE)
    assert found.windows == 1


def test_a_series_that_never_changes_is_left_out_and_counted():
    df = table(*(weekly(60, i) for i in range(8)), np.full(60, 3.0))
    found = gatework.compare(df, 7, models=NAIVE)
    assert found.left_out == 1
    assert found.series == 9
    assert (
        "1 of 9 series never changes before the cutoff, without MASE, CRPS and width, and without a say in who wins."
        in found.notes
    )
    without = gatework.compare(table(*(weekly(60, i) for i in range(8))), 7, models=NAIVE)
    assert found.rows["LastValue"].mase == pytest.approx(without.rows["LastValue"].mase)
    assert found.verdict() == without.verdict()


# What comes back.


@pytest.fixture(scope="module")
def found():
    return gatework.compare(table(*(weekly(60, i) for i in range(9))), 7, models=[*NAIVE, "Ridge"])


def test_the_table_lists_the_best_first_with_its_lowest_errors_in_bold(found):
    console = Console(width=80)
    with console.capture() as shown:
        console.print(found.table())
    lines = shown.get().splitlines()
    assert lines[0].split() == ["MASE", "sMAPE", "%", "MAPE", "%", "CRPS", "in", "90", "%", "width", "seconds", "p"]
    assert [line.split()[0] for line in lines[1:4]] == list(found.rows)
    assert " ".join(" ".join(lines[4:]).split()) == (
        "MASE, CRPS, width: 1 is the mean seasonal change of the past. p: of the difference from the first."
    )
    assert max(map(len, lines)) <= 80
    mase = [row.mase for row in found.rows.values()]
    assert mase == sorted(mase)
    best = next(iter(found.rows.values()))
    assert f"[bold]{best.mase:.3f}[/bold]" in list(found.table().columns[1].cells)


def test_p_is_holms_of_each_against_the_first():
    df, rng = table(*(weekly(40, i) for i in range(12))), np.random.default_rng(0)
    sizes = {"C": 2.0, "A": 1.2, "B": 1.0}
    made = {name: lambda y, _, size=size: y + size * rng.normal(size=len(y)) for name, size in sizes.items()}
    found = rivals(df, 4)(made)
    assert list(found.rows) == ["B", "A", "C"]
    frame, unit = found.forecasts, {}
    for i, name in enumerate(np.unique(frame["unique_id"])):
        y = df["y"][df["unique_id"] == name]
        # The three histories end 12, 8 and 4 steps before the end.
        unit[name] = [np.abs(y[7 : 40 - left] - y[: 33 - left]).mean() for left in (12, 8, 4)]
        assert (frame["unique_id"][12 * i : 12 * i + 12] == name).all()
    scale = np.array(list(unit.values()))
    mase = {n: np.abs(frame["y"] - frame[n]).reshape(12, 3, 4).mean(2) / scale for n in sizes}
    raw = [stats.ttest_rel(mase[name].mean(1), mase["B"].mean(1)).pvalue for name in ("A", "C")]
    assert np.isnan(found.rows["B"].worse)
    assert found.rows["C"].worse == pytest.approx(2 * raw[1])
    assert found.rows["A"].worse == pytest.approx(raw[0])


def test_models_that_read_no_covariates_are_marked_where_there_are_some():
    plan = make_plan(table(weekly()), 7, ["SeasonalNaive", "Ridge"], (), 1, None, 90, {})
    assert [column.header for column in carry_out(plan).table().columns][-1] == "p"
    found = carry_out(replace(plan, covariates=("temperature",)))
    assert str(found.table().caption).endswith("\nNo covariates: SeasonalNaive.")
    rows = found.rows
    assert {name: row.mark for name, row in rows.items()} == {"SeasonalNaive": "no covariates", "Ridge": ""}


def test_json_holds_everything_and_no_nan(found):
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["verdict"] == found.verdict()
    assert list(plain["rows"]) == list(found.rows)
    assert plain["rows"]["Ridge"]["mase"] == found.rows["Ridge"].mase
    assert plain["rows"][next(iter(found.rows))]["worse"] is None
    assert plain["profiles"]["Ridge"]["horizon"]["7"] == found.profiles["Ridge"]["horizon"][7]
    assert set(plain["profiles"]["Ridge"]) == {"horizon", "weekday"}


def test_the_picture_shows_who_errs_how_much_and_when(found, tmp_path):
    bars, horizon, weekday = found.plot()
    assert [label.get_text() for label in bars.get_yticklabels()] == list(found.rows)
    assert [bar.get_width() for bar in bars.patches] == [row.mase for row in found.rows.values()]
    best = next(iter(found.rows))
    drawn = {line.get_label(): list(line.get_ydata()) for line in horizon.lines}
    assert drawn[best] == list(found.profiles[best]["horizon"].values())
    assert [label.get_text() for label in weekday.get_xticklabels()] == [
        "Mon",
        "Tue",
        "Wed",
        "Thu",
        "Fri",
        "Sat",
        "Sun",
    ]
    assert found.verdict() in bars.figure.get_suptitle().replace("\n", " ")
    bars.figure.savefig(tmp_path / "comparison.png")
    assert (tmp_path / "comparison.png").read_bytes().startswith(b"\x89PNG")
    own = Figure()
    assert found.plot(own)[0].figure is own


def test_the_forecasts_come_back_in_the_kind_that_came():
    import polars as pl

    df = pl.DataFrame(table(weekly(), weekly(seed=1)))
    frame = gatework.compare(df, 7, models=NAIVE, level=80, n_windows=1).forecasts
    assert isinstance(frame, pl.DataFrame)
    assert frame.columns[:4] == ["unique_id", "ds", "cutoff", "y"]
    assert {"LastValue-lo-80", "LastValue-hi-80"} < set(frame.columns)


# What is refused.


@pytest.mark.parametrize(
    ("options", "kind", "sentence"),
    [
        ({"h": 0}, OptionError, "h must be a whole number of at least 1; got 0."),
        (
            {"models": ["LSTM", "Prophet"]},
            OptionError,
            "models must be of LastValue, SeasonalNaive, Theta, ETS, Ridge, Boosting, LSTM, GRU, RNN; got 'Prophet'. "
            "Forecasts made elsewhere go to others= (command line: --with).",
        ),
        ({"models": "LSTM"}, OptionError, "models must be two or more; got LSTM. Add SeasonalNaive."),
        ({"models": []}, OptionError, "models must be two or more; got none. Add SeasonalNaive."),
        ({"cell": "gru"}, OptionError, "cell must be left out, since compare runs every cell; got 'gru'."),
        (
            {"max_step": 3},
            OptionError,
            "parameter must be one of Forecaster's; got 'max_step'. Did you mean max_steps?",
        ),
        ({"level": 100}, OptionError, "level must be percents from 1 to below 100; got 100. 90 is the usual one."),
        ({"level": [80, 90]}, OptionError, "level must be one percentage; got [80, 90]. 90 is the usual one."),
        ({"step_size": 0}, OptionError, "step_size must be a whole number of at least 1; got 0."),
        (
            {"n_windows": 40},
            DataError,
            "data must have a series of 283 steps for h=7, n_windows=40 and step_size=7; got 80 at most. Ask for "
            "less, or give a longer history.",
        ),
    ],
    ids=str,
)
def test_it_is_refused_in_one_sentence(options, kind, sentence):
    with pytest.raises(GateworkError) as error:
        gatework.compare(table(weekly()), **{"h": 7, "models": NAIVE, **options})
    assert (type(error.value), str(error.value)) == (kind, sentence)
