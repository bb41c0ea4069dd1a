"""`gatework doctor` examines a saved model as the library does; without one it checks the installation."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scene import SMALL

import gatework
from gatework.look import Finding, Findings, doctor

FIT = f"gatework fit data.csv --h 7 {SMALL} -o model"


@pytest.fixture
def fitted(type_in, folder):
    assert type_in(FIT).code == 0
    return folder


def test_it_says_what_the_library_finds_and_leaves_the_model_as_it_was(type_in, fitted):
    before = {path.name: path.read_bytes() for path in (fitted / "model").iterdir()}
    expected = doctor(gatework.load("model"))
    said = type_in("gatework doctor model")
    # Its 80 values are too few for some of what the doctor looks for.
    shown = str(expected).replace("Nothing found.", "Nothing found in what could be examined.")
    assert (said.code, said.out, said.err) == (int(expected.serious), f"{shown}\n", "")
    said = type_in("gatework doctor model --json")
    assert json.loads(said.out) == expected.to_dict()
    assert {path.name: path.read_bytes() for path in (fitted / "model").iterdir()} == before


def test_other_data_are_said_and_examined(type_in, fitted, monkeypatch):
    days = np.datetime64("2024-01-01") + np.arange(60)
    (fitted / "more.csv").write_text("ds,y\n" + "".join(f"{day},{k % 7}\n" for k, day in enumerate(days)))
    expected = doctor(gatework.load("model"), "more.csv")
    said = type_in("gatework doctor model more.csv")
    assert said.out.startswith("more.csv: `y` of 1 series, 60 values from 2024-01-01 to 2024-02-29, daily")
    assert said.out.endswith(f"{expected}\n".removeprefix("Nothing found."))


def test_a_remedy_is_a_flag_of_fit(type_in, fitted):
    """What is found of a model that is made to saturate is mended by a flag that fit has."""
    model = gatework.load("model")
    for weight in model.net_.members[0].encoder.parameters():
        weight.data *= 60
    model.save("saturated")
    said = type_in("gatework doctor saturated")
    assert said.code == 0
    assert "saturated gates (worth knowing): " in said.out
    assert " Else fit anew with learning_rate=0.0053.\n" in said.out
    assert type_in(f"{FIT.replace('-o model', '-o anew')} --learning-rate 0.0053").code == 0
    assert gatework.load("anew").learning_rate == 0.0053


def test_what_is_serious_ends_with_1(type_in, fitted):
    model = gatework.load("model")
    model.net_.members[0].encoder.weight_hh_l0.data.fill_(float("nan"))
    model.save("spoiled")
    said = type_in("gatework doctor spoiled")
    assert said.code == 1
    assert "exploding gradient (serious): " in said.out


def test_too_few_values_are_not_said_to_be_sound(type_in, fitted):
    (fitted / "few.csv").write_text("ds,y\n" + "".join(f"2024-01-0{k},{k % 3}\n" for k in range(1, 5)))
    found = doctor(gatework.load("model"), "few.csv")
    assert found == []
    said = type_in("gatework doctor model few.csv")
    assert said.code == 0
    assert "\nNothing found in what could be examined.\nNot examined: memory too short. " in said.out


@pytest.mark.parametrize(("severity", "code"), [("serious", 1), ("worth knowing", 0)])
def test_a_serious_finding_ends_with_1(type_in, fitted, monkeypatch, severity, code):
    found = Findings([Finding("dead units", severity, "All are.", "Begin anew.")])
    monkeypatch.setattr("gatework.look.doctor", lambda model, data: found)
    assert type_in("gatework doctor model") == (code, f"dead units ({severity}): All are. Begin anew.\n", "")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("gatework doctor --json", "model must be given with --json; got none. Run `gatework doctor model/ --json`."),
        (
            "gatework doctor --futr ahead.csv",
            "model must be given with --futr; got none. Run `gatework doctor model/ --futr ahead.csv`.",
        ),
        (
            "gatework doctor --static places.csv",
            "model must be given with --static; got none. Run `gatework doctor model/ --static places.csv`.",
        ),
        ("gatework doctor none", "folder must be one that save wrote; got none, which"),
        ("gatework doctor model none.csv", "none.csv"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(type_in, fitted, command, sentence):
    said = type_in(command)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: ")
    assert sentence in said.err
    assert said.err.count("\n") == 1
