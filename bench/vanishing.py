"""The classic claim, looked at: an RNN forgets where an LSTM remembers. And what has the initialisation to do with it?

    python bench/vanishing.py                  10 to 1,000 steps, 5 seeds: some 3 minutes of one core
    python bench/vanishing.py --lengths 10,100 --seeds 2 --steps 200
    python bench/vanishing.py --numbers found.json     keeps what was found there, and goes on from it

The task: the first input is a bit, +1 or -1; k steps of noise as large follow, and then the bit is asked for. A second
input marks the first step. Every cell starts in every way that it has, has the same units, data, rate and training
steps at most, and as many seeds. It is solved where 99 % of 1,000 fresh sequences are answered rightly, and given up
where half of the steps have taught it nothing; beyond 100 steps, what no seed solved is not tried over a longer while.
The gradient is that of the loss by the memory (c of an LSTM, h of the others) k steps back.

Writes docs/vanishing.png, and prints the tables that docs/look.md shows.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import gatework
from gatework.look import gradients
from gatework.look.rate import judge
from gatework.train.loop import seeded

UNITS, ROWS, CLIP = 8, 16, 1.0
# The length of which the gradients are shown.
SHOWN = 100
# Guessing has a loss of log 2 = 0.693. A training that has learned no more in half of its steps is given up.
GUESSING = 0.68
CELLS = {"RNN": gatework.RNN, "GRU": gatework.GRU, "LSTM": gatework.LSTM}
# What a plain RNN has no gate for is left out.
WAYS = {
    "RNN": ("torch", "recommended"),
    "GRU": ("torch", "recommended", "chrono"),
    "LSTM": ("torch", "recommended", "chrono"),
}
COLOURS = {"torch": "#D55E00", "recommended": "#0072B2", "chrono": "#009E73"}
STYLES = {"torch": "-", "recommended": "--", "chrono": "-."}
MARKS = {"torch": "o", "recommended": "s", "chrono": "^"}
TITLES = {"torch": "torch's default", "recommended": "recommended (forget bias 1)", "chrono": "chrono, told the length"}


class Found(NamedTuple):
    """Of one training: whether it was solved, and the gradient's norm by lag before and after."""

    solved: bool
    before: np.ndarray
    after: np.ndarray


class Net(nn.Module):
    def __init__(self, cell: str, way: str, k: int):
        super().__init__()
        more = {"chrono_max": max(k, 3)} if way == "chrono" else {}
        self.reader = CELLS[cell](2, UNITS, init=way, **more)
        self.head = nn.Linear(UNITS, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.reader(x)[0][-1])[:, 0]


