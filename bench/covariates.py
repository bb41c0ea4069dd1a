"""Hourly bike rentals (Fanaee-T & Gama, 2013), a day ahead: with weather and holidays, without them, and with noise.

    python bench/covariates.py                one seed
    python bench/covariates.py --seeds 3      three

A model learns from all that lies before the last 81 days (60 days and 21, the usual validation and test parts), and
forecasts each of these days from the midnight before. Weather is read as it came to be where the table says
"actuals": nobody kept the forecasts of 2012, and a real one would help less. The last model reads what a person
without any weather forecast has.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import time
from pathlib import Path

import numpy as np

DATA = Path(os.environ.get("GATEWORK_DATA", Path(__file__).parents[2] / "shared" / "data")) / "bike_sharing"
H, DAYS = 24, 60 + 21
SKIES = {"1": "clear", "2": "mist", "3": "light rain", "4": "heavy rain"}
WEATHER, CALENDAR = ["sky", "temp", "hum", "windspeed"], ["holiday", "workingday"]
NOISE = [f"noise{k}" for k in range(len(WEATHER + CALENDAR))]

# What each model is given.
MODELS = {
    "weather and holidays, actuals": {"futr_exog_list": WEATHER + CALENDAR},
    "without": {},
    "noise in their place": {"futr_exog_list": NOISE},
    "holidays; weather up to the cutoff": {"futr_exog_list": CALENDAR, "hist_exog_list": WEATHER},
}


def table(seed: int) -> dict[str, np.ndarray]:
    """Every hour that has a row, and as many columns of noise as of covariates: white, wandering, and rare days."""
    with (DATA / "hour.csv").open() as file:
        lines = list(csv.DictReader(file))
    hours = np.array([np.datetime64(line["dteday"]) + np.timedelta64(int(line["hr"]), "h") for line in lines])
    found = {"ds": hours, "y": np.array([float(line["cnt"]) for line in lines])}
    found |= {name: np.array([float(line[name]) for line in lines]) for name in ("temp", "hum", "windspeed", *CALENDAR)}
    found["sky"] = np.array([SKIES[line["weathersit"]] for line in lines])
    rng, n = np.random.default_rng(seed), len(lines)
    for k, name in enumerate(NOISE):
        white = rng.normal(size=n)
        wandering = np.convolve(white, 0.97 ** np.arange(200))[:n]
        days = rng.random(n // 24 + 1).repeat(24)[:n] < 0.1
        found[name] = (white, wandering, days.astype(float))[k % 3]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--days", type=int, default=DAYS, help="how many days to forecast")
    parser.add_argument("--max-steps", type=int, help="fewer steps of training, to try it out")
    arguments = parser.parse_args()
    if not DATA.is_dir():
        raise SystemExit(f"there is no {DATA}: set GATEWORK_DATA to the folder that holds bike_sharing")
    import torch

    from gatework import Forecaster

    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, commit {commit}; {arguments.days} days")
    print(f"{'MASE':36}{'by seed':{7 * arguments.seeds - 2}}   {'mean':5}   inside 90 %   seconds")
    for name, lists in MODELS.items():
        begin, found = time.perf_counter(), []
        for seed in range(arguments.seeds):
            model = Forecaster(H, seed=seed, max_steps=arguments.max_steps, progress=False, **lists)
            found.append(model.evaluate(table(seed), n_windows=arguments.days, step_size=H))
        seconds = (time.perf_counter() - begin) / arguments.seeds
        mases, inside = ([getattr(one.rows["LSTM"], what) for one in found] for what in ("mase", "coverage"))
        shown = "  ".join(f"{mase:.3f}" for mase in mases)
        print(f"{name:36}{shown:7}   {np.mean(mases):.3f}   {np.mean(inside):9.1f} %   {seconds:7.0f}", flush=True)
    naive = found[0].rows["SeasonalNaive"].mase
    print(f"{'the day before (seasonal naive)':36}{naive:<7.3f}   {naive:.3f}")


if __name__ == "__main__":
    main()
