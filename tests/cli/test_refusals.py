"""What a person can put right: exit code 2, one sentence on stderr, nothing on stdout, no traceback, before torch."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys

import pytest
from scene import SMALL, write_days

ROWS = [
    # Flags.
    ("gatework fit data.csv", "h must be given, the number of steps to forecast; got none. Add for example --h 24."),
    ("gatework fit data.csv --h 0", "h must be a whole number of at least 1; got 0."),
    (
        "gatework fit data.csv --h abc",
        'Invalid value for --h: unable to convert "abc" into int. See `gatework fit --help`.',
    ),
    (
        "gatework fit data.csv --h 3 --hiden-size 5",
        "Unknown option: --hiden-size. Did you mean --hidden-size? See `gatework fit --help`.",
    ),
    (
        "gatework fit data.csv --h 3 --cell lstn",
        'Invalid value "lstn" for --cell. Choose from: "lstm", "gru", "rnn". Did you mean "lstm"? '
        "See `gatework fit --help`.",
    ),
    ("gatework fit --h 3", 'Command "fit" parameter DATA requires an argument. See `gatework fit --help`.'),
    ("gatework fit data.csv more.csv --h 3", "There is no place for 'more.csv'. See `gatework fit --help`."),
    (
        "gatework fot data.csv",
        'Unknown command "fot". Did you mean "fit"? Available commands: fit, predict, evaluate, compare, '
        "fine-tune, resume, look, doctor. See `gatework --help`.",
    ),
    # Data.
    (
        "gatework fit none.csv --h 3 -o new",
        "data must be the path of a file; got 'none.csv', no such file. Check the path.",
    ),
    (
        "gatework fit data.csv --h 3 --target yy -o new",
        "data must have the column 'yy'; got 'ds', 'y'. Did you mean target_col='y' (--target y)?",
    ),
    (
        "gatework fit text.csv --h 3 -o new",
        "y must hold numbers; got 'n/k' in row 6. Correct it, or leave it empty if it is missing.",
    ),
    (
        "gatework fit twice.csv --h 3 -o new",
        "ds must differ from row to row; got 2024-01-03 again in row 81. Remove or add up such rows, or, if the table "
        "holds several series, name their column with id_col= (command line: --id).",
    ),
    # The config file.
    (
        "gatework fit data.csv --config none.yaml",
        "config must be a YAML file of parameters, such as `hidden_size: 32`; got 'none.yaml': No such file or "
        "directory. Check the path.",
    ),
    (
        "gatework fit data.csv --config typo.yaml",
        "config must name parameters of Forecaster; got 'hiden_size' in 'typo.yaml'. Did you mean hidden_size?",
    ),
    (
        "gatework fit data.csv --config torn.yaml",
        "config must be a YAML file of parameters, such as `hidden_size: 32`; got 'torn.yaml', which is no YAML in "
        "line 2. Correct it.",
    ),
    (
        "gatework fit data.csv --config list.yaml",
        "config must be a YAML file of parameters, such as `hidden_size: 32`; got 'list.yaml', which holds none. "
        "Write one parameter a line.",
    ),
    # Where the model goes.
    (
        "gatework fit data.csv --h 3 -o model",
        "output must be a new folder; got model, which holds a model. Add --overwrite to replace it, or choose "
        "another -o.",
    ),
    (
        "gatework fit data.csv --h 3 -o begun",
        "output must be a new folder; got begun, which holds a training that has not ended. Run "
        "`gatework resume begun`, or add --overwrite to begin anew.",
    ),
    (
        "gatework fit data.csv --h 3 --overwrite -o thesis",
        "output must be a new or empty folder; got thesis, which holds chapter-1.tex. Choose another -o.",
    ),
    (
        "gatework fit data.csv --h 3 -o data.csv/model",
        "output must be a folder; got data.csv/model, where data.csv is a file. Choose another -o.",
    ),
    # Models.
    (
        "gatework predict none",
        "folder must be one that save wrote; got none, which does not exist. Fit and save a model first.",
    ),
    (
        "gatework predict begun",
        "folder must be one that save wrote; got begun, which holds a training that has not ended. Run "
        "`gatework resume begun`.",
    ),
    (
        "gatework predict broken",
        "config.json must be as save wrote it; got broken/config.json, which is not. Save the model again.",
    ),
    (
        "gatework predict model --data other.csv",
        "data must have the columns that the model was fitted to; got 'day', 'y' in 'other.csv', without 'ds'. "
        "Rename the columns.",
    ),
    (
        "gatework predict model --level 120",
        "level must be percents from 1 to below 100; got 120.0. 90 is the usual one.",
    ),
    (
        "gatework evaluate model data.csv --windows 40",
        "data must have a series of 123 steps for h=3, n_windows=40 and step_size=3; got 80 at most. Ask for less, or "
        "give a longer history.",
    ),
    (
        "gatework evaluate model data.csv --windows 0",
        "n_windows must be a whole number of at least 1; got 0.",
    ),
    # Comparisons.
    ("gatework compare data.csv --h 0", "h must be a whole number of at least 1; got 0."),
    (
        "gatework compare data.csv --h 3 --with data.csv",
        "others must have the columns 'ds', 'cutoff' and one for each model; got 'ds', 'y', without 'cutoff'. Rename "
        "or add it.",
    ),
    (
        "gatework compare data.csv --h 3 --windows 40",
        "data must have a series of 123 steps for h=3, n_windows=40 and step_size=3; got 80 at most. Ask for less, or "
        "give a longer history.",
    ),
    ("gatework resume none", "folder must hold a checkpoint; got none, which has none. Fit without resume first."),
    # Where forecasts go.
    (
        "gatework predict model -o far/away/forecast.csv",
        "output must be in a folder that exists; got 'far/away/forecast.csv'. Run `mkdir -p far/away` first.",
    ),
    (
        "gatework predict model -o forecast.txt",
        "output must end in .csv or .parquet; got 'forecast.txt'. Choose one of them.",
    ),
    ("gatework predict model -o folder.csv", "output must be a file; got 'folder.csv', a folder. Choose another."),
    (
        "gatework predict model --plot forecast.bmp",
        "plot must end in .png, .svg, .pdf or .jpg; got 'forecast.bmp'. Choose one of them.",
    ),
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder of files that are wrong in every way, and one sound model."""
    desk = tmp_path_factory.mktemp("desk")
    write_days(desk / "data.csv")
    text = (desk / "data.csv").read_text()
    lines = text.splitlines(keepends=True)
    (desk / "text.csv").write_text("".join([*lines[:6], lines[6].split(",")[0] + ",n/k\n", *lines[7:]]))
    (desk / "twice.csv").write_text(text + lines[3])
    (desk / "other.csv").write_text(text.replace("ds,", "day,"))
    (desk / "typo.yaml").write_text("h: 3\nhiden_size: 5\n")
    (desk / "torn.yaml").write_text("h: [3\n")
    (desk / "list.yaml").write_text("- 3\n")
    for name in ("thesis", "broken", "folder.csv"):
        (desk / name).mkdir()
    (desk / "thesis" / "chapter-1.tex").touch()
    (desk / "broken" / "config.json").write_text('{"format": 1')
    fit = shlex.split(f"-m gatework.cli fit data.csv --h 3 {SMALL} -o model")
    subprocess.run([sys.executable, *fit], cwd=desk, check=True, capture_output=True)
    (desk / "begun").mkdir()
    (desk / "begun" / "checkpoint.safetensors").write_bytes((desk / "model" / "checkpoint.safetensors").read_bytes())
    return desk


