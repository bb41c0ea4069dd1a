"""Classifying and regressing from the command line: the same verbs, in every form that a person has sequences."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from desk import BRIEF, WORDS, write_long, write_texts, write_tones
from pyarrow import csv, parquet

import gatework
from gatework.train.training import Training


def test_a_long_table_from_fit_to_a_judged_result(type_in, folder):
    write_long("long.csv")
    said = type_in(f"gatework fit long.csv {BRIEF}")
    assert (said.code, said.err) == (0, "")
    lines, model = said.out.splitlines(), gatework.load("model")
    assert type(model) is gatework.Classifier
    assert lines[0] == "long.csv: read as series: 24 sequences of 8 steps, 2 columns (x, y), 2 classes."
    assert lines[1] == "- task: classify, since column 'label' holds 2 different texts; --task says otherwise."
    assert [line[2:] for line in lines if line.startswith("- ")][1:] == model.notes_[1:]
    assert model.scores_.verdict() in lines
    assert lines[-3:] == [
        "The model is in model/, with learning.png and confusion.png. Next:",
        "  gatework predict model/ long.csv -o predictions.csv",
        "  gatework evaluate model/ other.csv",
    ]
    assert all(Path("model", name).read_bytes()[1:4] == b"PNG" for name in ("learning.png", "confusion.png"))

    said = type_in("gatework predict model long.csv -o answers.csv")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[-1] == "answers.csv: 24 rows, columns id, label, probability."
    found, expected = csv.read_csv("answers.csv"), model.predict("long.csv")
    assert found["label"].to_pylist() == expected["label"].to_pylist()
    np.testing.assert_allclose(found["probability"], expected["probability"])
    type_in("gatework predict model long.csv -o answers.parquet")
    assert parquet.read_table("answers.parquet").equals(expected)
    said = type_in("gatework predict model long.csv")
    assert said.out == Path("answers.csv").read_text()
    assert said.err == "long.csv: read as series: 24 sequences of 8 steps, 2 columns (x, y).\n"

    said = type_in("gatework evaluate model long.csv --plot classes.svg")
    assert (said.code, said.err) == (0, "")
    assert model.evaluate("long.csv").verdict() in said.out.splitlines()
    assert said.out.splitlines()[-1] == "classes.svg: which class was taken for which."
    assert "taken for" in Path("classes.svg").read_text()
    said = type_in("gatework evaluate model long.csv --json")
    assert json.loads(said.out) == model.evaluate("long.csv").to_dict()


def test_numbers_are_regressed_and_drawn_against_the_true_ones(type_in, folder):
    write_long("long.csv", label=lambda k: 1.37 * k)
    said = type_in(f"gatework fit long.csv {BRIEF}")
    assert (said.code, said.err) == (0, "")
    assert "- task: regress, since column 'label' holds numbers such as 1.37; --task says otherwise." in said.out
    assert "with learning.png and predicted.png" in said.out
    assert type(gatework.load("model")) is gatework.Regressor
    said = type_in("gatework evaluate model long.csv --plot numbers.svg")
    assert said.out.splitlines()[-1] == "numbers.svg: the answers beside the true numbers."
    assert "predicted" in Path("numbers.svg").read_text()


def test_answers_for_each_step_of_a_table(type_in, folder):
    rows = [f"{k},{t},{(-1) ** t * k},{0.5 * t}" for k in range(20) for t in range(4)]
    Path("steps.csv").write_text("\n".join(["id,time,x,label", *rows]) + "\n")
    assert type_in(f"gatework fit steps.csv {BRIEF}").code == 0
    assert type_in("gatework evaluate model steps.csv --plot numbers.png").code == 0
    said = type_in("gatework predict model steps.csv")
    assert said.out.splitlines()[0] == "id,time,label"
    assert len(said.out.splitlines()) == 81


@pytest.mark.parametrize("form", ["table", "folder"])
def test_texts(form, type_in, folder):
    if form == "table":
        write_texts("texts", empty=[3])
        Path("texts").rename("texts.csv")
    else:
        Path("texts").mkdir()
        for name, words in zip(("pos", "neg"), WORDS, strict=True):
            Path("texts", f"{name}.txt").write_text(f"{words}\n" * 15)
    data = "texts.csv" if form == "table" else "texts"
    said = type_in(f"gatework fit {data} {BRIEF}")
    assert (said.code, said.err) == (0, "")
    assert "read as text" in said.out
    assert ("1 text is empty: it is read as a sequence without steps." in said.out) == (form == "table")
    Path("more.txt").write_text("good\nbad\n")
    assert type_in("gatework predict model more.txt").out.startswith("id,label,probability\nmore.txt:1,")


def test_recordings_of_a_folder_and_of_a_table_of_paths_with_speakers(type_in, folder):
    write_tones("sounds")
    said = type_in(f"gatework fit sounds {BRIEF} -o a")
    assert (said.code, said.err) == (0, "")
    assert "- task: classify, since it is a folder; --task says otherwise." in said.out
    rows = [f"sounds/{name}/{k}.wav,{name},speaker{k % 6}" for name in ("low", "high") for k in range(12)]
    Path("paths.csv").write_text("\n".join(["path,label,speaker", *rows]) + "\n")
    said = type_in(f"gatework fit paths.csv --group speaker {BRIEF} -o b")
    assert (said.code, said.err) == (0, "")
    assert gatework.load("b").get_params()["group_col"] == "speaker"
    held = {Path(one).stem for one in gatework.load("b").held_["id"].to_pylist()}
    # A speaker's recordings are k and k + 6 of either class.
    assert held
    assert held == {str(k) for k in range(12) if str(k % 6) in held or str(k % 6 + 6) in held}
    assert len(gatework.load("b").held_) == 2 * len(held) < 24
    assert type_in("gatework predict a sounds/low/3.wav").out.splitlines()[0] == "id,label,probability"


def test_a_config_file_without_a_task_with_weights_of_classes(type_in, folder):
    write_long("long.csv")
    Path("c.yaml").write_text("class_weight: {run: 1, walk: 3}\nhidden_size: 4\nmembers: 1\nmax_steps: 9\n")
    said = type_in("gatework fit long.csv --config c.yaml --max-steps 3 --no-progress")
    assert (said.code, said.err) == (0, "")
    model = gatework.load("model")
    assert model.get_params()["class_weight"] == {"run": 1, "walk": 3}
    assert (model.recipe_.class_weights, model.recipe_.steps) == (((1.0, 3.0),), 3)


def test_an_interrupted_training_goes_on(type_in, folder, monkeypatch):
    write_long("long.csv")
    options = "--hidden-size 4 --members 1 --max-steps 30 --no-progress"
    assert type_in(f"gatework fit long.csv {options} -o whole").code == 0
    advance = Training.advance

    def interrupted(self, batch, loss):
        if self.step == 12:
            monkeypatch.setattr(Training, "advance", advance)
            raise KeyboardInterrupt
        advance(self, batch, loss)

    monkeypatch.setattr(Training, "advance", interrupted)
    said = type_in(f"gatework fit long.csv {options} -o part")
    assert said.code == 130
    assert said.err.endswith("\nInterrupted: the best model so far is in part/. Go on with: gatework resume part/\n")
    assert type_in("gatework resume part/").code == 0
    whole, part = gatework.load("whole"), gatework.load("part")
    assert part.histories_[0].losses == whole.histories_[0].losses
    assert part.predict("long.csv").equals(whole.predict("long.csv"))


def test_one_sequence_that_is_too_little_to_judge_by(type_in, folder):
    write_long("few.csv", count=4)
    said = type_in(f"gatework fit few.csv {BRIEF}")
    assert (said.code, said.err) == (0, "")
    assert "\nNot judged: there were too few sequences to hold some out.\n" in said.out
    assert "The model is in model/, with learning.png. Next:" in said.out


def test_without_matplotlib_there_is_a_model_and_no_picture(type_in, folder, monkeypatch):
    monkeypatch.setattr("gatework.tasks.plot.find_spec", lambda name: None)
    write_long("long.csv")
    said = type_in(f"gatework fit long.csv {BRIEF}")
    assert (said.code, said.err) == (0, "")
    assert "\nThe model is in model/. Next:\n" in said.out
    assert not list(Path("model").glob("*.png"))
