"""The loop against a bare torch loop, against itself cut in pieces, and against everything that can end it."""

from __future__ import annotations

import itertools
import math
import os
import signal
import subprocess
import sys
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from gatework.errors import DataError, OptionError, TrainingError
from gatework.train import training
from gatework.train.checkpoint import Checkpoint, about
from gatework.train.loop import History, fit, seeded
from gatework.train.training import one_cycle

STEPS, EVERY = 40, 10


@pytest.fixture(autouse=True)
def every_validation_leaves_a_checkpoint(monkeypatch):
    monkeypatch.setattr(training, "PAUSE", 0)


class Net(nn.Module):
    """Small, recurrent, and random while it trains."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(2, 5, num_layers=2, dropout=0.3)
        self.head = nn.Linear(5, 1)

    def forward(self, x):
        return self.head(self.rnn(x)[0])


class Examples(NamedTuple):
    x: Tensor
    y: Tensor


def net() -> Net:
    with seeded(1):
        return Net()


def batch(step: int) -> Examples:
    x = torch.randn(6, 4, 2, generator=torch.Generator().manual_seed(step))
    return Examples(x, x.cumsum(0).mean(-1, keepdim=True))


def loss(model, examples) -> Tensor:
    return (model(examples.x) - examples.y).abs().mean()


def validate(model) -> Tensor:
    return loss(model, batch(10**6))


def train(model, batch=batch, loss=loss, **changes) -> History:
    settings = {"steps": STEPS, "every": EVERY, "validate": validate, "learning_rate": 0.01, "seed": 3}
    return fit(model, batch, loss, **settings | changes)


def same(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def stop_at(step: int, error: type[BaseException] = KeyboardInterrupt):
    """A batch function that is interrupted at a step."""

    def until(at: int) -> Examples:
        if at == step:
            raise error
        return batch(at)

    return until


def test_it_is_torchs_own_loop():
    model, bare = net(), net()
    history = train(model, validate=None, weight_decay=0.1, clip=0.2)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        optimizer = torch.optim.AdamW(bare.parameters(), lr=0.01, betas=(0.9, 0.98), weight_decay=0.1)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=STEPS, cycle_momentum=False)
        losses = []
        for step in range(STEPS):
            optimizer.zero_grad()
            value = loss(bare, batch(step))
            value.backward()
            nn.utils.clip_grad_norm_(bare.parameters(), 0.2)
            optimizer.step()
            if step < STEPS - 1:
                schedule.step()
            losses.append(value.item())
    assert history.losses == pytest.approx(losses, rel=1e-4)
    for ours, torchs in zip(model.parameters(), bare.parameters(), strict=True):
        torch.testing.assert_close(ours, torchs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("steps", [10, 33, 1000])
def test_the_rate_is_torchs_one_cycle(steps):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=steps, cycle_momentum=False)
    for step in range(steps):
        assert one_cycle(step, steps) == pytest.approx(schedule.get_last_lr()[0], rel=1e-12)
        optimizer.step()
        if step < steps - 1:
            schedule.step()


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_the_rate_of_a_very_short_training_stays_within_its_bounds(steps):
    rates = [one_cycle(step, steps) for step in range(steps)]
    assert max(rates) > 0.5
    assert all(0 < rate <= 1 for rate in rates)


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not():
    models = [net() for _ in range(3)]
    histories = [train(model, seed=seed) for model, seed in zip(models, (3, 3, 4), strict=True)]
    assert same(models[0], models[1])
    assert histories[0] == histories[1]
    assert not same(models[0], models[2])
    assert histories[0] != histories[2]


def test_the_callers_random_numbers_are_left_alone():
    torch.manual_seed(11)
    before = torch.get_rng_state()
    train(net())
    assert torch.equal(torch.get_rng_state(), before)


def test_the_callers_random_numbers_do_not_reach_the_training():
    model, other = net(), net()
    train(model)
    torch.rand(5)
    train(other)
    assert same(model, other)


def test_the_best_validated_weights_are_left_in_eval_mode():
    seen = {}

    def watch(model) -> float:
        assert not model.training
        assert not torch.is_grad_enabled()
        seen[len(seen)] = {name: x.clone() for name, x in model.state_dict().items()}
        return [5.0, 3.0, 1.0, 2.0, 4.0][len(seen) - 1]

    model = net()
    history = train(model, validate=watch)
    assert history.validation == [(0, 5.0), (10, 3.0), (20, 1.0), (30, 2.0), (40, 4.0)]
    assert (history.best_step, history.best, history.stopped) == (20, 1.0, "finished")
    assert all(torch.equal(x, seen[2][name]) for name, x in model.state_dict().items())
    assert not model.training


def test_a_training_that_only_hurts_changes_nothing():
    model, untrained = net(), net()
    values = iter(range(10))
    history = train(model, validate=lambda model: next(values))
    assert history.best_step == 0
    assert same(model, untrained)


def test_without_validation_the_last_weights_stay():
    model = net()
    history = train(model, validate=None)
    assert (history.validation, history.best, history.best_step) == ([], None, STEPS)
    assert not same(model, net())


def test_the_last_step_is_validated_though_every_does_not_meet_it():
    assert [at for at, _ in train(net(), steps=13).validation] == [0, 10, 13]


def test_patience_ends_it_early():
    values = iter([3.0, 2.0, 2.5, 2.0, 1.0, 0.0])
    history = train(net(), steps=1000, patience=2, validate=lambda model: next(values))
    assert [value for _, value in history.validation] == [3.0, 2.0, 2.5, 2.0]
    assert (history.stopped, history.best_step, len(history.losses)) == ("early", 10, 30)


def test_a_new_best_starts_patience_anew():
    values = iter([3.0, 4.0, 2.0, 4.0, 1.0])
    assert train(net(), patience=2, validate=lambda model: next(values)).stopped == "finished"


@pytest.mark.parametrize("cut", [3, 10, 17, 39])
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_resumed_equals_never_stopped_bit_for_bit(tmp_path, cut, error):
    whole, cut_off, resumed = net(), net(), net()
    expected = train(whole)
    checkpoint = Checkpoint(tmp_path, "data")
    try:
        train(cut_off, stop_at(cut, error), checkpoint=checkpoint)
    except RuntimeError:
        assert error is RuntimeError
    assert about(tmp_path)["step"] == cut // EVERY * EVERY
    for weight in resumed.parameters():
        nn.init.zeros_(weight)
    history = train(resumed, checkpoint=checkpoint, resume=True)
    assert history == expected
    assert same(resumed, whole)


def test_checkpoints_wait_for_their_time_but_not_at_the_start_and_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "PAUSE", math.inf)
    steps = []

    class Watched(Checkpoint):
        def save(self, tensors, facts):
            steps.append(facts["step"])
            super().save(tensors, facts)

    train(net(), checkpoint=Watched(tmp_path, "data"))
    assert steps == [0, STEPS]
    steps.clear()
    whole, resumed = net(), net()
    expected = train(whole)
    train(net(), stop_at(25), checkpoint=Watched(tmp_path, "data"))
    assert train(resumed, checkpoint=Watched(tmp_path, "data"), resume=True) == expected
    assert same(resumed, whole)


def test_resumed_twice_equals_never_stopped(tmp_path):
    whole, model = net(), net()
    expected = train(whole)
    for cut in (15, 16, 25, None):
        history = train(model, stop_at(cut), checkpoint=Checkpoint(tmp_path, "data"), resume=True)
    assert history == expected
    assert same(model, whole)


def test_early_stopping_resumes_with_its_patience(tmp_path):
    def rising(model) -> float:
        return validate(model).item() + next(rises)

    rises = iter(range(9))
    expected = train(net(), patience=3, validate=rising)
    rises = iter(range(9))
    train(net(), stop_at(15), patience=3, validate=rising, checkpoint=Checkpoint(tmp_path, "data"))
    history = train(net(), patience=3, validate=rising, checkpoint=Checkpoint(tmp_path, "data"), resume=True)
    assert history == expected
    assert history.stopped == "early"


def test_a_finished_training_resumes_to_its_end_at_once(tmp_path):
    done, again = net(), net()
    history = train(done, checkpoint=Checkpoint(tmp_path, "data"))
    assert train(again, stop_at(0, AssertionError), checkpoint=Checkpoint(tmp_path, "data"), resume=True) == history
    assert same(again, done)


def test_resume_without_a_checkpoint_yet_starts_at_the_start(tmp_path):
    model, other = net(), net()
    assert train(model, checkpoint=Checkpoint(tmp_path, "data"), resume=True) == train(other)
    assert same(model, other)


def test_without_resume_an_old_checkpoint_is_replaced_at_once(tmp_path):
    train(net(), checkpoint=Checkpoint(tmp_path, "data"))
    train(net(), stop_at(0), checkpoint=Checkpoint(tmp_path, "other data"))
    assert about(tmp_path)["fingerprint"] == "other data"
    assert about(tmp_path)["step"] == 0


def test_time_adds_up_over_sittings_and_is_not_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "perf_counter", itertools.count().__next__)
    first = train(net(), stop_at(39), checkpoint=Checkpoint(tmp_path, "data"))
    kept = about(tmp_path)["history"]["seconds"]
    assert 0 < kept <= first.seconds
    # The ten steps of the second sitting alone would take less than the first thirty.
    assert train(net(), checkpoint=Checkpoint(tmp_path, "data"), resume=True).seconds > kept
    assert first.steps_per_second == 39 / first.seconds
    assert History(seconds=1.0) == History(seconds=2.0)


def test_history_survives_json():
    history = train(net())
    assert History.from_dict(history.to_dict()) == history


def test_ctrl_c_keeps_the_best_weights_so_far():
    until_30 = net()
    train(until_30, stop_at(30))
    model = net()
    values = iter([3.0, 2.0, 1.0, 5.0])
    history = train(model, stop_at(35), validate=lambda model: next(values))
    assert (history.stopped, history.best_step, history.best, len(history.losses)) == ("interrupted", 20, 1.0, 35)
    at_20 = net()
    train(at_20, stop_at(20), validate=None)
    assert same(model, at_20)
    assert not model.training


def test_ctrl_c_at_the_first_batch_leaves_the_untrained_weights():
    model = net()
    history = train(model, stop_at(0))
    assert (history.stopped, history.best_step, history.losses) == ("interrupted", 0, [])
    assert same(model, net())


def test_a_second_ctrl_c_is_not_caught(monkeypatch):
    def interrupted(*args) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Net, "load_state_dict", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(net(), stop_at(15))


SIGINT_CHILD = """
import sys, torch
from gatework.train.checkpoint import Checkpoint
from gatework.train import training
from gatework.train.loop import fit

