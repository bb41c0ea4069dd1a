"""What torch.utils.flop_counter counts of the kernel: the products that the equations make."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from gatework import GRU, LSTM, RNN
from gatework.ops import built

pytestmark = pytest.mark.skipif(built.why is not None, reason=f"the native kernel: {built.why}")


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(
    ("kind", "options"),
    [(LSTM, {}), (LSTM, {"proj_size": 3}), (LSTM, {"coupled_gates": True, "bias": False}), (GRU, {}), (RNN, {})],
    ids=str,
)
def test_the_kernel_counts_as_the_equations_do(kind, options, bidirectional):
    def counted(backend: str) -> tuple[int, int]:
        layer = kind(3, 4, num_layers=2, bidirectional=bidirectional, backend=backend, **options)
        x = torch.randn(5, 2, 3, requires_grad=True)
        hx = [torch.zeros(4 if bidirectional else 2, 2, width, requires_grad=True) for width in layer.widths]
        with FlopCounterMode(display=False) as counter:
            y, _ = layer(x, tuple(hx) if kind is LSTM else hx[0])
            forward = counter.get_total_flops()
            y.sum().backward()
        return forward, counter.get_total_flops()

    assert counted("native") == counted("equations")


FROZEN = {
    "nothing": "-",
    "W": "weight_ih",
    "R": "weight_hh",
    "P": "weight_hr",
    "W, R and P": "weight",
    "biases": "bias",
}


@pytest.mark.parametrize("asks", ["", "x", "hx", "x hx"])
@pytest.mark.parametrize("frozen", FROZEN.values(), ids=FROZEN)
@pytest.mark.parametrize("kind", [LSTM, GRU, RNN])
def test_what_nobody_asks_for_is_not_counted(kind, frozen, asks):
    def counted(backend: str) -> int:
        layer = kind(3, 4, num_layers=2, backend=backend, **({"proj_size": 2} if kind is LSTM else {}))
        for name, weight in layer.named_parameters():
            weight.requires_grad_(not name.startswith(frozen))
        x = torch.randn(5, 2, 3, requires_grad="x" in asks.split())
        hx = tuple(torch.zeros(2, 2, width, requires_grad=True) for width in layer.widths)
        with FlopCounterMode(display=False) as counter:
            y, _ = layer(x, (hx if kind is LSTM else hx[0]) if "hx" in asks else None)
            y.sum().backward()
        return counter.get_total_flops()

    assert counted("native") == counted("equations")


def test_by_hand():
    with FlopCounterMode(display=False) as counter:
        LSTM(3, 4, backend="native")(torch.zeros(5, 2, 3))
    assert counter.get_total_flops() == 2 * 5 * 2 * 16 * (3 + 4)


def test_the_first_that_looks_on_counts_too():
    script = """
import torch
from torch.utils.flop_counter import FlopCounterMode
from gatework import LSTM
for _ in range(2):
    with FlopCounterMode(display=False) as counter:
        LSTM(3, 4, backend="native")(torch.zeros(5, 2, 3))
    print(counter.get_total_flops())
"""
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert child.stdout.split() == ["2240", "2240"], child.stderr
