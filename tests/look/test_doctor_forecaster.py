"""Of a forecaster the doctor names what is wrong, and as the remedy a setting that a Forecaster has."""

from __future__ import annotations

import inspect
import re
from copy import deepcopy

import numpy as np
import pytest
import torch
from examined import named, names, noise
from torch import nn

import gatework
from gatework.cli.flags import flags
from gatework.errors import DataError, OptionError
from gatework.look import Recording, doctor, gradients, memory, report, subject, trace
from gatework.look.finding import LABELS, NAMES
from gatework.look.remedies import NEVER, REMEDIES

SMALL = {"hidden_size": 8, "num_layers": 1, "max_steps": 4, "batch_size": 8, "progress": False}

MILD = (
    "Its scores on what was held out come of these gates: where they are good, leave them. Else fit anew with "
    "learning_rate={}."
)


def cycle(steps=300, seed=0):
    """A season of 12 and noise."""
    t = np.arange(steps)
    return {"ds": t, "y": 20 + 5 * np.sin(t * np.pi / 6) + np.random.default_rng(seed).normal(size=steps)}


@pytest.fixture(scope="module")
def fitted():
    return gatework.Forecaster(4, season_length=12, **SMALL).fit(cycle())


def encoder(model):
    return model.net_.members[0].encoder


# --- the remedies -----------------------------------------------------------------------------------------------------


def test_every_name_has_a_remedy_or_cannot_be_wrong_with_a_forecaster():
    assert sorted([*REMEDIES, *NEVER]) == sorted({*NAMES} - {*LABELS})


@pytest.mark.parametrize("name", REMEDIES)
def test_a_remedy_names_settings_that_a_forecaster_and_the_command_line_have(name):
    settings = set(re.findall(r"\b([a-z_]+)=", REMEDIES[name]))
    assert settings
    assert settings <= set(inspect.signature(gatework.Forecaster).parameters)
    assert settings <= {flag.name for flag in flags(gatework.Forecaster)}
    # What has an underscore is a setting, and is written as one.
    assert set(re.findall(r"\b[a-z]+_[a-z_]+\b", re.sub(r"\{\w+\}", "", REMEDIES[name]))) <= settings


def saturate(model):
    for weight in encoder(model).parameters():
        weight.data *= 60


def kill(model):
    encoder(model).bias_ih_l0.data[24:30] = -30


def shut(model):
    encoder(model).bias_ih_l0.data[8:16] = -6


def explode(model):
    encoder(model).weight_hh_l0.data *= 30


def spoil(model):
    encoder(model).weight_hh_l0.data[0, 0] = torch.nan


def cut(model):
    for layer in (encoder(model), model.net_.members[0].decoder):
        layer.weight_hh_l0.data *= 0
        layer.bias_ih_l0.data[8:16] = -8


def distrust(model):
    model.net_.trust.zero_()
    model.panel_ = model._checked(cycle(9))


def rush(model):
    model.history_.losses[:] = [1.0, 1.0, 9.0, *[1.0] * 20, 8.0]