training.PAUSE = 0

def batch(step):
    if step == 20:
        print("now", flush=True)
        sys.stdin.readline()
        torch.zeros(1)
    return torch.ones(3, 2)

model = torch.nn.Linear(2, 1)
history = fit(model, batch, lambda m, x: m(x).square().mean(), steps=10**6, every=10,
              validate=lambda m: float(m.weight.square().sum()), checkpoint=Checkpoint(sys.argv[1], "data"))
print(history.stopped, history.best_step % 10, model.training, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_a_real_ctrl_c_ends_it_in_good_order(tmp_path):
    child = subprocess.Popen(
        [sys.executable, "-c", SIGINT_CHILD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout.readline() == "now\n"
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out, err) == (0, "interrupted 0 False\n", "")
    assert about(tmp_path)["step"] == 20


def spoilt(step: int) -> Examples:
    examples = batch(step)
    if step == 25:
        examples.y[2, 1] = math.nan
    return examples


def test_a_loss_that_is_not_finite_names_the_batch_and_its_tensor():
    model, expected = net(), net()
    train(expected, stop_at(25))
    with pytest.raises(TrainingError) as caught:
        train(model, spoilt)
    assert str(caught.value) == (
        "loss must be finite; got nan at step 25, first seen in batch.y. Lower learning_rate, or look at batch(25)."
    )
    assert same(model, expected)


@pytest.mark.parametrize(
    ("wrap", "name"),
    [
        (lambda x, y: {"x": x, "y": y}, "batch['y']"),
        (lambda x, y: (x, [y]), "batch[1][0]"),
        (lambda x, y: y, "batch"),
    ],
)
def test_any_nest_of_tensors_is_looked_through(wrap, name):
    examples = batch(0)
    examples.y[0, 0] = math.inf

    with pytest.raises(TrainingError, match=r"got inf at step 0, first seen in ") as caught:
        train(net(), lambda step: wrap(*examples), lambda model, _: loss(model, examples))
    assert f"first seen in {name}. " in str(caught.value)


def test_a_loss_that_is_not_finite_names_the_layer():
    class Overflow(nn.Module):
        def forward(self, x):
            return (1e30 * x).exp()

    model = nn.Sequential(nn.Linear(2, 3), Overflow(), nn.Linear(3, 1))
    with pytest.raises(TrainingError, match=r"at step 0, first seen in the output of 1\. "):
        train(model, validate=None)


def test_a_loss_that_is_not_finite_names_the_weight():
    model = net()
    with torch.no_grad():
        model.rnn.weight_hh_l1[0, 0] = math.nan
    with pytest.raises(TrainingError, match=r"got nan at step 0, first seen in the weight rnn\.weight_hh_l1\. "):
        train(model, validate=None)


def test_a_loss_that_is_not_finite_of_itself_says_so():
    with pytest.raises(TrainingError, match=r"got -inf at step 0, first seen in the loss itself\. "):
        train(net(), loss=lambda model, examples: (loss(model, examples) * 0).log(), validate=None)


def test_a_gradient_that_is_not_finite_names_its_parameter_and_spoils_no_weight():
    def steep(model, examples) -> Tensor:
        # At 0 the root's slope is infinite, though its value is not.
        return loss(model, examples) + (0 * model.head.bias).abs().sum().sqrt()

    model = net()
    with pytest.raises(TrainingError) as caught:
        train(model, loss=steep, validate=None)
    with seeded(3):
        value = loss(net(), batch(0)).item()
    assert str(caught.value) == (
        f"gradient of head.bias must be finite; got nan at step 0, where the loss is {value:.4g}. "
        "Lower learning_rate, or look at batch(0)."
    )
    assert same(model, net())


def test_a_validation_that_is_not_finite_stops_it():
    with pytest.raises(TrainingError) as caught:
        train(net(), validate=lambda model: math.nan)
    assert str(caught.value) == (
        "validation must be finite; got nan at step 0. "
        "Look at what validate gives for these weights, or lower learning_rate."
    )


def test_other_data_are_refused(tmp_path):
    train(net(), stop_at(15), checkpoint=Checkpoint(tmp_path, "a" * 64))
    with pytest.raises(DataError) as caught:
        train(net(), checkpoint=Checkpoint(tmp_path, "b" * 64), resume=True)
    assert str(caught.value) == (
        f"data must be what the training in {tmp_path} began with; got other data (fingerprint bbbbbbbbbbbb, not "
        "aaaaaaaaaaaa). Give the same data, or fit without resume."
    )


def test_other_settings_are_refused(tmp_path):
    train(net(), stop_at(15), checkpoint=Checkpoint(tmp_path, "data"))
    with pytest.raises(OptionError) as caught:
        train(net(), steps=80, checkpoint=Checkpoint(tmp_path, "data"), resume=True)
    assert str(caught.value) == (
        f"steps must be 40, as in the checkpoint in {tmp_path}; got 80. Set it so, or fit without resume."
    )


def test_another_network_is_refused(tmp_path):
    train(net(), stop_at(15), checkpoint=Checkpoint(tmp_path, "data"))
    other = net()
    other.head = nn.Linear(5, 2)
    with pytest.raises(OptionError) as caught:
        train(other, checkpoint=Checkpoint(tmp_path, "data"), resume=True)
    assert str(caught.value) == (
        f"weight head.weight must be (1, 5) torch.float32, as in the checkpoint in {tmp_path}; got (2, 5) "
        "torch.float32. Set it so, or fit without resume."
    )


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"steps": 0}, "steps must be at least 1; got 0."),
        ({"every": -1}, "every must be at least 1; got -1."),
        ({"patience": 0}, "patience must be at least 1; got 0."),
        ({"learning_rate": 0.0}, "learning_rate must be above 0; got 0.0."),
        ({"learning_rate": math.nan}, "learning_rate must be above 0; got nan."),
        ({"clip": -1.0}, "clip must be above 0; got -1.0."),
        ({"weight_decay": -0.1}, "weight_decay must be 0 or above; got -0.1."),
        (
            {"patience": 2, "validate": None},
            "validate must be given where patience is; got None with patience=2. Give both.",
        ),
        (
            {"resume": True},
            "checkpoint must be given where resume=True; got None. Pass Checkpoint(folder, fingerprint).",
        ),
    ],
)
def test_settings_that_cannot_be(wrong, text):
    with pytest.raises(OptionError) as caught:
        train(net(), **wrong)
    assert str(caught.value) == text


def test_frozen_weights_stay_and_buffers_come_along(tmp_path):
    def model() -> nn.Module:
        with seeded(5):
            model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Linear(4, 1))
        model[0].requires_grad_(False)
        return model

    def turned(model, examples) -> Tensor:
        return loss(model, Examples(examples.x.transpose(0, 1), examples.y.transpose(0, 1)))

    settings = {"loss": turned, "validate": lambda model: turned(model, batch(10**6))}
    whole, resumed = model(), model()
    train(whole, **settings)
    train(model(), stop_at(25), **settings, checkpoint=Checkpoint(tmp_path, "data"))
    train(resumed, **settings, checkpoint=Checkpoint(tmp_path, "data"), resume=True)
    assert same(resumed, whole)
    assert torch.equal(whole[0].weight, model()[0].weight)
