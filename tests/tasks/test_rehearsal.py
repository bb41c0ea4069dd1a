"""What is held out decides how far networks are trusted and how wide their intervals are, by hand-worked cases."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gatework.data.frame import read
from gatework.data.windows import Batch
from gatework.models.ensemble import Ensemble
from gatework.models.forecast import EncoderDecoder, simple_quantiles
from gatework.models.quantiles import MEDIAN, QUANTILES
from gatework.tasks import rehearsal
from gatework.tasks.rehearsal import WIDEST, calibrate, hold_out, spread, stretch, worth

HIGH = QUANTILES.index(0.95)


def panel(lengths):
    ids = np.repeat([f"{i:03d}" for i in range(len(lengths))], lengths)
    ds = np.concatenate([np.arange(n) for n in lengths])
    return read({"unique_id": ids, "ds": ds, "y": np.sin(ds)}, season_length=1)


def missed(errors):
    """Simple quantiles of windows of one step, and what followed: so many half-widths of the 90 % interval off."""
    quantiles = simple_quantiles(torch.ones(len(errors), 1, 3))
    return quantiles, quantiles[0, 0, HIGH] * torch.tensor(errors)[:, None]


def test_many_series_give_one_window_each_and_one_series_many():
    assert [len(at.history.values[0]) for at in hold_out(panel([100] * 64), 6)] == [94]
    # A quarter of 100 steps, of which the last window takes 6: 20 origins, a step apart.
    assert [len(at.history.values[0]) for at in hold_out(panel([100]), 6)] == list(range(75, 95))
    # 24 at most, and never so far apart that steps between two windows are judged by none.
    assert [len(at.history.values[0]) for at in hold_out(panel([5000]), 2)] == list(range(4952, 5000, 2))
    # Of a series that is barely longer than a window there is one, too.
    assert [len(at.history.values[0]) for at in hold_out(panel([9]), 6)] == [3]


def test_held_out_truth_is_what_followed():
    for at in hold_out(panel([100]), 6):
        known = len(at.history.values[0])
        np.testing.assert_array_equal(at.truth[0], np.sin(np.arange(known, known + 6)))


def test_the_factor_is_that_of_the_rank_which_holds_for_one_more_value():
    # Of 19 values the rank is 0.9 * 20 = 18, the last but one; the sign does not count.
    errors = [*np.linspace(-0.5, 0.5, 17), -2.0, 40.0]
    assert spread(*missed(errors)).tolist() == pytest.approx([2.0], rel=1e-5)


@pytest.mark.parametrize(
    ("errors", "factor"),
    [([0.1] * 30, 1.0), ([50.0] * 5, WIDEST), ([np.nan] * 4, 1.0), ([np.nan, 3.0], 3.0)],
    ids=["wide enough", "no wider than the most", "nothing known", "one known"],
)
def test_it_is_never_below_one_nor_above_the_most(errors, factor):
    assert spread(*missed(errors)).tolist() == pytest.approx([factor], rel=1e-5)


def test_a_width_that_few_windows_tell_is_stretched_as_students_t():
    # The 95 % points of Student's t with 3 and 20 degrees of freedom, and of a normal distribution.
    assert stretch(3) == pytest.approx(2.3534 / 1.6449, rel=1e-4)
    assert stretch(20) == pytest.approx(1.7247 / 1.6449, rel=1e-4)
    assert stretch(1e7) == 1
    net = ensemble(1.0)
    calibrate(net, windows(1.0), 3)
    assert net.spread.tolist() == pytest.approx([stretch(3)] * 2)


def test_windows_that_overlap_are_worth_what_each_adds():
    # 20 origins a step apart over a horizon of 6 steps, and one origin of 64 series.
    assert worth(hold_out(panel([100]), 6)) == pytest.approx(1 + 19 / 6)
    assert worth(hold_out(panel([100] * 64), 6)) == 64


def test_each_step_has_its_own_factor_where_windows_are_many_and_shares_its_neighbours_where_few(monkeypatch):
    quantiles = simple_quantiles(torch.ones(10, 5, 3))
    # Only the last step missed.
    target = quantiles[..., HIGH] * torch.tensor([0.5, 0.5, 0.5, 0.5, 3.0])
    monkeypatch.setattr(rehearsal, "VALUES", 10)
    assert spread(quantiles, target).tolist() == pytest.approx([1, 1, 1, 1, 3], rel=1e-5)
    monkeypatch.setattr(rehearsal, "VALUES", 30)
    assert spread(quantiles, target).tolist() == pytest.approx([1, 1, 1, 3, 3], rel=1e-5)


def ensemble(*medians):
    """Untrained networks, which forecast the simple quantiles moved by so much."""
    net = Ensemble([EncoderDecoder(3, 3, hidden_size=4) for _ in medians], h=2).eval()
    with torch.no_grad():
        for member, median in zip(net.members, medians, strict=True):
            member.head.bias[MEDIAN] = median
    return net


def windows(value, count=50):
    return [Batch(torch.zeros(count, 5, 3), torch.ones(count, 2, 3), torch.full((count, 2), value))]


@pytest.mark.parametrize(("value", "trust"), [(1.0, 1.0), (2.0, 1.0), (0.5, 0.5), (0.0, 0.05), (-1.0, 0.05)])
def test_networks_are_trusted_as_far_as_it_helped(value, trust):
    net = ensemble(1.0)
    calibrate(net, windows(value))
    assert float(net.trust) == pytest.approx(trust)
    median = net(torch.zeros(1, 5, 3), torch.ones(1, 2, 3))[..., MEDIAN]
    torch.testing.assert_close(median, torch.full((1, 2), trust))


def test_few_windows_must_say_more_before_networks_are_trusted(monkeypatch):
    # The network says 1, the simple forecast 0. It is right 6 times of 10: better on average, by less than luck of a
    # few windows could do.
    some = torch.tensor([1.0] * 6 + [0.0] * 4).repeat(20)[:, None].expand(200, 2)
    held, net = [windows(0.0, 200)[0]._replace(target=some)], ensemble(1.0)

    def trust(windows: float) -> float:
        calibrate(net, held, windows)
        return float(net.trust)

    assert (trust(2), trust(5)) == pytest.approx((0.25, 0.35))
    # Those of which nothing is known say nothing.
    held.append(windows(float("nan"), 5000)[0])
    assert trust(5) == pytest.approx(0.35)
    # The best share is told by so many.
    monkeypatch.setattr(rehearsal, "FEW", 5)
    assert trust(5) == pytest.approx(0.65)


@pytest.mark.parametrize(("value", "heed"), [(1.0, 1.0), (0.0, 0.0), (0.3, 0.3)], ids=["signal", "noise", "both"])
def test_covariates_are_heeded_as_far_as_it_helped(value, heed):
    # With its covariate, which is 1, a network says 1; without it, 0.
    class Says(EncoderDecoder):
        def forward(self, past, future, blind=False):
            return simple_quantiles(future) + (0.0 if blind else past[:, :1, -1:])

    net = Ensemble([Says(3, 3, hidden_size=4, covariates=((0,), ()))], h=2).eval()
    batch = windows(value)[0]._replace(past=torch.ones(50, 5, 3))
    calibrate(net, [batch])
    assert float(net.heed) == pytest.approx(heed, abs=1e-6)
    said = net.learned(batch.past, batch.future)[..., MEDIAN]
    torch.testing.assert_close(said, torch.full((50, 2), heed))


def test_an_ensemble_forecasts_the_mean_of_its_networks_quantiles():
    alone = [ensemble(m)(torch.zeros(1, 5, 3), torch.ones(1, 2, 3)) for m in (1.0, 4.0)]
    both = ensemble(1.0, 4.0)(torch.zeros(1, 5, 3), torch.ones(1, 2, 3))
    torch.testing.assert_close(both, (alone[0] + alone[1]) / 2)


def test_intervals_stay_as_wide_as_they_were_before_the_windows_were_learned():
    net, held = ensemble(1.0), windows(1.0)
    before = rehearsal.widths(net, held)
    # Half as wide at the first step, and twice as wide at the second: that one stays.
    rehearsal.keep_widths(net, held, before * torch.tensor([2.0, 0.5]))
    assert net.spread.tolist() == pytest.approx([2.0, 1.0])
    torch.testing.assert_close(rehearsal.widths(net, held), before * torch.tensor([2.0, 1.0]))


def test_wider_intervals_keep_their_median():
    net, batch = ensemble(1.0), (torch.zeros(1, 5, 3), torch.ones(1, 2, 3))
    narrow = net(*batch)
    net.spread.copy_(torch.tensor([1.0, 3.0]))
    wide = net(*batch)
    torch.testing.assert_close(wide[:, 0], narrow[:, 0])
    torch.testing.assert_close(wide[..., MEDIAN], narrow[..., MEDIAN])
    torch.testing.assert_close(wide[:, 1] - wide[:, 1, [MEDIAN]], 3 * (narrow[:, 1] - narrow[:, 1, [MEDIAN]]))
