"""Which grid is inferred from times, with gaps and strays, and what freq= says of it."""

from __future__ import annotations

import numpy as np
import pytest
from grids import frequencies
from hypothesis import assume, given
from hypothesis import strategies as st

from gatework.data.frequency import Frequency
from gatework.data.grid import infer, named
from gatework.errors import OptionError

pandas = pytest.importorskip("pandas")


def spread(alias: str, start: str = "2019-12-04 00:00", n: int = 60) -> np.ndarray:
    return pandas.date_range(start, periods=n, freq=alias).to_numpy().astype("M8[us]")


def infer_one(times: np.ndarray) -> Frequency | None:
    return infer(times, np.zeros(len(times), dtype=int))


CLOCKS = ["10s", "min", "15min", "30min", "h", "6h", "D", "B", "W-SUN", "W-TUE", "2W-MON"]
CALENDARS = ["MS", "ME", "2MS", "QS", "QE", "QS-FEB", "YS", "YE", "YS-APR", "YE-JUN"]


@pytest.mark.parametrize("alias", CLOCKS + CALENDARS)
@pytest.mark.parametrize("gaps", [0, 1, 5])
def test_the_grid_is_inferred_through_gaps(alias, gaps):
    times = spread(alias)
    kept = np.delete(times, np.random.default_rng(gaps).choice(np.arange(1, 59), gaps, replace=False))
    freq = infer_one(kept)
    # Two months have two phases, of which pandas' alias tells neither; the rest is told whole.
    assert freq.alias == alias
    assert freq.fits(times).all()


@pytest.mark.parametrize(
    ("times", "alias"),
    [
        (["2024-01-15", "2024-02-15", "2024-03-15"], "M-15"),
        (["2024-01-30", "2024-02-29", "2024-03-30"], "M-30"),
        (["2023-01-30", "2023-02-28"], "M-30"),
        (["2024-01-31", "2024-02-29", "2024-03-31"], "ME"),
        (["2024-02-28", "2024-03-28", "2024-04-28"], "M-28"),
        (["2024-01-01", "2024-02-01"], "MS"),
        (["2024-03-04", "2024-03-05", "2024-03-06", "2024-03-07", "2024-03-08"], "D"),  # no weekend tells of business
        (["2024-03-04", "2024-03-05", "2024-03-06", "2024-03-08"], "D"),
        (["2024-03-07", "2024-03-08", "2024-03-11", "2024-03-12"], "B"),
        (["2024-03-07 17:00", "2024-03-08 17:00", "2024-03-12 17:00"], "B"),
        (["2024-03-07", "2024-03-08", "2024-03-09", "2024-03-12"], "D"),
        (["2024-03-01", "2024-03-29", "2024-04-26"], "4W-FRI"),
        (["2024-01-01 06:30", "2024-01-01 07:30", "2024-01-01 09:30"], "h"),
        (["2024-01-01 06:30", "2024-01-02 06:30", "2024-01-03 06:30"], "D"),
    ],
)
def test_small_tables(times, alias):
    times = np.array(times, dtype="M8[us]")
    freq = infer_one(times)
    assert freq.alias == alias
    assert freq.fits(times).all()


def test_a_stray_row_does_not_make_the_grid_fine():
    times = np.sort(np.append(spread("h"), np.datetime64("2019-12-05 03:30", "us")))
    freq = infer_one(times)
    assert freq.alias == "h"
    assert (~freq.fits(times)).sum() == 1


def test_a_stray_row_leaves_months_months():
    times = np.sort(np.append(spread("MS", n=24), np.datetime64("2020-05-17", "us")))
    freq = infer_one(times)
    assert freq.alias == "MS"
    assert (~freq.fits(times)).sum() == 1


def test_series_share_one_grid():
    monday, thursday = spread("h", "2024-01-01"), spread("3h", "2024-01-04 02:00")
    freq = infer(np.concatenate([monday, thursday]), np.repeat([0, 1], 60))
    assert freq.alias == "h"


def test_no_series_with_two_rows_shows_no_step():
    assert infer(spread("h", n=2), np.array([0, 1])) is None


@pytest.mark.parametrize(("times", "step"), [([1700, 1701, 1703], 1), ([0, 5, 10, 20], 5), ([3, 13, 23], 10)])
def test_integer_steps(times, step):
    freq = infer_one(np.array(times))
    assert freq == Frequency("integer", step, times[0] % step)


ALIASES = """
    H h, T min, 15T 15min, S s, 10S 10s, L ms, d D, b B, W W-WED, w W-WED, W-wed W-WED, W-FRI W-FRI, 2W 2W-WED,
    M M-4, MS MS, ME ME, M-9 M-9, Q 3M-4, QS QS-MAR, QS-FEB QS-FEB, QE QE, QE-NOV QE-NOV, 2QS-FEB 6MS, 2YE 2YE,
    A 12M-4, Y 12M-4, AS YS-DEC, YE YE, YE-JUN YE-JUN, 12MS YS-DEC, 60min h, 24h D, 7D W-WED
"""


@pytest.mark.parametrize(("given", "alias"), [pair.split() for pair in ALIASES.split(",")])
def test_aliases_old_and_new(given, alias):
    # One Wednesday, the 4th of December: what an alias leaves open is taken from it.
    assert named(given, np.array(["2019-12-04"], dtype="M8[us]")).alias == alias


def test_what_an_alias_leaves_open_is_where_most_rows_are():
    times = np.array(["2024-01-01 00:20", "2024-01-01 01:20", "2024-01-01 02:00"], dtype="M8[us]")
    assert named("h", times).fits(times).tolist() == [True, True, False]


@pytest.mark.parametrize(
    "freq", ["", "hourly", "0h", "-1h", "W-XYZ", "h-MON", "MS-JAN", "M-32", "BMS", "1.5h", True, 0, -1, 1.0]
)
def test_an_unknown_alias_is_refused(freq):
    with pytest.raises(OptionError) as error:
        named(freq, np.array(["2019-12-04"], dtype="M8[us]"))
    assert str(error.value) == (
        "freq must be 's', 'min', 'h', 'D', 'B', 'W', 'W-MON', 'MS', 'ME', 'M-15', 'QS', 'QE', 'YS' or 'YE', "
        f"also as in '15min', or a whole number; got {freq!r}. Leave it out to infer it."
    )


def test_a_step_of_time_needs_dates():
    with pytest.raises(OptionError) as error:
        named("h", np.array([1, 2, 3]))
    assert str(error.value) == (
        "freq must be a whole number, such as 1, where the times are whole numbers; got 'h'. Leave it out to infer it."
    )


def test_a_step_of_numbers_needs_numbers():
    with pytest.raises(OptionError) as error:
        named(1, np.array(["2019-12-04"], dtype="M8[us]"))
    assert (
        str(error.value)
        == "freq must be a step, such as 'h', where the times are dates; got 1. Leave it out to infer it."
    )


@given(frequencies(), st.integers(-50, 50), st.sets(st.integers(1, 38), max_size=10))
def test_any_grid_is_inferred_from_its_own_times(freq, start, dropped):
    assume(freq.calendar != "business" or freq.step == 1)  # every second or third business day must be named
    ordinals = start + np.array([0, *sorted(set(range(1, 39)) - dropped), 39])
    times = freq.times(ordinals)
    found = infer_one(times)
    assert found.fits(times).all()
    # The distance in steps is what the models see: it must be the true one, whatever the grid is called.
    np.testing.assert_array_equal(np.diff(found.ordinals(times)), np.diff(ordinals))