PLANTED = {
    "saturated gates": (saturate, MILD.format("0.0053")),
    "dead units": (kill, "Fit anew with hidden_size=4, or with learning_rate=0.0053."),
    "forget bias too low": (shut, "It was learned, not set: fit anew with learning_rate=0.0053."),
    "exploding gradient": (
        explode,
        "Fit anew with learning_rate=0.0053; where that is not enough, with num_layers=1.",
    ),
    "vanishing gradient": (cut, 'Fit anew with learning_rate=0.0053; a plain RNN with cell="lstm".'),
    "model too large": (distrust, "Fit anew with hidden_size=4, or with more series."),
    "learning rate too high": (rush, "Fit anew with learning_rate=0.0053."),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_wrong_with_a_network_is_mended_by_settings(fitted, name):
    plant, remedy = PLANTED[name]
    model = deepcopy(fitted)
    assert name not in names(doctor(model))
    plant(model)
    found = doctor(model, cycle())
    assert named(found, name).remedy == remedy


def test_weights_that_are_no_numbers(fitted):
    model = deepcopy(fitted)
    spoil(model)
    found = named(doctor(model), "exploding gradient")
    assert "1 of " in found.evidence
    assert found.remedy == PLANTED["exploding gradient"][1]


def test_a_rate_that_was_set_is_the_one_that_is_lowered(fitted):
    model = gatework.Forecaster(4, season_length=12, learning_rate=3e-3, **SMALL).fit(cycle())
    saturate(model)
    found = named(doctor(model), "saturated gates")
    assert (found.severity, found.remedy) == ("worth knowing", MILD.format("0.001"))


def test_covariates_that_never_change_or_go_far_beyond_their_past():
    data = cycle() | {"heat": np.random.default_rng(1).normal(size=300)}
    model = gatework.Forecaster(4, season_length=12, hist_exog_list=["heat"], **SMALL).fit(data)
    assert names(doctor(model)) == []
    found = named(doctor(model, data | {"heat": np.full(300, 0.5)}), "constant input")
    assert found.evidence.startswith("1 of 1 inputs never change: heat (always ")
    assert found.remedy == "Leave it out of futr_exog_list= or hist_exog_list=."
    found = named(doctor(model, data | {"heat": data["heat"] + 3000}), "unscaled input")
    assert found.evidence.startswith("Input heat lies ")
    assert found.remedy == (
        "The values are measured by their changes over season_length= steps: set it to their season. A covariate is "
        "measured by its past: leave one that went far beyond it out of futr_exog_list= or hist_exog_list=."
    )


# --- how far back it reads --------------------------------------------------------------------------------------------


def echo(lag=50, steps=900):
    """Each value is nearly the one `lag` steps before, and tells of no other."""
    y = np.random.default_rng(0).normal(size=steps)
    for t in range(lag, steps):
        y[t] += 0.9 * y[t - lag]
    return {"ds": np.arange(steps), "y": y}


def test_a_memory_shorter_than_the_series_depend_on_and_its_remedy():
    model = gatework.Forecaster(1, season_length=1, input_size=8, **SMALL).fit(echo())
    found = named(doctor(model), "memory too short")
    assert found.severity == "worth knowing"
    assert found.evidence.startswith("It reads 8 steps and their changes over up to 1. Of what its simple forecast lea")
    assert ", the last 9 values tell " in found.evidence
    assert ", and the last 50 tell " in found.evidence
    assert found.remedy == (
        "Fit anew with input_size=50; where the series come round in more steps than that, with season_length= these."
    )
    cured = gatework.Forecaster(1, season_length=1, input_size=50, **SMALL).fit(echo())
    assert named(doctor(cured), "memory too short") is None
    # A change over a lag reads as far back, and a series that depends on nothing asks for nothing.
    by_lag = gatework.Forecaster(1, season_length=50, input_size=8, **SMALL).fit(echo())
    assert named(doctor(by_lag), "memory too short") is None
    assert named(doctor(model, {"ds": np.arange(900), "y": noise(900).numpy()}), "memory too short") is None


def test_too_few_windows_to_tell_how_far_back_they_depend(fitted):
    found = doctor(fitted, cycle(150))
    assert found.not_examined["memory too short"] == "Its series have 72 whole windows of 75 steps; 200 are needed."


def test_what_stands_beside_the_values_is_no_matter_of_how_far_back_it_reads():
    """A covariate of the last step tells what the value 50 back would; the level, an average of fewer, is left."""
    data = echo()
    data["before"] = np.concatenate([np.zeros(49), data["y"][:-49]])
    settings = SMALL | {"season_length": 1, "input_size": 8, "hist_exog_list": ["before"]}
    found = named(doctor(gatework.Forecaster(1, **settings).fit(data)), "memory too short")
    assert found is None or int(re.search(r"input_size=(\d+)", found.remedy)[1]) < 50


def test_what_cannot_be_wrong_is_said(fitted):
    found = doctor(fitted)
    assert found == []
    said = "A Forecaster lays out its windows, targets and states itself."
    assert found.not_examined["detached state"] == said
    assert {*found.not_examined} - {*NEVER} <= {"memory too short", "learning rate too high"}


# --- what it is given -------------------------------------------------------------------------------------------------


def shops(which="ab", steps=60):
    """Series with a covariate that is known ahead, for 4 steps more."""
    rng = np.random.default_rng(2)
    ids, t = np.repeat(list(which), steps), np.tile(np.arange(steps), len(which))
    table = {"unique_id": ids, "ds": t, "y": 20 + t % 12 + rng.normal(size=len(t)), "heat": rng.normal(size=len(t))}
    ahead = {"unique_id": np.repeat(list(which), 4), "ds": np.tile(np.arange(steps, steps + 4), len(which))}
    return table, ahead | {"heat": rng.normal(size=4 * len(which))}


PLACES = {"unique_id": ["a", "b", "c"], "region": ["north", "south", "south"]}


@pytest.fixture(scope="module")
def with_covariates():
    table, ahead = shops()
    settings = SMALL | {"season_length": 12, "futr_exog_list": ["heat"], "stat_exog_list": ["region"]}
    return gatework.Forecaster(4, **settings).fit(table, futr_df=ahead, static_df=PLACES)


def test_a_forecaster_with_covariates_is_examined_on_other_series(with_covariates):
    model = deepcopy(with_covariates)
    model.net_.heed.fill_(0.5)
    other, further = shops("c")
    with pytest.raises(DataError, match=r"static_df must have a row for each series; got none for 'c'"):
        doctor(model, other, futr_df=further)
    # It is another covariate that is read.
    far = further | {"heat": further["heat"] + 1e4}
    other["heat"] += 1e4
    found = named(doctor(model, other, futr_df=far, static_df=PLACES), "unscaled input")
    assert found.evidence.startswith("Input heat lies ")
    # One that is not heeded does no harm.
    model.net_.heed.fill_(0)
    assert named(doctor(model, other, futr_df=far, static_df=PLACES), "unscaled input") is None


def test_what_it_refuses(fitted):
    with pytest.raises(OptionError, match=r"futr_df must be left out with a module; got one\. A fitted Forecaster re"):
        doctor(nn.LSTM(1, 8), noise(30, 12, 1), futr_df={})
    with pytest.raises(OptionError, match=r"static_df must be left out with a module; got one\."):
        doctor(nn.LSTM(1, 8), noise(30, 12, 1), static_df={})
    net = nn.LSTM(1, 8)
    with pytest.raises(
        OptionError, match=r"training must be left out with a Forecaster, which keeps its own losses; got a Recording\."
    ):
        doctor(fitted, training=Recording(net))


@pytest.mark.parametrize("instrument", [subject, trace, memory, gradients])
def test_every_instrument_reads_the_tables_of_covariates(instrument, with_covariates):
    other, further = shops("c")
    with pytest.raises(DataError, match=r"static_df must have a row for each series; got none for 'c'"):
        instrument(with_covariates, other, futr_df=further)
    if instrument is not gradients:  # which looks at what is known already
        with pytest.raises(DataError, match=r"futr_df must hold heat for the 4 steps after the last value"):
            instrument(with_covariates, other, static_df=PLACES)
    found = instrument(with_covariates, other, futr_df=further, static_df=PLACES)
    assert "heat" in getattr(found, "names", ["heat"])
    with pytest.raises(OptionError, match=r"static_df must be left out with a module; got one\."):
        instrument(nn.LSTM(1, 8), noise(30, 12, 1), static_df=PLACES)


def test_the_report_reads_them_too(with_covariates, tmp_path):
    other, further = shops("c")
    path = tmp_path / "report.html"
    with pytest.raises(DataError, match=r"static_df must have a row for each series; got none for 'c'"):
        report(with_covariates, other, path, futr_df=further)
    with pytest.raises(OptionError, match=r"static_df must be left out with a module; got one\."):
        report(nn.LSTM(1, 8), noise(30, 12, 1), path, static_df=PLACES)
    assert not path.exists()
    assert "heat" in report(with_covariates, other, path, futr_df=further, static_df=PLACES).read_text("utf-8")


def test_the_future_that_is_given_is_the_one_that_is_read(with_covariates):
    model = deepcopy(with_covariates)
    model.net_.trust.fill_(1), model.net_.heed.fill_(1)
    model.net_.members[0].decoder.weight_ih_l0.data += 0.1
    other, further = shops("c")
    warm = further | {"heat": further["heat"] + 50}
    cold, hot = (trace(model, other, futr_df=one, static_df=PLACES).outputs for one in (further, warm))
    assert not np.allclose(cold, hot)
