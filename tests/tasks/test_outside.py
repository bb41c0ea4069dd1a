"""Forecasts made elsewhere: read in any order and kind, and refused in one sentence where they do not match."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import gatework
from gatework.errors import DataError

DAY = np.timedelta64(1, "D")


def series(n=40, ids=("a", "b")):
    ds = np.datetime64("2024-01-01") + np.arange(n) * DAY
    y = np.concatenate([np.random.default_rng(i).normal(size=n).cumsum() + 50 for i, _ in enumerate(ids)])
    return pd.DataFrame({"unique_id": np.repeat(ids, n), "ds": np.tile(ds, len(ids)), "y": y})


def compare(df, others, **options):
    return gatework.compare(df, 3, models=["LastValue", "SeasonalNaive"], others=others, n_windows=2, **options)


def template(df, name="Mine", **options):
    """What another program would hand over: the last value's forecasts, renamed."""
    columns = [column for column in ("unique_id", "ds", "cutoff") if column in df or column == "cutoff"]
    frame = compare(df, (), **options).forecasts
    return frame[columns].assign(**{name: frame["LastValue"]})


@pytest.fixture(scope="module")
def df():
    return series()


@pytest.fixture(scope="module")
def mine(df):
    return template(df)


def test_what_is_given_back_scores_as_it_did(df):
    frame = compare(df, ()).forecasts
    names = {f"LastValue{end}": f"Mine{end}" for end in ("", "-lo-90", "-hi-90")}
    found = compare(df, frame[["unique_id", "ds", "cutoff", *names]].rename(columns=names))
    mine, last = found.rows["Mine"], found.rows["LastValue"]
    for metric in ("mase", "smape", "mape", "coverage", "width"):
        assert getattr(mine, metric) == pytest.approx(getattr(last, metric))
    assert np.isnan(mine.crps)
    assert mine.seconds is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda d: d.sample(frac=1, random_state=0), id="rows in any order"),
        pytest.param(lambda d: d.assign(y=0.0), id="with the target"),
        pytest.param(lambda d: d.astype({"ds": str, "cutoff": str}), id="times as text"),
        pytest.param(lambda d: pd.concat([d, d.assign(unique_id="c")]), id="series that are not in the data"),
        pytest.param(
            lambda d: pd.concat([d, d.assign(cutoff=d.cutoff - 7 * DAY)]), id="cutoffs that are not asked for"
        ),
        pytest.param(lambda d: pd.concat([d, d.assign(ds=d.ds + 3 * DAY)]), id="steps beyond the horizon"),
        pytest.param(
            lambda d: pd.concat([d, d.assign(ds=d.cutoff, Mine=-1.0)]).drop_duplicates(["unique_id", "ds", "cutoff"]),
            id="the cutoff itself",
        ),
        pytest.param(lambda d: {name: d[name].to_numpy() for name in d}, id="a dict"),
    ],
)
def test_it_is_read_however_it_comes(change, df, mine):
    assert compare(df, change(mine)).rows["Mine"].mase == pytest.approx(compare(df, ()).rows["LastValue"].mase)


def test_several_tables_and_several_models_in_one(df, mine):
    found = compare(df, [mine.assign(Second=mine.Mine + 1), mine.rename(columns={"Mine": "Third"})])
    assert {"Mine", "Second", "Third"} < set(found.rows)


def test_one_series_needs_no_id_and_a_value_that_never_came_no_forecast():
    df = series(ids=("a",)).drop(columns="unique_id")
    df.loc[36, "y"] = np.nan
    mine = template(df)
    whole = compare(df, mine).rows["Mine"].mase
    assert compare(df, mine[mine.ds != df.ds[36]]).rows["Mine"].mase == whole
    assert "Mine" in compare(df, mine).forecasts


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(np.arange(40) * 5 + 2, id="whole numbers"),
        pytest.param(pd.date_range("2024-03-30", periods=40, freq="h", tz="Europe/Rome"), id="hours in a time zone"),
        pytest.param(pd.date_range("2024-03-20", periods=40, tz="Europe/Rome"), id="days in a time zone"),
    ],
)
def test_on_every_grid(index):
    df = pd.DataFrame({"ds": index, "y": np.random.default_rng(0).normal(size=40).cumsum()})
    assert compare(df, template(df)).rows["Mine"].mase == pytest.approx(compare(df, ()).rows["LastValue"].mase)


def test_times_without_a_zone_beside_zoned_data_are_refused_and_not_shifted():
    index = pd.date_range("2024-03-30", periods=40, freq="h", tz="Europe/Rome")
    zoned = pd.DataFrame({"ds": index, "y": np.arange(40.0)})
    plain = zoned.assign(ds=index.tz_convert("UTC").tz_localize(None))
    for df, other, said in (
        (zoned, template(plain), "must have a time zone, as the data; got none"),
        (plain, template(zoned), "must have no time zone, as the data; got Europe/Rome"),
    ):
        with pytest.raises(DataError, match=f"^ds of others {said}. Write both alike.$"):
            compare(df, other)


REFUSED = [
    (
        lambda d: d.iloc[1:],
        "others must have a row for every forecast of the backtest; got none for 'a' at 2024-02-04 00:00:00 after the "
        "cutoff 2024-02-03 00:00:00, 1 of 12 missing. Forecast from these cutoffs: `-o` of `gatework compare` writes "
        "them all.",
    ),
    (
        lambda d: d.assign(cutoff=d.cutoff + DAY),
        "others must have a row for every forecast of the backtest; got none for 'a' at 2024-02-04 00:00:00 after the "
        "cutoff 2024-02-03 00:00:00, 12 of 12 missing. Forecast from these cutoffs: `-o` of `gatework compare` writes "
        "them all.",
    ),
    (
        lambda d: pd.concat([d, d.iloc[[2]]]),
        "others must have one row for each forecast; got 'a' at 2024-02-06 00:00:00 after the cutoff 2024-02-03 "
        "00:00:00 again in row 13. Remove one.",
    ),
    (
        lambda d: d.assign(Mine=[np.nan, *d.Mine[1:]]),
        "Mine must hold a number in every row; got none in row 1. Leave no forecast out.",
    ),
    (
        lambda d: d.drop(columns="cutoff"),
        "others must have the columns 'unique_id', 'ds', 'cutoff' and one for each model; got 'unique_id', 'ds', "
        "'Mine', without 'cutoff'. Rename or add it.",
    ),
    (
        lambda d: d.drop(columns="Mine"),
        "others must have a column of forecasts beside 'unique_id', 'ds', 'cutoff'; got none. Name it after its model.",
    ),
    (
        lambda d: d.rename(columns={"Mine": "LSTM"}),
        "others must have models of other names; got 'LSTM' again. Rename or remove that column.",
    ),
    (
        lambda d: [d, d],
        "others must have models of other names; got 'Mine' again. Rename or remove that column.",
    ),
    (
        lambda d: d.assign(**{"Mine-lo-90": d.Mine - 1}),
        "others must have both ends of an interval; got 'Mine-lo-90' without 'Mine-hi-90'. Add it.",
    ),
    (
        lambda d: d.assign(ds=np.arange(len(d))),
        "ds of others must hold dates, as the data do; got 0. Correct it.",
    ),
    (
        lambda d: "none.csv",
        "data must be the path of a file; got 'none.csv', no such file. Check the path.",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), REFUSED, ids=[sentence[:60] for _, sentence in REFUSED])
def test_it_is_refused_in_one_sentence(change, sentence, df, mine):
    with pytest.raises(DataError) as error:
        compare(df, change(mine))
    assert str(error.value) == sentence
