"""The calendar in windows: by the wall clock, of each series its own, and nothing else is changed by it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from gatework.data.clock import Clock, names, owners
from gatework.data.frame import read
from gatework.data.windows import Windows, future_features, past_features

LAGS, L, H = (1, 24), 30, 26
PARTS = ("hour", "weekday", "moved")


def panel_of(times: pd.DatetimeIndex):
    return read(pd.DataFrame({"ds": times, "y": np.arange(len(times)) % 5}))


def at(cutoff: int, series: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor([series]), torch.tensor([cutoff])


def point(share: np.ndarray) -> np.ndarray:
    return np.stack([np.sin(2 * np.pi * share), np.cos(2 * np.pi * share)], -1)


def utc_offset(times: pd.DatetimeIndex) -> np.ndarray:
    return np.array([time.utcoffset().total_seconds() / 3600 for time in times])


@pytest.mark.parametrize("change", ["2024-03-31", "2024-10-27"])
def test_each_step_has_what_the_wall_clock_shows_and_how_far_clocks_were_moved(change):
    begin = pd.Timestamp(change) - pd.Timedelta("5D")
    times = pd.date_range(begin, periods=24 * 9, freq="h", tz="Europe/Berlin")
    clock = Clock(panel_of(times[: 24 * 7]), PARTS, LAGS, L, H)
    offset = utc_offset(times)
    for cutoff in (60, 100, 130, 150):
        for found, steps, back in (
            (clock.past(*at(cutoff)), np.arange(cutoff - L, cutoff), 24),
            (clock.future(*at(cutoff)), np.arange(cutoff, cutoff + H), 24 * (1 + np.arange(H) // 24)),
        ):
            wall = times[steps]
            np.testing.assert_allclose(found[0, :, :2], point(wall.hour.to_numpy() / 24), atol=1e-6)
            np.testing.assert_array_equal(found[0, :, 2:9], wall.day_of_week.to_numpy()[:, None] == np.arange(7))
            np.testing.assert_array_equal(found[0, :, 9], offset[steps] - offset[steps - back])
    # By hand: at noon after the change, the hour that passed 24 hours before was one off.
    moved = clock.future(*at(24 * 5 + 12))[0, :, 9]
    assert moved[0] == (1 if change == "2024-03-31" else -1)
    assert moved[25] == moved[0], "what two lags repeat lies two days back"
    assert clock.future(*at(24 * 6 + 12))[0, 0, 9] == 0


@pytest.mark.parametrize("change", ["2024-03-31", "2024-10-27"])
@pytest.mark.parametrize(("freq", "hour"), [("h", 1), ("30min", 2), ("3h", 1 / 3)])
def test_what_a_lag_repeats_is_what_was_at_the_same_hour(change, freq, hour):
    lag = int(24 * hour)
    times = pd.date_range(pd.Timestamp(change) - pd.Timedelta("6D"), periods=9 * lag, freq=freq, tz="Europe/Berlin")
    h = lag + 3
    clock = Clock(panel_of(times), ("moved",), (1, lag), 4, h)
    back = torch.arange(h) - lag * (1 + torch.arange(h) // lag)
    for cutoff in range(4 * lag, 8 * lag - 3, 1 + lag // 7):
        there = clock.same_hour(*at(cutoff), back, lag)[0]
        assert (there < 0).all(), "what comes is not known"
        ahead, repeated = times[cutoff : cutoff + h], times[cutoff + there.numpy()]
        # An hour that the clocks skipped, or showed twice, has no other of its own; and 3 hours cannot be moved by one.
        same = (ahead.hour == repeated.hour) & (ahead.minute == repeated.minute)
        assert (~same).sum() <= (2 * hour if hour >= 1 else h)
    assert torch.equal(Clock(panel_of(times), ("hour",), (1, lag), 4, h).same_hour(*at(4 * lag), back, lag), back)


def test_what_is_known_late_is_repeated_from_a_lag_earlier():
    times = pd.date_range("2024-03-25", periods=24 * 9, freq="h", tz="Europe/Berlin")
    clock = Clock(panel_of(times), ("moved",), (1, 24), 4, 2)
    # At noon after the change: what was at noon before it is 23 steps back.
    cutoff = int(np.flatnonzero(times == pd.Timestamp("2024-03-31 12:00", tz="Europe/Berlin"))[0])
    back = torch.tensor([-24, -23])
    assert clock.same_hour(*at(cutoff), back, 24).tolist() == [[-23, -22]]
    assert clock.same_hour(*at(cutoff), back, 24, known=-23).tolist() == [[-23, -46]]


def test_steps_before_a_series_have_their_calendar_too():
    times = pd.date_range("2024-05-01", periods=100, freq="h")
    clock = Clock(panel_of(times), ("hour",), LAGS, L, H)
    before = pd.date_range(times[3] - pd.Timedelta(hours=L), periods=L, freq="h")
    np.testing.assert_allclose(clock.past(*at(3))[0], point(before.hour.to_numpy() / 24), atol=1e-6)


def test_series_that_begin_at_other_times_have_their_own():
    first = pd.date_range("2024-01-01", periods=60)
    near, far = (pd.date_range(day, periods=9) for day in ("2024-01-12", "2031-05-05"))
    for second in (near, far):
        table = pd.DataFrame(
            {"unique_id": ["a"] * len(first) + ["b"] * 9, "ds": first.append(second), "y": np.arange(len(first) + 9.0)}
        )
        clock = Clock(read(table), ("weekday",), (1, 7), 4, 3)
        for series, times in enumerate((first, second)):
            days = pd.date_range(times[5], periods=3, freq="D")
            found = clock.future(*at(5, series))[0]
            np.testing.assert_array_equal(found, days.day_of_week.to_numpy()[:, None] == np.arange(7))


def test_many_series_share_one_table():
    t = np.arange("2024-01-01", "2024-04-10", dtype="M8[D]")
    table = {"unique_id": np.repeat(np.arange(500), len(t)), "ds": np.tile(t, 500), "y": np.ones(500 * len(t))}
    clock = Clock(read(table), ("weekday",), (1, 7), 20, 7)
    assert len(clock._said) == 20 + 2 * 7 + len(t) + 7


def test_windows_with_a_calendar_have_it_behind_all_else():
    panel = panel_of(pd.date_range("2024-03-01", periods=200, freq="h", tz="Europe/Berlin"))
    plain = Windows(panel.values, LAGS, L, H).batch(*at(120))
    clock = Clock(panel, PARTS, LAGS, L, H)
    batch = Windows(panel.values, LAGS, L, H, clock=clock).batch(*at(120))
    assert batch.past.shape[2] == past_features(LAGS, None, PARTS)
    assert batch.future.shape[2] == future_features(LAGS, None, PARTS)
    width = past_features(LAGS)
    assert torch.equal(batch.past[..., :width], plain.past)
    assert torch.equal(batch.past[..., width:], clock.past(*at(120)))
    assert torch.equal(batch.future[..., : len(LAGS) + 2], plain.future[..., :-1])
    assert torch.equal(batch.future[..., len(LAGS) + 2 : -1], clock.future(*at(120)))
    assert torch.equal(batch.future[..., -1], plain.future[..., -1])
    assert torch.equal(batch.target, plain.target)


def test_each_number_has_a_name_and_an_owner():
    parts = ("hour", "weekday", "yearday", "moved")
    assert owners(parts, (1, 24, 168), first=3) == (3,) * 2 + (4,) * 7 + (5,) * 2 + (6,) * 2
    assert names(("hour", "moved"), (1, 24, 168)) == [
        "hour sin",
        "hour cos",
        "clocks moved in 24",
        "clocks moved in 168",
    ]
