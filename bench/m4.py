"""M4's hourly and weekly series (Makridakis et al., 2020): the official split and scores, beside the published ones.

    python bench/m4.py                     both, seed 0
    python bench/m4.py --seeds 3 Weekly    one of them, three seeds

Refuses to score before its own arithmetic gives Naive2 the published sMAPE and MASE. The test part is read to score
and for nothing else: every default was chosen on windows inside the training part.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import time
from pathlib import Path

import numpy as np

DATA = Path(os.environ.get("GATEWORK_DATA", Path(__file__).parents[2] / "shared" / "data")) / "m4"

# Horizon, season of the official MASE, step, Naive2's sMAPE and MASE, the OWA to stay below, and the competition's
# winner's (ES-RNN, an LSTM; Smyl, 2020).
GROUPS = {"Hourly": (48, 24, "h", 18.383, 2.395, 0.45, 0.440), "Weekly": (13, 1, "W", 9.161, 2.777, 0.80, 0.851)}


def rows(path: Path) -> dict[str, np.ndarray]:
    """Read one series a row, its name first."""
    with path.open() as file:
        lines = list(csv.reader(file))[1:]
    return {line[0]: np.array([float(cell) for cell in line[1:] if cell]) for line in lines}


def scores(truth: dict, forecasts: dict, history: dict, season: int) -> tuple[float, float]:
    """Average sMAPE and MASE over series, as M4 has them."""
    smapes, mases = [], []
    for name, y in truth.items():
        error = np.abs(y - forecasts[name])
        smapes.append(np.mean(200 * error / (np.abs(y) + np.abs(forecasts[name]))))
        mases.append(np.mean(error) / np.mean(np.abs(history[name][season:] - history[name][:-season])))
    return float(np.mean(smapes)), float(np.mean(mases))


def long_table(history: dict[str, np.ndarray], step: str) -> dict[str, np.ndarray]:
    """Lay series out as a long table. M4 has no dates: all begin at one."""
    unit = np.timedelta64(1, step)
    lengths = [len(y) for y in history.values()]
    return {
        "unique_id": np.repeat(list(history), lengths),
        "ds": np.concatenate([np.datetime64("1990-01-01", "s") + unit * np.arange(n) for n in lengths]),
        "y": np.concatenate(list(history.values())),
    }


def run(group: str, seed: int) -> float:
    from gatework import Forecaster

    h, season, step, naive_smape, naive_mase, *_ = GROUPS[group]
    history, truth = rows(DATA / f"Train/{group}-train.csv"), rows(DATA / f"Test/{group}-test.csv")
    naive = scores(truth, rows(DATA / f"Naive2-forecasts-{group}.csv"), history, season)
    if [round(x, 3) for x in naive] != [naive_smape, naive_mase]:
        raise SystemExit(
            f"Naive2 must score {naive_smape} / {naive_mase} on {group}; got {naive}. Nothing is compared."
        )
    table = long_table(history, step)

    wall, cpu = time.perf_counter(), time.process_time()
    model = Forecaster(h, freq=step, seed=seed).fit(table)
    found = model.predict(level=90)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu

    rows_of = {name: found["unique_id"] == name for name in truth}
    median, lo, hi = (
        {name: found[column][rows_of[name]] for name in truth} for column in ("LSTM", "LSTM-lo-90", "LSTM-hi-90")
    )
    smape, mase = scores(truth, median, history, season)
    owa = (smape / naive_smape + mase / naive_mase) / 2
    inside = np.mean([(lo[name] <= y) & (y <= hi[name]) for name, y in truth.items()])
    print(
        f"{group:8} seed {seed}  sMAPE {smape:6.3f}  MASE {mase:.3f}  OWA {owa:.3f}  inside 90 %: {inside:.1%}  "
        f"{wall:4.0f} s ({cpu:.0f} s of CPU), best step {model.history_.best_step:,}",
        flush=True,
    )
    return owa


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("groups", nargs="*", metavar="Hourly|Weekly")
    parser.add_argument("--seeds", type=int, default=1)
    arguments = parser.parse_args()
    if not DATA.is_dir():
        raise SystemExit(f"there is no {DATA}: set GATEWORK_DATA to the folder that holds m4")
    import torch

    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, commit {commit}")
    for group in arguments.groups or GROUPS:
        owas = [run(group, seed) for seed in range(arguments.seeds)]
        *_, most, winner = GROUPS[group]
        print(f"{group:8} median OWA {np.median(owas):.3f} (to stay below: {most:.2f}; M4's winner: {winner:.3f})")


if __name__ == "__main__":
    main()
