"""The forecaster keeps scikit-learn's contract, reads any series, and never looks ahead."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from sklearn.base import clone

import gatework
from gatework import Forecaster
from gatework.data.windows import Windows
from gatework.errors import DataError, NotFittedError, OptionError
from gatework.tasks.learning import foresee

SMALL = {"hidden_size": 8, "num_layers": 1, "max_steps": 20, "batch_size": 16, "progress": False}


def series(seed: int = 0, steps: int = 60) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 20 + 5 * np.sin(np.arange(steps) * np.pi / 6) + rng.normal(size=steps)


def months(steps: int, name: str, y) -> pd.DataFrame:
    return pd.DataFrame({"unique_id": name, "ds": pd.date_range("2020-01-01", periods=steps, freq="MS"), "y": y})


def frame(steps: int = 60, ids: int = 3) -> pd.DataFrame:
    return pd.concat([months(steps, f"s{i}", series(i, steps)) for i in range(ids)], ignore_index=True)


def one(y, h=4, **settings) -> Forecaster:
    """Fit a small forecaster on one series of whole-number steps."""
    return Forecaster(h, **{"season_length": 12} | SMALL | settings).fit({"ds": np.arange(len(y)), "y": y})


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    return Forecaster(6, **SMALL).fit(frame())


# scikit-learn's contract


def test_parameters_are_stored_and_cloned():
    model = Forecaster(3, cell="gru", seed=5)
    assert model.get_params()["cell"] == "gru"
    assert clone(model).get_params() == model.get_params()
    assert repr(model) == "Forecaster(h=3, cell='gru', seed=5)"
    assert model.set_params(h=9).h == 9


def test_fit_gives_itself_and_what_it_learned(fitted):
    model = Forecaster(6, **SMALL)
    assert model.fit(frame()) is model
    assert len(model.panel_) == 3
    assert list(model.scores_.rows) == ["LSTM", "SeasonalNaive", "LastValue"]
    assert model.history_.losses == fitted.history_.losses
    assert all(note.endswith(".") for note in model.notes_)


def test_a_grid_search_finds_its_score(fitted):
    at = fitted.score(frame())
    assert at < 0
    assert at == pytest.approx(-fitted.evaluate(frame()).rows["LSTM"].mase, abs=1.0)


@pytest.mark.parametrize("name", ["predict", "save", "plot", "score"])
def test_before_fit_there_is_nothing(name, tmp_path):
    arguments = {"save": [tmp_path], "score": [frame()]}.get(name, [])
    with pytest.raises(NotFittedError) as error:
        getattr(Forecaster(3), name)(*arguments)
    assert str(error.value) == f"Forecaster must be fitted before {name}; got none. Call fit(df) first."


BAD = [
    ("h", 0, "h must be a whole number of at least 1; got 0."),
    ("h", 2.5, "h must be a whole number of at least 1; got 2.5."),
    ("h", True, "h must be a whole number of at least 1; got True."),
    ("input_size", 0, "input_size must be a whole number of at least 1, or None for the default; got 0."),
    ("hidden_size", None, "hidden_size must be a whole number of at least 1; got None."),
    ("num_layers", 0, "num_layers must be a whole number of at least 1; got 0."),
    ("max_steps", -1, "max_steps must be a whole number of at least 1, or None for the default; got -1."),
    ("batch_size", 0, "batch_size must be a whole number of at least 1; got 0."),
    ("seed", -1, "seed must be a whole number of at least 0; got -1."),
    ("learning_rate", 0, "learning_rate must be a number above 0; got 0."),
    ("effort", "slow", "effort must be 'fast', 'normal' or 'best'; got 'slow'."),
    ("cell", "lstn", "cell must be 'lstm', 'gru' or 'rnn'; got 'lstn'."),
    ("alias", "", "alias must be a name for the forecast's column; got ''."),
]


@pytest.mark.parametrize(("name", "value", "text"), BAD, ids=[f"{name}={value}" for name, value, _ in BAD])
def test_settings_that_cannot_be(name, value, text):
    with pytest.raises(OptionError) as error:
        Forecaster(**{"h": 3, name: value}).fit("there is no such file, and it is not looked for")
    assert str(error.value) == text


def test_bad_data_are_refused_before_torch_is_imported():
    code = (
        "import sys, gatework\n"
        "try:\n    gatework.Forecaster(3).fit({'ds': [1, 1, 2], 'y': [1, 2, 3]})\n"
        "except gatework.errors.DataError:\n    print('torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# What comes back


def test_the_columns_are_the_callers(fitted):
    table = fitted.predict(level=(80, 99.5))
    assert list(table.columns) == [
        "unique_id",
        "ds",
        "LSTM",
        "LSTM-lo-80",
        "LSTM-hi-80",
        "LSTM-lo-99.5",
        "LSTM-hi-99.5",
    ]
    assert len(table) == 3 * 6
    assert (table["ds"].iloc[:2] == [pd.Timestamp("2025-01-01"), pd.Timestamp("2025-02-01")]).all()
    inside = table["LSTM-lo-99.5"] <= table["LSTM-lo-80"]
    assert (inside & (table["LSTM-lo-80"] <= table["LSTM"]) & (table["LSTM"] <= table["LSTM-hi-80"])).all()


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow", "dict", "path"])
def test_the_kind_of_table_that_came_in_comes_back(kind, tmp_path):
    table = frame(ids=1).drop(columns="unique_id").rename(columns={"ds": "month", "y": "sales"})
    table.to_csv(tmp_path / "sales.csv", index=False)
    data = {
        "pandas": table,
        "polars": pl.from_pandas(table),
        "pyarrow": pa.Table.from_pandas(table),
        "dict": {name: table[name].to_numpy() for name in table},
        "path": tmp_path / "sales.csv",
    }[kind]
    model = Forecaster(2, time_col="month", target_col="sales", alias="mine", **SMALL).fit(data)
    wanted = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.Table, "dict": dict, "path": pa.Table}[kind]
    found = model.predict()
    assert isinstance(found, wanted)
    names = list(found) if kind == "dict" else found.column_names if wanted is pa.Table else list(found.columns)
    assert names == ["month", "mine", "mine-lo-90", "mine-hi-90"]
    tested = model.cross_validation(data)
    names = list(tested) if kind == "dict" else tested.column_names if wanted is pa.Table else list(tested.columns)
    assert names == ["month", "cutoff", "sales", "mine", "mine-lo-90", "mine-hi-90"]


def test_the_callers_table_is_left_alone():
    table = frame()
    before = table.copy()
    Forecaster(3, **SMALL).fit(table).predict(table)
    pd.testing.assert_frame_equal(table, before)


def test_series_that_fit_never_saw_can_be_forecast(fitted):
    new = frame(ids=5).iloc[::-1]
    table = fitted.predict(new)
    assert table["unique_id"].nunique() == 5
    mine = fitted.predict()
    pd.testing.assert_frame_equal(table[table["unique_id"] < "s3"].reset_index(drop=True), mine, check_dtype=False)


# The same, again


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    y = series()
    first, again, other = one(y), one(y), one(y, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(first.net_.parameters(), again.net_.parameters(), strict=True))
    np.testing.assert_array_equal(first.predict()["LSTM"], again.predict()["LSTM"])
    np.testing.assert_array_equal(first.predict()["LSTM"], first.predict()["LSTM"])
    assert any(not torch.equal(a, b) for a, b in zip(first.net_.parameters(), other.net_.parameters(), strict=True))


def test_the_callers_random_numbers_are_left_alone():
    torch.manual_seed(0)
    wanted = torch.rand(3)
    torch.manual_seed(0)
    one(series()).predict()
    assert torch.equal(torch.rand(3), wanted)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_what_is_saved_predicts_the_same(cell, tmp_path):
    model = Forecaster(5, cell=cell, **SMALL).fit(frame())
    model.save(tmp_path / "model")
    loaded = gatework.load(tmp_path / "model")
    assert loaded.get_params() == model.get_params()
    assert loaded.notes_ == model.notes_
    assert loaded.history_ == model.history_
    assert loaded.scores_.to_dict() == model.scores_.to_dict()
    pd.testing.assert_frame_equal(loaded.predict(level=(50, 90)), model.predict(level=(50, 90)))
    pd.testing.assert_frame_equal(loaded.predict(frame(ids=4)), model.predict(frame(ids=4)))


def test_a_training_cut_off_and_resumed_gives_the_same_bits(tmp_path, monkeypatch):
    whole = Forecaster(6, **SMALL).fit(frame(), folder=tmp_path / "whole")
    assert gatework.load(tmp_path / "whole").history_ == whole.history_
    from gatework.data.draws import Draws

    draw = Draws.__call__
    # At once, not at most every few seconds.
    monkeypatch.setattr("gatework.train.training.PAUSE", 0.0)
    monkeypatch.setattr(Draws, "__call__", lambda self, step: draw(self, step) if step != 7 else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Forecaster(6, **SMALL).fit(frame(), folder=tmp_path / "cut")
    monkeypatch.undo()
    resumed = Forecaster(6, **SMALL).fit(frame(), folder=tmp_path / "cut", resume=True)
    assert resumed.history_ == whole.history_
    pd.testing.assert_frame_equal(resumed.predict(), whole.predict())


def test_to_resume_takes_a_folder_the_same_settings_and_the_same_data(tmp_path):
    Forecaster(6, **SMALL).fit(frame(), folder=tmp_path)
    with pytest.raises(OptionError) as error:
        Forecaster(6, **SMALL).fit(frame(), resume=True)
    assert str(error.value) == "folder must be given where resume=True; got None. Name the one with the checkpoint."
    with pytest.raises(OptionError) as error:
        Forecaster(6, **SMALL, input_size=9).fit(frame(), folder=tmp_path, resume=True)
    assert str(error.value) == (
        f"input_size must be None, as in the checkpoint in {tmp_path}; got 9. Set it so, or fit without resume."
    )
    with pytest.raises(DataError, match=r"data must be what the training in .* began with"):
        Forecaster(6, **SMALL).fit(frame(steps=50), folder=tmp_path, resume=True)


# Nothing from the future


def test_the_weights_never_saw_the_window_that_is_scored():
    y = series()
    other = y.copy()
    other[-4:] += 50
    one_, two = one(y), one(other)
    # What is held out may end the training, and does nothing else.
    both = min(len(one_.history_.losses), len(two.history_.losses))
    assert both > 0
    assert one_.history_.losses[:both] == two.history_.losses[:both]
    assert one_.history_.validation != two.history_.validation


@pytest.mark.parametrize("refit", [False, True])
def test_cross_validation_sees_nothing_after_its_cutoff(refit):
    y = series()
    other = y.copy()
    other[-4:] += 50
    model = Forecaster(4, season_length=12, **SMALL)
    found, again = (model.cross_validation({"ds": np.arange(60), "y": x}, n_windows=3, refit=refit) for x in (y, other))
    np.testing.assert_array_equal(found["LSTM"], again["LSTM"])
    np.testing.assert_array_equal(found["y"], y[-12:])
    np.testing.assert_array_equal(found["cutoff"], np.repeat([47, 51, 55], 4))
    np.testing.assert_array_equal(found["ds"], np.arange(48, 60))


def test_without_refit_one_copy_forecasts_from_every_cutoff(monkeypatch):
    trained = []
    learn = Forecaster._learn
    monkeypatch.setattr(
        Forecaster, "_learn", lambda self, panel, *rest: (trained.append(len(panel.values[0])), learn(self, panel))[1]
    )
    model, table = Forecaster(4, season_length=12, **SMALL), {"ds": np.arange(60), "y": series()}
    overlapping = model.cross_validation(table, n_windows=3, step_size=2)
    assert trained == [52]
    model.cross_validation(table, n_windows=3, step_size=2, refit=True)
    assert trained == [52, 52, 54, 56]
    assert not hasattr(model, "net_")
    np.testing.assert_array_equal(overlapping["cutoff"], np.repeat([51, 53, 55], 4))


def test_cross_validation_is_in_order_of_series_and_cutoff():
    found = Forecaster(4, **SMALL).cross_validation(frame(), n_windows=2)
    order = found[["unique_id", "cutoff", "ds"]]
    assert order.equals(order.sort_values(["unique_id", "cutoff", "ds"]))
    assert len(found) == 3 * 2 * 4


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"n_windows": 0}, "n_windows must be a whole number of at least 1; got 0."),
        ({"step_size": 1.5}, "step_size must be a whole number of at least 1; got 1.5."),
        (
            {"n_windows": 15},
            "data must have a series of 63 steps for h=4, n_windows=15 and step_size=4; got 60 at most. "
            "Ask for less, or give a longer history.",
        ),
    ],
)
def test_backtests_that_cannot_be(settings, text):
    with pytest.raises((OptionError, DataError)) as error:
        Forecaster(4, **SMALL).cross_validation(frame(), **settings)
    assert str(error.value) == text


# Every last value counts, and every kind of series is taken


def test_every_step_ahead_depends_on_the_last_value_through_the_network():
    model = one(series())
    torch.nn.init.normal_(model.net_.members[0].head.weight)
    moved = series()
    # The one before the last is neither the level nor, 4 steps ahead, the season that the forecast is measured from.
    moved[-2] += 1.0
    assert (model.predict({"ds": np.arange(60), "y": moved})["LSTM"] != model.predict()["LSTM"]).all()


def check(y, **settings) -> np.ndarray:
    table = one(y, **settings).predict(level=(50, 90))
    assert all(np.isfinite(column).all() for column in table.values())
    assert (table["LSTM-lo-90"] <= table["LSTM-lo-50"]).all()
    assert (table["LSTM-hi-50"] <= table["LSTM-hi-90"]).all()
    return table["LSTM"]


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e12])
@pytest.mark.parametrize("shift", [0.0, -20.0, -100.0])
def test_any_level_and_scale(scale, shift):
    found = check((series() + shift) * scale)
    # The season's amplitude is 5 around 20.
    np.testing.assert_allclose(found / scale, 20 + shift, atol=12)


@pytest.mark.parametrize("value", [7.3, 0.0, -1e12])
def test_a_constant_series_stays_exactly_that(value):
    table = one(np.full(40, value)).predict()
    for name in ("LSTM", "LSTM-lo-90", "LSTM-hi-90"):
        assert (table[name] == value).all()


def test_zeros_with_a_few_demands():
    y = np.zeros(80)
    y[[5, 21, 44, 60]] = [3, 1, 8, 2]
    check(y)


@pytest.mark.parametrize("steps", [3, 4, 5, 8, 13, 20])
@pytest.mark.parametrize("season_length", [1, 12, 500])
def test_short_series(steps, season_length):
    check(series(steps=steps), season_length=season_length)


def test_a_series_too_short_to_learn_from_gets_the_simple_forecast_and_a_note():
    model = one(np.array([5.0, 7.0, 6.0]))
    np.testing.assert_array_equal(model.predict()["LSTM"], [6.0] * 4)
    assert model.notes_[-1] == (
        "there was no training, and every forecast is the simple one, with its textbook intervals."
    )
    assert model.history_.losses == []


def test_gaps_anywhere_are_not_filled_and_give_no_nan():
    y = series()
    y[[3, 10, 11, 12, 40, 57]] = np.nan
    check(y)
    y[20:35] = np.nan
    check(y)
    last = series()
    last[-10:-1] = np.nan
    check(last)


def test_a_horizon_as_long_as_the_history_is_said_to_be():
    model = one(np.arange(20.0), h=20)
    assert "h=20 is no shorter than any series (20 steps at most): nothing to learn or score by." in model.notes_
    assert np.isfinite(model.predict()["LSTM"]).all()


def test_one_bad_series_does_not_harm_a_panel():
    bad = [
        months(2, "empty", np.nan),
        months(1, "lone", 4.0),
        months(30, "wild", 10.0 ** np.arange(-15, 15)),
        months(9, "flat", 2.5),
    ]
    table = Forecaster(4, **SMALL).fit(pd.concat([frame(), *bad])).predict()
    ends = table.groupby("unique_id")["LSTM"].agg(lambda x: x.notna().all())
    assert ends.drop("empty", errors="ignore").all()
    assert (table.loc[table["unique_id"] == "flat", "LSTM"] == 2.5).all()


def test_foresee_gives_nan_for_what_has_no_value(fitted):
    empty = fitted.panel_.head(1000)
    assert np.isnan(foresee(fitted.net_, empty, fitted.recipe_)).all()


def test_without_trust_in_the_network_the_forecast_is_the_simple_one():
    walk = np.random.default_rng(0).normal(size=50).cumsum()
    model = one(walk, season_length=1)
    model.net_.trust.fill_(0)
    path = Windows([walk], (1,), 24, 4).scale(torch.tensor([0]), torch.tensor([50])).path[0]
    np.testing.assert_allclose(model.predict()["LSTM"], path, atol=1e-6)


def test_the_last_value_counts_even_where_training_does_not_help():
    # With this seed every validation lies above that of the untrained network, which repeats the last season.
    rng = np.random.default_rng(3)
    y = 100 + 10 * np.sin(np.arange(240) * np.pi / 6) + rng.normal(size=240).cumsum()
    model = Forecaster(6, season_length=12, **SMALL).fit({"ds": np.arange(240), "y": y})
    moved = {"ds": np.arange(240), "y": np.append(y[:-1], y[-1] + 1)}
    assert (model.predict(moved)["LSTM"] != model.predict()["LSTM"]).all()


def test_a_series_without_any_value_is_named_and_left_out_of_every_table(tmp_path):
    table = pd.concat([frame(), months(10, "empty", np.nan)])
    model = Forecaster(4, **SMALL).fit(table)
    assert any(note.endswith(" series has no value, and no forecast follows.") for note in model.notes_)
    for forecasts in (model.predict(), model.predict(table), model.cross_validation(table).drop(columns="y")):
        assert "empty" not in set(forecasts["unique_id"])
        assert forecasts.notna().all(axis=None)
    pd.testing.assert_frame_equal(gatework.load(model.save(tmp_path / "model")).predict(), model.predict())


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"alias": "y"}, "alias must be a name that no other column has; got 'y'. Choose another."),
        ({"alias": "cutoff"}, "alias must be a name that no other column has; got 'cutoff'. Choose another."),
        (
            {"time_col": "cutoff"},
            "your columns must not be called 'cutoff', as a backtest's own is; got one. Rename it.",
        ),
    ],
)
def test_names_that_would_meet_in_one_table_are_refused(settings, text):
    with pytest.raises(OptionError) as error:
        Forecaster(4, **SMALL, **settings).fit(frame())
    assert str(error.value) == text


def test_without_a_level_there_is_the_median_alone(fitted):
    assert [name for name in fitted.predict(level=None) if "LSTM" in name] == ["LSTM"]


def test_resuming_with_other_data_is_refused_before_anything_is_learned(tmp_path, monkeypatch):
    Forecaster(4, **SMALL).fit(frame(), folder=tmp_path)
    monkeypatch.setattr("gatework.tasks.learning.learn", lambda *_: pytest.fail("learned"))
    with pytest.raises(DataError, match=r"^data must be what the training in .* began with; got other data"):
        Forecaster(4, **SMALL).fit(frame()[:-1], folder=tmp_path, resume=True)


def test_it_learns_what_the_simple_forecast_cannot():
    t = np.arange(300)
    y = np.sin(t * 2 * np.pi / 17) + 0.01 * np.random.default_rng(0).normal(size=300)
    model = one(y, season_length=1, max_steps=150, hidden_size=32, learning_rate=1e-2, h=8)
    assert model.scores_.rows["LSTM"].mase < 0.5 * model.scores_.rows["LastValue"].mase


def test_the_documentation_names_every_parameter():
    documented = re.search(r"Parameters\n\s+-+\n(.*?)\n\s+Attributes", Forecaster.__doc__, re.DOTALL)[1]
    names = {name for line in re.findall(r"^    (\w[\w, ]*) : ", documented, re.MULTILINE) for name in line.split(", ")}
    assert names == set(Forecaster(1).get_params())
