"""Covariates on the command line: named as columns, their future and what never changes in files of their own."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from pyarrow import csv
from scene import SMALL

import gatework
from gatework.look import doctor
from gatework.train.training import Training

DAYS = np.datetime64("2024-01-01") + np.arange(84)
LISTS = "--futr-exog-list temp --futr-exog-list sky --hist-exog-list visitors --stat-exog-list region"
FIT = f"gatework fit days.csv --h 4 {SMALL} {LISTS} --static places.csv -o model"


def write(path, rows) -> None:
    path.write_text("".join(f"{line}\n" for line in rows))


def rows(shops, days, *, target: bool, cutoff: int | None = None):
    """Lines of a table of shops and days, with a column of the cutoff where it is given."""
    names = ["unique_id", "ds", "temp", "sky", *(["y", "visitors"] if target else []), *(["cutoff"] if cutoff else [])]
    yield ",".join(names)
    for i, shop in enumerate(shops):
        for day in days:
            temp = 10 + 5 * np.sin(day / 9 + i)
            cells = [shop, DAYS[day], f"{temp:.2f}", "rain" if day % 3 else "clear"]
            cells += [f"{20 + temp + day % 7:.2f}", day % 5] if target else []
            yield ",".join(map(str, [*cells, DAYS[cutoff]] if cutoff else cells))


@pytest.fixture
def shops(folder):
    write(folder / "days.csv", rows("ab", range(80), target=True))
    write(folder / "ahead.csv", rows("ab", range(80, 84), target=False))
    write(folder / "ahead_c.csv", rows("c", range(80, 84), target=False))
    write(folder / "c.csv", rows("c", range(80), target=True))
    vintages = [
        line for cut in (60, 71, 75, 79) for line in rows("ab", range(cut + 1, cut + 5), target=False, cutoff=cut)
    ]
    write(folder / "foreseen.csv", dict.fromkeys(vintages))
    write(folder / "places.csv", ["unique_id,region", "a,north", "b,south", "c,south"])
    return folder


def test_a_model_with_covariates_is_fitted_used_and_scored(type_in, shops):
    said = type_in(f"{FIT} --futr ahead.csv")
    assert (said.code, said.err) == (0, "")
    covariates = "temp and sky (known ahead); visitors (known up to the last value); region (the same at all times)."
    assert said.out.count(f"- covariates: {covariates}\n") == 1
    actuals = "with temp and sky as they came to be (actuals): a real forecast of them would be worse."
    assert said.out.count(f"- the scores are {actuals}\n") == 1
    model = gatework.load("model")
    assert model.futr_exog_list == ["temp", "sky"]
    notes = [line.removeprefix("- ") for line in said.out.splitlines() if line.startswith("- ")]
    assert notes == model.notes_

    said = type_in("gatework predict model --h 3")
    assert (said.code, said.err) == (0, "")
    assert csv.read_csv(io.BytesIO(said.out.encode())).equals(model_table(model.predict(h=3)))
    said = type_in(
        "gatework predict model --data c.csv --futr ahead_c.csv --static places.csv -o c_ahead.csv --plot c.png"
    )
    assert said.code == 0
    assert csv.read_csv("c_ahead.csv").num_rows == 4
    assert (shops / "c.png").exists()

    said = type_in("gatework evaluate model days.csv --static places.csv --futr foreseen.csv --json")
    assert said.code == 0
    assert json.loads(said.out)["future"] == "with temp and sky as they were forecast (vintages)."
    said = type_in("gatework evaluate model days.csv --static places.csv")
    words = " ".join(said.out.split())
    assert actuals in words


def model_table(table):
    """A table as it comes back from CSV."""
    from gatework.cli.places import to_csv

    return csv.read_csv(io.BytesIO(to_csv(table).encode()))


def test_an_interrupted_training_goes_on_with_its_tables(type_in, shops, monkeypatch):
    assert type_in(f"{FIT} --futr ahead.csv").code == 0
    whole = gatework.load("model").history_.losses
    advance = Training.advance
    with monkeypatch.context() as patch:
        patch.setattr("gatework.train.training.PAUSE", 0.0)
        patch.setattr(Training, "advance", lambda self, *rest: advance(self, *rest) if self.step < 2 else 1 / 0)
        with pytest.raises(ZeroDivisionError):
            type_in(f"{FIT.replace('-o model', '-o cut')} --futr ahead.csv")
    said = type_in("gatework resume cut")
    assert (said.code, said.err) == (0, "")
    assert gatework.load("cut").history_.losses == whole


def test_a_model_with_covariates_is_looked_into(type_in, shops, monkeypatch):
    assert type_in(FIT).code == 0
    text = "futr_df must hold temp and sky for the 4 steps after the last value of each series; got none. "
    assert type_in("gatework look model") == (2, "", f"error: {text}{ADVICE}\n")
    said = type_in("gatework look model c.csv --futr ahead_c.csv")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: static_df must have a row for each series; got none for 'c'")

    seen = []
    with monkeypatch.context() as patch:
        patch.setattr("gatework.look.report", lambda model, panel, output: seen.append(panel) or output.touch())
        assert type_in("gatework look model --futr ahead.csv").code == 0
        assert type_in("gatework look model c.csv --futr ahead_c.csv --static places.csv").code == 0
    # Four steps more are known of each; and of c where it lies.
    ahead = [len(panel.covariates.known[k]) - len(y) for panel in seen for k, y in enumerate(panel.values)]
    assert ahead == [4, 4, 4]
    assert [panel.ids for panel in seen] == [("a", "b"), ("c",)]

    said = type_in("gatework look model c.csv --futr ahead_c.csv --static places.csv -o c.html")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[-1].startswith("c.html: ")


def test_a_model_with_covariates_is_examined(type_in, shops):
    assert type_in(FIT).code == 0
    said = type_in("gatework doctor model c.csv")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: static_df must have a row for each series; got none for 'c'")
    said = type_in("gatework doctor model c.csv --futr none.csv --static places.csv")
    assert said.err == "error: futr_df must be the path of a file; got 'none.csv', no such file. Check the path.\n"
    expected = doctor(gatework.load("model"), "c.csv", futr_df="ahead_c.csv", static_df="places.csv")
    said = type_in("gatework doctor model c.csv --futr ahead_c.csv --static places.csv --json")
    assert (said.code, json.loads(said.out), said.err) == (int(expected.serious), expected.to_dict(), "")


ADVICE = "Give a table with the ids, the times and these columns (command line: --futr)."


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (
            "gatework predict model",
            "futr_df must hold temp and sky for the 4 steps after the last value of each series; got none. " + ADVICE,
        ),
        ("gatework predict model --futr ahead.csv --h 5", "h must be at most 4, as fitted; got 5. Fit with h=5."),
        (
            "gatework predict model --futr none.csv",
            "futr_df must be the path of a file; got 'none.csv', no such file. Check the path.",
        ),
    ],
)
def test_what_cannot_be_is_refused(command, text, type_in, shops):
    assert type_in(FIT).code == 0
    said = type_in(command)
    assert (said.code, said.out, said.err) == (2, "", f"error: {text}\n")


@pytest.mark.parametrize(
    ("command", "begin"),
    [
        (f"gatework fit days.csv --h 4 {SMALL} --futr-exog-list wind -o new", "data must have the column 'wind'"),
        (f"gatework fit days.csv --h 4 {SMALL} --stat-exog-list region -o new", "static_df must hold region"),
        (f"gatework fit days.csv --h 4 {SMALL} --futr ahead.csv -o new", "futr_exog_list must name the columns"),
    ],
)
def test_columns_that_are_not_there_are_refused(command, begin, type_in, shops):
    said = type_in(command)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: {begin}")
    assert not (shops / "new").exists()
