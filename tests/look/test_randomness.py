"""Who looks at a model draws none of the program's random numbers: what comes after is what it would have been."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import gatework
from gatework.look import Recording, doctor, gradients, memory, record, subject, trace


class Net(nn.Module):
    """A head on one of torch's layers, with dropout of its own."""

    def __init__(self):
        super().__init__()
        self.reader, self.drop, self.head = nn.GRU(2, 4, 2, dropout=0.5), nn.Dropout(0.5), nn.Linear(4, 1)

    def forward(self, x):
        return self.head(self.drop(self.reader(x)[0]))


def recorded(model, x):
    """One step of a training, which draws what the model's own dropout draws."""
    with record(model, every=1) as traces, Recording(model) as recording:
        model(x)
    assert len(traces) == 1
    assert any(recording.layers.values())


MODELS = {
    "torch": lambda: nn.LSTM(2, 4, 2, dropout=0.5, bidirectional=True),
    "gatework": lambda: gatework.LSTM(2, 4, 2, dropout=0.5, zoneout=0.1, init="chrono", chrono_max=20),
    "module": Net,
}


@pytest.fixture(params=MODELS)
def model(request):
    return MODELS[request.param]()


def drawn():
    return torch.get_rng_state().numpy(), *np.random.get_state()


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("instrument", [subject, trace, gradients, memory, doctor], ids=lambda one: one.__name__)
def test_an_instrument_leaves_the_random_numbers_as_they_are(instrument, model):
    x = torch.randn(20, 3, 2)
    before = drawn()
    instrument(model.train(), x)
    assert same(drawn(), before)


def test_a_recorded_step_draws_what_it_would_have_drawn(model):
    x = torch.randn(20, 3, 2)
    before = torch.get_rng_state()
    model(x)
    once = drawn()
    torch.set_rng_state(before)
    recorded(model, x)
    assert same(drawn(), once)


def test_a_model_that_is_being_recorded_can_be_looked_at(model):
    x = torch.randn(20, 3, 2)
    with record(model, every=1) as traces, Recording(model) as recording:
        found = trace(model, x)
        assert not traces
        assert not any(recording.layers.values())
    np.testing.assert_array_equal(found.outputs, trace(model, x).outputs)
