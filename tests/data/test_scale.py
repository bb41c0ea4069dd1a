"""What a forecast is measured from, by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gatework.data.scale import FLOOR, Scale, carry, follow, in_logs, size_of

nan = np.nan


def test_carry_repeats_the_last_known_value_of_each_phase():
    z = np.array([1, 2, 3, nan, 5, nan, nan, nan])
    np.testing.assert_array_equal(carry(z, 1), [1, 2, 3, 3, 5, 5, 5, 5])
    np.testing.assert_array_equal(carry(z, 3), [1, 2, 3, 1, 5, 3, 1, 5])
    np.testing.assert_array_equal(carry(np.array([nan, 2, nan, nan]), 2), [nan, 2, nan, 2])
    assert carry(np.array([]), 4).shape == (0,)


def test_logarithms_are_for_positive_series_that_change():
    assert in_logs(np.array([1e-6, nan, 1e12]))
    assert not in_logs(np.array([0.0, 1.0]))
    assert not in_logs(np.array([-1.0, 1.0]))
    assert not in_logs(np.array([7.3, 7.3, nan]))
    assert not in_logs(np.array([nan]))


def test_each_series_follows_what_forecast_its_past_best():
    t = np.arange(200)
    season, noise = np.sin(t * np.pi / 6), 0.01 * np.sin(t * t)
    assert follow(season + noise, (1, 12), 6) == 1
    assert follow(np.cumsum(np.sin(t * t)), (1, 12), 6) == 0
    week = np.where(t % 14 < 2, 5.0, 0.0) + (t % 2)
    assert follow(week + noise, (1, 2, 14), 7) == 2
    gaps = np.where(t % 5 == 3, nan, season + noise)
    assert follow(gaps, (1, 12), 6) == 1


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 12, 17])
def test_a_series_too_short_to_judge_by_follows_its_last_value(steps):
    assert follow(np.sin(np.arange(steps) * np.pi / 6), (1, 12), 6) == 0


def test_the_usual_size_is_the_mean_change_so_far():
    changes = np.array([[nan, nan], [2, nan], [-4, 3], [nan, -5]])
    np.testing.assert_array_equal(size_of(changes, 0)[:, 0], [nan, 2, 3, 3])
    # Until a change over the lag is known, those over one step stand in.
    np.testing.assert_array_equal(size_of(changes, 1)[:, 0], [nan, 2, 3, 4])


def scale_of(changes, usual, path=0.0, log=False) -> Scale:
    return Scale.of(
        torch.full((1, 2), path, dtype=torch.float64),
        torch.tensor([changes], dtype=torch.float64),
        torch.tensor([[usual]], dtype=torch.float64),
        torch.tensor([log]),
    )


def test_a_window_is_measured_by_its_own_changes_and_no_less_than_a_share_of_the_usual():
    assert scale_of([2.0, nan, 4.0], 100.0 * FLOOR).size.item() == 3.0
    assert scale_of([0.0, 0.0], 5.0).size.item() == pytest.approx(5.0 * FLOOR)
    assert scale_of([nan, nan], 5.0).size.item() == 5.0
    assert scale_of([nan], nan).size.item() == 0.0


@given(
    st.floats(1e-6, 1e12),
    st.floats(1e-3, 10),
    st.lists(st.floats(-50, 50), min_size=2, max_size=2),
    st.booleans(),
)
def test_undo_is_the_inverse_of_apply(level, share, units, log):
    scale = scale_of([share if log else share * level], 0.0, np.log(level) if log else level, log)
    wanted = torch.tensor([units], dtype=torch.float64)
    y = scale.undo(wanted[..., None])[..., 0]
    torch.testing.assert_close(scale.apply(y), wanted, rtol=1e-9, atol=1e-9)


def test_what_cannot_be_measured_is_nan_and_what_is_far_is_bounded():
    y = torch.tensor([[-1.0, 1e300]], dtype=torch.float64)
    assert torch.isnan(scale_of([1.0], 1.0, log=True).apply(y)).tolist() == [[True, False]]
    assert scale_of([1.0], 1.0).apply(y).tolist() == [[-1.0, 100.0]]
    assert torch.isnan(scale_of([0.0], 0.0).apply(y)).all()


def test_a_window_without_changes_gives_its_path_exactly():
    scale = scale_of([0.0], 0.0, path=0.1)
    assert (scale.undo(torch.randn(1, 2, 13)) == 0.1).all()
