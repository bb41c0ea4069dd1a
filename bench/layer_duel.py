"""Two ways to compute the same thing: first whether they agree, then which is quicker, turn by turn."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gatework.nn.reading import read
from gatework.ops import BACKENDS

SEED = 20260101
EPS = torch.finfo(torch.float32).eps
# How far from the truth a side may lie, of the largest value. Sums over thousands of steps lose a few digits on every
# side; a wrong gate or half precision inside loses far more.
ROUNDINGS = 128

# What is timed: no argument, (outputs, state, ...) back.
Run = Callable[[], tuple[Any, ...]]
# A contender in a race: how many calls, and the seconds that they took.
Contender = Callable[[int], float]
Results = dict[str, Tensor]


class Shape(NamedTuple):
    """Time, batch, input and hidden size."""

    T: int
    B: int
    D: int
    H: int

    def shrunk(self) -> Shape:
        return Shape(*map(min, self, (7, 3, 5, 17)))

    def flops(self, gates: int) -> int:
        """Multiplications and additions of both products in one forward pass; a backward pass has twice as many."""
        return 2 * self.T * self.B * gates * self.H * (self.D + self.H)

    def x(self) -> Tensor:
        return torch.randn(self.T, self.B, self.D, generator=torch.Generator().manual_seed(SEED)).requires_grad_()


# Whether they agree


def _answers(y: Tensor, state: Any, wanted: Results) -> Results:
    """Outputs, state, and the gradient of everything wanted under random cotangents: the same ones for every side."""
    outputs = (y, *state) if isinstance(state, tuple) else (y, state)
    draw = torch.Generator().manual_seed(SEED)
    cotangents = [torch.randn(t.shape, generator=draw).to(t.dtype) for t in outputs]
    gradients = torch.autograd.grad(outputs, list(wanted.values()), cotangents)
    found = dict(zip(("outputs", "h", "c"), outputs, strict=False))
    found |= {f"the gradient of {name}": g for name, g in zip(wanted, gradients, strict=True)}
    return {name: t.detach() for name, t in found.items()}


def wanted(module: nn.Module, x: Tensor) -> Results:
    return {"x": x, **dict(module.named_parameters())}


def results(module: nn.Module, run: Run, x: Tensor, inference: bool = True) -> Results:
    """All that one side answers; with `inference`, its outputs in eval mode too: not where masks are drawn."""
    torch.manual_seed(SEED)
    module.train()
    found = _answers(*run()[:2], wanted(module, x))
    if inference:
        module.eval()
        with torch.inference_mode():
            found["outputs in inference"] = run()[0].clone()
    return found


def truth(layer: Any, x: Tensor, lengths: Any = None, reset: Any = None, trace: bool = False) -> Results:
    """Give what a gatework layer of one layer should answer: the equations in float64, with the same masks."""
    torch.manual_seed(SEED)
    layer.train()
    call = layer.call(0, read(layer, x, None, lengths, reset, None, trace))
    names = {id(t): name for name, t in wanted(layer, x).items()}
    tensors = call.tensors()
    doubles = [t.detach().double() for t in tensors]
    leaves = {names[id(t)]: d.requires_grad_() for t, d in zip(tensors, doubles, strict=True) if id(t) in names}
    answer = BACKENDS["equations"].run(call.with_tensors(doubles))
    found = _answers(answer.y, answer.state, {name: leaves[name] for name in names.values()})
    return found | {"outputs in inference": found["outputs"]}


def agree(what: str, true: Results, **sides: Results) -> None:
    """Stop, before anything is timed, unless each side lies within float32's accuracy of the truth."""
    for side, found in sides.items():
        for name, value in found.items():
            if value.shape != true[name].shape:
                raise SystemExit(
                    f"{what}: {name} of {side} must be {tuple(true[name].shape)}; got {tuple(value.shape)}. "
                    "Nothing is timed."
                )
            scale = float(true[name].abs().max())
            off = float((value.double() - true[name]).abs().max()) / (scale or 1)
            if not off <= ROUNDINGS * EPS:  # a NaN is refused too
                raise SystemExit(
                    f"{what}: {name} of {side} must lie within {ROUNDINGS * EPS:.1e} of the truth; got {off:.1e} "
                    "(of its largest value). Nothing is timed."
                )


# Which is quicker


def _clock(run: Callable[[], Any], n: int) -> float:
    began = time.perf_counter()
    for _ in range(n):
        run()
    return time.perf_counter() - began


def inference(module: nn.Module, run: Callable[[], Any]) -> Contender:
    def block(n: int) -> float:
        module.eval()
        with torch.inference_mode():
            return _clock(run, n)

    return block


def training(module: nn.Module, run: Run, x: Tensor) -> Contender:
    """Forward, and backward to x and every weight."""
    module.train()
    inputs = list(wanted(module, x).values())
    cotangent = torch.randn_like(run()[0])

    def block(n: int) -> float:
        module.train()
        return _clock(lambda: torch.autograd.grad(run()[0], inputs, cotangent), n)

    return block


class Race:
    """Contenders take turns in short blocks, so that a busy machine slows all of them; medians are compared."""

    def __init__(self, contenders: dict[str, Contender], seconds: float) -> None:
        once = {name: min(run(1), run(1)) for name, run in contenders.items()}  # the first call warms
        blocks = {name: max(1, min(1000, int(0.002 / max(t, 1e-7)))) if seconds else 1 for name, t in once.items()}
        turn = sum(once[name] * blocks[name] for name in once)
        rounds = max(5, min(200, int(seconds * len(once) / turn))) if seconds else 1
        self.times: dict[str, list[float]] = {name: [] for name in contenders}
        gc.collect()
        gc.disable()
        try:
            for _ in range(rounds):
                for name, run in contenders.items():
                    self.times[name].append(run(blocks[name]) / blocks[name])
        finally:
            gc.enable()

    def seconds(self, name: str) -> float:
        return statistics.median(self.times[name])

    def ratio(self, slow: str, fast: str) -> float:
        return self.seconds(slow) / self.seconds(fast)

    def spread(self, slow: str, fast: str) -> float:
        """Half the interquartile range of the turns' ratios, as a share of the median: how far to trust a ratio."""
        ratios = sorted(a / b for a, b in zip(self.times[slow], self.times[fast], strict=True))
        if len(ratios) < 4:
            return 0.0
        low, middle, high = statistics.quantiles(ratios, n=4)
        return (high - low) / 2 / middle
