"""Of a large panel the latest steps are kept, as many of each series as there is room for, and a sample of too many."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from gatework.data import latest as room
from gatework.data.context import Context
from gatework.data.covariates import Vintages
from gatework.data.frame import read
from gatework.data.latest import about_reading, about_size, latest, lots, reach, sample, some
from gatework.data.standard import Standard


def panel(lengths, **more):
    ids = np.repeat([f"{i:03d}" for i in range(len(lengths))], lengths)
    ds = np.concatenate([np.arange(n) for n in lengths])
    table = {"unique_id": ids, "ds": ds, "y": np.sin(ds), "x": np.cos(ds), "z": ds.astype(float)}
    return read(table, season_length=1, **more)


@pytest.mark.parametrize(
    ("lengths", "most", "steps"),
    [
        ([100, 100], 200, None),
        ([100, 100], 199, 99),
        # 10 and 20 stay whole, and what they leave goes to the others.
        ([100, 20, 10, 100], 130, 50),
        ([100, 20, 10, 100], 229, 99),
        # No fewer than ten windows of 3 steps.
        ([100, 100], 40, 30),
        # Where ten windows are more than any series has, all stay.
        ([25, 20], 40, None),
    ],
)
def test_the_longest_series_give_way_first(lengths, most, steps):
    assert reach(panel(lengths), 3, most) == steps
    if steps:
        kept = sum(map(len, latest(panel(lengths), steps).values))
        assert kept <= most or steps == 30


def test_a_panel_that_has_room_stays_itself():
    whole = panel([30, 40])
    assert latest(whole, None) is whole
    assert latest(whole, 40) is whole
    assert sample(whole, 0, 70) is whole
    assert about_size(whole, None, 0) == []


def test_the_latest_steps_are_kept_with_their_times():
    whole = panel([30, 5])
    kept = latest(whole, 10)
    assert [series.tolist() for series in kept.values] == [np.sin(np.arange(20, 30)).tolist(), whole.values[1].tolist()]
    assert kept.starts.tolist() == [20, 0]
    assert kept.last().tolist() == whole.last().tolist()


def test_covariates_and_vintages_of_the_latest_steps_read_as_before():
    whole = panel([40, 6], hist_exog_list="x", futr_exog_list="z")
    made = Vintages(
        (np.array([3, 12, 33]), np.array([2])),
        (np.arange(12.0, dtype=np.float32).reshape(3, 4, 1), np.ones((1, 4, 1), np.float32)),
    )
    whole = replace(whole, covariates=replace(whole.covariates, vintages=made))
    kept, standard = latest(whole, 10), Standard.of(whole.covariates, [40, 6])
    one, two = (Context(p.covariates, standard, [len(v) for v in p.values], (1,), 3) for p in (whole, kept))
    series, ends = torch.tensor([0, 0, 1]), torch.tensor([40, 34, 6])
    later = ends - torch.tensor([30, 30, 0])
    torch.testing.assert_close(one.past(series, ends, 3), two.past(series, later, 3), rtol=0, atol=0)
    torch.testing.assert_close(one.future(series, ends), two.future(series, later), rtol=0, atol=0)


def test_a_sample_is_drawn_by_the_seed():
    whole = panel([10] * 50)
    kept = sample(whole, 1, 205)
    assert len(kept) == 20
    assert kept.ids == tuple(sorted(kept.ids))
    assert kept.ids == sample(whole, 1, 205).ids != sample(whole, 2, 205).ids
    assert len(sample(whole, 1, 5)) == 1
    uneven = panel([30, 1] * 10)
    for seed in range(5):
        drawn = list(map(len, sample(uneven, seed, 100).values))
        assert 70 < sum(drawn) <= 100, "their own steps count, not those of the first ones"


def test_some_series_have_their_own_times_and_covariates():
    whole = latest(panel([30, 5, 40], hist_exog_list="x"), 10)
    kept = some(whole, [2, 0])
    assert kept.ids == (whole.ids[2], whole.ids[0])
    assert kept.starts.tolist() == [30, 20]
    assert [values[-1].tolist() for values in kept.covariates.past] == [
        whole.covariates.past[k][-1].tolist() for k in (2, 0)
    ]


def test_lots_hold_every_series_that_is_asked_for_once(monkeypatch):
    monkeypatch.setattr(room, "AT_ONCE", 25)
    whole = panel([10, 9, 30, 4, 10, 10])
    found = [(rows, [len(series) for series in part.values]) for rows, part in lots(whole, [0, 1, 2, 4, 5], None)]
    assert found == [([0, 1], [10, 9]), ([2], [30]), ([4, 5], [10, 10])]
    found = [(rows, [len(series) for series in part.values]) for rows, part in lots(whole, range(6), 5)]
    assert found == [([0, 1, 2, 3, 4], [5, 5, 5, 4, 5]), ([5], [5])]
    assert list(lots(whole, [], None)) == []
    assert [rows for rows, _ in lots(panel([10, 15, 3]), range(3), None)] == [[0, 1], [2]], "full to the last step"


def test_what_is_left_out_is_said(monkeypatch):
    monkeypatch.setattr(room, "MOST", 100)
    assert about_size(panel([60] * 4), reach(panel([60] * 4), 2), 0) == [
        "the networks learn from the latest 25 steps of each series, and read no more: of 240 steps these are the "
        "newest 100."
    ]
    assert about_size(panel([20] * 10), reach(panel([20] * 10), 2), 0) == [
        "the networks learn from 5 of 10 series, drawn by the seed."
    ]


def test_series_of_which_a_forecast_reads_no_more_than_the_end_are_counted(monkeypatch):
    assert about_reading(panel([30, 5, 31]), 31) == []
    behind = "that are read of each: what lies before them is passed over."
    assert about_reading(panel([30, 5, 31]), 30) == [f"1 of 3 series is longer than the 30 steps {behind}"]
    assert about_reading(panel([30, 5, 31]), 10) == [f"2 of 3 series are longer than the 10 steps {behind}"]
    assert about_reading(panel([30]), None) == []
    monkeypatch.setattr(room, "MOST", 29)
    assert about_reading(panel([30]), None) == [f"the series is longer than the 29 steps {behind}"]
