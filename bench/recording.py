"""What it costs to record every 50th training step: the same training without and with, by turns.

    python bench/recording.py
    python bench/recording.py --steps 50 --rounds 2

Prints the ratio of the medians of the CPU time, one thread; it is to be at most 1.05. Refuses to time what does not
first agree: both trainings must have the same losses, bit for bit.
"""

from __future__ import annotations

import argparse
import time
from contextlib import nullcontext

import numpy as np
import torch
from torch import nn

import gatework
from gatework.look import record

# T, B, D, H: a small model, whose steps are short, and a medium one.
SHAPES = {"small": (96, 32, 8, 32), "medium": (100, 64, 32, 128)}
LAYERS = {"gatework.LSTM": gatework.LSTM, "torch.nn.LSTM": nn.LSTM}


class Net(nn.Module):
    def __init__(self, kind: type, inputs: int, hidden: int):
        super().__init__()
        self.reader, self.head = kind(inputs, hidden), nn.Linear(hidden, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.reader(x)[0][-1])


def train(net: nn.Module, x: torch.Tensor, steps: int, recorded: bool) -> tuple[list[float], float, int]:
    """Train for so many steps: the losses, the CPU time in seconds, and how many traces there are."""
    optimizer = torch.optim.Adam(net.parameters(), fused=True)
    losses, began = [], time.process_time()
    with record(net, every=50) if recorded else nullcontext([]) as traces:
        for _ in range(steps):
            loss = (net(x) - x[0, :, :1]).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses, time.process_time() - began, len(traces)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, 1 thread, {arguments.steps} steps a turn, {arguments.rounds} turns each")
    for size, (T, B, D, H) in SHAPES.items():
        x = torch.randn(T, B, D, generator=torch.Generator().manual_seed(0))
        for name, kind in LAYERS.items():
            times: dict[bool, list[float]] = {False: [], True: []}
            # The first turns warm up, and must agree.
            for turn in range(arguments.rounds + 1):
                losses = {}
                for recorded in (False, True):
                    torch.manual_seed(0)
                    losses[recorded], seconds, count = train(Net(kind, D, H), x, arguments.steps, recorded)
                    if turn:
                        times[recorded].append(seconds)
                if losses[False] != losses[True] or count != -(-arguments.steps // 50):
                    raise SystemExit("recording must change no loss and miss no step. Nothing is timed.")
            ratio = np.median(times[True]) / np.median(times[False])
            step = 1000 * np.median(times[False]) / arguments.steps
            print(f"{size:6} {name:13} {step:6.2f} ms a step, recorded {ratio:.3f} times that")


if __name__ == "__main__":
    main()
