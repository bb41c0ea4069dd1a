"""Regular grids of every calendar, for Hypothesis to draw."""

from __future__ import annotations

from hypothesis import strategies as st

from gatework.data.frequency import DAY, HOUR, MINUTE, SECOND, WEEK, Frequency

clocks = st.sampled_from([1_000, 250_000, SECOND, 10 * SECOND, MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY, 2 * DAY, WEEK])


@st.composite
def frequencies(draw):
    calendar = draw(st.sampled_from(["clock", "business", "month", "integer"]))
    step = draw(clocks if calendar == "clock" else st.sampled_from([1, 2, 3, 6, 12, 24]))
    origin = draw(st.integers(0, step - 1))
    day = draw(st.integers(1, 31)) if calendar == "month" else 1
    clock = draw(st.sampled_from([0, 7 * HOUR, DAY - 1])) if calendar in ("business", "month") else 0
    return Frequency(calendar, step, origin, day, clock)
