"""The model card says what the model is, how it does beside the baselines, and how to use it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from torch import nn

from gatework.data.frame import read
from gatework.tasks.card import card
from gatework.tasks.scores import Score, Scores
from gatework.train.history import History


@pytest.fixture
def fitted() -> SimpleNamespace:
    """What a card reads of a fitted forecaster."""
    hours = np.arange("2024-01-01", "2024-01-03", dtype="datetime64[h]")
    load = np.arange(48.0)
    load[7] = np.nan
    rows = {
        "LSTM": Score(0.5, 10, 91),
        "SeasonalNaive": Score(1, 20, float("nan")),
        "LastValue": Score(2, 1234.5, 80.04),
    }
    return SimpleNamespace(
        alias="LSTM",
        h=24,
        cell="gru",
        panel_=read({"when": hours, "load": load}, time_col="when", target_col="load"),
        scores_=Scores("LSTM", 90.0, rows, 414, 1, 0, 414, {"SeasonalNaive": (-0.5, 0.1), "LastValue": (-1.5, 0.1)}),
        history_=History(losses=[1.0] * 1200, best_step=900, stopped="early", seconds=12.4),
        notes_=["season_length is 24, from the hours."],
        net_=nn.Linear(1000, 2),
    )


def test_it_says_what_the_model_is(fitted):
    text = card(fitted)
    assert text.startswith("---\nlibrary_name: gatework\n")
    for line in (
        "# LSTM: 24 steps ahead, hourly",
        fitted.scores_.verdict(),
        "| | MASE | sMAPE | inside the 90 % interval |",
        "| LSTM | 0.500 | 10.00 % | 91.0 % |",
        "| SeasonalNaive | 1.000 | 20.00 % | – |",
        "| LastValue | 2.000 | 1234.50 % | 80.0 % |",
        "- **Data**: `load` of 1 series, 47 values from 2024-01-01 to 2024-01-02 23:00:00, hourly, 24 steps a season.",
        "- **Network**: GRU, 2,002 weights.",
        "- **Training**: 1,200 steps in 12 s.",
        "- Season_length is 24, from the hours.",
        'model = gatework.load("path/to/this/folder")',
        "gatework predict path/to/this/folder -o forecast.csv",
    ):
        assert line in text.splitlines()
    assert "Averages over the last 24 steps of 414 series. No weight was fitted to these steps," in text


def test_whole_numbers_as_times_are_shown_as_they_are(fitted):
    fitted.panel_ = read({"step": np.arange(5, 45), "y": np.sin(np.arange(40.0))}, time_col="step", freq=1)
    assert "40 values from 5 to 44, integer steps, " in card(fitted)
