"""Against Flax: an LSTM as XLA's scan, in a Python of its own, the same weights and data, turn by turn over a pipe."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from layer_duel import SEED, Contender, Race, Shape, agree, inference, training
from layer_report import Bench
from torch import nn

import gatework

CHILD = Path(__file__).with_name("layer_flax_child.py")


def flax(bench: Bench) -> None:
    if bench.flax_python is None:
        raise SystemExit("flax needs --flax-python: the path of a Python that has jax and flax.")
    bench.report.table(
        "LSTM against Flax (OptimizedLSTMCell in linen.RNN, jit)",
        "Milliseconds, and how many times as fast as Flax. Flax's process is held to as many cores as torch has "
        "threads; its compilation is not in the time.",
        ["shape", "what", ">flax ms", ">auto ms", ">ratio", ">+-"],
    )
    for name, shape in bench.shapes.items():
        versions = _race(bench, name, shape)
    bench.report.say(f"\n{versions}.")


def _race(bench: Bench, name: str, shape: Shape) -> str:
    torch.manual_seed(SEED)
    x, ours = shape.x(), gatework.LSTM(shape.D, shape.H)
    cotangent = torch.randn(shape.T, shape.B, shape.H)
    with tempfile.TemporaryDirectory() as folder:
        child, versions, found = _start(bench, Path(folder), x, ours, cotangent)
    try:
        _agree(name, x, ours, cotangent, found)
        contenders = {"inference": inference(ours, lambda: ours(x)), "training": training(ours, lambda: ours(x), x)}
        for what, contender in contenders.items():
            race = Race({"flax": _over_pipe(child, what), "auto": contender}, bench.seconds)
            ms = [1e3 * race.seconds(side) for side in ("flax", "auto")]
            bench.report.row(name, what, *ms, race.ratio("flax", "auto"), f"{race.spread('flax', 'auto'):.0%}")
    finally:
        child.kill()
        child.wait()
    return versions


def _start(bench: Bench, folder: Path, x, ours, cotangent):
    """Give the child its problem; wait until it has compiled and left its results."""
    weights = {"W": ours.weight_ih_l0, "R": ours.weight_hh_l0, "b": ours.bias_ih_l0 + ours.bias_hh_l0}
    given = {"x": x, "cotangent": cotangent, **weights}
    np.savez(folder / "problem.npz", **{name: t.detach().numpy() for name, t in given.items()})
    words = [bench.flax_python, str(CHILD), str(folder / "problem.npz"), str(folder / "answer.npz"), str(bench.threads)]
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    versions = child.stdout.readline().strip()
    if not versions:
        raise SystemExit("flax must run under --flax-python; see its error above. Nothing is timed.")
    with np.load(folder / "answer.npz") as file:
        found = {name: torch.from_numpy(file[name]) for name in file}
    return child, versions, found


def _agree(name, x, ours, cotangent, found) -> None:
    """Compare outputs and gradients of both with torch.nn.LSTM in float64."""
    true = _results(nn.LSTM(x.shape[2], ours.hidden_size).double(), ours, x.double(), cotangent.double())
    mine = _results(ours, ours, x, cotangent)
    theirs = {key: found[key] for key in true}
    agree(f"flax {name}", true, gatework=mine, flax=theirs)


def _results(layer, ours, x, cotangent):
    layer.load_state_dict(ours.state_dict())
    x = x.detach().requires_grad_()
    y, _ = layer(x)
    dx, W, R, b = torch.autograd.grad(y, [x, layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_hh_l0], cotangent)
    return {"outputs": y.detach(), "inference": y.detach(), "x": dx, "W": W, "R": R, "b": b}


def _over_pipe(child, what: str) -> Contender:
    def block(n: int) -> float:
        # torch's OpenMP threads spin for a moment after their work; they must be asleep before another process runs.
        time.sleep(0.01)
        child.stdin.write(f"{what} {n}\n")
        child.stdin.flush()
        return float(child.stdout.readline())

    return block
