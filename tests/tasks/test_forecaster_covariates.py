"""Covariates make forecasts better where they carry signal, and nothing of them is read before it was known."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import gatework
from gatework import Forecaster
from gatework.errors import DataError, OptionError
from gatework.tasks.inputs import about_future

SMALL = {"hidden_size": 8, "num_layers": 1, "max_steps": 20, "batch_size": 16, "progress": False}
LEARN = {"hidden_size": 24, "num_layers": 1, "max_steps": 300, "learning_rate": 1e-2, "progress": False}
STEPS, H = 120, 4
SPANS = pd.date_range("2024-01-01", periods=STEPS + 2 * H, freq="D")


def frame(steps: int = STEPS, ids=("a", "b"), seed: int = 0) -> pd.DataFrame:
    """Days with a temperature, a sky, yesterday's visitors, and sales that follow the temperature."""
    rng = np.random.default_rng(seed)
    parts = []
    for name in ids:
        temp = rng.normal(15, 5, steps)
        sky = rng.choice(["clear", "rain"], steps)
        y = 50 + 5 * np.sin(np.arange(steps) * 2 * np.pi / 7) + temp + 3 * (sky == "clear") + rng.normal(size=steps)
        columns = {"unique_id": name, "ds": SPANS[:steps], "y": y, "temp": temp, "sky": sky}
        parts.append(pd.DataFrame({**columns, "visitors": rng.poisson(9, steps).astype(float)}))
    return pd.concat(parts, ignore_index=True)


def future(steps: int = H, ids=("a", "b"), seed: int = 1, begin: int = STEPS) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    parts = [
        pd.DataFrame(
            {
                "unique_id": name,
                "ds": SPANS[begin : begin + steps],
                "temp": rng.normal(15, 5, steps),
                "sky": rng.choice(["clear", "rain"], steps),
            }
        )
        for name in ids
    ]
    return pd.concat(parts, ignore_index=True)


def foreseen(table: pd.DataFrame, seed: int = 2, ahead: int = H) -> pd.DataFrame:
    """What was forecast of temp and sky at each fifth day for the four that followed, badly; and at the last day."""
    rng, parts = np.random.default_rng(seed), []
    for name, one in table.groupby("unique_id"):
        for cut in [*range(4, STEPS - 1, 5), STEPS - 1]:
            days = SPANS[cut + 1 : cut + 1 + ahead]
            temp = one["temp"].reindex(range(len(one)), fill_value=15).to_numpy()[cut + 1 : cut + 1 + ahead]
            temp = np.append(temp, np.full(ahead - len(temp), 15.0)) + rng.normal(0, 2, ahead)
            part = {"unique_id": name, "ds": days, "cutoff": SPANS[cut], "temp": temp, "sky": "rain"}
            parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


LISTS = {"futr_exog_list": ["temp", "sky"], "hist_exog_list": ["visitors"], "stat_exog_list": ["region", "size"]}
PLACES = pd.DataFrame({"unique_id": ["a", "b", "c"], "region": ["north", "south", "south"], "size": [1.0, 3.0, 2.0]})


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    return Forecaster(H, **LISTS, **SMALL).fit(frame(), futr_df=future(), static_df=PLACES)


# They carry signal


def mae(model: Forecaster, table, actual, **more) -> float:
    return float(np.abs(np.asarray(model.predict(table, level=None, **more)["LSTM"]) - actual).mean())


def test_what_is_known_ahead_is_learned():
    rng = np.random.default_rng(0)
    t, x = np.arange(306), rng.normal(size=306)
    y = 5 * np.sin(t * np.pi / 6) + 2 * x + 0.1 * rng.normal(size=306)
    table, ahead = {"ds": t[:300], "y": y[:300], "x": x[:300]}, {"ds": t[300:], "x": x[300:]}
    without = Forecaster(6, season_length=12, **LEARN).fit(table)
    model = Forecaster(6, season_length=12, futr_exog_list=["x"], **LEARN).fit(table, futr_df=ahead)
    assert model.scores_.rows["LSTM"].mase < 0.5 * without.scores_.rows["LSTM"].mase
    assert mae(model, None, y[300:]) < 0.4 * mae(without, None, y[300:])


