"""Plants faults in models that torch alone made and trained, and counts what the doctor says; and healthy ones too.

    python bench/doctor.py                     17 faults and 13 healthy kinds of runs, 5 seeds
    python bench/doctor.py --only swapped      faults or healthy runs whose name holds this
    python bench/doctor.py --seed 1000         other seeds, and other tasks: the runs that no limit was set on

A fault is named where its name is among the findings of every seed. A healthy run in which anything at all is found is
a false alarm.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import torch
from doctor_faults import FAULTS
from doctor_healthy import HEALTHY
from doctor_others import OTHERS
from doctor_tasks import HELD_OUT_FROM, Draw

from gatework.look import doctor


def examine(build, seed: int):
    model, data, recording = build(Draw(seed))
    began = time.perf_counter()
    weights = [p.clone() for p in model.parameters()]
    found = doctor(model, data, recording)
    if not all(
        torch.equal(a, b) or bool(torch.isnan(a).any()) for a, b in zip(weights, model.parameters(), strict=True)
    ):
        raise SystemExit("the doctor changed a model. Nothing else counts.")
    return found, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[""])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--evidence", action="store_true")
    arguments = parser.parse_args()
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    named, seconds = {}, []
    alarms, runs = 0, 0
    for build in HEALTHY if arguments.seed < HELD_OUT_FROM else OTHERS:
        if not any(word in build.__name__ for word in arguments.only):
            continue
        for seed in seeds:
            found, took = examine(build, seed)
            seconds.append(took)
            runs += 1
            alarms += bool(found)
            for one in found:
                print(f"    {build.__name__}, seed {seed}: {one}")
        print(f"| {build.__name__} | {len(seeds)} runs |", flush=True)
    for name, build in FAULTS.items():
        if not any(word in name or word in build.__name__ for word in arguments.only):
            continue
        hits, beside = 0, {}
        for seed in seeds:
            found, took = examine(build, seed)
            seconds.append(took)
            names = [one.name for one in found]
            hits += name in names
            for other in set(names) - {name}:
                beside[other] = beside.get(other, 0) + 1
            if arguments.evidence or name not in names:
                print(
                    f"    seed {seed}: " + ("missed: " if name not in names else "") + str(found).split("\nNot exam")[0]
                )
                print("       ", found.not_examined.get(name, ""))
        named[name] = hits
        also = ", ".join(f"{other} ({count})" for other, count in sorted(beside.items()))
        print(f"| {name} | {hits} of {len(seeds)} | {also or '-'} |", flush=True)
    whole = sum(hits == len(seeds) for hits in named.values())
    print(f"{whole} of {len(named)} faults named in every seed; {alarms} false alarms in {runs} healthy runs;")
    print(f"the doctor took {sorted(seconds)[len(seconds) // 2]:.1f} s (median), {max(seconds):.1f} s at most.")


if __name__ == "__main__":
    main()