@pytest.mark.parametrize(("command", "sentence"), ROWS, ids=[command for command, _ in ROWS])
def test_it_is_refused_in_one_sentence(command, sentence, desk, type_in, monkeypatch):
    monkeypatch.chdir(desk)
    before = sorted(desk.rglob("*"))
    assert type_in(command) == (2, "", f"error: {sentence}\n")
    assert sorted(desk.rglob("*")) == before


def test_all_of_it_is_refused_before_torch_is_imported(desk):
    code = f"""
import shlex, sys
from gatework.cli import main
for command in {[command for command, _ in ROWS]!r}:
    try:
        main(shlex.split(command)[1:])
    except SystemExit as leaving:
        assert leaving.code == 2, command
    assert not {{"torch", "sklearn", "matplotlib.pyplot"}} & set(sys.modules), command
"""
    subprocess.run([sys.executable, "-c", code], cwd=desk, check=True, capture_output=True)


def test_without_matplotlib_a_plot_is_refused_before_the_work(desk, type_in, monkeypatch):
    monkeypatch.chdir(desk)
    monkeypatch.setattr("gatework.tasks.plot.find_spec", lambda name: None)
    said = type_in("gatework predict model --plot forecast.png")
    assert said == (2, "", "error: plot must have matplotlib; it is not installed. Run: pip install 'gatework[plot]'\n")


@pytest.mark.parametrize(
    ("command", "name", "place"),
    [
        ("gatework fit data.csv --h 3 -o locked/model", "output", "locked"),
        ("gatework predict model -o locked/forecast.csv", "output", "locked"),
        ("gatework predict model --plot locked/forecast.png", "plot", "locked"),
    ],
)
def test_where_one_may_not_write(command, name, place, desk, type_in, monkeypatch):
    # Root may write anywhere, so a folder's mode would show nothing here.
    allowed = os.access
    (desk / "locked").mkdir(exist_ok=True)
    monkeypatch.chdir(desk)
    monkeypatch.setattr("os.access", lambda path, mode: "locked" not in str(path) and allowed(path, mode))
    sentence = f"{name} must be where you may write; got '{place}', where you may not. Choose another place."
    assert type_in(command) == (2, "", f"error: {sentence}\n")


def test_what_the_system_refuses_late_is_one_sentence_too(desk, type_in, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device", "forecast.csv")

    monkeypatch.chdir(desk)
    monkeypatch.setattr("gatework.cli.predict.write_table", full)
    said = type_in("gatework predict model -o forecast.csv")
    assert (said.code, said.err) == (2, "error: forecast.csv: No space left on device.\n")


def test_a_bug_is_not_passed_off_as_bad_input(desk, monkeypatch):
    def broken(*args):
        raise ZeroDivisionError

    from gatework.cli import main

    monkeypatch.chdir(desk)
    monkeypatch.setattr("gatework.cli.predict.look_into", broken)
    with pytest.raises(ZeroDivisionError):
        main(["predict", "model"])


def test_a_checkpoint_of_something_else_or_of_a_table_in_memory_cannot_be_resumed(desk, type_in, monkeypatch):
    monkeypatch.chdir(desk)
    run = {"class": "Thing", "params": {}, "data": None}
    monkeypatch.setattr("gatework.cli.resume.about", lambda folder: {"run": run})
    sentence = (
        "folder must hold a training that `gatework fit` began; got begun, of another kind. Run `gatework fit` first."
    )
    assert type_in("gatework resume begun") == (2, "", f"error: {sentence}\n")
    run |= {"class": "Forecaster", "params": json.loads((desk / "model" / "config.json").read_text())["params"]}
    sentence = "data must be named, since begun was fitted to a table in memory; got none. Add --data."
    assert type_in("gatework resume begun") == (2, "", f"error: {sentence}\n")
