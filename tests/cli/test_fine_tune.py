"""A fitted model goes on learning on the command line, as the library has it, into a folder of its own."""

from __future__ import annotations

import json

import pytest
from pyarrow import csv
from scene import SMALL, write_days

import gatework
from gatework.train.training import Training

FIT = f"gatework fit data.csv --h 7 {SMALL} -o model"


@pytest.fixture
def fitted(type_in, folder):
    assert type_in(FIT).code == 0
    write_days(folder / "more.csv", 101)
    return folder


def test_it_says_what_it_read_and_found_and_is_the_librarys(type_in, fitted):
    before = {path.name: path.read_bytes() for path in (fitted / "model").iterdir()}
    said = type_in("gatework fine-tune model more.csv -o tuned --max-steps 3")
    assert (said.code, said.err) == (0, "")
    expected = gatework.load("model").fine_tune("more.csv", 3)
    tuned = gatework.load("tuned")
    assert tuned.predict().equals(expected.predict())
    assert str(tuned.predict()["ds"][0]) == "2024-04-11"
    lines = said.out.splitlines()
    assert lines[0].startswith("more.csv: `y` of 1 series, 100 values from 2024-01-01 to 2024-04-10, daily")
    assert [line.removeprefix("- ") for line in lines if line.startswith("- ")] == expected.notes_
    assert "- fine-tuned with up to 3 steps, from the weights of fit." in lines
    assert expected.scores_.verdict() in lines
    assert lines[-2:] == [
        "The model is in tuned/. Next:",
        "  gatework predict tuned/ -o forecast.csv --plot forecast.png",
    ]
    # The model that it came from has not changed.
    assert {path.name: path.read_bytes() for path in (fitted / "model").iterdir()} == before


def test_what_was_tuned_can_be_used_and_tuned_again(type_in, fitted):
    assert type_in("gatework fine-tune model more.csv").code == 0
    assert type_in("gatework predict tuned -o f.csv").code == 0
    assert csv.read_csv("f.csv").num_rows == 7
    assert type_in("gatework fine-tune tuned data.csv -o again --max-steps 2").code == 0


def test_in_the_place_of_the_old_model_no_older_training_is_left_to_resume(type_in, fitted):
    (fitted / "model" / "checkpoint-1.safetensors").touch()
    assert type_in("gatework fine-tune model more.csv -o model --overwrite --max-steps 2").code == 0
    assert not list((fitted / "model").glob("checkpoint*"))
    said = type_in("gatework resume model")
    assert said.err == "error: folder must hold a checkpoint; got model, which has none. Fit without resume first.\n"


def test_ctrl_c_keeps_the_best_so_far_and_says_where(type_in, fitted, monkeypatch):
    advance = Training.advance

    def interrupted(self, batch, loss):
        if self.step == 2:
            raise KeyboardInterrupt
        advance(self, batch, loss)

    monkeypatch.setattr(Training, "advance", interrupted)
    said = type_in("gatework fine-tune model more.csv -o tuned --max-steps 9")
    assert (said.code, said.err) == (130, "\nInterrupted: the best model so far is in tuned/.\n")
    assert gatework.load("tuned").history_.stopped == "interrupted"


def test_data_too_short_to_hold_anything_out_are_refused_and_nothing_is_written(type_in, fitted):
    write_days(fitted / "few.csv", 7)
    said = type_in("gatework fine-tune model few.csv -o new")
    assert said.code == 2
    assert said.err == (
        "error: data must have more steps than the 7 that are held out; got 7 at most. Give a longer history.\n"
    )
    assert not (fitted / "new").exists()


def test_covariates_and_what_never_changes_come_in_files(type_in, folder):
    days = [line.split(",") for line in (folder / "data.csv").read_text().splitlines()[1:]]
    rows = [f"{shop},{ds},{y},{i % 5}" for shop in "ab" for i, (ds, y) in enumerate(days)]
    (folder / "two.csv").write_text("\n".join(["unique_id,ds,y,x", *rows]) + "\n")
    (folder / "kinds.csv").write_text("unique_id,size\na,1\nb,2\n")
    ahead = [f"{shop},2024-03-{day},9" for shop in "ab" for day in range(21, 28)]
    (folder / "ahead.csv").write_text("\n".join(["unique_id,ds,x", *ahead]) + "\n")
    lists = "--futr-exog-list x --stat-exog-list size --static kinds.csv"
    assert type_in(f"gatework fit two.csv --h 7 {SMALL} {lists} -o model").code == 0
    said = type_in("gatework fine-tune model two.csv --futr ahead.csv -o tuned --max-steps 2")
    assert (said.code, said.err) == (0, "")
    assert "- covariates: x (known ahead); size (the same at all times)." in said.out.splitlines()
    # The future that it was given is kept, and so is what fit knew of the shops.
    assert type_in("gatework predict tuned -o f.csv").code == 0
    assert csv.read_csv("f.csv").num_rows == 14
    (folder / "kinds.csv").write_text("unique_id,size\na,90\nb,-70\n")
    type_in("gatework fine-tune model two.csv --futr ahead.csv --static kinds.csv -o other --max-steps 2")
    known = [gatework.load(name).panel_.covariates.static.tolist() for name in ("tuned", "other")]
    assert known == [[[1.0], [2.0]], [[90.0], [-70.0]]]
    assert json.loads((folder / "other" / "config.json").read_text())["params"]["stat_exog_list"] == ["size"]
