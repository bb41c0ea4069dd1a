"""Networks rehearse without the last windows, and then learn from them too; interrupted or resumed, nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from gatework import Forecaster
from gatework.data.frame import read
from gatework.tasks import learning
from gatework.tasks.learning import learn
from gatework.tasks.recipe import choose
from gatework.train.checkpoint import Checkpoint

SIZES = {"hidden_size": 8, "num_layers": 1, "max_steps": 20, "batch_size": 16, "progress": False}
RNG = np.random.default_rng(0)
Y = 20 + np.sin(np.arange(80) * np.pi / 6) + 0.1 * RNG.normal(size=80)


def table(y=Y):
    return {"ds": np.arange(len(y)), "y": y}


def lesson(members=1, y=Y):
    model = Forecaster(4, season_length=12, **SIZES)
    panel = read(table(y), season_length=12)
    return panel, replace(choose(model, panel)[0], members=members)


def weights(net):
    return torch.cat([weight.flatten() for weight in net.parameters()])


def interrupt(monkeypatch, training, step):
    """Press Ctrl-C at a step of the training of this number, counted from 0."""
    real, runs = learning.Draws.__call__, []

    def call(self, at):
        if at == 0:
            runs.append(self)
        if len(runs) == training + 1 and at == step:
            raise KeyboardInterrupt
        return real(self, at)

    monkeypatch.setattr(learning.Draws, "__call__", call)


def test_a_forecaster_widens_its_intervals_and_says_so():
    y = Y.copy()
    y[-4:] += 30
    model = Forecaster(4, season_length=12, **SIZES).fit(table(y))
    most = model.net_.spread.max()
    assert most > 1
    said = next(note for note in model.notes_ if note.startswith("the intervals are "))
    assert f"{most:.2g} times as wide as they were learned" in said
    wide = model.predict()
    model.net_.spread.fill_(1.0)
    narrow = model.predict()
    np.testing.assert_array_equal(wide["LSTM"], narrow["LSTM"])
    widths = [found["LSTM-hi-90"] - found["LSTM-lo-90"] for found in (wide, narrow)]
    assert (widths[0] >= widths[1]).all()
    assert widths[0].sum() > widths[1].sum()


def test_what_is_held_out_is_not_learned_from_before_it_is_scored(monkeypatch):
    moved = Y.copy()
    moved[-4:] += 5
    panels, recipe = (lesson()[0], read(table(moved), season_length=12)), lesson()[1]
    assert not torch.equal(*(weights(learn(panel, recipe).net) for panel in panels))
    # Without what the held-out windows decide, and before they are learned from, nothing of them is in the weights.
    monkeypatch.setattr(learning.rehearsal, "loss", lambda net, held: 1.0)
    monkeypatch.setattr(learning.Lessons, "perform", lambda *_: True)
    assert torch.equal(*(weights(learn(panel, recipe).net) for panel in panels))


def test_intervals_are_as_wide_as_the_rehearsal_found_and_stretched_where_windows_are_few():
    panel, recipe = lesson()
    held = learning.rehearsal.hold_out(panel, recipe.h)
    windows = learning.rehearsal.read(held, recipe)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learning.Lessons, "perform", lambda *_: True)
        before = learn(panel, recipe).net
    after = learn(panel, recipe).net
    assert not torch.equal(weights(before), weights(after))
    wide, now = (learning.rehearsal.widths(net, windows) for net in (before, after))
    assert (now >= wide * (1 - 1e-4)).all()
    # 17 windows a step apart over 4 steps are worth 5.
    stretched = learning.rehearsal.stretch(5.0)
    assert stretched > 1.2
    assert (before.spread >= stretched * (1 - 1e-6)).all()


def test_networks_train_on_everything_for_as_many_steps_as_were_best():
    steps = []
    panel, recipe = lesson()
    real = learning.fit

    def fit(*args, **settings):
        history = real(*args, **settings)
        steps.append((settings["steps"], settings["learning_rate"], history.best_step))
        return history

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learning, "fit", fit)
        learn(panel, recipe)
    (first, rate, best), (second, lower, _) = steps
    assert (first, second) == (20, best)
    assert lower == pytest.approx(rate * best / 20)


def test_every_network_of_an_ensemble_has_first_weights_and_draws_of_its_own():
    panel, recipe = lesson(members=3)
    net = learn(panel, recipe).net
    a, b, c = (weights(member) for member in net.members)
    assert not torch.equal(a, b)
    assert not torch.equal(b, c)
    alone = learn(panel, lesson()[1]).net
    torch.testing.assert_close(weights(alone.members[0]), a, rtol=0, atol=0)


@pytest.mark.parametrize("training", [0, 1, 2, 3], ids=["rehearsal 1", "rehearsal 2", "on all 1", "on all 2"])
def test_a_training_that_was_interrupted_ends_as_if_it_had_not_been(training, monkeypatch, tmp_path):
    panel, recipe = lesson(members=2)
    whole = learn(panel, recipe)
    checkpoint = Checkpoint(tmp_path, panel.fingerprint())
    with monkeypatch.context() as patch:
        # So that every validation leaves a checkpoint.
        patch.setattr("gatework.train.training.PAUSE", 0.0)
        interrupt(patch, training, 1)
        cut = learn(panel, recipe, checkpoint)
    assert cut.history.stopped == "interrupted"
    assert len(cut.net.members) == (1 if training == 0 else 2)
    assert np.isfinite(learning.foresee(cut.net, panel, recipe)).all()
    resumed = learn(panel, recipe, checkpoint, resume=True)
    assert resumed.history == whole.history
    torch.testing.assert_close(weights(resumed.net), weights(whole.net), rtol=0, atol=0)
    torch.testing.assert_close(resumed.net.spread, whole.net.spread, rtol=0, atol=0)
    np.testing.assert_array_equal(resumed.rehearsed, whole.rehearsed)


def test_the_weights_before_an_interrupted_last_training_are_kept(monkeypatch):
    panel, recipe = lesson()
    with monkeypatch.context() as patch:
        patch.setattr(learning.Lessons, "perform", lambda *_: True)
        rehearsed = learn(panel, recipe)
    with monkeypatch.context() as patch:
        interrupt(patch, 1, 1)
        cut = learn(panel, recipe)
    torch.testing.assert_close(weights(cut.net), weights(rehearsed.net), rtol=0, atol=0)


def test_a_new_training_forgets_the_checkpoints_of_an_old_one(tmp_path):
    panel, recipe = lesson()
    checkpoint = Checkpoint(tmp_path, panel.fingerprint())
    learn(panel, recipe, checkpoint)
    assert (tmp_path / "checkpoint-1.safetensors").is_file()
    other = replace(recipe, steps=10)
    learn(panel, other, checkpoint)
    assert torch.equal(weights(learn(panel, other, checkpoint, resume=True).net), weights(learn(panel, other).net))
