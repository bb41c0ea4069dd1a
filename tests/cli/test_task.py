"""What is to be done is seen from the data where they make it plain, and asked where they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatework.cli.task import guess
from gatework.errors import DataError, OptionError


def long(path, label, header="id,time,x,label"):
    """Write 120 sequences of two steps; `label` is what a sequence and a step have."""
    rows = [f"{k},{t},{k * 0.5},{label(k, t)}" for k in range(120) for t in range(2)]
    Path(path).write_text("\n".join([header, *rows]) + "\n")


@pytest.mark.parametrize(
    ("label", "task", "why"),
    [
        (lambda k, t: "ab"[k % 2], "classify", "column 'label' holds 2 different texts"),
        (lambda k, t: ["true", "false"][k % 2], "classify", "column 'label' holds 2 different texts"),
        (lambda k, t: k % 10, "classify", "column 'label' holds 10 different whole numbers"),
        (lambda k, t: "" if k == 3 else k % 3, "classify", "column 'label' holds 3 different whole numbers"),
        (lambda k, t: k, "regress", "column 'label' holds 120 different whole numbers"),
        (lambda k, t: 1.5 if k == 7 else 2, "regress", "column 'label' holds numbers such as 1.5"),
        (lambda k, t: t, "classify", "column 'label' holds 2 different whole numbers"),
    ],
    ids=["texts", "true and false", "ten kinds", "some missing", "many kinds", "a fraction", "a label a step"],
)
def test_labels_tell(folder, label, task, why):
    long("a.csv", label)
    assert guess(Path("a.csv"), {}) == (task, why)


def test_whole_numbers_that_may_be_either_are_asked_about(folder):
    long("a.csv", lambda k, t: k % 11)
    sentence = (
        "task must be given where column 'label' holds 11 different whole numbers, which may be classes or numbers; "
        "got none. Add --task classify or --task regress."
    )
    with pytest.raises(OptionError) as refused:
        guess(Path("a.csv"), {})
    assert str(refused.value) == sentence


def test_numbers_of_each_step_may_be_to_be_forecast(folder):
    long("a.csv", lambda k, t: k + t + 0.5, "shop,day,x,sales")
    settings = {"id_col": "shop", "target_col": "sales"}
    with pytest.raises(OptionError) as refused:
        guess(Path("a.csv"), settings)
    assert str(refused.value) == (
        "task must be given where numbers change from step to step, as column 'sales' does; got none. Add --h 24 to "
        "forecast 24 steps, or --task regress or --task classify for answers at each step."
    )
    assert guess(Path("a.csv"), settings | {"h": 3}) == ("forecast", "")
    long("b.csv", lambda k, t: k + 0.5, "shop,day,x,sales")
    assert guess(Path("b.csv"), settings)[0] == "regress"


def test_a_table_of_texts_or_paths_and_one_of_several_targets(folder):
    Path("a.tsv").write_text("text\tlabel\na b\t1\nc\t0\n")
    assert guess(Path("a.tsv"), {})[0] == "classify"
    Path("b.csv").write_text("path,loudness,pitch\na.wav,0.5,low\nb.wav,0.7,high\n")
    assert guess(Path("b.csv"), {"target_col": "loudness"})[0] == "regress"
    assert guess(Path("b.csv"), {"target_col": ["pitch", "loudness"]})[0] == "classify"
    Path("c.csv").write_text("review;mark\na b;1,5\nc;2\n")
    assert guess(Path("c.csv"), {"text_col": "review", "target_col": "mark"})[0] == "regress"


def test_a_text_cannot_be_forecast_whatever_else_is_missing(folder):
    Path("a.csv").write_text("who,time,x,state\na,1,0.5,on\na,2,0.5,off\n")
    assert guess(Path("a.csv"), {"target_col": "state"})[0] == "classify"


def test_folders_and_files_without_a_table(folder):
    Path("sounds").mkdir()
    assert guess(Path("sounds"), {}) == ("classify", "it is a folder")
    assert guess(Path("a.txt"), {}) == guess(Path("a.WAV"), {}) == ("classify", "")


def test_a_forecasters_table_stays_one(folder):
    assert guess(Path("data.csv"), {}) == ("forecast", "")
    Path("a.csv").write_text("Month,Passengers\n1949-01,112\n")
    assert guess(Path("a.csv"), {}) == ("forecast", "")
    Path("b.csv").write_text("ds,y,text\n2024-01-01,1,a\n")
    assert guess(Path("b.csv"), {}) == ("forecast", "")


def test_data_without_labels_ask_for_their_column(folder):
    Path("a.csv").write_text("id,time,x\na,1,0.5\n")
    with pytest.raises(OptionError) as refused:
        guess(Path("a.csv"), {})
    assert str(refused.value) == (
        "task must be plain, and there is neither --h nor a column 'label'; got 'id', 'time', 'x'. Add --h 24 to "
        "forecast 24 steps, or name the column of labels with --target."
    )
    Path("b.csv").write_text("text,labels\na,1\n")
    with pytest.raises(DataError) as refused:
        guess(Path("b.csv"), {})
    assert str(refused.value) == (
        "X must have the column 'label'; got 'text', 'labels'. Did you mean target_col='labels'? (command line: "
        "--target)"
    )
