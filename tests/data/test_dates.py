"""Times of every kind and form are read as what they mean, and given back in their own type."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa
import pytest

from gatework.data import dates
from gatework.errors import DataError


def read(values, **options):
    return dates.read(pa.chunked_array([values if isinstance(values, pa.Array) else pa.array(values)]), "ds", **options)


@pytest.mark.parametrize(
    ("text", "means", "note"),
    [
        (["2024-01-31", "2024-02-01"], ["2024-01-31", "2024-02-01"], None),
        (["2016-07-01 00:00:00", "2016-07-01 13:45:10"], ["2016-07-01", "2016-07-01 13:45:10"], None),
        (["2016-07-01T00:00", "2016-07-01T13:45"], ["2016-07-01", "2016-07-01 13:45"], None),
        (["2016-07-01T12:00:00+02:00", "2016-07-01T13:00:00Z"], ["2016-07-01 10:00", "2016-07-01 13:00"], None),
        ([" 2024-01-31 ", "2024-02-01"], ["2024-01-31", "2024-02-01"], None),
        (["2024-10-10", "2024-1-2"], ["2024-10-10", "2024-01-02"], None),
        (["2024/01/31 07:05", "2024/2/1 17:05"], ["2024-01-31 07:05", "2024-02-01 17:05"], None),
        (["1949-01", "1949-12"], ["1949-01-01", "1949-12-01"], "'1949-01' is read as year and month"),
        (["1949M01", "1949M12"], ["1949-01-01", "1949-12-01"], "'1949M01' is read as year and month"),
        (["1-01", "3-12"], ["0001-01-01", "0003-12-01"], "'1-01' is read as year and month"),
        (["01/1949", "12/1949"], ["1949-01-01", "1949-12-01"], "'01/1949' is read as month and year"),
        (["2013Q1", "2013Q4"], ["2013-01-01", "2013-10-01"], "'2013Q1' is read as year and quarter"),
        (["2013-Q1", "2013-q4"], ["2013-01-01", "2013-10-01"], "'2013-Q1' is read as year and quarter"),
        (["Q1 2013", "Q4 2013"], ["2013-01-01", "2013-10-01"], "'Q1 2013' is read as quarter and year"),
        (["1/4/1999", "1/13/1999"], ["1999-01-04", "1999-01-13"], "'1/4/1999' is read as month, day and year"),
        (["4.1.1999", "13.1.1999"], ["1999-01-04", "1999-01-13"], "'4.1.1999' is read as day, month and year"),
        (
            ["13/1/1999 9:30", "14/1/1999 9:30"],
            ["1999-01-13 09:30", "1999-01-14 09:30"],
            "'13/1/1999 9:30' is read as day, month and year",
        ),
        (["1/1/1999", "2/2/1999"], ["1999-01-01", "1999-02-02"], "'1/1/1999' is read as month, day and year"),
    ],
)
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())], ids=str)
def test_text(text, means, note, kind):
    times = read(pa.array(text, pa.string()).cast(kind))
    np.testing.assert_array_equal(times.values, np.array(means, dtype="M8[us]"))
    assert times.notes == ((f"ds: text such as {note}.",) if note else ())


def test_text_with_an_offset_is_given_back_in_utc():
    assert read(["2016-07-01T12:00:00+02:00"]).type == pa.timestamp("us", "UTC")


@pytest.mark.parametrize(
    ("numbers", "means"),
    [
        ([19580329, 19580405], ["1958-03-29", "1958-04-05"]),
        ([194901, 194912], ["1949-01-01", "1949-12-01"]),
        (["19580329", "19580405"], ["1958-03-29", "1958-04-05"]),
        ([19580329.0, 19580405.0], ["1958-03-29", "1958-04-05"]),
    ],
)
def test_whole_numbers_that_are_all_dates(numbers, means):
    times = read(numbers)
    np.testing.assert_array_equal(times.values, np.array(means, dtype="M8[us]"))
    assert times.type == pa.date32()
    form = "year, month and day" if int(numbers[0]) > 10_000_000 else "year and month"
    assert times.notes == (f"ds: whole numbers such as {int(numbers[0])} are read as {form}; freq=1 prevents that.",)
    assert read(numbers, integers=True).values.tolist() == [int(n) for n in numbers]


@pytest.mark.parametrize(
    "numbers", [[1700, 2008], [1, 2], [19580329, 19580330, 19580332], [194912, 194913], ["1981", "1982"]]
)
def test_other_whole_numbers_are_steps(numbers):
    times = read(numbers)
    assert times.values.tolist() == [int(n) for n in numbers]
    assert (times.values.dtype, times.notes) == (np.dtype("int64"), ())


TYPES = [pa.date32(), pa.date64(), *(pa.timestamp(unit) for unit in ("s", "ms", "us", "ns"))]
TYPES += [pa.timestamp("ns", "Europe/Berlin"), pa.timestamp("us", "+05:30"), pa.timestamp("ms", "UTC")]


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_times_go_back_into_their_own_type(kind):
    days = [datetime.datetime(2024, 3, 30), datetime.datetime(2024, 3, 31), datetime.datetime(2024, 4, 1)]
    column = pa.array(days, pa.timestamp("us")).cast(kind)
    times = read(column)
    assert times.values.dtype == "M8[us]"
    assert dates.write(times.values, times.type).equals(column)


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint16(), pa.int64(), pa.float64()], ids=str)
def test_numbers_go_back_into_their_own_type(kind):
    column = pa.array([1, 2, 4], kind)
    assert dates.write(read(column).values, kind).equals(column)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Sao_Paulo", "UTC"])
def test_the_wall_clock_and_back(zone):
    # In Sao Paulo, summer time of 2018 began at midnight: the 4th of November began at 1 o'clock.
    days = np.arange("2018-10-20", "2018-11-20", dtype="M8[D]").astype("M8[us]")
    column = dates.write(days, pa.timestamp("us", zone), wall=True)
    times = read(column)
    np.testing.assert_array_equal(dates.local(times.values, zone), days)


def test_of_a_midnight_that_comes_twice_the_first_begins_the_day():
    # In Havana, at 1 o'clock of the 4th of November 2018, it was midnight again: 4 hours, and then 5, behind UTC.
    midnight = np.array(["2018-11-04"], dtype="M8[us]")
    stamp = dates.write(midnight, pa.timestamp("s", "America/Havana"), wall=True)
    assert stamp.cast(pa.int64()).to_pylist() == [np.datetime64("2018-11-04T04:00:00").astype(int)]


def test_the_hour_that_comes_twice_is_two_times_in_utc():
    # The night of the 27th of October 2024, in Berlin: 2 o'clock, and an hour later 2 o'clock.
    stamps = pa.array([1729987200, 1729990800], pa.timestamp("s", "Europe/Berlin"))
    values = read(stamps).values
    assert np.diff(values).tolist() == [datetime.timedelta(hours=1)]
    assert dates.write(values, stamps.type).equals(stamps)


ADVICE = "Write dates as 2024-01-31, and times as 2024-01-31 13:00:00."


@pytest.mark.parametrize(
    ("values", "got"),
    [
        (["2024-01-31", "soon"], "'soon' in row 2"),
        (["2024-01-31", "2024-02-30", "x"], "'2024-02-30' in row 2"),
        (["1949-01", "1949-13"], "'1949-13' in row 2"),
        (["2013Q1", "2013Q5"], "'2013Q5' in row 2"),
        (["1/13/1999", "13/13/1999"], "'13/13/1999' in row 2"),
        (["1/13/1999", "2/13/1999", "13/1/1999"], "'13/1/1999' in row 3"),
        (["2024-01-31 25:00", "2024-01-31 26:00"], "'2024-01-31 25:00' in row 1"),
        (["a", "b"], "'a' in row 1"),
        ([1.0, 2.5], "2.5 in row 2"),
        ([1.0, float("inf")], "inf in row 2"),
        ([True, False], "True in row 1"),
        ([datetime.time(12, 30)], "12:30:00 in row 1"),
    ],
)
def test_what_is_no_time_is_named(values, got):
    with pytest.raises(DataError) as error:
        read(values)
    assert str(error.value) == f"ds must hold dates or whole numbers; got {got}. {ADVICE}"


def test_a_late_bad_row_is_found():
    days = np.arange("1800-01-01", "2000-01-01", dtype="M8[D]").astype(str)
    days[54_321] = "1948-09-31"
    with pytest.raises(DataError, match=r"got '1948-09-31' in row 54322\."):
        read(pa.array(days))


MISSING = [(["2024-01-31", None], 2), (["2024-01-31", ""], 2), (["NA", "2024-01-31"], 1), ([1, None], 2), ([None], 1)]
MISSING += [(pa.array([1.0, float("nan")]), 2), ([datetime.date(2024, 1, 1), None], 2)]


@pytest.mark.parametrize(("values", "row"), MISSING)
def test_a_missing_time_is_named(values, row):
    with pytest.raises(DataError) as error:
        read(values)
    assert str(error.value) == (
        f"ds must hold a time in every row; got none in row {row}. Fill it in or remove the row."
    )


def test_dates_that_can_be_read_in_two_ways_are_refused():
    with pytest.raises(DataError) as error:
        read(["01/01/2012", "03/04/2012", "05/06/2012"])
    assert str(error.value) == (
        "ds must hold dates that can be read in one way; got '03/04/2012' in row 2, "
        "which may be 2012-03-04 or 2012-04-03. Write it as 2012-03-04."
    )
