"""What `import gatework; gatework.LSTM` costs beyond `import torch`: fresh processes, the median.

Each process imports torch first and times only what comes after it: torch's own import takes seconds, and varies by
more than gatework's whole share.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

ROUNDS = 9
CODE = """
import time
begin = time.perf_counter(); import torch
middle = time.perf_counter(); import gatework; gatework.LSTM
end = time.perf_counter()
assert gatework.LSTM(1, 1)(torch.zeros(1, 1, 1))[0].shape == (1, 1, 1)
print(middle - begin, end - middle)
"""


def main() -> None:
    rounds = [subprocess.run([sys.executable, "-c", CODE], check=True, capture_output=True) for _ in range(ROUNDS)]
    pairs = [[float(word) for word in done.stdout.split()] for done in rounds]
    torch, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"import torch: {torch:.2f} s; import gatework; gatework.LSTM: {ours:.3f} s beyond it (at most 0.2)")


if __name__ == "__main__":
    main()