def draw(k: int, rows: int, g: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw sequences (1 + k, rows, 2) and their bits (rows,)."""
    x = torch.zeros(1 + k, rows, 2)
    bits = torch.randint(0, 2, (rows,), generator=g).float()
    x[:, :, 0] = torch.randn(1 + k, rows, generator=g)
    x[0, :, 0], x[0, :, 1] = 2 * bits - 1, 1
    return x, bits


def norms(net: Net, k: int, seed: int) -> np.ndarray:
    """The gradient of the loss by the memory, by lag; of other lengths than the one shown there is none."""
    if k != SHOWN:
        return np.empty(0)
    x, bits = draw(k, ROWS, torch.Generator().manual_seed(seed))
    found = gradients(net, x, loss=lambda y: F.binary_cross_entropy_with_logits(y[0, :, 0], bits))
    flow = found.flows["reader.l0"].norms
    return flow.get("c", flow["h"])


def right(net: Net, k: int, rows: int, g: torch.Generator) -> float:
    x, bits = draw(k, rows, g)
    with torch.no_grad():
        return float(((net(x) > 0) == (bits > 0)).float().mean())


def learn(cell: str, way: str, k: int, seed: int, steps: int, rate: float) -> Found:
    """Train one network, until it is right about 1,000 sequences or the steps are over."""
    with seeded(seed):
        net = Net(cell, way, k)
    before, g = norms(net, k, 1000 + seed), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=rate, fused=True)
    losses: list[float] = []
    solved = False
    while not solved and len(losses) < steps:
        x, bits = draw(k, ROWS, g)
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(net(x), bits)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), CLIP)
        optimizer.step()
        losses.append(loss.item())
        # Most looks end with the first of the two, which costs a tenth.
        if len(losses) % 50 == 0:
            solved = right(net, k, 100, g) >= 0.98 and right(net, k, 1000, g) >= 0.99
        if len(losses) >= steps / 2 and np.mean(losses[-50:]) > GUESSING:
            break
    return Found(solved, before, norms(net, k, 1000 + seed))


def middle(found: list[Found], when: str) -> np.ndarray:
    """The median over seeds of the norms by lag, in units of that at the end."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.median([getattr(one, when) / getattr(one, when)[0] for one in found], axis=0)


def table(found: dict, lengths: list[int], seeds: int) -> str:
    lines = [
        f"| cell | init | {' | '.join(f'{k:,}' for k in lengths)} | rate at the start | after training |",
        "|---|---|" + "---:|" * (len(lengths) + 2),
    ]
    for cell, ways in WAYS.items():
        for way in ways:
            tried = [found[cell, way, k] for k in lengths]
            counts = [f"{sum(one.solved for one in each)}/{seeds}" if each else "–" for each in tried]
            rates = []
            for when in ("before", "after"):
                each = [judge(getattr(one, when), 1e-31)[0] for one in found[cell, way, SHOWN]]
                rates.append(f"{np.nanmedian(each):.3f}")
            lines.append(f"| {cell} | {way} | {' | '.join([*counts, *rates])} |")
    return "\n".join(lines)


def picture(found: dict, lengths: list[int], seeds: int, path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.6, 5.6), layout="constrained", dpi=150)
    grid = figure.subplots(3, 3, sharex="row", sharey="row")
    titles = ("gradient before training", "after training", "solved")
    for column, (cell, ways) in enumerate(WAYS.items()):
        for row, when in enumerate(("before", "after")):
            ax = grid[row, column]
            for way in ways:
                values = middle(found[cell, way, SHOWN], when)
                ax.plot(np.where(values > 0, values, np.nan), STYLES[way], color=COLOURS[way], lw=1.5)
            ax.set_yscale("log")
            ax.set_ylim(1e-12, 1e3)
            ax.set_xlabel("steps back", fontsize=8)
        ax = grid[2, column]
        for place, way in enumerate(ways):
            tried = [k for k in lengths if found[cell, way, k]]
            share = [np.mean([one.solved for one in found[cell, way, k]]) for k in tried]
            # Beside each other, since many are all or nothing.
            at = np.array(tried) * 1.06 ** (place - 1)
            ax.plot(at, share, STYLES[way], color=COLOURS[way], marker=MARKS[way], ms=4, lw=1.5, label=TITLES[way])
        ax.set_xscale("log")
        ax.set_xticks(lengths, [f"{k:,}" for k in lengths])
        ax.minorticks_off()
        ax.set_ylim(-0.08, 1.08)
        ax.set_yticks([0, 0.5, 1], ["none", "half", "all"])
        ax.set_xlabel("steps to remember over", fontsize=8)
        grid[0, column].set_title(cell, fontsize=9, fontweight="bold")
    for row, title in enumerate(titles):
        more = f"\n({SHOWN:,} steps, 1 at the end)" if row < 2 else f"\n(of {seeds} seeds)"
        grid[row, 0].set_ylabel(title + more, fontsize=8)
    for ax in grid.ravel():
        ax.tick_params(labelsize=7)
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(color="0.92")
    figure.legend(
        *grid[2, 2].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=8
    )
    figure.savefig(path)


def search(found: dict, lengths: list[int], seeds: int, steps: int, rate: float, numbers: Path | None) -> None:
    """Train every cell in every way, over every length, from every seed; what was found before stays."""
    for cell, ways in WAYS.items():
        for way in ways:
            for k in lengths:
                before = [found[cell, way, j] for j in lengths if j < k]
                # Of what no seed remembered over a shorter while, the longer is not tried: that takes longest.
                hopeless = k > SHOWN and not any(one.solved for one in before[-1])
                if (cell, way, k) not in found and hopeless:
                    found[cell, way, k] = []
                if (cell, way, k) not in found:
                    each = [learn(cell, way, k, seed, steps, rate) for seed in range(seeds)]
                    found[cell, way, k] = each
                    solved = sum(one.solved for one in each)
                    print(f"{time.process_time():6.0f} s  {cell:4} {way:12} {k:5,} steps: {solved} solved", flush=True)
                if numbers is not None:
                    write(found, numbers)


def write(found: dict, numbers: Path) -> None:
    rows = [[*key, [[one.solved, one.before.tolist(), one.after.tolist()] for one in f]] for key, f in found.items()]
    numbers.write_text(json.dumps(rows))


def read(numbers: Path | None) -> dict:
    rows = json.loads(numbers.read_text()) if numbers is not None and numbers.exists() else []
    return {(a, b, k): [Found(s, np.array(u), np.array(v)) for s, u, v in each] for a, b, k, each in rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lengths", default="10,30,100,300,1000", help=f"{SHOWN} is among them")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--rate", type=float, default=1e-2)
    parser.add_argument("--numbers", type=Path)
    parser.add_argument("--png", type=Path, default=Path(__file__).parents[1] / "docs" / "vanishing.png")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    lengths, seeds = [int(k) for k in arguments.lengths.split(",")], arguments.seeds
    found = read(arguments.numbers)
    search(found, lengths, seeds, arguments.steps, arguments.rate, arguments.numbers)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    print(f"\n{UNITS} units, {ROWS} rows a step, {arguments.steps:,} steps of Adam at {arguments.rate}")
    minutes = time.process_time() / 60
    print(f"torch {torch.__version__}, 1 thread, commit {commit}, {minutes:.0f} minutes of one core\n")
    print(table(found, lengths, seeds))
    picture(found, lengths, seeds, arguments.png)


if __name__ == "__main__":
    main()
