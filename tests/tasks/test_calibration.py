"""Whether intervals hold what they promise, and how much of that chance explains."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from gatework.models.quantiles import MEDIAN, QUANTILES, Z
from gatework.tasks.calibration import Calibration, Held, calibrate
from gatework.tasks.naive import Forecast
from gatework.tasks.scores import Scores, Window, score

GAP = float("nan")


def windows(y, quantiles, past=(0, 2, 0, 2)):
    """Windows (W, N, h) of forecasts (..., Q), after histories whose mean change is 2."""
    y, found = np.array(y, dtype=float), []
    for truth, one in zip(y, np.broadcast_to(quantiles, (*y.shape, len(QUANTILES))), strict=True):
        history = SimpleNamespace(values=tuple(np.array(past, dtype=float) for _ in truth), season_length=1)
        forecast = Forecast(one[..., MEDIAN], one[..., 1], one[..., -2])
        found.append(Window(history, truth, forecast, one))
    return found


def normal(shape, alike=0.0, seed=0):
    """Normal values (..., h) each `alike` times what the step before it was, and of variance 1 all the same."""
    y = np.random.default_rng(seed).normal(size=shape)
    for j in range(1, shape[-1]):
        y[..., j] = alike * y[..., j - 1] + np.sqrt(1 - alike**2) * y[..., j]
    return y


def held(coverage, error=GAP, above=50.0, above_error=GAP, values=96, units=8):
    intervals = {level: Held(coverage, error, 1.0) for level in (50.0, 80.0, 90.0, 95.0)}
    return Calibration(intervals, (10.0,) * 10, above, above_error, 0.3, values, units)


# What is measured.


def test_every_number_worked_by_hand():
    # Standard normal forecasts: the 50 % interval ends at 0.67, the 80 % one at 1.28, the 90 % one at 1.64.
    found = calibrate(windows([[[-3.0, 0.5, 1.0, 1.5]]], Z))
    assert {level: held.coverage for level, held in found.intervals.items()} == {50: 25, 80: 50, 90: 75, 95: 75}
    ends = {level: 2 * NormalDist().inv_cdf(0.5 + level / 200) for level in (50, 80, 90, 95)}
    # Half as wide in units of the past's changes, whose mean is 2.
    assert {level: held.width for level, held in found.intervals.items()} == pytest.approx(
        {level: end / 2 for level, end in ends.items()}
    )
    # Their levels are 0.001, 0.69, 0.84 and 0.93.
    assert found.pit == (25, 0, 0, 0, 0, 0, 25, 0, 25, 25)
    assert (found.above, found.values, found.units) == (75, 4, 1)


def test_the_crps_is_that_of_compare():
    from gatework.tasks.judge import Forecasts, judge

    rng = np.random.default_rng(0)
    y, quantiles = rng.normal(size=(3, 5, 4)), rng.normal(size=(3, 5, 4, len(QUANTILES)))
    quantiles.sort(-1)
    made = windows(y, quantiles)
    origins = [SimpleNamespace(history=window.history, truth=window.y) for window in made]
    one = judge(origins, Forecasts("A", quantiles, quantiles[..., 1], quantiles[..., -2]))
    found = calibrate(made)
    assert found.crps == pytest.approx(one.average("crps"))
    assert found.intervals[90].width == pytest.approx(one.average("width"))
    assert found.intervals[90].coverage == pytest.approx(one.average("coverage"))


def test_windows_are_averaged_within_a_series_first_and_missing_values_do_not_count():
    y = [[[0.0, 9.0], [0.0, 0.0]], [[GAP, 0.0], [GAP, GAP]]]
    found = calibrate(windows(y, Z))
    assert found.intervals[90].coverage == pytest.approx((75 + 100) / 2)
    assert found.values == 5
    assert sum(found.pit) == pytest.approx(100)


def test_a_series_that_never_changed_has_coverage_and_no_width():
    found = calibrate(windows([[[0.0, 9.0]]], Z, past=(5, 5, 5)))
    assert found.intervals[90].coverage == 50
    assert np.isnan([found.intervals[90].width, found.crps]).all()


def test_many_series_are_measured_as_few_are(monkeypatch):
    made = windows(normal((2, 50, 6)), Z)
    whole = calibrate(made)
    monkeypatch.setattr("gatework.tasks.calibration.AT_ONCE", 7)
    parts = calibrate(made)
    assert parts.intervals == whole.intervals
    assert parts.crps == pytest.approx(whole.crps)


def test_the_tenths_are_even_where_the_forecast_is_right_even_if_it_is_all_zeros():
    found = calibrate(windows(normal((1, 500, 20)), Z))
    assert found.pit == pytest.approx([10] * 10, abs=1)
    # What is 0 six times of ten: a forecast that says so is right, though few values lie strictly within it.
    rng = np.random.default_rng(1)
    y = np.where(rng.random((1, 500, 20)) < 0.6, 0, rng.exponential(size=(1, 500, 20)))
    quantiles = [0 if p < 0.6 else -np.log((1 - p) / 0.4) for p in QUANTILES]
    found = calibrate(windows(y, np.array(quantiles)))
    assert found.pit[:6] == pytest.approx([10] * 6, abs=1)
    assert found.above == pytest.approx(50, abs=2)


def test_forecasts_without_quantiles_have_no_calibration():
    window = windows([[[0.0]]], Z)[0]
    assert calibrate([window._replace(quantiles=None)]) is None
    assert score([window._replace(quantiles=None)], "A").calibration is None


# What is said of it.


def test_an_interval_that_is_too_narrow_or_too_wide_is_called_that():
    narrow = calibrate(windows(normal((1, 100, 12), 0.5), 0.7 * Z))
    assert narrow.verdict() == (
        f"The 90 % interval held {narrow.intervals[90].coverage:.0f} % of 1,200 values: too narrow."
    )
    wide = calibrate(windows(normal((1, 100, 12), 0.5), 1.5 * Z))
    assert wide.verdict() == f"The 90 % interval held {wide.intervals[90].coverage:.0f} % of 1,200 values: too wide."
    assert narrow.pit[0] > 13 > 9 > narrow.pit[4]
    assert wide.pit[4] > 13 > 9 > wide.pit[0]


def test_forecasts_that_run_low_or_high_are_called_that():
    low = calibrate(windows(normal((1, 100, 12)) + 0.3, Z))
    assert low.verdict().endswith(f" Values lie above the median {low.above:.0f} % of the time: forecasts run low.")
    high = calibrate(windows(normal((1, 100, 12)) - 0.3, Z))
    assert high.verdict().endswith(
        f" Values lie below the median {100 - high.above:.0f} % of the time: forecasts run high."
    )


def test_few_windows_tell_nothing():
    found = calibrate(windows(normal((7, 1, 12)), 0.1 * Z))
    assert found.verdict() == (
        f"The 90 % interval held {found.intervals[90].coverage:.0f} % of 84 values, too few to tell whether it is "
        "right: 8 windows or series would say more."
    )
    assert calibrate(windows(normal((8, 1, 12)), 0.1 * Z)).verdict().endswith("values: too narrow.")


def test_nothing_is_said_of_nothing():
    assert calibrate(windows([[[GAP]]], Z)).verdict() == "Nothing can be said of the intervals: no value was scored."
    assert calibrate(windows([[[0.0]]], Z)).verdict().startswith("The 90 % interval held 100 % of 1 value, too few")


def test_what_chance_explains_is_no_finding():
    assert held(82, error=5).verdict() == (
        "The 90 % interval held 82 % of 96 values, no further from 90 % than chance explains."
    )
    assert held(82, error=3.9).verdict() == "The 90 % interval held 82 % of 96 values: too narrow."
    assert "median" not in held(90, error=5, above=60, above_error=6).verdict()
    assert "median 60 %" in held(90, error=5, above=60, above_error=4).verdict()


@pytest.mark.parametrize(("series", "h", "alike"), [(8, 12, 0.95), (12, 12, 0.7), (8, 1, 0), (40, 24, 1.0)])
def test_values_that_hang_together_do_not_pass_for_many(series, h, alike):
    wrong = 0
    for seed in range(200):
        said = calibrate(windows(normal((1, series, h), alike, seed), Z)).verdict()
        wrong += "too narrow" in said or "too wide" in said
    # Two standard errors let chance through about once in twenty times, and 200 draws of that up to 18 times.
    assert wrong <= 18


def test_the_windows_of_many_series_do_not_pass_for_independent():
    assert calibrate(windows(normal((5, 20, 3)), Z)).units == 20
    assert calibrate(windows(normal((5, 2, 3)), Z)).units == 10


# What is kept and shown.


def test_it_survives_json_with_nan_as_null():
    for made in (windows(normal((1, 20, 6)), Z), windows([[[GAP, 1.0]]], Z, past=(5, 5))):
        scores = score(made, "LSTM")
        text = json.dumps(scores.to_dict(), allow_nan=False)
        again = Scores.from_dict(json.loads(text))
        assert again.to_dict() == scores.to_dict()
        assert again.calibration.verdict() == scores.calibration.verdict()
    assert Scores.from_dict(score(windows(normal((1, 20, 6)), Z), "A").to_dict()).calibration.units == 20


def test_scores_that_an_older_gatework_saved_still_load():
    scores = score(windows(normal((1, 20, 6)), Z), "LSTM")
    old = {name: value for name, value in scores.to_dict().items() if name != "calibration"}
    assert Scores.from_dict(old) == replace(scores, calibration=None)


def test_the_table_shows_the_intervals_and_the_tenths():
    console = Console(width=100, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(calibrate(windows([[[-3.0, 0.5, 1.0, 1.5]]], Z)).shown())
    lines = [line.rstrip() for line in console.export_text().splitlines()]
    assert lines[0].split() == ["interval", "inside", "width"]
    assert lines[3].split() == ["90", "%", "75.0", "%", "1.64"]
    assert lines[-2] == "CRPS 0.545. CRPS and width: 1 is the mean seasonal change of the past."
    assert lines[-1] == "% of the values in each tenth of their forecast, the lowest first: 25 0 0 0 0 0 25 0 25 25"
