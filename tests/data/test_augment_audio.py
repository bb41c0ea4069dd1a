"""What augmentation does to frames of sound, each kind by itself, and what it leaves alone."""

from __future__ import annotations

from itertools import groupby

import pytest
import torch

from gatework.data.augment_audio import Augment

NOTHING = {"time_masks": 0, "band_masks": 0, "speed": 0.0, "tract": 0.0, "gain": 0.0, "noise": 0.0}
LENGTHS = torch.tensor([60, 41, 1, 2, 17, 60])


def draw(seed=0):
    return torch.Generator().manual_seed(seed)


def batch(frames=60, bands=40, lengths=LENGTHS):
    x = torch.randn(len(lengths), frames, bands, generator=draw(99))
    return x * within(frames, lengths)


def within(frames, lengths):
    return (torch.arange(frames) < lengths[:, None])[:, :, None]


def test_strength_0_changes_nothing():
    x = batch()
    got, lengths = Augment(strength=0.0)(x, LENGTHS, draw())
    torch.testing.assert_close(got, x, rtol=0, atol=0)
    assert lengths.equal(LENGTHS)


def test_the_same_generator_gives_the_same_and_another_another():
    x = batch()
    kept = x.clone()
    first, lengths = Augment()(x, LENGTHS, draw(1))
    again, _ = Augment()(x, LENGTHS, draw(1))
    other, _ = Augment()(x, LENGTHS, draw(2))
    assert first.equal(again)
    assert first.shape != other.shape or not first.equal(other)
    assert x.equal(kept)
    assert first.shape[1] == lengths.max()
    assert torch.isfinite(first).all()
    assert not first[~within(first.shape[1], lengths).expand_as(first)].any()


def test_every_recording_has_a_draw_of_its_own():
    x = batch(lengths=torch.full((8,), 60))[:1].expand(8, -1, -1)
    for kind in ({"speed": 0.15}, {"tract": 0.15}, {"gain": 0.3}, {"noise": 0.1}, {"time_masks": 2}, {"band_masks": 2}):
        got, _ = Augment(**{**NOTHING, **kind})(x, torch.full((8,), 60), draw())
        # Two may well have stretched to the same number of frames, or be hidden alike.
        assert len({tuple(row.flatten().tolist()) for row in got}) >= 5, kind


def test_what_stands_behind_the_end_is_not_read():
    x = batch()
    dirty = torch.where(within(60, LENGTHS), x, 1e6)
    for seed in range(5):
        clean, lengths = Augment()(x, LENGTHS, draw(seed))
        got, same = Augment()(dirty, LENGTHS, draw(seed))
        assert lengths.equal(same)
        # Where a place between two frames is rounded to the last one, nothing of the next one may come in.
        torch.testing.assert_close(got, clean, rtol=0, atol=1e-4)


def test_speed_stretches_time_from_the_first_frame_to_the_last():
    lengths = torch.tensor([60, 41, 1, 2, 17] * 40)
    ramp = torch.arange(60.0)[None, :, None].expand(200, 60, 3)
    got, new = Augment(**{**NOTHING, "speed": 0.15})(ramp, lengths, draw())
    share = (lengths - 1) / (new - 1).clamp(min=1)
    long = lengths > 40
    assert share[long].min() > 0.83
    assert share[long].max() < 1.17
    assert share[long].min() < 0.9
    assert share[long].max() > 1.1
    assert (new[lengths == 1] == 1).all()
    for row, old, n in zip(got, lengths.tolist(), new.tolist(), strict=True):
        torch.testing.assert_close(row[:n, 0], torch.linspace(0, old - 1, n), rtol=0, atol=1e-4)


def test_the_tract_stretches_the_bands():
    ramp = torch.arange(40.0).expand(200, 5, 40)
    got, _ = Augment(**{**NOTHING, "tract": 0.15})(ramp, torch.full((200,), 5), draw())
    factor = got[:, 0, 10] / 10
    assert factor.min() > 0.85
    assert factor.max() < 1.15
    assert factor.max() - factor.min() > 0.25
    want = (torch.arange(40.0) * factor[:, None]).clamp(max=39)
    torch.testing.assert_close(got, want[:, None, :].expand_as(got), rtol=1e-4, atol=1e-4)


def test_gain_moves_all_bands_alike():
    x = batch(lengths=torch.full((200,), 4), frames=4)
    got, _ = Augment(**{**NOTHING, "gain": 0.3})(x, torch.full((200,), 4), draw())
    change = got - x
    torch.testing.assert_close(change, change[:, :1, :1].expand_as(change), rtol=0, atol=1e-5)
    assert change.abs().max() < 0.3
    assert change.max() > 0.2
    assert change.min() < -0.2


def test_noise_is_drawn_for_every_number_up_to_its_size():
    x = torch.zeros(300, 20, 39)
    got, _ = Augment(**{**NOTHING, "noise": 0.1})(x, torch.full((300,), 20), draw())
    size = got.flatten(1).std(1)
    assert size.max() < 0.105
    assert size.min() < 0.01
    assert abs(size.mean() - 0.05) < 0.01
    assert abs(got.mean()) < 1e-3
    # Neighbours are cut from one random number: they must not know of each other.
    z = (got / size[:, None, None]).flatten(1)
    for lag in (1, 2, 4, 8, 39):
        assert abs((z[:, lag:] * z[:, :-lag]).mean()) < 0.01


@pytest.mark.parametrize(("kind", "dim"), [("time", 1), ("band", 2)])
def test_masks_are_short_stretches_anywhere(kind, dim):
    x = torch.ones(500, 60, 40)
    lengths = torch.full((500,), 50)
    got, _ = Augment(**{**NOTHING, f"{kind}_masks": 2, f"{kind}_share": 0.2})(x, lengths, draw())
    kept = got[:, :50].amax(3 - dim)
    assert set(kept.unique().tolist()) <= {0.0, 1.0}
    assert kept.equal(got[:, :50].amin(3 - dim)), "a mask spans all of the other dimension"
    assert not got[:, 50:].any()
    size = kept.shape[1]
    for row in kept.tolist():
        runs = [len(list(run)) for value, run in groupby(row) if value == 0]
        assert len(runs) <= 2
        assert sum(runs) <= 0.4 * size
        assert max(runs, default=0) <= 0.4 * size
    masked = (1 - kept).mean(0)
    # Each mask is a tenth on average, its width rounded down, fewer at the ends; none is out of reach.
    assert 0.12 < masked.mean() < 0.2
    assert (masked > 0).all()


def test_of_mfcc_only_time_is_masked_and_noise_added():
    x = torch.ones(100, 60, 13)
    lengths = torch.full((100,), 60)
    quiet = Augment(noise=0.0, spectral=False)
    got, new = quiet(x, lengths, draw())
    assert new.equal(lengths)
    assert set(got.unique().tolist()) == {0.0, 1.0}
    assert got.amax(2).equal(got.amin(2))
    loud, _ = Augment(spectral=False)(x, lengths, draw())
    assert 0.01 < (loud - got)[got == 1].std() < 0.1


def test_float64_stays_float64():
    got, _ = Augment()(batch().double(), LENGTHS, draw())
    assert got.dtype == torch.float64
