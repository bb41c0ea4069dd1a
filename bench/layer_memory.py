"""Peak memory of training steps, each in a fresh process: torch.nn.LSTM against gatework.LSTM.

As a script (`layer_memory.py torch|auto|native T B D H threads`) it is that process: it makes the layer and the
input, takes steps, and prints the peak before and after them, and what the steps gave.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
from pathlib import Path

STEPS = 3


def peak() -> float:
    """Largest resident memory of this process so far, in MiB.

    As getrusage's ru_maxrss has it, but for this program alone: ru_maxrss outlives exec, so that a process begun by a
    large one reports the large one's.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def child(side: str, T: int, B: int, D: int, H: int, threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    if side == "torch":
        layer = torch.nn.LSTM(D, H)
    else:
        import gatework

        layer = gatework.LSTM(D, H, backend=side)
    x = torch.randn(T, B, D, requires_grad=True)
    before = peak()
    for _ in range(STEPS):
        layer.zero_grad()
        x.grad = None
        y, _ = layer(x)
        y.square().mean().backward()
    after = peak()
    gave = [y.norm().item(), *(t.grad.norm().item() for t in (x, *layer.parameters()))]
    print(json.dumps({"before": before, "after": after, "gave": gave}))


def memory(bench) -> None:
    """One row a shape: the median of fresh processes."""
    from gatework.ops import BACKENDS

    sides = ["torch", "auto", *(["native"] if "native" in BACKENDS else [])]
    bench.report.table(
        "Peak memory of a training step (LSTM)",
        f"MiB of resident memory that {STEPS} steps add to the peak of a fresh process that has imported and made the "
        "layer and its input; medians. ratio: auto's share of torch's (at most 1).",
        ["shape", ">torch MiB", ">auto MiB", ">ratio", ">native MiB", ">native"],
    )
    processes = 3 if bench.seconds else 1
    for name, shape in bench.shapes.items() if bench.seconds else list(bench.shapes.items())[-1:]:
        added: dict[str, list[float]] = {side: [] for side in sides}
        for _ in range(processes):
            gave = {}
            for side in sides:
                found = measure(side, shape, bench.threads)
                added[side].append(found["after"] - found["before"])
                gave[side] = found["gave"]
            for side in sides:
                for ours, theirs in zip(gave[side], gave["torch"], strict=True):
                    if not abs(ours - theirs) <= 1e-4 * abs(theirs):
                        raise SystemExit(
                            f"memory {name}: {side} must give what torch gives, {gave['torch']}; got {gave[side]}. "
                            "Nothing is compared."
                        )
        mib = {side: statistics.median(values) for side, values in added.items()}
        share = {side: value / mib["torch"] if mib["torch"] >= 1 else None for side, value in mib.items()}
        bench.report.row(name, mib["torch"], mib["auto"], share["auto"], mib.get("native"), share.get("native"))


def measure(side: str, shape: tuple[int, ...], threads: int) -> dict:
    words = [sys.executable, __file__, side, *map(str, (*shape, threads))]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"memory: {side} must run; it said:\n{done.stderr}")
    return json.loads(done.stdout)


if __name__ == "__main__":
    child(sys.argv[1], *map(int, sys.argv[2:]))
