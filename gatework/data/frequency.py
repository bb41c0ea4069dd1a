"""A regular grid of times: which step is which time, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MILLISECOND = 1_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MONTH_END = 31

# Every unit of clock time: its length, the cycle that makes its main season, and its name. Longest first.
CLOCK_UNITS = {
    "W": (WEEK, 52 * WEEK, "week"),
    "D": (DAY, WEEK, "day"),
    "h": (HOUR, DAY, "hour"),
    "min": (MINUTE, DAY, "minute"),
    "s": (SECOND, HOUR, "second"),
    "ms": (MILLISECOND, SECOND, "millisecond"),
    "us": (1, MILLISECOND, "microsecond"),
}
# A season of more steps than this is too long to be anyone's default.
_LONGEST_SEASON = 1440


@dataclass(frozen=True)
class Frequency:
    """A regular grid: ordinal 0, 1, 2, ... of a step, and the time of each.

    A grid counts along one of four calendars, and keeps every `step`-th count from `origin` on.

    Parameters
    ----------
    calendar : {"clock", "business", "month", "integer"}
        What is counted: microseconds, days from Monday to Friday, months, or whole numbers that are no dates.
    step : int
        Counts from one grid point to the next: an hour is 3,600,000,000 microseconds, a quarter is 3 months.
    origin : int
        The count of ordinal 0, at least 0 and less than `step`. Zero is the start of 1970.
    day : int
        Day of the month, for the month calendar. In a shorter month it is the last day, so 31 means month end.
    clock : int
        Microseconds after midnight, for the business and month calendars.
    """

    calendar: str
    step: int = 1
    origin: int = 0
    day: int = 1
    clock: int = 0

    def ordinals(self, times: np.ndarray) -> np.ndarray:
        """Position (int64) of each time on the grid. The times must lie on it: see `fits`."""
        ordinals = self.counts(times) - self.origin
        ordinals //= self.step
        return ordinals

    def times(self, ordinals: np.ndarray) -> np.ndarray:
        """Time of each position: datetime64[us], or int64 for integer steps."""
        counts = np.asarray(ordinals, dtype=np.int64) * self.step + self.origin
        if self.calendar == "integer":
            return counts
        if self.calendar == "clock":
            return counts.astype("M8[us]")
        if self.calendar == "business":
            days = (counts // 5 * 7 + counts % 5 - 3).astype("M8[D]")
        else:
            month = counts.astype("M8[M]")
            first, following = month.astype("M8[D]"), (month + 1).astype("M8[D]")
            days = np.minimum(first + (self.day - 1), following - 1)
        return days.astype("M8[us]") + np.timedelta64(self.clock, "us")

    def fits(self, times: np.ndarray) -> np.ndarray:
        """Whether each time lies on the grid (bool)."""
        return self.times(self.ordinals(times)) == times

    def counts(self, times: np.ndarray) -> np.ndarray:
        """Each time as a count (int64) along the calendar, whether or not it is on the grid."""
        times = np.asarray(times)
        if self.calendar == "month":
            return times.astype("M8[M]").astype(np.int64)
        if self.calendar == "business":
            # 1970 began on a Thursday, three days after a Monday.
            week, weekday = np.divmod(times.astype("M8[D]").astype(np.int64) + 3, 7)
            return week * 5 + weekday
        return (
            times.astype("M8[us]", copy=False).astype(np.int64) if self.calendar == "clock" else times.astype(np.int64)
        )

    @property
    def whole_days(self) -> bool:
        """Whether a step is made of whole days, so that it follows the wall clock where summer time shifts it."""
        return self.calendar in ("business", "month") or (self.calendar == "clock" and self.step % DAY == 0)

    @property
    def alias(self) -> str:
        """The grid's short name, as pandas spells it: "15min", "h", "D", "B", "W-SUN", "MS", "QE"; "1" for integers."""
        if self.calendar == "integer":
            return str(self.step)
        if self.calendar == "business":
            return _times(self.step, "B")
        if self.calendar == "clock":
            unit = self._unit
            anchor = f"-{WEEKDAYS[(self.origin // DAY + 3) % 7]}" if unit == "W" else ""
            return _times(self.step // CLOCK_UNITS[unit][0], unit) + anchor
        if self.day not in (1, MONTH_END):
            return _times(self.step, f"M-{self.day}")
        edge = "S" if self.day == 1 else "E"
        if self.step % 12 == 0:
            unit, months, usual = "Y", 12, 0 if edge == "S" else 11
        elif self.step == 3:
            unit, months, usual = "Q", 3, 0 if edge == "S" else 2
        else:
            return _times(self.step, f"M{edge}")
        # pandas names a quarter's grid by its first start (QS-JAN) or its last end (QE-DEC).
        month = self.origin % months
        named = month if edge == "S" or unit == "Y" else month + 9
        return _times(self.step // months, unit + edge) + ("" if month == usual else f"-{MONTHS[named]}")

    @property
    def name(self) -> str:
        """The grid in words: "hourly", "every 15 minutes"."""
        if self.calendar == "integer":
            return "integer steps" if self.step == 1 else f"integer steps of {self.step}"
        if self.calendar == "business":
            word, count = "business day", self.step
        elif self.calendar == "clock":
            size, _, word = CLOCK_UNITS[self._unit]
            count = self.step // size
        else:
            word, count = next((w, self.step // n) for w, n in _WORDS if self.step % n == 0)
        return _ADVERBS.get(word, f"every {word}") if count == 1 else f"every {count} {word}s"

    @property
    def season_length(self) -> int:
        """Steps in the main season: a day of hours or minutes, a week of days, a year of weeks, months or quarters.

        It is 1 (no season) where that cycle is no whole number of steps, and for integers, whose season lies in
        the values. Seconds take the hour, and below 3 seconds the minute: no default is longer than 1,440 steps.
        """
        if self.calendar == "integer":
            return 1
        if self.calendar != "clock":
            cycle = 5 if self.calendar == "business" else 12
            return cycle // self.step if cycle % self.step == 0 else 1
        cycle = CLOCK_UNITS[self._unit][1]
        if cycle // self.step > _LONGEST_SEASON:
            cycle //= 60
        return cycle // self.step if cycle % self.step == 0 else 1

    @property
    def _unit(self) -> str:
        return next(unit for unit, (size, _, _) in CLOCK_UNITS.items() if self.step % size == 0)


_WORDS = (("year", 12), ("quarter", 3), ("month", 1))
_ADVERBS = {"hour": "hourly", "day": "daily", "week": "weekly", "year": "yearly"}
_ADVERBS |= {"month": "monthly", "quarter": "quarterly", "business day": "business days"}


def _times(n: int, unit: str) -> str:
    return unit if n == 1 else f"{n}{unit}"
