"""The calendar in windows: by the wall clock, of each series its own, and nothing else is changed by it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from gatework.data.clock import Clock, names, owners
from gatework.data.frame import read
from gatework.data.windows import Windows, _lay, future_features, past_features

LAGS, L, H = (1, 24), 30, 26
PARTS = ("hour", "weekday", "moved")


def panel_of(times: pd.DatetimeIndex):
    return read(pd.DataFrame({"ds": times, "y": np.arange(len(times)) % 5}))


def at(cutoff: int, series: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor([series]), torch.tensor([cutoff])


def point(share: np.ndarray) -> np.ndarray:
    return np.stack([np.sin(2 * np.pi * share), np.cos(2 * np.pi * share)], -1)


@pytest.mark.parametrize("change", ["2024-03-31", "2024-10-27"])
def test_each_step_has_what_the_wall_clock_shows(change):
    times = pd.date_range(pd.Timestamp(change) - pd.Timedelta("5D"), periods=24 * 9, freq="h", tz="Europe/Berlin")
    clock = Clock(panel_of(times[: 24 * 7]), PARTS, LAGS, L, H)
    for cutoff in (60, 100, 130, 150):
        for found, steps in (
            (clock.past(*at(cutoff)), np.arange(cutoff - L, cutoff)),
            (clock.future(*at(cutoff)), np.arange(cutoff, cutoff + H)),
        ):
            wall = times[steps]
            assert found.shape[2] == 9
            np.testing.assert_allclose(found[0, :, :2], point(wall.hour.to_numpy() / 24), atol=1e-6)
            np.testing.assert_array_equal(found[0, :, 2:9], wall.day_of_week.to_numpy()[:, None] == np.arange(7))


# What comes round by the wall clock, in zones that move it by an hour, and by half of one in the south.
@pytest.mark.parametrize(
    ("zone", "change", "freq"),
    [
        ("Europe/Berlin", "2024-03-31", "1h"),
        ("Europe/Berlin", "2024-10-27", "1h"),
        ("Europe/Berlin", "2024-10-27", "15min"),
        ("America/New_York", "2024-03-10", "30min"),
        ("America/New_York", "2024-11-03", "1h"),
        ("Australia/Lord_Howe", "2024-10-06", "30min"),
        ("Australia/Lord_Howe", "2024-04-07", "15min"),
    ],
)
def test_the_simple_forecast_of_what_comes_round_by_the_wall_clock_is_as_good_when_that_is_moved(zone, change, freq):
    day = pd.Timedelta("1D") // pd.Timedelta(freq)
    times = pd.date_range(pd.Timestamp(change) - pd.Timedelta("42D"), periods=51 * day, freq=freq, tz=zone)
    hour = np.asarray(times.hour + times.minute / 60)
    mean = 100 + 20 * np.sin(hour * np.pi / 12) + 10 * np.isin(times.day_of_week, (5, 6)) * np.cos(hour * np.pi / 12)
    lags, noise = (1, day, 7 * day), np.random.default_rng(0).normal(size=len(times))
    for cutoff in range(41 * day, 50 * day, day // 2):
        panel = read(pd.DataFrame({"ds": times[:cutoff], "y": (mean + noise)[:cutoff]}))
        windows = Windows(panel.values, lags, 8, day, clock=Clock(panel, ("moved",), lags, 8, day))
        scale = windows.scale(*at(cutoff))
        path = scale.path[0].exp() if scale.log[0, 0] else scale.path[0]
        # Where seasons are taken off by the time that passed, it is 1 to 3.4 off for a week.
        assert np.abs(path.numpy() - mean[cutoff : cutoff + day]).mean() < 1, times[cutoff]


def test_of_an_hour_that_is_shown_twice_the_first_stands_for_it():
    times = pd.date_range("2024-10-26 23:30", periods=12, freq="30min", tz="Europe/Berlin")
    face = Clock(panel_of(times), ("moved",), (1, 48), 4, 2).face(np.array([0]), 12)
    assert face.tolist() == [[0, 1, 2, 3, 4, 5, 6, 5, 6, 7, 8, 9]]
    assert _lay(np.arange(12.0)[None], face).tolist() == [[0, 1, 2, 3, 4, 5, 6, 9, 10, 11]]


def test_an_hour_that_is_shown_twice_does_not_tell_of_what_follows_it():
    times = pd.date_range("2024-10-20", periods=48 * 14, freq="30min", tz="Europe/Berlin")
    y = np.sin(np.arange(len(times)) / 3)
    twice = np.flatnonzero(pd.Series(times.tz_localize(None)).duplicated(keep="first"))
    other = y.copy()
    other[twice[0] :] += 5
    first, second = (
        Windows(panel.values, (1, 48), 8, 4, clock=Clock(panel, ("moved",), (1, 48), 8, 4)).batch(*at(int(twice[0])))
        for panel in (read(pd.DataFrame({"ds": times, "y": values})) for values in (y, other))
    )
    assert torch.equal(first.past, second.past)
    # The shares of the rules are of the whole history, so only what lags repeat stays.
    assert torch.equal(first.future[..., :2], second.future[..., :2])


def test_the_last_value_is_known_in_an_hour_that_is_shown_twice_too():
    times = pd.date_range("2024-10-20", periods=48 * 14, freq="30min", tz="Europe/Berlin")
    twice = int(np.flatnonzero(pd.Series(times.tz_localize(None)).duplicated(keep="first"))[0])
    y = np.arange(len(times)) % 7.0

    def read_until(last: float) -> torch.Tensor:
        panel = read(pd.DataFrame({"ds": times, "y": np.where(np.arange(len(times)) == twice, last, y)}))
        windows = Windows(panel.values, (1, 48), 8, 4, clock=Clock(panel, ("moved",), (1, 48), 8, 4))
        return windows.batch(*at(twice + 1)).past[0, -1]

    # How far the last value lies from the last known one, its own; how far it moved over 1 step and over 48.
    still, moved = read_until(y[twice - 1]), read_until(y[twice - 1] + 3)
    assert still[0] == moved[0] == 0
    assert still[1] == 0
    assert moved[1] > 0
    assert moved[2] != still[2]


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
    assert owners(("hour", "weekday", "yearday", "moved"), first=3) == (3,) * 2 + (4,) * 7 + (5,) * 2
    assert names(("hour", "moved")) == ["hour sin", "hour cos"]