def test_what_leads_the_target_is_learned():
    rng = np.random.default_rng(0)
    x = rng.normal(size=403)
    table = {"ds": np.arange(400), "y": np.append([0.0] * 3, x[:397]), "x": x[:400]}
    # It is of no use ahead: what is known up to the last value tells all.
    without = Forecaster(3, season_length=1, **LEARN).fit(table)
    model = Forecaster(3, season_length=1, hist_exog_list=["x"], **LEARN).fit(table)
    assert mae(model, None, x[397:400]) < 0.4 * mae(without, None, x[397:400])


def test_what_never_changes_says_how_much_a_series_changes():
    rng = np.random.default_rng(0)
    many, steps = 60, 60
    # Offers move half of the series up and half of them down, and are too rare to be seen in the window.
    offer = (np.arange(steps + H) % 9 == 0).astype(float)
    sign = np.where(np.arange(many) % 2, 1.0, -1.0)
    y = rng.normal(size=(many, steps + H)) + 8 * sign[:, None] * offer
    ids = np.repeat(np.arange(many), steps)
    table = {"unique_id": ids, "ds": np.tile(np.arange(steps), many), "y": y[:, :steps].ravel()}
    table["offer"] = np.tile(offer[:steps], many)
    ahead = {"unique_id": np.repeat(np.arange(many), H), "ds": np.tile(np.arange(steps, steps + H), many)}
    ahead["offer"] = np.tile(offer[steps:], many)
    places = {"unique_id": np.arange(many), "side": np.where(sign > 0, "up", "down")}
    settings = {**LEARN, "season_length": 1, "input_size": 3, "futr_exog_list": ["offer"], "max_steps": 500}
    without = Forecaster(H, **settings).fit(table, futr_df=ahead)
    model = Forecaster(H, stat_exog_list=["side"], **settings).fit(table, futr_df=ahead, static_df=places)
    found, plain = (np.reshape(one.predict(level=None)["LSTM"], (many, H)) for one in (model, without))
    # At the one step of the four that has an offer.
    error, usual = (np.abs(one - y[:, steps:])[:, offer[steps:] == 1].mean() for one in (found, plain))
    assert error < 0.5 * usual


# They are read where they should be, and nowhere else


def test_what_is_read_and_what_the_scores_used_is_said(fitted):
    assert (
        "covariates: temp and sky (known ahead); visitors (known up to the last value); region and size (the same at "
        "all times)." in fitted.notes_
    )
    said = "with temp and sky as they came to be (actuals): a real forecast of them would be worse."
    assert fitted.notes_[-1] == f"the scores are {said}"
    assert fitted.scores_.future == said
    assert fitted.scores_.table().caption == said
    assert fitted.scores_.to_dict()["future"] == said
    plain = Forecaster(H, hist_exog_list="visitors", **SMALL).fit(frame())
    assert (plain.scores_.future, plain.scores_.table().caption) == ("", None)
    one = Forecaster(H, futr_exog_list="temp", **SMALL)._checked(frame())
    assert about_future(one) == "with temp as it came to be (actuals): a real forecast of it would be worse."


def test_vintages_are_said_to_be_used():
    model = Forecaster(H, futr_exog_list=["temp", "sky"], **SMALL)
    scores = model.evaluate(frame(), futr_df=foreseen(frame()))
    assert scores.future == "with temp and sky as they were forecast (vintages)."
    told = foreseen(frame()).drop(columns="sky")
    one = Forecaster(H, futr_exog_list=["temp"], **SMALL)._checked(frame(), told)
    assert about_future(one) == "with temp as it was forecast (vintages)."
    late = told[(told["cutoff"] >= SPANS[STEPS - 10]) | ((told["cutoff"] >= SPANS[9]) & (told["unique_id"] == "a"))]
    one = Forecaster(H, futr_exog_list=["temp"], **SMALL)._checked(frame(), late)
    assert about_future(one.head(10), one.head(4), one.head(STEPS - 5), one.head(STEPS)) == (
        "with temp as it was forecast (vintages). But 3 of 6 windows lie before the first vintage and read actuals."
    )


def changed(table: pd.DataFrame, column: str, last: int) -> pd.DataFrame:
    """The table with other numbers in the last days of each series."""
    other = table.copy()
    for _, rows in other.groupby("unique_id").groups.items():
        other.loc[rows[-last:], column] += 100
    return other


