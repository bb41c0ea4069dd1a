"""A forecaster reads the calendar where that was found to help, says so, is saved with it, and reads that of others."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

import gatework
from gatework import Forecaster
from gatework.errors import OptionError
from gatework.tasks.recipe import Recipe, outcome
from gatework.train.history import History

SMALL = {"hidden_size": 8, "num_layers": 1, "max_steps": 20, "batch_size": 32, "progress": False}
ZONE = "Europe/Berlin"


def shop(begin: str = "2024-01-01", steps: int = 24 * 60, zone: str | None = ZONE) -> pd.DataFrame:
    """Open from 8 to 20 by the clock on its wall, and on weekdays only."""
    when = pd.date_range(begin, periods=steps, freq="h", tz=zone)
    noise = np.random.default_rng(0).normal(size=steps)
    return pd.DataFrame({"ds": when, "y": 50 + 40 * opened(when) + noise})


def opened(when: pd.DatetimeIndex) -> np.ndarray:
    return ((when.hour >= 8) & (when.hour < 20) & (when.day_of_week < 5)).astype(float)


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    return Forecaster(24, calendar=True, **SMALL).fit(shop())


def about_calendar(model: Forecaster) -> list[str]:
    return [note for note in model.notes_ if "the network reads the calendar" in note]


def test_it_is_read_where_it_is_asked_for_and_the_data_are_long_enough(fitted):
    assert fitted.recipe_.calendar == ("hour", "weekday", "moved")
    assert about_calendar(fitted) == ["the network reads the calendar: the hour, the weekday."]
    left = "of the calendar this is not read, since the steps do not tell it or the data are too short: {}."
    assert left.format("the day of the year") in fitted.notes_
    short = Forecaster(24, calendar=True, **SMALL).fit(shop(steps=24 * 20, zone=None))
    assert about_calendar(short) == ["the network reads the calendar: the hour."]
    assert left.format("the weekday, the day of the year") in short.notes_


def test_unasked_only_that_clocks_are_moved_is_minded():
    zoned = Forecaster(24, **SMALL).fit(shop())
    assert zoned.recipe_.calendar == ("moved",)
    minded = "what a season repeats is of the same hour by the wall clock, though clocks are moved."
    assert minded in zoned.notes_
    assert not [note for note in zoned.notes_ if "calendar" in note]
    plain = Forecaster(24, **SMALL).fit(shop(zone=None))
    assert plain.recipe_.calendar == ()
    assert about_calendar(plain) == []
    assert minded not in plain.notes_


def test_whole_numbers_have_none_to_read():
    y = shop(steps=400)["y"].to_numpy()
    assert Forecaster(6, calendar=True, **SMALL).fit({"ds": np.arange(400), "y": y}).recipe_.calendar == ()


@pytest.mark.parametrize("value", ["hour", 1, None])
def test_other_wishes_are_refused(value):
    message = f"calendar must be True or False; got {value!r}."
    with pytest.raises(OptionError, match=re.escape(message)):
        Forecaster(24, calendar=value, **SMALL).fit(shop())


@pytest.mark.parametrize("last", ["2024-03-31 14:00", "2024-10-27 14:00"])
def test_on_the_day_after_clocks_were_moved_the_shop_opens_by_them(last):
    when = pd.date_range(end=last, periods=24 * 40, freq="h", tz=ZONE)
    y = 50 + 40 * ((when.hour >= 8) & (when.hour < 20)) + np.random.default_rng(0).normal(size=len(when))
    data = pd.DataFrame({"ds": when, "y": y})

    def errors(data: pd.DataFrame) -> np.ndarray:
        found = Forecaster(24, **SMALL).fit(data).predict()
        hours = pd.DatetimeIndex(found["ds"]).tz_convert(ZONE).hour
        return np.abs(found["LSTM"].to_numpy() - (50 + 40 * ((hours >= 8) & (hours < 20))))

    assert errors(data).max() < 12
    # In a zone that moves no clocks, the hours in which it opens and closes are those of the day before: wrong by all
    # that it sells.
    assert (errors(data.assign(ds=when.tz_convert("UTC"))) > 20).sum() == 2


def depends_on_the_clock(model: Forecaster, **of) -> bool:
    """Whether the forecast of the same values at other hours and days is another one."""
    seen, later = shop(), shop()
    later["ds"] = pd.date_range("2024-01-03 05:00", periods=len(later), freq="h", tz=ZONE)
    return not np.allclose(model.predict(seen, **of)["LSTM"], model.predict(later, **of)["LSTM"])


def lean_on_it(model: Forecaster) -> Forecaster:
    """Give the calendar's weights a size that shows."""
    with torch.no_grad():
        for member in model.net_.members:
            for layer, owner in ((member.encoder, member.past_owners), (member.decoder, member.future_owners)):
                layer.weight_ih_l0[:, owner > 0] += 0.5
            torch.nn.init.normal_(member.head.weight)
        model.net_.heed.fill_(1.0)
    return model


def test_forecasts_of_other_series_read_their_own_calendar_and_a_saved_model_does_too(fitted, tmp_path):
    model = lean_on_it(gatework.load(fitted.save(tmp_path / "as it was")))
    assert depends_on_the_clock(model)
    again = gatework.load(model.save(tmp_path / "leaning"))
    assert again.recipe_ == model.recipe_
    np.testing.assert_array_equal(again.predict()["LSTM"], model.predict()["LSTM"])
    model.net_.heed.fill_(0.0)
    assert not depends_on_the_clock(model)


def test_a_model_saved_before_there_was_a_calendar_reads_none(fitted):
    saved = fitted.recipe_.to_dict()
    assert Recipe.from_dict(saved) == fitted.recipe_
    del saved["calendar"]
    assert Recipe.from_dict(saved) == replace(fitted.recipe_, calendar=())


def test_it_goes_along_wherever_windows_are_read(fitted, tmp_path):
    model = gatework.load(fitted.save(tmp_path))
    tuned = model.fine_tune(shop("2025-01-01"), max_steps=2)
    assert tuned.recipe_.calendar == fitted.recipe_.calendar
    assert len(tuned.simulate(3)) == 72
    assert np.isfinite(tuned.score(shop("2025-06-01")))
    ahead = Forecaster(12, lead=6, **SMALL).fit(shop())
    assert len(ahead.predict()) == 12


def test_the_instruments_name_it(fitted):
    from gatework.look.subject import subject

    seen = subject(fitted)
    assert seen.x.shape[2] == len(seen.names)
    assert seen.names[5:] == (
        *("hour sin", "hour cos"),
        *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    )


@pytest.mark.parametrize(
    ("calendar", "standard", "none", "half"),
    [
        (
            ("hour",),
            None,
            "the calendar did not help there, and is not heeded.",
            "what the calendar says counts for 50% of what it could, as was best there.",
        ),
        (
            (),
            "units",
            "the covariates did not help there, and are not heeded.",
            "what the covariates say counts for 50% of what it could, as was best there.",
        ),
        (
            ("hour",),
            "units",
            "the covariates and the calendar did not help there, and are not heeded.",
            "what the covariates and the calendar say counts for 50% of what it could, as was best there.",
        ),
    ],
)
def test_notes_say_how_far_it_counts(fitted, calendar, standard, none, half):
    recipe = replace(fitted.recipe_, calendar=calendar, standard=standard)
    history = History(losses=[1.0], best_step=1, stopped="finished")
    assert none in outcome(recipe, history, 1.0, 0.0, [1.0])
    assert half in outcome(recipe, history, 1.0, 0.5, [1.0])
