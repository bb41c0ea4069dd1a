"""Many rows: seconds and peak memory of reading, one short training and a forecast, each case in a fresh process.

    python bench/scale.py                 10 million rows of 1,000 hourly series, and 100,000 daily series of 100 days
    python bench/scale.py --share 0.1     a tenth of each
    python bench/scale.py --only long --format csv

As a script with `--child` it is that process: it imports all that it will need, notes its peak memory, reads the file,
fits, predicts, and prints what each stage took. Peaks are of the process so far, beyond those of the imports; the
kernel's own count, as `/usr/bin/time -v` has it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from layer_memory import peak

# Series, steps of each, the step in hours, and the steps to forecast.
CASES = {"long": (1_000, 10_000, 1, 24), "many": (100_000, 100, 24, 7)}


def write(path: Path, series: int, steps: int, hours: int, seed: int) -> None:
    """Write a panel with a season and noise, in pieces, so that this process stays small too."""
    import pyarrow as pa
    from pyarrow import csv, parquet

    rng, t = np.random.default_rng(seed), np.arange(steps)
    times = np.datetime64("2024-01-01", "us") + t * np.timedelta64(hours, "h")
    piece = max(1, 500_000 // steps)
    schema = pa.schema([("unique_id", pa.string()), ("ds", pa.timestamp("us")), ("y", pa.float64())])
    make = parquet.ParquetWriter if path.suffix == ".parquet" else csv.CSVWriter
    with make(path, schema) as writer:
        for first in range(0, series, piece):
            count = min(piece, series - first)
            season = np.sin(2 * np.pi * t / (24 if hours == 1 else 7)) * rng.uniform(1, 10, (count, 1))
            y = 100 + season + np.cumsum(rng.normal(size=(count, steps)), axis=1)
            ids = np.repeat([f"series-{i:06}" for i in range(first, first + count)], steps)
            writer.write_table(pa.table([ids, np.tile(times, count), y.ravel().round(3)], schema=schema))


def child(path: Path, h: int, max_steps: int) -> None:
    # Everything that a stage would import when it comes to it.

    import gatework
    import gatework.tasks.learning
    from gatework.data.frame import read

    imported, began, found = peak(), time.perf_counter(), {}

    def note(stage: str) -> None:
        nonlocal began
        found[stage] = {"seconds": time.perf_counter() - began, "peak": peak() - imported}
        began = time.perf_counter()

    panel = read(path)
    note("read")
    # What fit does, but for reading, which is timed by itself.
    model = gatework.Forecaster(h, max_steps=max_steps, progress=False)
    model.source_ = {}
    model._learn(panel)
    note("fit")
    table = model.predict()
    note("predict")
    if not np.isfinite(table["LSTM"].to_numpy()).all():
        raise SystemExit("a forecast must be finite")
    print(json.dumps({"imported": imported, "rows": sum(map(len, panel.values)), "stages": found}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1, help="of the series of each case")
    parser.add_argument("--max-steps", type=int, default=100, help="of the training, and as many again on everything")
    parser.add_argument("--only", choices=CASES)
    parser.add_argument("--format", choices=("parquet", "csv"))
    parser.add_argument("--child", nargs=2, metavar=("FILE", "H"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(Path(arguments.child[0]), int(arguments.child[1]), arguments.max_steps)
        return
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    print(f"commit {commit}, {os.environ.get('OMP_NUM_THREADS', 'all')} threads, {arguments.max_steps} training steps")
    print(f"{'case':6} {'file':8} {'rows':>11}  " + "  ".join(f"{stage:>18}" for stage in ("read", "fit", "predict")))
    for case in [arguments.only] if arguments.only else CASES:
        series, steps, hours, h = CASES[case]
        series = max(1, int(series * arguments.share))
        for kind in [arguments.format] if arguments.format else ("parquet", "csv"):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / f"{case}.{kind}"
                write(path, series, steps, hours, seed=0)
                command = [sys.executable, __file__, "--child", path, h, "--max-steps", arguments.max_steps]
                done = subprocess.run([*map(str, command)], capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{case} as {kind} must run; it said:\n{done.stderr}")
            found = json.loads(done.stdout)
            cells = (f"{one['seconds']:6.1f} s {one['peak']:6.0f} MiB" for one in found["stages"].values())
            print(f"{case:6} {kind:8} {found['rows']:11,}  " + "  ".join(f"{cell:>18}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
