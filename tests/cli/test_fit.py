from __future__ import annotations

import io
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from pyarrow import csv, parquet
from scene import SMALL, write_days

import gatework
from gatework.train.training import Training

FIT = f"gatework fit data.csv --h 7 {SMALL} -o model/"


def interrupt_at(monkeypatch, step):
    """Let Ctrl-C come at a step of the next training, and of no later one."""
    advance = Training.advance

    def interrupted(self, batch, loss):
        if self.step == step:
            monkeypatch.setattr(Training, "advance", advance)
            raise KeyboardInterrupt
        advance(self, batch, loss)

    monkeypatch.setattr(Training, "advance", interrupted)


def test_fit_says_what_it_read_chose_and_found(type_in, folder):
    said = type_in(FIT)
    assert (said.code, said.err) == (0, "")
    model = gatework.load("model")
    lines = said.out.splitlines()
    assert lines[0] == ("data.csv: `y` of 1 series, 79 values from 2024-01-01 to 2024-03-20, daily, 7 steps a season.")
    notes = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
    assert notes == model.notes_
    assert (
        "1 of 80 steps has no value; it is masked, never filled." in notes or "1 of 80 steps have no value" in said.out
    )
    table = [line.split() for line in lines if line.startswith(("LSTM ", "SeasonalNaive", "LastValue"))][:3]
    for (name, mase, *_), (expected, row) in zip(table, model.scores_.rows.items(), strict=True):
        assert (name, mase) == (expected, f"{row.mase:.3f}")
    assert model.scores_.verdict() in lines
    assert lines[-3:] == [
        "The model is in model/. Next:",
        "  gatework predict model/ -o forecast.csv --plot forecast.png",
        "  gatework evaluate model/ data.csv --windows 3",
    ]
    assert "Traceback" not in said.out


def test_flags_reach_the_constructor_over_the_config_file(type_in, folder):
    (folder / "c.yaml").write_text("h: 7\nhidden_size: 4\nnum_layers: 1\nmax_steps: 4\ncell: rnn\nalias: Mine\n")
    assert type_in("gatework fit data.csv --config c.yaml --cell gru --time ds --no-progress").code == 0
    model = gatework.load("model")
    params = model.get_params()
    assert {name: params[name] for name in ("h", "hidden_size", "cell", "alias", "time_col", "progress")} == {
        "h": 7,
        "hidden_size": 4,
        "cell": "gru",
        "alias": "Mine",
        "time_col": "ds",
        "progress": False,
    }


def test_predictions_are_the_models_own_in_every_format(type_in, folder):
    type_in(FIT)
    expected = gatework.load("model").predict(level=(50, 99))
    said = type_in("gatework predict model --level 50 --level 99")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0] == "ds,LSTM,LSTM-lo-50,LSTM-hi-50,LSTM-lo-99,LSTM-hi-99"
    assert csv.read_csv(io.BytesIO(said.out.encode())).equals(expected)
    said = type_in("gatework predict model --level 50 --level 99 -o f.csv")
    assert said.out == "f.csv: 7 rows, columns ds, LSTM, LSTM-lo-50, LSTM-hi-50, LSTM-lo-99, LSTM-hi-99.\n"
    assert csv.read_csv("f.csv").equals(expected)
    type_in("gatework predict model --level 50 --level 99 -o f.parquet")
    assert parquet.read_table("f.parquet").equals(expected)


