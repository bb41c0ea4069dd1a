"""The layer's speed and memory, as ratios against named opponents in one run.

    python bench/layer.py                            everything but flax, some minutes a part
    python bench/layer.py plain stream               two parts
    python bench/layer.py --only b64,rl --threads 1 variants
    python bench/layer.py --flax-python ~/flax/bin/python flax
    python bench/layer.py --size small               seconds: every part once, on tiny shapes

Refuses to time what does not first agree: outputs and the gradient of every input and weight of both sides are held
against float64, and the bench stops with exit code 1 where one is off. Contenders take turns in short blocks; medians
are compared. docs/speed.md says what each part measures.
"""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path

import torch
from layer_duel import Shape
from layer_flax import flax
from layer_memory import memory
from layer_plain import plain, variants
from layer_report import Bench, Report, machine, matrix_rate
from layer_rl import rl
from layer_stream import stream

SHAPES = {
    "stream": Shape(1, 1, 40, 128),
    "small": Shape(96, 32, 8, 32),
    "medium": Shape(100, 32, 64, 128),
    "wide": Shape(24, 256, 8, 64),
    "text": Shape(70, 20, 400, 1150),
    "large": Shape(512, 16, 512, 512),
    "long": Shape(4096, 1, 16, 64),
    "b64": Shape(100, 64, 256, 256),
    "b1": Shape(1000, 1, 128, 128),
    "rl": Shape(128, 128, 64, 256),
}
PARTS = {"plain": plain, "variants": variants, "rl": rl, "stream": stream, "memory": memory, "flax": flax}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="|".join(PARTS), help="all but flax when none is named")
    parser.add_argument("--only", metavar="SHAPE,...", help=f"some of {', '.join(SHAPES)}")
    parser.add_argument(
        "--threads", type=int, metavar="N", help="torch.set_num_threads(N); torch's own choice if not given"
    )
    parser.add_argument("--size", choices=("small", "full"), default="full", help="small: tiny shapes, one turn each")
    parser.add_argument("--seconds", type=float, default=1.0, help="about how long a contender runs in one race")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write what is printed there")
    parser.add_argument("--flax-python", metavar="PATH", help="a Python that has jax and flax")
    arguments = parser.parse_args()
    names = arguments.only.split(",") if arguments.only else list(SHAPES)
    for kind, given, known in (("a part", arguments.parts, PARTS), ("a shape", names, SHAPES)):
        for name in given:
            if name not in known:
                parser.error(f"{kind} must be one of {', '.join(known)}; got {name!r}.")
    if arguments.threads:
        torch.set_num_threads(arguments.threads)

    gc.freeze()  # what has been imported stays: collecting before a race need not look at it
    small = arguments.size == "small"
    report = Report()
    rate = matrix_rate(128 if small else 1024)
    bench = Bench(
        report,
        {name: SHAPES[name].shrunk() if small else SHAPES[name] for name in names},
        0.0 if small else arguments.seconds,
        rate,
        torch.get_num_threads(),
        arguments.flax_python,
    )
    report.say(f"`python bench/layer.py {' '.join(sys.argv[1:])}`\n")
    machine(report, rate)
    if small:
        report.say("\nSmall size: these numbers only show that the bench runs.")
    default = [name for name in PARTS if name != "flax" or arguments.flax_python]
    for part in arguments.parts or default:
        PARTS[part](bench)
        report.save(arguments.markdown)  # after each part, so that a long run that is stopped leaves what it found


if __name__ == "__main__":
    main()
