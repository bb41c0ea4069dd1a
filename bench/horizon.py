"""How far back memory() says that a network remembers, where that is known.

    python bench/horizon.py                      4 delays, 10 seeds: some five minutes of one core
    python bench/horizon.py --delays 5 20 --seeds 3
    python bench/horizon.py --keep FOLDER        the trained networks stay there, and are not trained again

Delay tasks: rows of random numbers, one of which is marked; at the end the network must answer with it. The mark stands
exactly `delay` steps before the end, and a quarter as many numbers (40 at least) come before it, so that a network that
remembers more than it was asked for is found out. A row of the table is a delay, a column a seed. Refuses to measure a
network that has not learned its task (R^2 of 0.98).

Constant gates: LSTMs set by hand so that each step keeps the share f of the memory. The horizon is ln(eps) / ln(f).
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from tempfile import gettempdir

import torch
from safetensors.torch import load_file, save_file
from torch import nn

import gatework
from gatework.look import memory

UNITS, ROWS, RATE, SOLVED = 8, 32, 0.02, 0.98


class Recaller(nn.Module):
    """Read it all, then answer."""

    def __init__(self, delay: int):
        super().__init__()
        self.lstm = gatework.LSTM(2, UNITS, init="chrono", chrono_max=max(2 * delay, 4))
        self.head = nn.Linear(UNITS, 1)

    def forward(self, x):
        return self.head(self.lstm(x)[0][-1])


def batch(delay: int, rows: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows (T, B, 2) of a number in +-1 and its mark, and the marked number (B, 1)."""
    before = max(40, delay // 4)
    x = torch.zeros(before + delay + 1, rows, 2)
    x[..., 0] = 2 * torch.rand(x.shape[:2], generator=generator) - 1
    x[before, :, 1] = 1
    return x, x[before, :, :1]


def trained(delay: int, seed: int, steps: int, folder: Path) -> Recaller:
    """Train a network, or read the one that was."""
    file = folder / f"delay{delay}_seed{seed}_steps{steps}.safetensors"
    torch.manual_seed(seed)
    net, generator = Recaller(delay), torch.Generator().manual_seed(seed)
    if file.exists():
        net.load_state_dict(load_file(file))
        return net
    optimizer = torch.optim.Adam(net.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=0.1)
    for _ in range(steps):
        x, y = batch(delay, ROWS, generator)
        optimizer.zero_grad()
        (net(x) - y).square().mean().backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    folder.mkdir(parents=True, exist_ok=True)
    save_file(net.state_dict(), file)
    return net


def learned(net: Recaller, delay: int) -> float:
    """R^2 on rows that it has not seen."""
    x, y = batch(delay, 256, torch.Generator().manual_seed(10_000))
    with torch.no_grad():
        return 1 - float((net(x) - y).square().mean() / y.var())


def constant(f: float) -> gatework.LSTM:
    """An LSTM whose forget gate is f whatever it reads."""
    layer = gatework.LSTM(2, 4)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.zero_()
        layer.weight_ih_l0[8:12].normal_(std=0.05)
        layer.bias_ih_l0[4:8] = math.log(f / (1 - f))
    return layer


def delays(options: argparse.Namespace) -> bool:
    print("## Trained on a delay: the horizon by seed (* off by more than 10 %, - not learned)\n")
    print("| delay | " + " | ".join(f"seed {seed}" for seed in range(options.seeds)) + " | within 10 % | least R^2 |")
    print("| --- |" + " ---: |" * (options.seeds + 2))
    good = True
    for delay in options.delays:
        cells, right, scores = [], 0, []
        for seed in range(options.seeds):
            net = trained(delay, seed, options.steps, options.keep)
            scores.append(learned(net, delay))
            if scores[-1] < SOLVED:
                cells.append("-")
                continue
            x, _ = batch(delay, 64, torch.Generator().manual_seed(20_000 + seed))
            found = memory(net, x)
            near = abs(found.horizon - delay) <= 0.1 * delay and not found.beyond
            right += near
            cells.append(f"{found.horizon:.4g}" + ("" if near else "*"))
        print(f"| {delay} | {' | '.join(cells)} | {right} of {options.seeds} | {min(scores):.4f} |", flush=True)
        good &= right >= 0.9 * options.seeds
    return good


def gates(steps: int = 600) -> bool:
    print("\n## Constant gates: the horizon, and by how much it is off from ln(eps) / ln(f)\n")
    print("| f | eps | ln(eps) / ln(f) | horizon | off | by gradient | off |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    worst = 0.0
    for f, eps in ((0.5, 0.05), (0.5, 0.001), (0.8, 0.2), (0.8, 0.01), (0.95, 0.05), (0.98, 0.01), (0.99, 0.05)):
        torch.manual_seed(0)
        found, true = memory(constant(f), torch.randn(steps, 8, 2), eps=eps), math.log(eps) / math.log(f)
        cells = [f"{at:.2f} | {at / true - 1:+.2%}" for at in (found.horizon, found.horizon_by_gradient)]
        print(f"| {f} | {eps} | {true:.2f} | {' | '.join(cells)} |", flush=True)
        worst = max(worst, abs(found.horizon / true - 1))
    return worst <= 0.02


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--delays", type=int, nargs="+", default=[5, 20, 80, 200])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--steps", type=int, default=600, help="of training")
    parser.add_argument("--keep", type=Path, default=Path(gettempdir()) / "gatework-horizon")
    options = parser.parse_args()
    torch.set_num_threads(1)
    start, cpu = time.perf_counter(), time.process_time()
    good = delays(options), gates()
    print(f"\n{time.perf_counter() - start:.0f} s, of which {time.process_time() - cpu:.0f} s of one core.")
    raise SystemExit(not all(good))


if __name__ == "__main__":
    main()
