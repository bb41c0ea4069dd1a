"""What only a recorded training shows: the doctor sees it in a plain torch loop, and recording changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from examined import labels, named, names, noise, walks
from torch import nn

import gatework
from gatework.errors import OptionError
from gatework.look import Recording, doctor
from gatework.look.finding import TRAINING
from gatework.look.symptoms_training import too_fast


class Net(nn.Module):
    def __init__(self, kind=nn.LSTM, inputs=2, **options):
        super().__init__()
        self.rnn, self.head = kind(inputs, 8, **options), nn.Linear(8, 1)

    def forward(self, x, state=None):
        outputs, state = self.rnn(x, state)
        return self.head(outputs), state


def detach(state):
    return tuple(q.detach() for q in state) if isinstance(state, tuple) else state.detach()


def train(net, batches, lr=3e-3, keep=False, between=lambda state: state, optimizer=torch.optim.Adam):
    """An ordinary loop; with `keep`, the state goes from one batch to the next."""
    optimizer, state = optimizer(net.parameters(), lr=lr), None
    with Recording(net) as recording:
        for x, y in batches:
            recording.batch(x, y)
            answers, state = net(x, state)
            loss = (answers - y).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recording.loss(loss)
            state = between(detach(state)) if keep else None
    return recording


def fresh(count=30):
    """Batches that have nothing to do with each other."""
    return [(x := walks(30, 12, 2, phi=0.9, seed=k), labels(x)) for k in range(count)]


def stretches(steps=10, count=30):
    """Batches whose rows go on from those of the last."""
    x = walks(steps * count, 12, 2)
    return list(zip(x.split(steps), labels(x).split(steps), strict=True))


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def test_recording_changes_nothing_and_leaves_no_hook():
    weights = []
    for record in (True, False):
        torch.manual_seed(0)
        net = Net(num_layers=2, dropout=0.3)
        net.rnn.dropout = 0.3
        optimizer = torch.optim.Adam(net.parameters())
        recording = Recording(net)
        for x, y in stretches(count=8):
            if record:
                with recording:
                    recording.batch(x, y)
                    loss = (net(x)[0] - y).square().mean()
                    optimizer.zero_grad(), loss.backward(), optimizer.step()
                    recording.loss(loss)
            else:
                loss = (net(x)[0] - y).square().mean()
                optimizer.zero_grad(), loss.backward(), optimizer.step()
        weights.append([p.detach().clone() for p in net.parameters()])
        assert not net.rnn._forward_hooks
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


def test_what_a_recording_keeps():
    net, batches = Net(nn.GRU), stretches()
    recording = train(net, batches, keep=True)
    assert len(recording.losses) == 30
    assert len(recording.updates) == 29
    assert max(recording.updates) < 0.1
    calls = recording.layers["rnn"]
    assert [call.steps for call in calls] == [10] * 30
    assert calls[0].given is None
    assert calls[0].left.shape == (12, 8)
    assert torch.equal(calls[7].given, calls[6].left)
    assert not calls[7].attached
    assert calls[7].behind
    assert torch.equal(calls[3].first, batches[3][0][0])
    assert torch.equal(calls[3].last, batches[3][0][-1])
    assert recording.values == 300 * 12 * 2
    # Rows that come again are counted once; evaluation is not training.
    with recording:
        recording.batch(*batches[0])
        net.eval()(batches[0][0])
    assert recording.values == 300 * 12 * 2
    assert len(calls) == 30


def test_what_a_recording_refuses():
    with pytest.raises(OptionError, match=r"model must be a torch module; got str\. Give what the loop trains\."):
        Recording("net")
    with pytest.raises(OptionError, match=r"model must be or hold an LSTM, GRU or RNN; got Linear\. There is no mem"):
        Recording(nn.Linear(2, 2))
    with pytest.raises(OptionError, match=r"rows must be a whole number of at least 1; got 0\."):
        Recording(Net(), rows=0)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN, gatework.LSTM])
@pytest.mark.parametrize("keep", [False, True])
def test_nothing_is_found_in_a_healthy_training_and_everything_was_examined(kind, keep):
    net = Net(kind)
    found = doctor(net, training=train(net, stretches() if keep else fresh(), keep=keep))
    assert found == []
    assert found.not_examined == {}


def test_too_little_is_not_examined():
    net = Net()
    found = doctor(net, training=train(net, fresh(3)))
    assert found == []
    assert found.not_examined["learning rate too high"] == "There are 3 losses; 20 are needed."
    assert found.not_examined["state reset every step"] == "There are 3 calls in training; 6 are needed."
    recording = Recording(net)
    assert set(doctor(net, noise(30, 12, 2), recording).not_examined) <= set(TRAINING)


def test_learning_rate_too_high():
    net = Net()
    found = named(doctor(net, training=train(net, fresh(), lr=1.0)), "learning rate too high")
    assert found.severity == "serious"
    assert "The loss began at 0.4" in found.evidence
    assert "at step 2 (the second largest)." in found.evidence
    assert "learning_rate (lr)" in found.remedy
    grown = too_fast([1.0] * 10 + [5.0] * 30)
    assert grown.evidence == "The loss began at 1 and ends at 5 (median of the last 10 steps)."
    assert too_fast([1.0, 2.0, float("nan")]).evidence == "The loss is no number from step 2 on."
    thrown = too_fast([1.0] * 40, [0.2] * 39)
    assert thrown.evidence.startswith(
        "In the later half of the training, a step changes the weights by 20% of their size"
    )
    thrown = too_fast([1.0] * 40, [0.5] * 5 + [0.01] * 34)
    assert thrown.evidence.startswith("In the first steps of the training, a step changes the weights by 50% of their")
    assert too_fast([1.0, 0.5] * 20, [0.25] * 5 + [0.05] * 34) is None
    assert too_fast([0.0] * 40) is None
    assert too_fast([-1.0 - k / 10 for k in range(40)]) is None


def test_losses_of_few_rows_and_of_harder_tasks_are_no_learning_rate():
    rng, small = np.random.default_rng(0), [1e-3] * 499
    for _ in range(20):
        assert too_fast((rng.standard_normal(500) ** 2).tolist(), small) is None
        assert too_fast((rng.standard_normal((500, 4)) ** 2).mean(1).tolist()) is None
    harder = np.repeat([0.1, 0.3, 0.6, 1.0, 1.5, 2.0], 80) * rng.uniform(0.9, 1.1, 480)
    assert too_fast(harder.tolist(), small[:479]) is None
    # The same curve after a step that threw the weights about.
    assert "The loss began at 0.101 and ends at 1.88 (" in too_fast(harder.tolist(), [0.8, *small[:478]]).evidence


def test_state_shuffled_across_rows():
    order = torch.randperm(12, generator=torch.Generator().manual_seed(0))
    net = Net()
    found = doctor(net, training=train(net, stretches(), keep=True, between=lambda s: tuple(q[:, order] for q in s)))
    assert names(found) == ["state shuffled across rows"]
    assert "yet the state is carried on." in found[0].evidence
    assert "shuffle=False" in found[0].remedy
    # The other way to get there: batches in any order, and a state that does not care.
    batches = stretches()
    mixed = [batches[k] for k in torch.randperm(30, generator=torch.Generator().manual_seed(0)).tolist()]
    net = Net()
    assert names(doctor(net, training=train(net, mixed, keep=True))) == ["state shuffled across rows"]
    # Rows that are sorted anew and take their state along are not shuffled.
    net = Net()
    turned = [(x.roll(k, 1), y.roll(k, 1)) for k, (x, y) in enumerate(batches)]
    assert doctor(net, training=train(net, turned, keep=True, between=lambda s: tuple(q.roll(1, 1) for q in s))) == []


def test_a_state_that_was_reshaped():
    net = Net()
    found = train(net, stretches(), keep=True, between=lambda s: tuple(q.reshape(1, 8, 12).mT.contiguous() for q in s))
    assert (
        "hold the numbers of the last ones, but no row of theirs"
        in named(doctor(net, training=found), TRAINING[1]).evidence
    )


def test_state_reset_every_step():
    net = Net()
    found = doctor(net, training=train(net, stretches()))
    assert names(found) == ["state reset every step"]
    assert "but each of 30 calls begins with an empty memory" in found[0].evidence
    assert "outputs, state = layer(x, state)" in found[0].remedy
    net = Net()
    found = named(doctor(net, noise(30, 12, 2), train(net, stretches(steps=1))), "state reset every step")
    assert found.evidence == "All 30 calls read a single step, and begin with an empty memory."


def test_windows_that_overlap_were_not_reset():
    series, net = walks(200, 1, 2), Net()
    windows = [(x := series[5 * k : 5 * k + 30], labels(x)) for k in range(30)]
    assert doctor(net, series, train(net, windows)) == []


def test_a_state_that_is_detached_before_the_loss_flows_back():
    net = Net()
    optimizer = torch.optim.Adam(net.parameters())
    for cut in (True, False):
        with Recording(net) as recording:
            for x, y in fresh(10):
                recording.batch(x, y)
                state, loss = None, 0
                for one, target in zip(x.split(5), y.split(5), strict=True):
                    answers, state = net(one, state)
                    state = detach(state) if cut else state
                    loss = loss + (answers - target).square().mean()
                optimizer.zero_grad(), loss.backward(), optimizer.step()
                recording.loss(loss)
        found = doctor(net, noise(30, 12, 2), recording)
        assert names(found) == (["detached state"] if cut else [])
    net = Net()
    found = named(doctor(net, noise(30, 12, 2), train(net, stretches(1), keep=True)), "detached state")
    assert "no gradient crosses a step" in found.evidence
    assert "loss.backward()" in found.remedy


def test_the_remedy_of_a_short_memory_mends_it():
    """The answer is the first of 30 inputs: torch's own weights forget it, chrono's with the measured lag do not."""

    class First(nn.Module):
        def __init__(self, lstm):
            super().__init__()
            self.lstm, self.head = lstm, nn.Linear(8, 1)

        def forward(self, x):
            return self.head(self.lstm(x)[0][-1])

    def fit(lstm):
        torch.manual_seed(1)
        net = First(lstm)
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
        with Recording(net) as recording:
            for k in range(120):
                x = 0.3 * noise(30, 32, 1, seed=k)
                x[0] = x[0].sign()
                recording.batch(x, x[0])
                loss = (net(x) - x[0]).square().mean()
                optimizer.zero_grad(), loss.backward(), optimizer.step()
                recording.loss(loss)
        return doctor(net, training=recording), sum(recording.losses[-20:]) / 20

    found, loss = fit(gatework.LSTM(1, 8))
    remedy = named(found, "memory too short").remedy
    assert 'init="chrono", chrono_max=58' in remedy
    assert loss > 0.8
    found, loss = fit(gatework.LSTM(1, 8, init="chrono", chrono_max=58))
    assert found == []
    assert loss < 0.2
