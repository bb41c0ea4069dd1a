"""The doctor names what was planted in a model, its data or its training, with a remedy that mends it."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest
import torch
from examined import named, names, noise, walks
from torch import nn

import gatework
from gatework.errors import DataError, OptionError
from gatework.look import Finding, Findings, Recording, doctor
from gatework.look.finding import LABELS, NAMES, TRAINING


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


# --- a list of findings -----------------------------------------------------------------------------------------------


def test_there_are_twenty_names_of_which_six_need_a_training_and_three_are_of_labels():
    assert len(NAMES) == 20
    assert LABELS == ("overfitted", "one answer for all", "unused memory")
    assert TRAINING == (
        "learning rate too high",
        "state shuffled across rows",
        "state reset every step",
        "detached state",
        "target leaking into the input",
        "labels shifted by one",
    )


def test_findings_are_a_list_the_serious_first_that_says_what_was_not_examined():
    mild = Finding("constant input", "worth knowing", "It is 3.", "Leave it out.")
    grave = Finding("dead units", "serious", "All are.", "Begin anew.")
    found = Findings([mild, grave], {"detached state": "No training.", "labels shifted by one": "No training."})
    assert found == [grave, mild]
    assert found.serious
    assert not Findings([mild]).serious
    assert str(found).splitlines() == [
        "dead units (serious): All are. Begin anew.",
        "constant input (worth knowing): It is 3. Leave it out.",
        "Not examined: detached state, labels shifted by one. No training.",
    ]
    assert json.loads(json.dumps(found.to_dict())) == {
        "findings": [vars(grave), vars(mild)],
        "not_examined": {"detached state": "No training.", "labels shifted by one": "No training."},
    }
    assert str(Findings()) == "Nothing found."


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN, gatework.LSTM])
def test_nothing_found_is_an_answer_and_what_needs_a_training_says_so(kind):
    found = doctor(kind(2, 16), noise(50, 24, 2))
    assert found == []
    assert found.not_examined == dict.fromkeys(TRAINING, "No training was recorded: give training=Recording(model).")
    assert str(found).startswith("Nothing found.\nNot examined: learning rate too high, ")


def test_neither_the_model_nor_the_data_change():
    net, x = nn.LSTM(2, 8), 300 + noise(30, 12, 2)
    net.train()
    before, seen, drawn = deepcopy(net.state_dict()), x.clone(), torch.get_rng_state()
    doctor(net, x)
    assert net.training
    assert torch.equal(x, seen)
    assert torch.equal(torch.get_rng_state(), drawn)
    assert all(torch.equal(a, b) for a, b in zip(before.values(), net.state_dict().values(), strict=True))
    assert all(p.grad is None and p.requires_grad for p in net.parameters())
    assert not net._forward_hooks
    assert not net._forward_pre_hooks


def test_what_it_refuses():
    with pytest.raises(
        OptionError, match=r"training must be a gatework\.look\.Recording; got dict\. Train within `with R"
    ):
        doctor(nn.LSTM(2, 8), noise(30, 12, 2), {})
    with pytest.raises(DataError, match=r"data must be given with a module; got None\."):
        doctor(nn.LSTM(2, 8))
    net = nn.LSTM(2, 8)
    with pytest.raises(DataError, match=r"data must be given, or batches be recorded; got neither\. Call recording\.b"):
        doctor(net, training=Recording(net))


# --- the model --------------------------------------------------------------------------------------------------------


def test_exploding_gradient():
    net = nn.LSTM(2, 16)
    net.weight_hh_l0.data *= 12
    found = named(doctor(net, noise(60, 24, 2)), "exploding gradient")
    assert found.severity == "serious"
    assert "times with each step back, over 59 steps" in found.evidence
    net.weight_ih_l0.data[3, 1] = torch.nan
    found = doctor(net, noise(60, 24, 2))
    assert names(found) == ["exploding gradient"]
    assert "1 of 1,280 weights are no numbers." in found[0].evidence
    assert found.not_examined["dead units"] == "The model's weights are no numbers."


def test_vanishing_gradient():
    net = nn.RNN(1, 16)
    net.weight_hh_l0.data *= 0.05
    t = torch.arange(81)[:, None, None]
    x = torch.sin(t * 0.4 + 6 * torch.rand(1, 24, 1)) + 0.5 * noise(81, 24, 1)
    found = named(doctor(net, x), "vanishing gradient")
    assert found.severity == "serious"
    assert "; the data depend on " in found.evidence
    assert 'init="chrono", chrono_max=' in found.remedy
    assert named(doctor(net, noise(81, 24, 1)), "vanishing gradient").severity == "worth knowing"


def test_saturated_gates_but_not_those_that_hold_a_memory():
    net = nn.LSTM(2, 16)
    for p in net.parameters():
        p.data *= 40
    found = named(doctor(net, noise(40, 24, 2)), "saturated gates")
    assert found.severity == "serious"
    assert "of what the gates and candidates of layer.l0 do" in found.evidence
    for kind in (gatework.LSTM, gatework.GRU):
        assert names(doctor(kind(2, 16, init="chrono", chrono_max=5000), noise(40, 24, 2))) == []


@pytest.mark.parametrize(("share", "severity"), [(0.5, "worth knowing"), (0.75, "serious")])
def test_dead_units(share, severity):
    net, count = nn.LSTM(2, 16), int(16 * share)
    net.bias_ih_l0.data[48 : 48 + count] = -20
    found = named(doctor(net, noise(40, 24, 2)), "dead units")
    assert found.severity == severity
    assert found.evidence == f"{count} of 16 units of layer.l0 give the same output whatever is read."
    assert f"hidden_size={16 - count}" in found.remedy


@pytest.mark.parametrize(("kind", "gate"), [(nn.LSTM, "forget"), (nn.GRU, "update")])
def test_forget_bias_too_low(kind, gate):
    net = kind(2, 16, 2, bidirectional=True)
    net.bias_ih_l1_reverse.data[16:32] = -4
    found = named(doctor(net, noise(40, 24, 2)), "forget bias too low")
    assert f"The {gate} gates of layer.l1_reverse keep" in found.evidence
    assert 'init="recommended"' in found.remedy
    assert "bias_ih_l1_reverse" in found.remedy


def test_model_too_large():
    found = doctor(nn.LSTM(2, 200), noise(30, 12, 2))
    assert names(found) == ["model too large"]
    assert found[0].evidence == "163,200 weights learn from 720 values, 227 for each."
    assert "hidden_size=42" in found[0].remedy


def test_a_memory_shorter_than_the_data_depend_on_and_its_remedy():
    """Each row repeats 20 numbers of its own: what comes is known from 20 steps back, and from nothing else."""
    x = noise(20, 24, 1).repeat(5, 1, 1) + 0.1 * noise(100, 24, 1, seed=1)
    found = named(doctor(nn.LSTM(1, 16), x), "memory too short")
    assert found.severity == "serious"
    assert "from 19 steps back with R^2 0.9" in found.evidence
    assert 'init="chrono", chrono_max=38' in found.remedy
    # A repetition that is within reach is none, and neither is a series that its last value tells all about.
    assert names(doctor(nn.LSTM(1, 16), noise(3, 24, 1).repeat(34, 1, 1))) == []
    assert names(doctor(nn.LSTM(1, 16), walks(100, 24))) == []
