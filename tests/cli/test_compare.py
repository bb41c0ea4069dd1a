from __future__ import annotations

import json

import pytest
from pyarrow import csv, parquet
from scene import SMALL, write_days

import gatework

NAIVE = "--models LastValue --models SeasonalNaive"
OPTIONS = {"models": ["LastValue", "SeasonalNaive"]}


def test_it_says_what_it_read_who_competes_and_who_wins(type_in, folder):
    said = type_in(f"gatework compare data.csv --h 7 {NAIVE}")
    assert (said.code, said.err) == (0, "")
    found = gatework.compare("data.csv", 7, **OPTIONS)
    lines = said.out.splitlines()
    assert lines[0] == "data.csv: `y` of 1 series, 79 values from 2024-01-01 to 2024-03-20, daily, 7 steps a season."
    assert "- compared are LastValue, SeasonalNaive, 7 steps ahead from 12 cutoffs, 3 steps apart." in lines
    table = [line.split() for line in lines if line.startswith(("SeasonalNaive ", "LastValue "))]
    assert [(name, mase) for name, mase, *_ in table[:2]] == [
        (name, f"{row.mase:.3f}") for name, row in found.rows.items()
    ]
    # The days of the week are there too, since the table is daily.
    whens = [line for line in lines if line.startswith(("steps ahead ", "weekday ", "MASE of SeasonalNaive "))]
    assert [line.split()[0] for line in whens] == ["steps", "MASE", "weekday", "MASE"]
    assert f"{found.profiles['SeasonalNaive']['weekday'][2]:.3f}" in whens[3].split()
    assert lines[-1] == found.verdict()
    assert lines[-1].startswith("SeasonalNaive wins by ")
    assert lines[-1].endswith(": use it.")


def test_json_is_the_librarys_and_nothing_else_is_on_stdout(type_in, folder):
    said = type_in(f"gatework compare data.csv --h 7 {NAIVE} --windows 2 --step-size 5 --level 80 --json")
    expected = gatework.compare("data.csv", 7, n_windows=2, step_size=5, level=80, **OPTIONS).to_dict()
    plain = json.loads(said.out)
    for one in (plain, expected):
        for row in one["rows"].values():
            row.pop("seconds")
    assert plain == expected
    assert said.err.startswith("data.csv: `y` of 1 series")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_table_of_forecasts_is_what_with_reads(kind, type_in, folder):
    said = type_in(f"gatework compare data.csv --h 7 {NAIVE} -o all.{kind}")
    table = csv.read_csv("all.csv") if kind == "csv" else parquet.read_table("all.parquet")
    assert f"all.{kind}: {table.num_rows} rows, every forecast with its cutoff.\n" in said.out
    mine = table.select(["ds", "cutoff"]).append_column("Mine", table["SeasonalNaive"])
    csv.write_csv(mine, "mine.csv")
    csv.write_csv(mine.rename_columns(["ds", "cutoff", "Second"]), "second.csv")
    said = type_in("gatework compare data.csv --h 7 --with mine.csv --with second.csv --models SeasonalNaive --json")
    rows = json.loads(said.out)["rows"]
    assert set(rows) == {"SeasonalNaive", "Mine", "Second"}
    assert rows["Mine"]["mase"] == pytest.approx(rows["SeasonalNaive"]["mase"])
    assert rows["Mine"]["crps"] is None


def test_settings_reach_the_data_and_the_networks(type_in, folder):
    (folder / "other.csv").write_text((folder / "data.csv").read_text().replace("ds,y", "day,load"))
    command = (
        f"gatework compare other.csv --h 3 --time day --target load --models GRU --models LastValue {SMALL} --seed 3"
    )
    said = type_in(f"{command} --windows 1 --season-length 1 --no-progress -o f.csv")
    assert said.code == 0
    settings = {"hidden_size": 4, "num_layers": 1, "max_steps": 4, "seed": 3, "season_length": 1, "progress": False}
    model = gatework.Forecaster(3, cell="gru", alias="GRU", time_col="day", target_col="load", **settings)
    expected = model.cross_validation("other.csv", 1)
    assert csv.read_csv("f.csv")["GRU"].to_pylist() == pytest.approx(expected["GRU"].to_pylist())


