"""Whether a forecaster has seen the last value: change it, and every step of the forecast must move.

A causal recurrent network sliced to its last h outputs fails: its first output has not seen the last h - 1 values.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

import gatework
from gatework.data.windows import Windows
from gatework.models.quantiles import MEDIAN

H = 6


def series(steps=90):
    return 20 + 5 * np.sin(np.arange(steps) * np.pi / 6) + np.random.default_rng(0).normal(size=steps).cumsum() * 0.1


def moved(forecast, y):
    """Which steps of a forecast (h,) have seen the last value: the three lines of docs/scores.md."""
    changed = y.copy()
    changed[-1] += 1
    return forecast(changed) != forecast(y)


@pytest.fixture(scope="module", params=["lstm", "gru", "rnn"])
def fitted(request):
    model = gatework.Forecaster(
        H, cell=request.param, season_length=12, hidden_size=8, num_layers=1, max_steps=30, progress=False
    )
    return model.fit({"ds": np.arange(90), "y": series()})


def test_every_step_has_seen_the_last_value(fitted):
    assert moved(lambda y: fitted.predict({"ds": np.arange(90), "y": y})["LSTM"], series()).all()


def test_every_step_of_the_network_itself_has_seen_it(fitted):
    # The simple forecast sees the last value by itself; without it and its scale, the network must.
    windows = Windows([series()], fitted.recipe_.lags, fitted.recipe_.input_size, H)
    batch = windows.batch(torch.tensor([0]), torch.tensor([90]))
    past = batch.past.clone().requires_grad_()
    for step in range(H):
        (slope,) = torch.autograd.grad(fitted.net_(past, batch.future)[0, step, MEDIAN], past)
        assert slope[0, -1].abs().max() > 0


def test_the_test_finds_a_network_whose_first_outputs_end_too_early():
    torch.manual_seed(0)
    layer, head = gatework.LSTM(1, 8, batch_first=True), torch.nn.Linear(8, 1)

    def sliced(y):
        with torch.no_grad():
            outputs, _ = layer(torch.tensor(y[None, :, None] / 20, dtype=torch.float32))
            return head(outputs[:, -H:])[0, :, 0].numpy()

    assert moved(sliced, series()).tolist() == [False] * (H - 1) + [True]
