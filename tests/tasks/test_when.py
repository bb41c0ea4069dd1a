"""When a model errs, in a few lines of the terminal."""

from __future__ import annotations

import re

import numpy as np
import pytest
from contest import NAIVE, table, weekly
from rich.console import Console

import gatework
from gatework.errors import OptionError
from gatework.tasks.when import when


def lines(shown, width=80):
    console = Console(width=width)
    with console.capture() as found:
        console.print(shown)
    return [re.split(r" {2,}", line.rstrip()) for line in found.get().splitlines()]


@pytest.fixture(scope="module")
def hours():
    steps = np.arange(24 * 30)
    y = 20 + 5 * np.sin(steps * 2 * np.pi / 24) + np.random.default_rng(0).normal(size=len(steps))
    return gatework.compare(table(y, step=np.timedelta64(1, "h")), 24, models=NAIVE)


def test_few_of_many_steps_hours_by_fours_and_every_weekday():
    profile = {
        "horizon": {k: k / 10 for k in range(1, 1201)},
        "hour": {k: float(k) for k in range(24) if k != 23},
        "weekday": {0: 1.0, 5: 2.0, 6: 3.0},
    }
    found = lines(when("Theta", profile))
    assert found[0] == ["steps ahead", "1", "201", "401", "601", "800", "1,000", "1,200"]
    assert found[1] == ["MASE of Theta", "0.100", "20.100", "40.100", "60.100", "80.000", "100.000", "120.000"]
    assert found[2] == ["hour", "0–3 h", "4–7 h", "8–11 h", "12–15 h", "16–19 h", "20–23 h"]
    assert found[3] == ["MASE of Theta", "1.500", "5.500", "9.500", "13.500", "17.500", "21.000"]
    assert found[4] == ["weekday", "Mon", "Sat", "Sun"]
    assert found[5] == ["MASE of Theta", "1.000", "2.000", "3.000"]
    assert len(found) == 6


def test_a_short_horizon_is_shown_whole_and_what_does_not_vary_not_at_all():
    assert lines(when("A", {"horizon": {1: 0.5, 2: 0.25, 3: 1.0}})) == [
        ["steps ahead", "1", "2", "3"],
        ["MASE of A", "0.500", "0.250", "1.000"],
    ]
    assert when("A", {"horizon": {1: 0.5}}).row_count == 0
    # Hours that fall into one cell, as noon and one o'clock do, differ by nothing that is shown.
    assert when("A", {"horizon": {1: 0.5}, "hour": {12: 0.5, 13: 0.7}}).row_count == 0


def test_a_comparison_tells_of_its_best_model_or_of_the_one_that_is_named(hours):
    best, other = hours.rows
    for name, shown in ((best, hours.when()), (other, hours.when(other))):
        found = lines(shown)
        assert [line[0] for line in found[::2]] == ["steps ahead", "hour", "weekday"]
        assert [line[0] for line in found[1::2]] == [f"MASE of {name}"] * 3
        assert found[1][1] == f"{hours.profiles[name]['horizon'][1]:.3f}"
        assert found[5][1] == f"{hours.profiles[name]['weekday'][0]:.3f}"
    with pytest.raises(OptionError) as error:
        hours.when("ETS")
    assert str(error.value) == f"name must be of {best}, {other}; got 'ETS'."


def test_printed_it_is_the_table_when_the_best_errs_and_the_verdict(hours):
    said = str(hours).splitlines()
    assert said[0].split()[0] == "MASE"
    assert [line.split()[0] for line in said[1:3]] == list(hours.rows)
    whens = [line for line in said if line.startswith(("steps ahead ", "hour ", "weekday ", "MASE of "))]
    assert len(whens) == 6
    assert said[-2:] == ["", hours.verdict()]
    assert not any(line.endswith(" ") for line in said)
    assert "\x1b" not in str(hours)


def test_where_nothing_varies_there_is_no_empty_space_for_it():
    found = gatework.compare(table(weekly(60), step=np.timedelta64(7, "D")), 1, models=NAIVE, season_length=7)
    assert "steps ahead" not in str(found)
    assert "\n\n\n" not in str(found)
