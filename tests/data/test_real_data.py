"""The files that people have: each is read with the grid that a person would name."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from gatework.data.frame import read
from gatework.errors import DataError

# path, time, target, id, alias, season, series, steps of the longest, steps without a value
FILES = [
    ("classics/airline-passengers.csv", "Month", "Passengers", None, "MS", 12, 1, 144, 0),
    ("classics/daily-min-temperatures.csv", "Date", "Temp", None, "D", 7, 1, 3652, 2),
    ("classics/daily-total-female-births.csv", "Date", "Births", None, "D", 7, 1, 365, 0),
    ("classics/mauna_loa_co2_weekly.csv", "date", "co2", None, "W-SAT", 52, 1, 2284, 59),
    ("classics/monthly-car-sales.csv", "Month", "Sales", None, "MS", 12, 1, 108, 0),
    ("classics/monthly-shampoo-sales.csv", "Month", "Sales", None, "MS", 12, 1, 36, 0),
    ("classics/monthly-sunspots.csv", "Month", "Sunspots", None, "MS", 12, 1, 2820, 0),
    ("classics/sunspots_yearly.csv", "YEAR", "SUNACTIVITY", None, "1", 1, 1, 309, 0),
    ("bike_sharing/day.csv", "dteday", "cnt", None, "D", 7, 1, 731, 0),
    ("bike_sharing/hour.csv", "instant", "cnt", None, "1", 24, 1, 17379, 0),
    ("ett/ETTh1.csv", "date", "OT", None, "h", 24, 1, 17420, 0),
    ("ett/ETTm1.csv.gz", "date", "OT", None, "15min", 96, 1, 69680, 0),
    ("stocks/sp500.csv.gz", "Date", "Close", None, "B", 5, 1, 5216, 185),
    ("stocks/aapl_fb_goog_ibm_msft.csv.gz", "Date", "Close", "Ticker", "B", 5, 5, 3393, 458),
    ("nab/data/realKnownCause/nyc_taxi.csv", "timestamp", "value", None, "30min", 48, 1, 10320, 0),
    ("nab/data/realTweets/Twitter_volume_KO.csv", "timestamp", "value", None, "5min", 288, 1, 15851, 0),
    (
        "nab/data/realKnownCause/ambient_temperature_system_failure.csv",
        "timestamp",
        "value",
        None,
        "h",
        24,
        1,
        7888,
        621,
    ),
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file[0].rsplit("/", 1)[-1])
def test_a_real_file(file, data):
    path, time, target, name, alias, season, series, steps, missing = file
    panel = read(data / path, time_col=time, target_col=target, id_col=name)
    assert (panel.freq.alias, panel.season_length, len(panel)) == (alias, season, series)
    assert max(map(len, panel.values)) == steps
    assert sum(int(np.isnan(values).sum()) for values in panel.values) == missing


def test_half_hours_without_a_time(data):
    lines = (data / "classics/taylor_halfhourly_demand.csv").read_text().split()[1:]
    assert read({"ds": range(len(lines)), "y": lines}).season_length == 48


@pytest.mark.parametrize(("name", "series", "season"), [("Hourly", 414, 24), ("Weekly", 359, 52)])
def test_m4(name, series, season, data):
    with (data / f"m4/Train/{name}-train.csv").open() as file:
        table = {row[0]: [float(value) for value in row[1:] if value] for row in list(csv.reader(file))[1:]}
    lengths = [len(values) for values in table.values()]
    panel = read(
        {
            "unique_id": np.repeat(list(table), lengths),
            "ds": np.concatenate([np.arange(length) for length in lengths]),
            "y": np.concatenate(list(table.values())),
        }
    )
    assert (len(panel), panel.season_length) == (series, season)
    assert panel.values[panel.ids.index(f"{name[0]}12")].tolist() == table[f"{name[0]}12"]


def test_hours_in_two_columns_are_no_series(data):
    with pytest.raises(DataError, match=r"^dteday must differ from row to row; got 2011-01-01 again in row 2\."):
        read(data / "bike_sharing/hour.csv", time_col="dteday", target_col="cnt")


def test_weather_and_holidays_beside_bikes(data):
    options = {"time_col": "instant", "target_col": "cnt", "hist_exog_list": "casual"}
    panel = read(data / "bike_sharing/hour.csv", **options, futr_exog_list=["temp", "holiday"])
    assert panel.covariates.known[0].shape == (17379, 2)
    assert panel.covariates.known[0][:3, 0].tolist() == np.float32([0.24, 0.22, 0.22]).tolist()
    # 21 holidays, of which 4 hours have no row.
    assert panel.covariates.known[0][:, 1].sum() == 500
    with pytest.raises(DataError, match=r"^dteday must hold numbers, .*; got dates, such as 2011-01-01\. Leave it out"):
        read(data / "bike_sharing/hour.csv", **options, futr_exog_list=["dteday"])