def test_predict_continues_other_data_and_keeps_stdout_for_the_table(type_in, folder):
    type_in(FIT)
    write_days(folder / "more.csv", 101)
    said = type_in("gatework predict model --data more.csv --plot picture.png")
    table = csv.read_csv(io.BytesIO(said.out.encode()))
    assert str(table["ds"][0]) == "2024-04-11"
    assert said.err.splitlines()[0].startswith("more.csv: `y` of 1 series, 100 values from 2024-01-01 to 2024-04-10")
    assert said.err.splitlines()[-1] == "picture.png: 1 of 1 series."
    assert (folder / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_what_predict_reads_no_further_back_than_is_said(type_in, folder, monkeypatch):
    type_in(FIT)
    monkeypatch.setattr("gatework.data.latest.MOST", 79)
    said = type_in("gatework predict model --data data.csv -o f.csv")
    note = "- the series is longer than the 79 steps that are read of each: what lies before them is passed over."
    assert note in said.out.splitlines()
    said = type_in("gatework predict model --data data.csv")
    assert note in said.err.splitlines()
    monkeypatch.setattr("gatework.data.latest.MOST", 80)
    assert "passed over" not in type_in("gatework predict model --data data.csv -o f.csv").out


def test_a_model_fitted_to_another_kind_of_table_predicts_too(type_in, folder):
    days = (np.datetime64("2024-01-01") + np.arange(40)).repeat(2)
    data = {"ds": days, "y": np.sin(np.arange(80.0)), "unique_id": np.array(["a,b", "c"] * 40)}
    gatework.Forecaster(2, hidden_size=4, num_layers=1, max_steps=2).fit(data).save("model")
    said = type_in("gatework predict model")
    assert [line.split(",20")[0] for line in said.out.splitlines()[1:]] == ['"a,b"', '"a,b"', "c", "c"]


def test_evaluate_scores_a_copy_as_the_library_does(type_in, folder):
    type_in(FIT)
    expected = gatework.load("model").evaluate("data.csv", 3)
    said = type_in("gatework evaluate model data.csv --windows 3 --json")
    assert json.loads(said.out) == expected.to_dict()
    assert "a copy of the model is trained on what lies before the first window." in said.err
    said = type_in("gatework evaluate model data.csv --windows 3")
    assert said.out.splitlines()[-1] == expected.verdict()
    assert expected.calibration.verdict() in said.out.splitlines()
    assert re.search(rf"^ +90 % +{expected.calibration.intervals[90].coverage:.1f} % ", said.out, re.MULTILINE)
    assert re.search(rf"^LSTM +{expected.rows['LSTM'].mase:.3f} ", said.out, re.MULTILINE)


def test_overwrite_replaces_the_model_and_leaves_other_files(type_in, folder):
    type_in(FIT)
    (folder / "model" / "my-notes.txt").write_text("keep me")
    assert type_in(FIT).code == 2
    assert type_in(FIT.replace("--h 7", "--h 3 --overwrite")).code == 0
    assert gatework.load("model").h == 3
    assert (folder / "model" / "my-notes.txt").read_text() == "keep me"


def test_ctrl_c_keeps_the_best_model_and_resume_ends_where_an_undisturbed_fit_does(type_in, folder, monkeypatch):
    type_in(FIT.replace("model/", "undisturbed"))
    monkeypatch.setattr("gatework.train.training.PAUSE", 0)
    interrupt_at(monkeypatch, 3)
    said = type_in(FIT)
    assert said.code == 130
    assert said.err == ("\nInterrupted: the best model so far is in model/. Go on with: gatework resume model/\n")
    assert "MASE" in said.out
    assert gatework.load("model").history_.stopped == "interrupted"
    assert type_in("gatework predict model").code == 0

    (folder / "data.csv").rename("moved.csv")
    assert type_in("gatework resume model").err.startswith("error: data must be the path of a file; got 'data.csv'")
    said = type_in("gatework resume model --data moved.csv")
    assert said.code == 0
    assert "The model is in model/. Next:" in said.out
    resumed, undisturbed = gatework.load("model"), gatework.load("undisturbed")
    assert resumed.history_ == undisturbed.history_
    assert resumed.predict().equals(undisturbed.predict())


def test_ctrl_c_before_the_first_checkpoint_says_so(type_in, folder, monkeypatch):
    def interrupted(self, validate):
        raise KeyboardInterrupt

    monkeypatch.setattr(Training, "judge", interrupted)
    said = type_in(FIT)
    assert said.code == 130
    assert said.err.endswith("is in model/. Go on with: the same command, and --overwrite\n")


@pytest.mark.parametrize("place", ["gatework.cli.fit.tell_data", "gatework.tasks.folder.save"])
def test_ctrl_c_at_any_other_time_is_130_without_a_traceback(place, type_in, folder, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(place, interrupted)
    said = type_in(FIT)
    assert (said.code, said.err) == (130, "\nInterrupted.\n")


def test_ctrl_c_ends_an_evaluation_instead_of_scoring_half_a_training(type_in, folder, monkeypatch):
    type_in(FIT)
    interrupt_at(monkeypatch, 2)
    said = type_in("gatework evaluate model data.csv")
    assert (said.code, said.err) == (130, "\nInterrupted.\n")
    assert "MASE" not in said.out


def test_a_reader_that_has_seen_enough_is_no_reason_to_complain(type_in, folder):
    type_in(FIT)
    command = [sys.executable, "-m", "gatework.cli", "predict", "model"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as predict:
        predict.stdout.close()
        assert (predict.stderr.read(), predict.wait()) == (b"", 1)
