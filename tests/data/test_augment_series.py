"""Augmented series: as long as they were, 0 behind the end, missing where they were missing, and no farther off."""

from __future__ import annotations

import pytest
import torch

from gatework.data.augment_series import Augment


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


def test_nothing_is_changed_by_none_of_it():
    x, lengths = torch.randn(3, 9, 2), torch.tensor([9, 4, 1])
    found, same = Augment(0, 0, 0, 0)(x, lengths, drawn())
    for row, length in enumerate(lengths):
        torch.testing.assert_close(found[row, :length], x[row, :length])
        assert not found[row, length:].any()
    assert same.equal(lengths)


def test_a_line_stays_within_what_it_was_and_ascends():
    x = torch.arange(50.0)[None, :, None].repeat(200, 1, 1)
    found, _ = Augment(warp=0.4, crop=0.1, scale=0, jitter=0)(x, torch.full((200,), 50), drawn())
    assert (found.diff(dim=1) >= -1e-4).all()
    assert found.min() >= 0
    assert found.max() <= 49
    first, last = found[:, 0, 0], found[:, -1, 0]
    assert 0 < first.max() <= 0.1 * 49 + 1e-4
    assert 0.9 * 49 - 1e-4 <= last.min() < 49
    # Rows differ from each other, and the pace differs within a row.
    assert found.std(0).max() > 0.5
    # One in two stays as it is.
    still = (found == x).all(1).float().mean()
    assert 0.4 < still < 0.6
    assert (found.diff(dim=1).std(1) > 0.05).float().mean() > 0.9 * (1 - still)


def test_the_padding_of_a_row_is_never_read():
    x, lengths = torch.ones(4, 12, 1), torch.tensor([3, 12, 1, 7])
    for row, length in enumerate(lengths):
        x[row, length:] = 1e6
    for seed in range(20):
        found, _ = Augment(scale=0, jitter=0)(x, lengths, drawn(seed))
        for row, length in enumerate(lengths):
            torch.testing.assert_close(found[row, :length], torch.ones(length, 1))


def test_what_is_missing_stays_missing_and_nothing_else_does():
    x = torch.randn(64, 40, 1)
    x[:, 20] = torch.nan
    found, _ = Augment()(x, torch.full((64,), 40), drawn())
    count = torch.isnan(found).sum(1)
    assert (count >= 1).float().mean() > 0.9
    assert count.max() <= 6


def test_columns_are_scaled_each_by_its_own():
    x = torch.ones(4000, 2, 2)
    found, _ = Augment(0, 0, 0.1, 0)(x, torch.full((4000,), 2), drawn())
    assert found[:, 0].equal(found[:, 1])
    assert found.std(0) == pytest.approx(torch.full((2, 2), 0.1).numpy(), rel=0.1)
    assert abs(torch.corrcoef(found[:, 0].T)[0, 1]) < 0.1


def test_the_same_generator_draws_the_same():
    x, lengths = torch.randn(3, 9, 2), torch.tensor([9, 4, 1])
    one, two, other = (Augment()(x, lengths, drawn(seed))[0] for seed in (1, 1, 2))
    assert one.equal(two)
    assert not one.equal(other)
