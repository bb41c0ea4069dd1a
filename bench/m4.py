"""M4's hourly and weekly series (Makridakis et al., 2020): the official split and scores, beside the published ones.

    python bench/m4.py                               both, seed 0
    python bench/m4.py --seeds 5 --effort best       mean and spread over five seeds
    python bench/m4.py --inside 3 Weekly             the last three windows inside the training part

Refuses to score before its own arithmetic gives Naive2 the published sMAPE and MASE. The test part is read to score
and for nothing else: every default was chosen by windows inside the training part (docs/accuracy.md), as `--inside`
has them. There OWA takes Naive2's scores on the test part for a yardstick, since only these were published.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

DATA = Path(os.environ.get("GATEWORK_DATA", Path(__file__).parents[2] / "shared" / "data")) / "m4"

# Horizon, season of the official MASE, step, Naive2's sMAPE and MASE, the OWA aimed at, and that of the competition's
# winner (ES-RNN, an LSTM; Smyl, 2020).
GROUPS = {"Hourly": (48, 24, "h", 18.383, 2.395, 0.40, 0.440), "Weekly": (13, 1, "W", 9.161, 2.777, 0.71, 0.851)}


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


class Found(NamedTuple):
    """What one forecast of a group scored."""

    owa: float
    mase: float
    smape: float
    inside: float
    seconds: float


def naive_is_as_published(group: str) -> bool:
    _, season, _, naive_smape, naive_mase, *_ = GROUPS[group]
    history, truth = rows(DATA / f"Train/{group}-train.csv"), rows(DATA / f"Test/{group}-test.csv")
    found = scores(truth, rows(DATA / f"Naive2-forecasts-{group}.csv"), history, season)
    return [round(x, 3) for x in found] == [naive_smape, naive_mase]


def split(group: str, inside: int) -> tuple[dict, dict]:
    """The histories and what followed; with `inside`, that many windows before the end of the training part."""
    h, season, *_ = GROUPS[group]
    history = rows(DATA / f"Train/{group}-train.csv")
    if not inside:
        return history, rows(DATA / f"Test/{group}-test.csv")
    cut = {name: len(y) - inside * h for name, y in history.items()}
    # A history must tell MASE's scale.
    cut = {name: end for name, end in cut.items() if end > season + 2}
    return {name: history[name][:end] for name, end in cut.items()}, {
        name: history[name][end : end + h] for name, end in cut.items()
    }


def run(group: str, seed: int, effort: str, inside: int) -> Found:
    from gatework import Forecaster

    h, season, step, naive_smape, naive_mase, *_ = GROUPS[group]
    history, truth = split(group, inside)
    table = long_table(history, step)

    wall, cpu = time.perf_counter(), time.process_time()
    model = Forecaster(h, freq=step, seed=seed, effort=effort).fit(table)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    found = model.predict(level=90)

    rows_of = {name: found["unique_id"] == name for name in truth}
    median, lo, hi = (
        {name: found[column][rows_of[name]] for name in truth} for column in ("LSTM", "LSTM-lo-90", "LSTM-hi-90")
    )
    smape, mase = scores(truth, median, history, season)
    owa = (smape / naive_smape + mase / naive_mase) / 2
    held = np.mean([(lo[name] <= y) & (y <= hi[name]) for name, y in truth.items()])
    where = f"window -{inside}" if inside else "test part"
    print(
        f"{group:8} {where}  seed {seed}  sMAPE {smape:6.3f}  MASE {mase:.3f}  OWA {owa:.3f}  inside 90 %: {held:.1%}  "
        f"fit in {wall:4.0f} s ({cpu:.0f} s of CPU), best step {model.history_.best_step:,}, "
        f"trust {float(model.net_.trust):.2f}",
        flush=True,
    )
    return Found(owa, mase, smape, held, wall)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("groups", nargs="*", metavar="Hourly|Weekly")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--effort", choices=("fast", "normal", "best"), default="normal")
    parser.add_argument("--inside", type=int, default=0, metavar="WINDOWS")
    arguments = parser.parse_args()
    if not DATA.is_dir():
        raise SystemExit(f"there is no {DATA}: set GATEWORK_DATA to the folder that holds m4")
    import torch

    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, commit {commit}, effort {arguments.effort}")
    for group in arguments.groups or GROUPS:
        if not naive_is_as_published(group):
            raise SystemExit(f"Naive2 must score as published on {group}; it does not. Nothing is compared.")
        windows = range(arguments.inside, 0, -1) if arguments.inside else [0]
        found = [run(group, seed, arguments.effort, k) for k in windows for seed in range(arguments.seeds)]
        *_, aim, winner = GROUPS[group]
        mean, spread = np.mean(found, axis=0), np.std(found, axis=0, ddof=min(1, len(found) - 1))
        told = "  ".join(
            f"{name} {m:.3f} +- {s:.3f}" for name, m, s in zip(Found._fields[:4], mean, spread, strict=False)
        )
        print(f"{group:8} mean and spread: {told}  {mean[4]:.0f} s (aimed at: {aim:.2f}; M4's winner: {winner:.3f})")


if __name__ == "__main__":
    main()
