"""The doctor names what was planted in a model, its data or its training, with a remedy that mends it."""

from __future__ import annotations

import json
from copy import deepcopy

import numpy as np
import pytest
import torch
from examined import named, names, noise, walks
from torch import nn

import gatework
from gatework.errors import DataError, OptionError
from gatework.look import Finding, Findings, Recording, doctor
from gatework.look.finding import NAMES, TRAINING


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


# --- a list of findings -----------------------------------------------------------------------------------------------


def test_there_are_seventeen_names_and_six_of_them_need_a_training():
    assert len(NAMES) == 17
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


# --- the data ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (100 * noise(30, 20, 2), "has a size of"),
        (5 + 0.1 * noise(30, 20, 2), "from 0 and varies by"),
        (1e-3 * noise(30, 20, 2), "All inputs together have a size of 0.0014"),
    ],
)
def test_unscaled_input(x, said):
    found = named(doctor(nn.LSTM(2, 8), x), "unscaled input")
    assert found.severity == "serious"
    assert said in found.evidence
    assert found.remedy.startswith("Subtract each input's mean and divide by its standard deviation")


def test_what_a_model_scales_itself_is_not_unscaled():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(2, 8)

        def forward(self, x):
            return self.lstm((x - 300) / 10)[0]

    assert names(doctor(Scaled(), 300 + 10 * noise(30, 20, 2))) == []


def test_constant_input_and_the_size_without_it():
    x = torch.cat([noise(30, 20, 2), torch.full((30, 20, 1), 0.3)], 2)
    found = doctor(nn.LSTM(3, 8), x)
    assert names(found) == ["constant input"]
    assert found[0].evidence == "1 of 3 inputs never change: x2 (always 0.3)."
    assert found[0].remedy == "Leave it out: input_size=2."
    assert named(doctor(nn.LSTM(2, 8), torch.ones(30, 20, 2)), "constant input").severity == "serious"


def test_letters_that_do_not_occur_are_no_constant_input():
    x = torch.eye(40)[torch.randint(0, 30, (40, 20), generator=torch.Generator().manual_seed(0))]
    assert names(doctor(nn.LSTM(40, 8), x)) == []


def test_what_differs_from_row_to_row_alone_is_not_constant():
    x = torch.cat([noise(30, 20, 1), noise(1, 20, 1).expand(30, 20, 1)], 2)
    assert names(doctor(nn.LSTM(2, 8), x)) == []


class AtEnd(nn.Module):
    """An answer about the end of each row."""

    def __init__(self, **options):
        super().__init__()
        self.lstm, self.head = nn.LSTM(2, 8, **options), nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.lstm(x)[1][0][-1])


def ragged(rows=24, steps=40):
    ends = np.random.default_rng(0).integers(15, steps + 1, rows)
    return [noise(int(n), 2, seed=k) for k, n in enumerate(ends)], ends


def test_padding_that_is_read():
    rows, ends = ragged()
    x = nn.utils.rnn.pad_sequence(rows)
    found = doctor(AtEnd(), x)
    assert names(found) == ["padding read as data"]
    assert found[0].severity == "serious"
    assert "of the rows end in 2 to 25 steps of 0" in found[0].evidence
    # Where the model is told, or each row ends alike, nothing is.
    assert names(doctor(nn.LSTM(2, 8), x, lengths=ends)) == []
    alike = torch.cat([noise(30, 24, 2), torch.zeros(10, 24, 2)])
    assert names(doctor(AtEnd(), alike)) == []


def test_padding_that_only_a_loss_may_count_is_worth_knowing():
    found = doctor(nn.LSTM(2, 8), nn.utils.rnn.pad_sequence(ragged()[0]))
    assert [(one.name, one.severity) for one in found] == [("padding read as data", "worth knowing")]
    assert "which a loss may count" in found[0].evidence


def test_zeros_everywhere_are_no_padding():
    x = noise(40, 24, 2) * (torch.rand(40, 24, 1, generator=torch.Generator().manual_seed(1)) < 0.3)
    assert names(doctor(AtEnd(), x)) == []


def test_batch_and_time_swapped():
    x = walks(50, 24, 2)
    assert names(doctor(nn.LSTM(2, 8), x)) == []
    found = doctor(nn.LSTM(2, 8), x.transpose(0, 1))
    assert names(found) == ["batch and time swapped"]
    assert "what is given as 50 rows of 24 steps looks like 24 rows of 50." in found[0].evidence
    assert "batch_first" in found[0].remedy
    assert names(doctor(nn.LSTM(2, 8, batch_first=True), x.transpose(0, 1))) == []
    # One long row that was given as many rows of one step.
    assert "batch and time swapped" in names(doctor(nn.LSTM(2, 8), x[:, :1].transpose(0, 1)))


def test_rows_that_have_much_in_common_are_not_swapped():
    common = torch.sin(torch.arange(50) / 4)[:, None, None].expand(50, 24, 2)
    assert names(doctor(nn.LSTM(2, 8), common + 0.3 * noise(50, 24, 2))) == []
    # Windows of one series, a step apart: either way they go on.
    series = walks(120, 1)[:, 0]
    assert names(doctor(nn.LSTM(1, 8), torch.stack([series[k : k + 50] for k in range(60)], 1))) == []


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
