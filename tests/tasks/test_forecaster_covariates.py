"""Covariates of the past and what never changes are learned, read where they should be, and kept with the model."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from weather import LEARN, LISTS, PLACES, SMALL, H, changed, fit, foreseen, frame, future, mae

import gatework
from gatework import Forecaster
from gatework.errors import DataError, OptionError
from gatework.tasks.inputs import about_future


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    return fit()


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
