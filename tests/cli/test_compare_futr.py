"""`gatework compare` with covariates in the data and in files of their own."""

from __future__ import annotations

import json

import numpy as np

import gatework

DAYS = np.datetime64("2024-01-01") + np.arange(84)
MODELS = "--models SeasonalNaive --models Ridge"


def write(path, lines) -> None:
    path.write_text("".join(f"{line}\n" for line in lines))


def test_covariates_come_by_flags_and_by_files(type_in, folder):
    temp = np.cos(np.arange(84) * 1.7)
    rows = [f"a,{DAYS[k]},{20 + k % 7 + 5 * temp[k]:.3f},{temp[k]:.3f}" for k in range(80)]
    write(folder / "shop.csv", ["unique_id,ds,y,temp", *rows])
    cuts = [*range(30, 80, 4)]
    made = [f"a,{DAYS[c]},{DAYS[c + k]},{temp[c + k] + 0.1:.3f}" for c in cuts for k in range(1, 5)]
    write(folder / "foreseen.csv", ["unique_id,cutoff,ds,temp", *made])
    write(folder / "places.csv", ["unique_id,size", "a,3"])
    flags = f"--h 4 {MODELS} --windows 2 --futr-exog-list temp --stat-exog-list size --static places.csv"
    options = {"futr_exog_list": ["temp"], "stat_exog_list": ["size"], "static_df": "places.csv", "n_windows": 2}
    options["models"] = ["SeasonalNaive", "Ridge"]

    said = type_in(f"gatework compare shop.csv {flags}")
    assert (said.code, said.err) == (0, "")
    assert said.out.count("- covariates: temp (known ahead); size (the same at all times).\n") == 1
    actuals = "Covariates: with temp as it came to be (actuals): a real forecast of it would be worse."
    assert actuals in " ".join(said.out.split())
    assert said.out.splitlines()[-1] == gatework.compare("shop.csv", 4, **options).verdict()

    said = type_in(f"gatework compare shop.csv {flags} --futr foreseen.csv --json")
    plain, expected = json.loads(said.out), gatework.compare("shop.csv", 4, futr_df="foreseen.csv", **options)
    assert plain["future"] == "with temp as it was forecast (vintages)."
    assert plain["rows"]["Ridge"]["mase"] == expected.rows["Ridge"].mase
    assert plain["rows"]["SeasonalNaive"]["mark"] == "no covariates"


def test_a_covariate_that_is_not_there_is_refused(type_in, folder):
    said = type_in(f"gatework compare data.csv --h 7 {MODELS} --futr-exog-list temp")
    assert said.code == 2
    assert said.err.startswith("error: data must have the column 'temp'; got 'ds', 'y'.")
