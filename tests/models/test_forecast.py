"""The network has seen the last value at every step ahead, and its quantiles never cross."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from gatework.data.windows import Batch, Windows, future_features, past_features
from gatework.models.forecast import EncoderDecoder, pinball
from gatework.models.quantiles import MEDIAN, QUANTILES
from gatework.train.seed import seeded

PAST, FUTURE, L, H = 4, 5, 9, 6


def network(seed: int = 0, size: float = 1.0, cell: str = "lstm") -> EncoderDecoder:
    """One with a head that is not zero, as after training."""
    with seeded(seed):
        net = EncoderDecoder(PAST, FUTURE, hidden_size=8, cell=cell)
        nn.init.normal_(net.head.weight, std=size)
    return net


def inputs(seed: int = 0, rows: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    future = torch.randn(rows, H, FUTURE, generator=generator)
    future[..., -1] = torch.arange(1.0, H + 1).sqrt()
    return torch.randn(rows, L, PAST, generator=generator), future


def horizons_that_see(net: nn.Module, step: int) -> list[bool]:
    """For each step ahead, whether its median changes with what the encoder read at `step`."""
    past, future = inputs(rows=1)
    past.requires_grad_()
    return [
        bool(torch.autograd.grad(median, past, retain_graph=True)[0][0, step].abs().max() > 1e-6)
        for median in net(past, future)[0, :, MEDIAN]
    ]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_every_step_ahead_has_seen_the_last_value(cell):
    assert horizons_that_see(network(cell=cell), -1) == [True] * H


def test_the_check_catches_the_mistake_that_it_is_for():
    # Cutting the last h outputs off one causal scan, as two well-known libraries do: the first h - 1 steps ahead have
    # not seen the last value.
    class Sliced(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.head = nn.LSTM(PAST, 8, batch_first=True), nn.Linear(8, len(QUANTILES))

        def forward(self, past, future):
            return self.head(self.layer(past)[0][:, -H:])

    assert horizons_that_see(Sliced(), -1) == [False] * (H - 1) + [True]


def test_no_step_ahead_sees_a_later_one():
    net = network()
    past, future = inputs()
    before = net(past, future)
    future[:, 3:] += 1.0
    changed = (net(past, future) != before).any(-1).any(0)
    assert changed.tolist() == [False] * 3 + [True] * 3


@given(st.integers(0, 1000), st.floats(0.1, 30))
def test_quantiles_never_cross(seed, size):
    with torch.no_grad():
        quantiles = network(seed, size)(*inputs(seed))
    assert (quantiles.diff(dim=-1) >= 0).all()


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_untrained_it_gives_the_simple_forecast_with_textbook_intervals(cell):
    net = EncoderDecoder(PAST, FUTURE, hidden_size=8, cell=cell)
    with torch.no_grad():
        quantiles = net(*inputs())
    assert (quantiles[..., MEDIAN] == 0).all()
    # Normal changes of mean size 1 over k lags: 90 % lie within 1.645 * 1.2533 * sqrt(k).
    wanted = (1.6449 * 1.2533 * torch.arange(1.0, H + 1).sqrt()).expand(3, H)
    torch.testing.assert_close(quantiles[..., QUANTILES.index(0.95)], wanted, rtol=1e-4, atol=0)
    torch.testing.assert_close(quantiles[..., QUANTILES.index(0.05)], -wanted, rtol=1e-4, atol=0)


def test_what_a_covariate_says_has_to_be_learned():
    net = EncoderDecoder(PAST, FUTURE, hidden_size=8, covariates=((0, 1), (2,))).eval()
    nn.init.normal_(net.head.weight)
    past, future = inputs()
    before = net(past, future)
    changed, ahead = past.clone(), future.clone()
    changed[..., 2:] += 1
    ahead[..., 3] += 1
    assert torch.equal(net(changed, ahead), before)
    for parts in ((changed[..., [2, 2, 2, 3]], ahead), (changed, ahead[..., [0, 1, 3, 3, 4]])):
        assert not torch.equal(net(*parts), before)
    before.sum().backward()
    read = [(net.encoder, slice(2, None)), (net.decoder, slice(3, 4))]
    assert all((stack.weight_ih_l0.grad[:, columns] != 0).any() for stack, columns in read)


def test_while_learning_covariates_are_hidden_whole_in_some_windows():
    net = EncoderDecoder(PAST, FUTURE, hidden_size=8, covariates=((0, 1), (1, 1)))
    for weights in net.parameters():
        nn.init.normal_(weights)
    read, hooks = [], []
    for stack in (net.encoder, net.decoder):
        hooks.append(stack.register_forward_pre_hook(lambda _, given: read.append(given[0])))
    past, future = torch.ones(1000, L, PAST), torch.ones(1000, H, FUTURE)
    with seeded(0):
        net(past, future)
    behind, ahead = read
    # The first two features of either and the last of the decoder's are no covariates.
    assert (behind[..., :2] == 1).all()
    assert (ahead[..., [0, 1, 4]] == 1).all()
    # In every step alike, and alike in all that a covariate gives to both stacks.
    assert (behind == behind[:, :1]).all()
    assert (ahead[..., 2:4] == behind[:, :1, 3:]).all()
    one, other = behind[:, 0, 2], behind[:, 0, 3]
    # All in a quarter of the windows, and each by itself in a tenth of the others.
    assert 0.28 < (one == 0).float().mean() < 0.37
    assert 0.21 < ((one == 0) & (other == 0)).float().mean() < 0.31
    read.clear()
    net.eval()(past, future)
    assert all((given == 1).all() for given in read)


def test_blind_it_forecasts_as_if_there_were_no_covariates():
    net = EncoderDecoder(PAST, FUTURE, hidden_size=8, covariates=((0, 1), (1, 1))).eval()
    for weights in net.parameters():
        nn.init.normal_(weights)
    past, future = torch.rand(5, L, PAST), torch.rand(5, H, FUTURE)
    none, never = past.clone(), future.clone()
    none[..., 2:], never[..., 2:4] = 0, 0
    torch.testing.assert_close(net(past, future, blind=True), net(none, never))
    assert not torch.equal(net(past, future, blind=True), net(past, future))


def test_pinball_by_hand():
    class Fixed(nn.Module):
        def forward(self, past, future):
            return torch.arange(13.0).expand(1, 2, 13)

    target = torch.tensor([[torch.nan, 4.5]])
    errors = [4.5 - q for q in range(13)]
    wanted = np.mean([2 * max(p * e, (p - 1) * e) for p, e in zip(QUANTILES, errors, strict=True)])
    loss = pinball(Fixed(), Batch(torch.zeros(1, 1, 1), torch.zeros(1, 2, 1), target))
    assert loss.item() == pytest.approx(wanted, rel=1e-6)


def test_missing_targets_teach_nothing():
    net = network()
    past, future = inputs()
    target = torch.randn(3, H)
    target[1], target[2, 4] = torch.nan, torch.nan
    pinball(net, Batch(past, future, target)).backward()
    assert all(torch.isfinite(weight.grad).all() for weight in net.parameters())
    nothing = pinball(net, Batch(past, future, torch.full((3, H), torch.nan)))
    assert nothing.item() == 0.0


def test_the_network_reads_what_windows_give():
    x = np.random.default_rng(0).normal(size=(2, 60)).cumsum(1)
    windows = Windows(list(x), (1, 7), 14, H)
    batch = windows.batch(torch.tensor([0, 1]), torch.tensor([30, 40]))
    net = EncoderDecoder(past_features((1, 7)), future_features((1, 7)), hidden_size=8)
    assert net(batch.past, batch.future).shape == (2, H, len(QUANTILES))
