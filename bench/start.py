"""What `import gatework; gatework.LSTM` costs beyond `import torch`: fresh processes in turn, the median of each."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 9
OURS, THEIRS = "import gatework; gatework.LSTM", "import torch"


def seconds(code: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begin


def main() -> None:
    subprocess.run([sys.executable, "-c", f"{OURS}; gatework.LSTM(1, 1)"], check=True)  # it works, and all is in cache
    pairs = [(seconds(THEIRS), seconds(OURS)) for _ in range(ROUNDS)]
    theirs, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    beyond = statistics.median(b - a for a, b in pairs)
    print(f"{THEIRS}: {theirs:.2f} s   {OURS}: {ours:.2f} s   beyond it: {beyond:.3f} s (at most 0.2)")


if __name__ == "__main__":
    main()