@pytest.mark.parametrize(
    ("column", "vintages", "alike"), [("visitors", False, True), ("temp", False, False), ("temp", True, True)]
)
def test_a_backtest_reads_no_covariate_before_it_was_known(column, vintages, alike):
    model = Forecaster(H, futr_exog_list=["temp", "sky"], hist_exog_list=["visitors"], **SMALL)
    told = foreseen(frame()) if vintages else None
    one, two = (model.cross_validation(table, futr_df=told)["LSTM"] for table in (frame(), changed(frame(), column, H)))
    assert (one == two).all() == alike
    assert (one == two).any() == alike


def test_every_covariate_counts_in_a_forecast(fitted):
    before = fitted.predict()["LSTM"]
    ahead, table = future(), frame()
    for column, value in (("temp", 99.0), ("sky", "none")):
        assert (fitted.predict(futr_df=ahead.assign(**{column: value}))["LSTM"] != before).all()
    same = fitted.predict(table, futr_df=ahead)["LSTM"]
    np.testing.assert_array_equal(same, before)
    other = fitted.predict(changed(table, "visitors", 1), futr_df=ahead)["LSTM"]
    assert (other != before).all()
    moved = PLACES.assign(size=[9.0, 9.0, 9.0])
    assert (fitted.predict(table, futr_df=ahead, static_df=moved)["LSTM"] != before).all()


def test_the_future_may_stand_in_the_data(fitted):
    rows = pd.concat([frame(), future()], ignore_index=True)
    np.testing.assert_array_equal(fitted.predict(rows)["LSTM"], fitted.predict()["LSTM"])


def test_the_newest_vintage_is_the_forecast_that_predict_reads():
    table = frame()
    told = foreseen(table)
    model = Forecaster(H, futr_exog_list=["temp", "sky"], **SMALL).fit(table, futr_df=told)
    last = told["cutoff"] == SPANS[STEPS - 1]
    before = model.predict()["LSTM"]
    np.testing.assert_array_equal(model.predict(table, futr_df=told[last])["LSTM"], before)
    # Told without a cutoff it is the newest of all.
    alone = told[last].drop(columns="cutoff")
    np.testing.assert_array_equal(model.predict(futr_df=alone)["LSTM"], before)
    assert (model.predict(futr_df=alone.assign(temp=40.0))["LSTM"] != before).all()


# They are kept


@pytest.mark.parametrize("vintages", [False, True])
def test_what_is_saved_predicts_the_same(vintages, tmp_path):
    table = frame()
    told = foreseen(table) if vintages else future()
    model = Forecaster(H, **LISTS, **SMALL).fit(table, futr_df=told, static_df=PLACES)
    loaded = gatework.load(model.save(tmp_path / "model"))
    assert loaded.recipe_ == model.recipe_
    assert loaded.notes_ == model.notes_
    assert loaded.scores_.to_dict() == model.scores_.to_dict()
    pd.testing.assert_frame_equal(loaded.predict(), model.predict())
    more, ahead = frame(ids=("a", "c"), seed=5), future(ids=("a", "c"), seed=6)
    one, two = (each.predict(more, futr_df=ahead, static_df=PLACES) for each in (model, loaded))
    pd.testing.assert_frame_equal(one, two)


