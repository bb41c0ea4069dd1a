"""Classifier and Regressor, as they come, on labelled data with official or stated splits, beside simple rivals.

    python bench/labels.py fsdd --seeds 3            spoken digits, mean and spread over three seeds
    python bench/labels.py ucr                       the nine sets of the UCR and UEA archives, and their mean
    python bench/labels.py speakers                  spoken digits, one speaker left out, and the mean of six
    python bench/labels.py FD001 FD003 --seeds 3     remaining life of engines, RMSE
    python bench/labels.py --help                    all of them

Every setting is a default, but for what is part of the question (names are read by characters, and their classes count
alike). The test part is read to score and for nothing else. Each run is a process of its own, so that its peak memory
is its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections import defaultdict
from typing import Any

import numpy as np
from label_data import SETS, SPEAKERS, UCR, Split

FAMILIES = {"ucr": UCR, "speakers": [f"fsdd-{one}" for one in SPEAKERS]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "sets", nargs="+", choices=[*SETS, *FAMILIES], metavar="set", help=", ".join([*SETS, *FAMILIES])
    )
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--effort", default="normal", choices=["fast", "normal", "best"])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one is not None:
        print(json.dumps(run(given.sets[0], given.one, given.threads, given.effort)))
        return
    print("| data | seed | score | rival | seconds | peak memory |\n|---|---|---|---|---|---|")
    found = defaultdict(list)
    for name in given.sets:
        for one in FAMILIES.get(name, [name]):
            for seed in range(given.seeds):
                result = apart(one, seed, given.threads, given.effort)
                found[name].append(result["score"])
                print(
                    f"| {one} | {seed} | {result['score']:.2f} {result['measure']} | {result['rival']} "
                    f"| {result['seconds']:.0f} | {result['memory']:.0f} MB |",
                    flush=True,
                )
    for name, values in found.items():
        print(f"{name}: mean {np.mean(values):.2f}, spread {np.std(values):.2f}, of {len(values)}")


def apart(name: str, seed: int, threads: int, effort: str) -> dict[str, Any]:
    """Run one set with one seed in a process of its own."""
    command = [sys.executable, __file__, name, "--one", str(seed), "--threads", str(threads), "--effort", effort]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def run(name: str, seed: int, threads: int, effort: str) -> dict[str, Any]:
    """Fit with one seed, and score on the test part."""
    import torch

    import gatework

    torch.set_num_threads(threads)
    split = SETS[name]()
    kind = gatework.Regressor if isinstance(split.y, list) else gatework.Classifier
    start = time.perf_counter()
    model = kind(seed=seed, effort=effort, progress=False, **split.settings).fit(split.X, split.y, groups=split.groups)
    seconds = time.perf_counter() - start
    score, measure, rival = judged(model, split)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    notes = [*model.notes_, *([model.scores_.verdict()] if model.scores_ else [])]
    print("\n".join(notes), file=sys.stderr)
    return {"score": score, "measure": measure, "rival": rival, "seconds": seconds, "memory": memory}


def judged(model: Any, split: Split) -> tuple[float, str, str]:
    """The score on the test part, what it is, and the rivals'."""
    if isinstance(split.y, list):
        # Of each test engine one number is known, that of its last cycle.
        answers = np.array([one[-1] for one in model.predict(split.X_test)])
        error = np.sqrt(np.mean((answers - split.y_test) ** 2))
        mean = np.sqrt(np.mean((np.concatenate(split.y).mean() - split.y_test) ** 2))
        return float(error), "RMSE", f"mean {mean:.2f}"
    scores = model.evaluate(split.X_test, split.y_test)
    (rows,) = scores.rows.values()
    balanced = "class_weight" in split.settings
    values = {who: 100 * (row.balanced_accuracy if balanced else row.accuracy) for who, row in rows.items()}
    (_, score), *rivals = values.items()
    what = "% balanced accuracy" if balanced else "% right"
    return score, what, ", ".join(f"{who} {value:.2f}" for who, value in rivals)


if __name__ == "__main__":
    main()
