"""What the bench prints: the machine first, then tables, row by row as they are found; the same lines go to a file."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from layer_duel import Shape

from gatework.ops import built


class Report:
    """Lines of Markdown, printed at once and kept."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.columns: list[tuple[int, bool]] = []  # width, and whether it holds numbers

    def say(self, line: str = "") -> None:
        print(line, flush=True)
        self.lines.append(line)

    def table(self, title: str, note: str, columns: Sequence[str]) -> None:
        """Begin a table; a column whose title begins with ">" holds numbers."""
        self.columns = [(max(len(title), 9), title.startswith(">")) for title in columns]
        self.say(f"\n## {title}\n\n{note}\n")
        self.row(*(title.removeprefix(">") for title in columns))
        rules = ("-" * (width + 1) + (":" if number else "-") for width, number in self.columns)
        self.say(f"|{'|'.join(rules)}|")

    def row(self, *cells: object) -> None:
        texts = map(show, cells)
        padded = (
            text.rjust(width) if number else text.ljust(width)
            for text, (width, number) in zip(texts, self.columns, strict=True)
        )
        self.say(f"| {' | '.join(padded)} |")

    def save(self, file: Path | None) -> None:
        if file is not None:
            file.write_text("\n".join(self.lines) + "\n")


def show(cell: object) -> str:
    """A number with three digits that count; nothing as a dash."""
    if cell is None:
        return "-"
    return f"{cell:.3g}" if isinstance(cell, float) else str(cell)


class Bench(NamedTuple):
    """What every part is given: where to print, the shapes by name, seconds a contender, the matrix rate, threads."""

    report: Report
    shapes: dict[str, Shape]
    seconds: float
    rate: float
    threads: int
    flax_python: str | None = None


def processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def matrix_rate(size: int) -> float:
    """The machine's float32 matrix rate in FLOP/s, by torch's own product: the best of ten."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    best = float("inf")
    for _ in range(10):
        began = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - began)
    return 2 * size**3 / best


def commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=Path(__file__).parent
    )
    return done.stdout.strip() or "unknown"


def machine(report: Report, rate: float) -> None:
    kernel = built.native.instruction_sets()[0] if built.native else "not built"
    report.say(
        f"{processor()}, {os.cpu_count()} cores, threads: {torch.get_num_threads()}; torch {torch.__version__} "
        f"({torch.backends.cpu.get_cpu_capability()}); gatework {commit()}, its kernel: {kernel}; "
        f"matrix rate {rate / 1e9:.0f} GFLOP/s."
    )
