"""The doctor names what is wrong with the data alone: their size, their order, and what fills them up."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from examined import named, names, noise, walks
from torch import nn

from gatework.look import doctor
from gatework.look.symptoms_data import swapped


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


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


def test_one_tiny_input_among_others_is_unscaled_and_a_rare_letter_is_not():
    x = noise(30, 20, 2) * torch.tensor([1, 1e-4])
    found = named(doctor(nn.LSTM(2, 8), x), "unscaled input")
    assert found.severity == "worth knowing"
    assert found.evidence.startswith("Input x1 has a size of 0.0001 (root mean square), all together 0.99; ")
    letters = torch.eye(8)[torch.randint(0, 7, (300, 20), generator=torch.Generator().manual_seed(0))]
    letters[0, 0] = torch.eye(8)[7]
    assert named(doctor(nn.LSTM(8, 8), letters), "unscaled input") is None


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


def test_rows_that_are_filled_up_beside_the_time_or_with_their_last_value():
    rows, ends = ragged()
    time = torch.linspace(-1, 1, 40)[:, None, None].expand(40, 24, 1)
    beside = torch.cat([nn.utils.rnn.pad_sequence(rows)[..., :1], time], 2)
    assert names(doctor(AtEnd(), beside)) == ["padding read as data"]
    held = torch.stack([torch.cat([row, row[-1:].expand(40 - len(row), 2)]) for row in rows], 1)
    found = named(doctor(AtEnd(), held), "padding read as data")
    assert "of the rows end in 2 to 26 steps of the same value" in found.evidence
    assert names(doctor(nn.LSTM(2, 8), held, lengths=ends)) == []


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


def test_rows_sorted_by_their_level_are_not_swapped():
    level = torch.arange(60.0)[None, :, None] / 20 - 1.5
    assert swapped((level + 0.1 * noise(30, 60, 1)).numpy()) is None
    # Beside an input that each row has a value of its own of, what lies along the rows is seen.
    beside = torch.cat([walks(60, 30).transpose(0, 1), level.expand(30, 60, 1)], 2)
    assert swapped(beside.numpy()).name == "batch and time swapped"
