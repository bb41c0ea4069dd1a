"""What a recorded training shows of inputs and targets: one that leaks into the other, and labels one step early."""

from __future__ import annotations

import torch
from examined import labels, named, noise, walks

from gatework.look import Recording, doctor
from gatework.look.symptoms_targets import Joined, leaking, shifted, targets


def leak(x, y):
    """What is said of recorded inputs and targets, 10 steps a batch."""
    return leaking(targets(list(zip(x.split(10), y.split(10), strict=True)), False))


def test_target_leaking_into_the_input():
    x = walks(60, 12, 2, phi=0.9)
    found = leak(torch.cat([x, 3 - 2 * labels(x)], 2), labels(x))
    assert found.evidence.startswith("The target can be read off input x2 of the same step, to ")
    assert found.remedy.startswith("Leave x2 out of the inputs")
    # The next value of a slow series is nearly its present one: a forecast, not a leak.
    slow = walks(61, 12, 1, phi=0.999)
    assert leak(slow[:-1], slow[1:]) is None


def test_a_target_leaks_as_its_number_and_as_a_sum_of_inputs():
    x = walks(60, 12, 2)
    y = (3 * (x[..., 0] + x[..., 1].roll(3, 0)).sigmoid()).long()
    assert leak(torch.cat([x, torch.tensor([1.0, 5.0, 2.0])[y][..., None]], 2), y).evidence.startswith(
        "The target can be read off input x2 of the same step, to 0 of its spread"
    )
    found = leak(x, x[..., :1] - x[..., 1:])
    assert found.evidence.startswith("The target can be read off the inputs together of the same step, to ")
    assert found.remedy.startswith("Leave what adds up to it out of the inputs")
    # A sum with noise is a task, and so is what letters stand for; the next value of a wave is a forecast.
    assert leak(x, x[..., :1] - x[..., 1:] + 0.1 * noise(60, 12, 1, seed=1)) is None
    letters = torch.randint(0, 9, (60, 12), generator=torch.Generator().manual_seed(0))
    assert leak(torch.eye(9)[letters], (letters % 3 == 0).long()) is None
    angle = torch.arange(61.0)[:, None, None] / 3 + noise(1, 12, 1)
    wave = torch.cat([angle.sin(), angle.cos()], 2)
    assert leak(wave[:-1], wave[1:, :, :1]) is None


def test_all_inputs_asked_back_are_no_leak():
    x = walks(60, 12, 3)
    assert leak(x, x) is None
    assert leak(x, x[..., :1]).name == "target leaking into the input"


def test_labels_one_step_early_are_shifted_and_labels_one_step_late_ask_for_a_memory():
    net, x = torch.nn.GRU(2, 4), walks(60, 12, 2, phi=0.9)
    with Recording(net) as recording:
        recording.batch(x, labels(x).roll(-1, 0))
    found = named(doctor(net, training=recording), "labels shifted by one")
    assert found.severity == "serious"
    assert "the labels stand one step too early, and ask for what was not read yet." in found.evidence
    assert found.remedy.startswith("Align them: y = y[:-1], x = x[1:]")
    assert shifted(targets([(x, labels(x).roll(1, 0))], False)) is None
    assert shifted(Joined(noise(50, 64, 1).numpy(), (2 * noise(50, 64, 1).roll(1, 0)).tanh().numpy(), False)) is None


def test_of_a_model_that_reads_ahead_an_early_label_is_fair():
    net, x = torch.nn.GRU(2, 4, bidirectional=True), walks(60, 12, 2, phi=0.9)
    with Recording(net) as recording:
        recording.batch(x, labels(x).roll(-1, 0))
    found = doctor(net, training=recording)
    assert named(found, "labels shifted by one") is None
    assert found.not_examined["labels shifted by one"] == "The model reads ahead, where an early label is fair."


def test_a_forecast_of_what_an_input_will_be_is_no_shifted_label():
    """Whether the next value is above 0 is asked of series that tell it in part; of noise, nothing tells it."""

    def directions(phi):
        series = [walks(31, 12, 1, phi=phi, seed=k) for k in range(10)]
        return shifted(targets([(x[:-1], (x[1:] > 0).float()) for x in series], False))

    assert directions(0.8) is None
    assert "R^2 0.00" in directions(0.0).evidence


def test_a_row_that_comes_again_counts_once():
    x = walks(30, 12, 2)
    joined = targets([(x, labels(x))] * 3 + [(x.flip(1), labels(x.flip(1)))], False)
    assert joined.x.shape == (30, 12, 2)
    assert joined.y.shape == (30, 12, 1)
    joined = targets([(x.transpose(0, 1), x[-1])] * 3, True)
    assert joined.at_end
    assert joined.y.shape == (12, 2)


def test_the_next_letter_is_no_shifted_label():
    g = torch.Generator().manual_seed(0)
    codes = torch.randint(0, 5, (31, 12, 20), generator=g)
    batches = [(torch.eye(5)[one[:-1]], one[1:, :, None].float()) for one in codes.unbind(2)]
    joined = targets(batches, False)
    assert (shifted(joined), leaking(joined)) == (None, None)
