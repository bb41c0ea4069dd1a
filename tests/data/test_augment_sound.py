"""Sound in other surroundings: nothing is changed by none of them, and each does what it says."""

from __future__ import annotations

import numpy as np
import torch

from gatework.data.augment_sound import Surroundings
from gatework.data.normalise import DEPTH, level, units

D = 12
NONE = {"silence": 0, "speed": 0, "tract": 0, "equaliser": 0, "noise": (60, 60), "masks": 0, "share": 1}


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


def recordings():
    """Two of them as the reader gives them, 0 behind the end, and what they are measured by."""
    rng = np.random.default_rng(0)
    plain = [rng.normal(-3, 3, (T, D)) for T in (20, 9)]
    whole = np.concatenate([level(one) for one in plain])
    mean, std = whole.mean(0), whole.std(0)
    x = torch.zeros(2, 20, D)
    for row, one in zip(x, plain, strict=True):
        row[: len(one)] = torch.from_numpy(units(level(one), mean, std))
    return x, torch.tensor([20, 9]), tuple(mean.tolist()), tuple(std.tolist())


def test_nothing_is_changed_by_none_of_it():
    x, lengths, mean, std = recordings()
    found, same = Surroundings(mean, std, **NONE)(x, lengths, drawn())
    torch.testing.assert_close(found, x, atol=1e-4, rtol=1e-4)
    assert same.equal(lengths)


def test_loudness_comes_back_where_it_is_not_taken_out():
    x, lengths, mean, std = recordings()
    found, _ = Surroundings(mean, std, level=False, **NONE)(x, lengths, drawn())
    torch.testing.assert_close(found, x, atol=1e-4, rtol=1e-4)


def test_quiet_frames_come_before_and_after():
    x, lengths, mean, std = recordings()
    rows = 400
    x, lengths = x[:1].expand(rows, -1, -1), lengths[:1].expand(rows)
    found, longer = Surroundings(mean, std, **{**NONE, "silence": 5})(x, lengths, drawn())
    assert longer.min() == 20
    assert 24 < longer.max() <= 28
    still = (longer == 20).float().mean()
    # Each end stays as it is in 4 of 10, and where less than a frame was drawn.
    assert 0.2 < still < 0.35
    quiet = found[longer > 20]
    ends = torch.cat([quiet[:, 0], quiet[torch.arange(len(quiet)), longer[longer > 20] - 1]])
    nepers = ends * torch.tensor(std) + torch.tensor(mean)
    # What is quiet lies on the floor, so many nepers under the loudest.
    floor = (nepers.amax(1) - nepers.amin(1)).abs() < 1e-3
    assert 0.4 < floor.float().mean() < 1


def test_noise_fills_the_gaps_up_to_so_far_under_the_loudest():
    x, lengths, mean, std = recordings()
    found, _ = Surroundings(mean, std, **{**NONE, "noise": (3, 3)})(x, lengths, drawn())
    nepers = found[0] * torch.tensor(std) + torch.tensor(mean)
    assert (nepers.amax() - nepers.amin()) < DEPTH - 1
    plain = x[0] * torch.tensor(std) + torch.tensor(mean)
    assert (plain.amax() - plain.amin()) > DEPTH - 0.1


def test_an_equaliser_moves_bands_and_no_frame_against_another():
    x, lengths, mean, std = recordings()
    found, _ = Surroundings(mean, std, level=False, **{**NONE, "equaliser": 1.0})(x, lengths, drawn())
    change = (found - x)[0] * torch.tensor(std)
    torch.testing.assert_close(change, change[:1].expand_as(change), atol=1e-4, rtol=1e-3)
    assert change[0].std() > 0.2


def test_masks_are_the_mean_and_padding_stays_0():
    x, lengths, mean, std = recordings()
    x = x + 5 * (x != 0)
    found, longer = Surroundings(mean, std, level=False, **{**NONE, "masks": 0.4})(x, lengths, drawn())
    assert not found[1, 9:].any()
    hidden = (found[0] == 0) & (x[0] != 0)
    assert hidden.all(0).any() or hidden.all(1).any()
    torch.testing.assert_close(found[0][~hidden], x[0][~hidden], atol=1e-4, rtol=1e-4)
    assert longer.equal(lengths)


def test_a_share_of_recordings_is_changed_and_the_others_stay_as_they_came():
    x, lengths, mean, std = recordings()
    rows = 300
    x, lengths = x.repeat(rows, 1, 1), lengths.repeat(rows)
    found, longer = Surroundings(mean, std, silence=5, masks=0, share=0.3)(x, lengths, drawn())
    pairs = zip(x, found, lengths, longer, strict=True)
    stay = torch.tensor([bool(n == m) and one[:n].equal(row[:n]) for one, row, n, m in pairs])
    assert 0.62 < stay.float().mean() < 0.78
    # Those that changed have the length that is said, and nothing behind it.
    beyond = torch.arange(found.shape[1]) >= longer[:, None]
    assert not found[beyond].any()
    assert found[torch.arange(2 * rows), longer - 1].any(1).all()


def test_none_at_all_are_changed_by_a_share_of_0():
    x, lengths, mean, std = recordings()
    found, same = Surroundings(mean, std, share=0)(x, lengths, drawn())
    assert found is x
    assert same is lengths
