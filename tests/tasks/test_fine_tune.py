"""A saved model goes on learning: from other series, gently, and never to its harm on what was held out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

import gatework
from gatework import Forecaster
from gatework.errors import DataError, NotFittedError, OptionError
from gatework.tasks import learning

SMALL = {"hidden_size": 16, "num_layers": 1, "max_steps": 60, "batch_size": 32, "progress": False}
H = 6


def sawtooth(period, ids, steps=120, seed=0):
    """Series that climb and fall every `period` steps, which no lag tells of."""
    rng, parts = np.random.default_rng(seed), []
    for name in ids:
        t = np.arange(steps) + rng.integers(period)
        y = 50 + 10 * (t % period) / period + 0.2 * rng.normal(size=steps)
        parts.append(pd.DataFrame({"unique_id": name, "ds": np.arange(steps), "y": y}))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    model = Forecaster(H, season_length=1, **SMALL).fit(sawtooth(9, [f"a{i}" for i in range(20)]))
    return model.save(tmp_path_factory.mktemp("models") / "model")


def weights(model):
    return torch.cat([weight.flatten() for weight in model.net_.parameters()])


def test_it_learns_what_is_new_and_forecasts_that_from_then_on(folder):
    new = sawtooth(5, [f"b{i}" for i in range(20)], seed=1)
    later = sawtooth(5, [f"c{i}" for i in range(20)], seed=2)
    before, tuned = gatework.load(folder), gatework.load(folder).fine_tune(new, max_steps=200)
    assert tuned.score(later) > 0.8 * before.score(later)  # minus the MASE: nearer to 0
    assert set(tuned.predict()["unique_id"]) == {f"b{i}" for i in range(20)}
    assert "fine-tuned with up to 200 steps, from the weights of fit." in tuned.notes_


def test_it_can_be_saved_and_tuned_again(folder, tmp_path):
    new = sawtooth(5, ["b0", "b1"], seed=1)
    tuned = gatework.load(folder).fine_tune(new)
    assert not torch.equal(weights(tuned), weights(gatework.load(folder)))
    again = gatework.load(tuned.save(tmp_path / "tuned"))
    pd.testing.assert_frame_equal(again.predict(), tuned.predict())
    again.fine_tune(new, max_steps=2)


def test_networks_that_tuning_would_only_hurt_stay_as_they_were(folder, monkeypatch):
    model = gatework.load(folder)
    before, calls = weights(model), iter(range(1, 1000))
    # The first validation, before any step, is the best.
    monkeypatch.setattr(learning.rehearsal, "loss", lambda net, held: float(next(calls)))
    model.fine_tune(sawtooth(5, ["b0"], seed=1))
    assert torch.equal(weights(model), before)
    assert any(note.endswith("so the networks stay as they came.") for note in model.notes_)


def test_what_cannot_be_is_refused_and_changes_nothing(folder):
    model = gatework.load(folder)
    before, forecasts = weights(model), model.predict()
    with pytest.raises(OptionError) as error:
        model.fine_tune(sawtooth(5, ["b0"]), max_steps=0)
    assert str(error.value) == "max_steps must be a whole number of at least 1, or None; got 0."
    with pytest.raises(DataError) as error:
        model.fine_tune(sawtooth(5, ["b0"], steps=6))
    assert str(error.value) == (
        "data must have more steps than the 6 that are held out; got 6 at most. Give a longer history."
    )
    assert torch.equal(weights(model), before)
    pd.testing.assert_frame_equal(model.predict(), forecasts)
    with pytest.raises(NotFittedError):
        Forecaster(H).fine_tune(sawtooth(5, ["b0"]))


def test_what_it_was_tuned_on_is_what_is_kept_as_its_source(folder, tmp_path):
    sawtooth(5, ["b0", "b1"], seed=1).to_csv(tmp_path / "new.csv", index=False)
    tuned = gatework.load(folder).fine_tune(tmp_path / "new.csv", max_steps=2)
    assert tuned.source_ == {"data": str(tmp_path / "new.csv")}


def test_ctrl_c_before_the_first_step_says_nothing_of_short_data(folder, monkeypatch):
    def interrupt(self, step):
        raise KeyboardInterrupt

    monkeypatch.setattr(learning.Draws, "__call__", interrupt)
    tuned = gatework.load(folder).fine_tune(sawtooth(5, ["b0", "b1"], seed=1))
    assert tuned.history_.stopped == "interrupted"
    assert torch.equal(weights(tuned), weights(gatework.load(folder)))
