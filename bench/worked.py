"""What a forecaster of sunspots remembers, what the doctor says of it, and what its remedy does: docs/worked.md.

    python bench/worked.py                              the numbers, three seeds
    python bench/worked.py --models DIR -o worked.png   the picture too; models that lie in DIR are not fitted again

A model learns from all that lies before the last 60 years of the monthly sunspot numbers (1749 to 1983), which it then
forecasts from 20 origins, three years at a time, without learning from them. input_size is what the doctor says, from
what lies before; season_length is the almanac's, tried after input_size had not helped.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import subprocess
from pathlib import Path

import numpy as np

DATA = Path(os.environ.get("GATEWORK_DATA", Path(__file__).parents[2] / "shared" / "data")) / "classics"
H, ORIGINS = 36, 20

# Months from one maximum of the sun to the next, as every almanac has it: 11 years.
CYCLE = 132


def sunspots() -> dict[str, np.ndarray]:
    """The mean number of sunspots of each month."""
    with (DATA / "monthly-sunspots.csv").open() as file:
        lines = list(csv.DictReader(file))
    months = np.array([np.datetime64(line["Month"]) for line in lines])
    return {"ds": months, "y": np.array([float(line["Sunspots"]) for line in lines])}


def upto(table: dict[str, np.ndarray], rows: int) -> dict[str, np.ndarray]:
    return {name: column[:rows] for name, column in table.items()}


def fitted(seed: int, settings: dict[str, int], effort: str, folder: Path | None):
    """A forecaster that has not seen the last 60 years."""
    import gatework

    place = folder and folder / "-".join([effort, *(f"{name}-{value}" for name, value in settings.items()), str(seed)])
    if place and place.exists():
        return gatework.load(place)
    data = sunspots()
    model = gatework.Forecaster(H, seed=seed, effort=effort, progress=False, **settings)
    model.fit(upto(data, len(data["y"]) - ORIGINS * H))
    if place:
        model.save(place)
    return model


def errors(model) -> np.ndarray:
    """By how much the forecasts from each origin are off on average, in sunspots: (ORIGINS,)."""
    data, found = sunspots(), []
    for rows in range(len(data["y"]) - ORIGINS * H, len(data["y"]), H):
        forecast = np.asarray(model.predict(upto(data, rows), level=None)["LSTM"])
        found.append(np.abs(forecast - data["y"][rows : rows + H]).mean())
    return np.array(found)


def naive(lag: int) -> np.ndarray:
    """The same of a forecast that repeats what was `lag` months before."""
    y = sunspots()["y"]
    origins = range(len(y) - ORIGINS * H, len(y), H)
    ahead = np.arange(H)
    return np.array([np.abs(y[n - lag + ahead % lag] - y[n : n + H]).mean() for n in origins])


def picture(models: dict, path: Path) -> None:
    """What each of the models remembers, and a forecast of each beside what came."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from gatework.look import memory

    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained", width_ratios=(1, 1.35))
    data = sunspots()
    n = len(data["y"]) - 4 * H
    shown = slice(n - 144, n + H)
    right.plot(data["ds"][shown], data["y"][shown], color="0.6", linewidth=1)
    right.axvline(data["ds"][n - 1], color="0.8", linewidth=1)
    # Okabe & Ito (2008), each with a dash of its own.
    looks = (("#D55E00", "--"), ("#0072B2", "-"), ("#009E73", "-."))
    for (name, model), (color, dash) in zip(models.items(), looks, strict=True):
        found = memory(model)
        left.plot(found.lags, found.change, dash, color=color, linewidth=1.6, label=name)
        forecast = np.asarray(model.predict(upto(data, n), level=None)["LSTM"])
        right.plot(data["ds"][n : n + H], forecast, dash, color=color, linewidth=1.6)
    left.set(xlabel="months back", ylim=(0, None))
    left.set_title("How much another value there moves the forecast", loc="left", fontsize="medium")
    left.legend(frameon=False, fontsize="small")
    right.set_title(f"Sunspots a month, and forecasts made in {data['ds'][n - 1]}", loc="left", fontsize="medium")
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--effort", default="fast", help="fast is a quarter of the normal training")
    parser.add_argument("--models", type=Path, help="a folder to keep the fitted models in")
    parser.add_argument("-o", "--output", type=Path, help="a .png file for the picture")
    arguments = parser.parse_args()
    if not DATA.is_dir():
        raise SystemExit(f"there is no {DATA}: set GATEWORK_DATA to the folder that holds classics")
    import torch

    from gatework.look import doctor, memory

    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, commit {commit}", flush=True)
    more = (arguments.effort, arguments.models)
    begin = fitted(0, {}, *more)
    found = doctor(begin)
    print(f"\nAs fitted by default:\n{memory(begin)}\n\n{found}\n", flush=True)
    remedy = next(re.search(r"input_size=(\d+)", one.remedy) for one in found if one.name == "memory too short")
    variants: dict[str, dict[str, int]] = {
        "by default": {},
        f"input_size={remedy[1]}": {"input_size": int(remedy[1])},
        f"season_length={CYCLE}": {"season_length": CYCLE},
    }
    off = {}
    for name, settings in variants.items():
        for seed in range(arguments.seeds):
            model = fitted(seed, settings, *more)
            off[name, seed] = errors(model)
            said = [one.name for one in doctor(model)] or "nothing found"
            print(f"{name}, seed {seed}: off by {off[name, seed].mean():.2f} sunspots; {said}", flush=True)
        means = np.array([off[name, seed].mean() for seed in range(arguments.seeds)])
        # Origins are what chance picks: the seeds of each are averaged first.
        gap = np.mean([off[name, seed] - off["by default", seed] for seed in range(arguments.seeds)], axis=0)
        print(
            f"{name}: {means.mean():.2f}, {means.std(ddof=1):.2f} between seeds; {gap.mean():+.2f} from the default, "
            f"standard error {gap.std(ddof=1) / np.sqrt(ORIGINS):.2f} over {ORIGINS} origins",
            flush=True,
        )
        if name != "by default":
            model = fitted(0, settings, *more)
            print(f"\n{memory(model)}\n\n{doctor(model)}\n", flush=True)
    for lag in (1, 12, CYCLE):
        print(f"a forecast that repeats what was {lag} months before: {naive(lag).mean():.2f}")
    if arguments.output:
        picture({name: fitted(0, settings, *more) for name, settings in variants.items()}, arguments.output)


if __name__ == "__main__":
    main()