def test_the_picture(type_in, folder):
    said = type_in(f"gatework compare data.csv --h 7 {NAIVE} --plot comparison.png")
    assert said.out.splitlines()[-1] == "comparison.png: the models' errors, and when they err."
    assert (folder / "comparison.png").read_bytes().startswith(b"\x89PNG")


REFUSED = [
    ("data.csv", "h must be given, the number of steps to forecast; got none. Add for example --h 24."),
    ("data.csv --h 0", "h must be a whole number of at least 1; got 0."),
    (
        "data.csv --h 7 --models Prophet",
        "models must be of LastValue, SeasonalNaive, Theta, ETS, Ridge, Boosting, LSTM, GRU, RNN; got 'Prophet'. "
        "Forecasts made elsewhere go to others= (command line: --with).",
    ),
    (
        "data.csv --h 7 --models ETS --cell gru",
        "Unknown option: --cell. Did you mean --level? See `gatework compare --help`.",
    ),
    ("data.csv --h 7 --models LSTM", "models must be two or more; got LSTM. Add SeasonalNaive."),
    ("none.csv --h 7", "data must be the path of a file; got 'none.csv', no such file. Check the path."),
    (
        "data.csv --h 7 --with none.csv",
        "data must be the path of a file; got 'none.csv', no such file. Check the path.",
    ),
    (
        "data.csv --h 7 --windows 2 --with few.csv",
        "others must have a row for every forecast of the backtest; got none for 2024-03-07 after the cutoff 2024-03-06"
        ", 14 of 14 missing. Forecast from these cutoffs: `-o` of `gatework compare` writes them all.",
    ),
    (
        "data.csv --h 7 --with data.csv",
        "others must have the columns 'ds', 'cutoff' and one for each model; got 'ds', 'y', without 'cutoff'. Rename "
        "or add it.",
    ),
    ("data.csv --h 7 --level 0", "level must be percents from 1 to below 100; got 0.0. 90 is the usual one."),
    (
        "data.csv --h 7 --windows 40",
        "data must have a series of 283 steps for h=7, n_windows=40 and step_size=7; got 80 at most. Ask for less, or "
        "give a longer history.",
    ),
    ("data.csv --h 7 -o f.txt", "output must end in .csv or .parquet; got 'f.txt'. Choose one of them."),
    ("data.csv --h 7 --plot f.bmp", "plot must end in .png, .svg, .pdf or .jpg; got 'f.bmp'. Choose one of them."),
]


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED, ids=[arguments for arguments, _ in REFUSED])
def test_it_is_refused_in_one_sentence_before_anything_is_forecast(arguments, sentence, type_in, folder, monkeypatch):
    monkeypatch.setattr("gatework.cli.compare.carry_out", lambda *_: pytest.fail("it went to work"))
    (folder / "few.csv").write_text("ds,cutoff,Mine\n2024-03-07,2024-03-01,1\n")
    assert type_in(f"gatework compare {arguments}") == (2, "", f"error: {sentence}\n")


def test_ctrl_c_is_130_without_a_traceback(type_in, folder, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("gatework.cli.compare.carry_out", interrupted)
    said = type_in(f"gatework compare data.csv --h 7 {NAIVE}")
    assert (said.code, said.err) == (130, "\nInterrupted.\n")


def test_many_series_have_their_ids(type_in, folder):
    write_days(folder / "one.csv", 60)
    lines = (folder / "one.csv").read_text().splitlines()[1:]
    rows = [f"{name},{line}" for name in "abcdefgh" for line in lines]
    (folder / "many.csv").write_text("\n".join(["shop,ds,y", *rows]) + "\n")
    said = type_in(f"gatework compare many.csv --h 7 --id shop {NAIVE} -o f.csv")
    assert "from 3 cutoffs, 7 steps apart" in said.out
    assert csv.read_csv("f.csv").column_names[:4] == ["shop", "ds", "cutoff", "y"]