def test_a_training_cut_off_and_resumed_gives_the_same_bits(tmp_path, monkeypatch):
    tables = {"futr_df": future(), "static_df": PLACES}
    whole = Forecaster(H, **LISTS, **SMALL).fit(frame(), **tables)
    from gatework.data.draws import Draws

    draw = Draws.__call__
    # At once, not at most every few seconds.
    monkeypatch.setattr("gatework.train.training.PAUSE", 0.0)
    monkeypatch.setattr(Draws, "__call__", lambda self, step: draw(self, step) if step != 7 else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Forecaster(H, **LISTS, **SMALL).fit(frame(), tmp_path, **tables)
    monkeypatch.undo()
    resumed = Forecaster(H, **LISTS, **SMALL).fit(frame(), tmp_path, resume=True, **tables)
    assert resumed.history_ == whole.history_
    pd.testing.assert_frame_equal(resumed.predict(), whole.predict())
    with pytest.raises(DataError, match=r"^data must be what the training in .* began with; got other data"):
        Forecaster(H, **LISTS, **SMALL).fit(frame(), tmp_path, resume=True, futr_df=future(seed=9), static_df=PLACES)


def test_the_statics_of_fit_serve_new_data_by_id(fitted):
    table = frame(ids=("b", "a"), seed=4)
    one = fitted.predict(table, futr_df=future())
    two = fitted.predict(table, futr_df=future(), static_df=PLACES)
    pd.testing.assert_frame_equal(one, two)


# Fewer steps, and what is refused


def test_fewer_steps_are_the_first_of_all(fitted):
    found = fitted.predict(h=2)
    whole = fitted.predict().groupby("unique_id").head(2).reset_index(drop=True)
    pd.testing.assert_frame_equal(found, whole)
    assert len(fitted.plot(h=2)) == 2


@pytest.mark.parametrize(
    ("h", "text"),
    [
        (8, "h must be at most 4, as fitted; got 8. Fit with h=8."),
        (0, "h must be a whole number of at least 1; got 0."),
        (True, "h must be a whole number of at least 1; got True."),
        (1.5, "h must be a whole number of at least 1; got 1.5."),
    ],
)
def test_steps_that_cannot_be(h, text, fitted):
    with pytest.raises(OptionError) as error:
        fitted.predict(h=h)
    assert str(error.value) == text


ADVICE = "Give a table with the ids, the times and these columns (command line: --futr)."


def test_a_future_that_is_missing_or_too_short_is_refused():
    model = Forecaster(H, futr_exog_list=["temp", "sky"], **SMALL).fit(frame())
    with pytest.raises(DataError) as error:
        model.predict()
    want = "futr_df must hold temp and sky for the 4 steps after the last value of each series"
    assert str(error.value) == f"{want}; got none. {ADVICE}"
    ahead = future()
    ahead = ahead[(ahead["unique_id"] == "a") | (ahead["ds"] <= SPANS[STEPS + 1])]
    with pytest.raises(DataError) as error:
        model.predict(futr_df=ahead)
    assert str(error.value) == f"{want}; got 2 for 'b'. {ADVICE}"
    assert len(model.predict(futr_df=ahead, h=2)) == 4
    with pytest.raises(DataError) as error:
        model.predict(futr_df=future().assign(temp=np.nan), h=1)
    assert str(error.value) == (
        f"futr_df must hold temp for the step after the last value of each series; got none. {ADVICE}"
    )


def test_an_old_vintage_does_not_reach_far_enough():
    told = foreseen(frame())
    told = told[told["cutoff"] <= SPANS[STEPS - 3]]
    model = Forecaster(H, futr_exog_list=["temp", "sky"], **SMALL).fit(frame(), futr_df=told)
    with pytest.raises(DataError, match="got none") as error:
        model.predict()
    assert str(error.value).endswith(ADVICE)
    assert model.predict(futr_df=future())["LSTM"].notna().all()


def test_gaps_in_the_future_are_masked():
    ahead = future()
    ahead.loc[ahead["ds"] == SPANS[STEPS + 1], ["temp"]] = np.nan
    model = Forecaster(H, futr_exog_list=["temp", "sky"], **SMALL).fit(frame())
    assert model.predict(futr_df=ahead)["LSTM"].notna().all()


def test_tables_that_do_not_belong_are_refused(fitted):
    other = Forecaster(H, **SMALL).fit(frame())
    with pytest.raises(OptionError) as error:
        other.predict(static_df=PLACES)
    assert str(error.value).startswith("stat_exog_list must name the columns to read from static_df; got none.")
    with pytest.raises(DataError, match=r"^static_df must have a row for each series; got none for 'z'"):
        fitted.predict(frame(ids=("a", "z")), futr_df=future(ids=("a", "z")))
    with pytest.raises(OptionError, match=r"^futr_exog_list must name the columns to read from futr_df; got none"):
        Forecaster(H, **SMALL).fit(frame(), futr_df=future())


def test_old_folders_know_of_no_covariates(tmp_path):
    model = Forecaster(H, **SMALL).fit(frame())
    folder = model.save(tmp_path / "model")
    config = (folder / "config.json").read_text()
    older = re.sub(r'"(futr_exog_list|hist_exog_list|stat_exog_list|futr_df|static_df|standard)": null,? ?', "", config)
    assert older != config
    (folder / "config.json").write_text(older.replace(", }", "}"))
    pd.testing.assert_frame_equal(gatework.load(folder).predict(frame()), model.predict(frame()))


def test_without_covariates_there_is_no_future_to_speak_of():
    assert about_future(Forecaster(H, **SMALL)._checked(frame())) == ""
