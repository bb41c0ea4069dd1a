"""Training throughput: gatework's loop and windows against a bare torch loop over tensors prepared beforehand.

    python bench/training.py            600 hours of one series, the sizes of the defaults
    python bench/training.py --steps 40 --rounds 3

Both train the same network from the same weights on the same batches: two nn.LSTMs, a linear head, the quantile loss,
AdamW, clipping. The bare loop has its batches as tensors before the clock starts; gatework draws and gathers its own
while it runs. Refuses to time what does not first agree: the losses of both must be the same. Rounds alternate, so
that a busy machine slows both; the ratio is that of the medians.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from copy import deepcopy

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from gatework.data.draws import Draws
from gatework.data.windows import Windows, future_features, past_features
from gatework.models.forecast import EncoderDecoder, pinball
from gatework.models.quantiles import MEDIAN, QUANTILES
from gatework.train.loop import fit, seeded
from gatework.train.training import one_cycle

H, LAGS, INPUT, BATCH, RATE = 24, (1, 24, 168), 48, 64, 4e-3


def bare(model: nn.ModuleDict, batches: list[tuple[torch.Tensor, ...]]) -> list[float]:
    """Train as anyone would by hand."""
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    level = torch.tensor(QUANTILES)
    losses = []
    for step, (past, future, target) in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = RATE * one_cycle(step, len(batches))
        optimizer.zero_grad()
        _, state = model["encoder"](past)
        outputs, _ = model["decoder"](future, state)
        below, median, above = model["head"](outputs).split((MEDIAN, 1, MEDIAN), -1)
        down = future[..., -1:] * F.softplus(below).flip(-1).cumsum(-1).flip(-1)
        up = future[..., -1:] * F.softplus(above).cumsum(-1)
        error = target[..., None] - torch.cat([median - down, median, median + up], -1)
        loss = 2 * torch.maximum(level * error, (level - 1) * error).mean()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


def by_hand(net: EncoderDecoder) -> nn.ModuleDict:
    """Give the same network as torch's own layers, with copies of its weights."""
    sizes = [(past_features(LAGS), 64), (future_features(LAGS), 64)]
    encoder, decoder = (nn.LSTM(inputs, hidden, 2, batch_first=True) for inputs, hidden in sizes)
    encoder.load_state_dict(net.encoder.state_dict())
    decoder.load_state_dict(net.decoder.state_dict())
    return nn.ModuleDict({"encoder": encoder, "decoder": decoder, "head": deepcopy(net.head)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    steps = arguments.steps

    t = np.arange(600)
    y = 100 + 10 * np.sin(t * np.pi / 12) + np.random.default_rng(0).normal(size=600)
    windows = Windows([y], LAGS, INPUT, H)
    with seeded(0):
        net = EncoderDecoder(past_features(LAGS), future_features(LAGS))
    batches = [tuple(part.clone() for part in Draws(windows, BATCH, seed=0)(step)) for step in range(steps)]

    def ours() -> list[float]:
        draws = Draws(windows, BATCH, seed=0)
        return fit(deepcopy(net), draws, pinball, steps=steps, learning_rate=RATE, progress=False).losses

    def theirs() -> list[float]:
        return bare(by_hand(net), batches)

    one, two = ours(), theirs()
    if not np.allclose(one, two, rtol=1e-3):
        raise SystemExit(f"both must have the same losses; got {one[-3:]} and {two[-3:]}. Nothing is timed.")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, commit {commit}; the losses agree")
    wall: dict[str, list[float]] = {"bare": [], "gatework": []}
    cpu: dict[str, list[float]] = {"bare": [], "gatework": []}
    for _ in range(arguments.rounds):
        for name, train in (("bare", theirs), ("gatework", ours)):
            began, used = time.perf_counter(), time.process_time()
            train()
            wall[name].append(time.perf_counter() - began)
            cpu[name].append(time.process_time() - used)
    for name in wall:
        speed = steps / np.median(wall[name])
        print(f"{name:9} {speed:6.1f} steps/s, {1000 * np.median(cpu[name]) / steps:.1f} ms of CPU a step")
    for what, times in (("wall time", wall), ("CPU time", cpu)):
        share = np.median(times["bare"]) / np.median(times["gatework"])
        print(f"throughput against the bare loop, by {what}: {share:.1%}")


if __name__ == "__main__":
    main()
