"""Words that go missing in training: how many, where, and never all."""

from __future__ import annotations

import pytest
import torch

from gatework.data.augment_text import augment
from gatework.errors import OptionError


def drawn(tokens, lengths, rate, seed=0, **how):
    return augment(tokens, torch.tensor(lengths), torch.Generator().manual_seed(seed), rate, **how)


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_share_of_the_tokens_becomes_unknown_and_the_rest_stays(everywhere):
    tokens = torch.randint(2, 2000, (64, 100), generator=torch.Generator().manual_seed(1))
    before = tokens.clone()
    out = drawn(tokens, [100] * 64, 0.2, everywhere=everywhere)
    missing = out == 1
    assert missing.float().mean().item() == pytest.approx(0.2, abs=0.02)
    assert (out[~missing] == tokens[~missing]).all()
    assert (tokens == before).all()
    assert out.dtype == torch.int64
    # Rows and steps are drawn each for itself.
    assert missing.float().mean(0).std() > 0.03
    assert missing.float().mean(1).std() > 0.02


@pytest.mark.parametrize("everywhere", [False, True])
def test_the_same_generator_draws_the_same(everywhere):
    tokens = torch.arange(2, 42).reshape(2, 20)
    first, again, other = (drawn(tokens, [20, 20], 0.5, seed, everywhere=everywhere) for seed in (3, 3, 4))
    assert (first == again).all()
    assert (first != other).any()


def test_a_word_goes_missing_all_over_its_text_and_by_itself_in_each():
    tokens = torch.tensor([2, 3, 4, 5, 6]).repeat(200, 4)
    out = drawn(tokens, [20] * 200, 0.5, everywhere=True)
    assert (out.reshape(200, 4, 5) == out.reshape(200, 4, 5)[:, :1]).all()
    assert len({tuple(row.tolist()) for row in out}) > 20
    each = drawn(tokens, [20] * 200, 0.5)
    assert (each.reshape(200, 4, 5) != each.reshape(200, 4, 5)[:, :1]).any()


@pytest.mark.parametrize("everywhere", [False, True])
def test_padding_stays_and_no_text_loses_all(everywhere):
    tokens = torch.tensor([[2, 0, 0, 0], [2, 3, 0, 0], [2, 3, 4, 5], [0, 0, 0, 0]])
    lengths = [1, 2, 4, 0]
    seen = set()
    for seed in range(100):
        out = drawn(tokens, lengths, 0.9, seed, everywhere=everywhere)
        assert (out[tokens == 0] == 0).all()
        assert out[0, 0] == 2
        assert all((out[row, :n] > 1).any() for row, n in enumerate(lengths) if n)
        seen.add(tuple(out[1, :2].tolist()))
    assert seen == {(2, 3), (1, 3), (2, 1)}


def test_nothing_is_drawn_at_a_rate_of_0_and_empty_batches_pass():
    tokens = torch.tensor([[2, 3]])
    generator = torch.Generator().manual_seed(0)
    state = generator.get_state()
    assert augment(tokens, torch.tensor([2]), generator, 0.0).tolist() == [[2, 3]]
    assert (generator.get_state() == state).all()
    for shape in ((0, 4), (2, 0)):
        lengths = torch.zeros(shape[0], dtype=torch.int64)
        assert augment(torch.empty(shape, dtype=torch.int64), lengths, generator, 0.5).shape == shape


@pytest.mark.parametrize("rate", [-0.1, 1, float("nan")])
def test_a_rate_is_a_share_below_all(rate):
    with pytest.raises(OptionError, match=rf"^rate must be from 0 to below 1; got {rate}. 0 changes nothing.$"):
        drawn(torch.tensor([[2]]), [1], rate)
