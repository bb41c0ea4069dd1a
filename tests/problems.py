"""The inputs: one table of named cases for the tests of the equations, the backends, the identities and the mutants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence

from gatework import GRU, LSTM, RNN
from gatework.nn.reading import read
from gatework.nn.stack import Recurrent
from gatework.ops import Call

# Every share is exact in bfloat16, as every number drawn below is: one float64 truth serves every type.
LSTMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "no bias": {"bias": False},
    "projection": {"proj_size": 2},
    "peephole": {"peephole": True},
    "coupled": {"coupled_gates": True},
    "coupled peephole": {"coupled_gates": True, "peephole": True},
    "layer norm": {"layer_norm": True},
    "layer norm, no bias": {"layer_norm": True, "bias": False},
    "cell clip": {"cell_clip": 0.75},
    "recurrent dropout": {"recurrent_dropout": 0.5},
    "zoneout": {"zoneout": (0.25, 0.5)},
    "weight dropout": {"weight_dropout": 0.5},
    "everything": {
        "proj_size": 6, "peephole": True, "layer_norm": True, "cell_clip": 1.0, "recurrent_dropout": 0.5,
        "zoneout": 0.25, "weight_dropout": 0.5,
    },
}  # fmt: skip
OTHERS = {name: LSTMS[name] for name in ("plain", "no bias", "layer norm", "recurrent dropout", "weight dropout")} | {
    "zoneout": {"zoneout": 0.25}
}
EVERYTHING = {"layer_norm": True, "recurrent_dropout": 0.5, "zoneout": 0.25, "weight_dropout": 0.5}

VARIANTS: dict[str, tuple[type[Recurrent], dict[str, Any]]] = {
    **{f"LSTM {name}": (LSTM, options) for name, options in LSTMS.items()},
    **{f"GRU {name}": (GRU, options) for name, options in (OTHERS | {"everything": EVERYTHING}).items()},
    **{f"RNN {name}": (RNN, options) for name, options in (OTHERS | {"everything": EVERYTHING}).items()},
    "RNN relu": (RNN, {"nonlinearity": "relu"}),
    "RNN relu everything": (RNN, {"nonlinearity": "relu", **EVERYTHING}),
}

# Rows of uneven length in no order, one full and one empty. Resets before the first step, next to each other, before
# the last step, at and beyond a row's end, in an empty row; the last row has none and carries its state all the way.
LENGTHS = (7, 3, 0, 5, 6)
RESETS = ((2, 0), (3, 0), (6, 0), (0, 1), (3, 1), (5, 1), (0, 2), (1, 3), (4, 3))

SITUATIONS: dict[str, dict[str, Any]] = {
    "dense": {},
    "in eval": {"training": False},
    "both ways": {"bidirectional": True},
    "lengths": {"lengths": LENGTHS},
    "resets": {"resets": RESETS},
    "lengths, resets, fresh state": {"lengths": LENGTHS, "resets": RESETS, "fresh_state": True},
    "both ways, lengths, resets": {"bidirectional": True, "lengths": LENGTHS, "resets": RESETS},
    "both ways, packed": {"bidirectional": True, "lengths": (7, 3, 1, 5, 6), "packed": True},
}


@dataclass(frozen=True, eq=False)
class Problem:
    """One layer and one input for it. The sizes differ from each other, so that no two axes can be mistaken."""

    name: str
    kind: type[Recurrent]
    options: dict[str, Any]
    T: int = 7
    B: int = 5
    D: int = 3
    H: int = 11
    bidirectional: bool = False
    training: bool = True
    lengths: tuple[int, ...] | None = None
    resets: tuple[tuple[int, int], ...] | None = None
    fresh_state: bool = False
    packed: bool = False

    def layer(self, **options: Any) -> Recurrent:
        """Make the layer, in float64, with weights that fit a test: see `draw`."""
        made = {"bidirectional": self.bidirectional, "dtype": torch.float64, **self.options, **options}
        return draw(self.kind(self.D, self.H, **made)).train(self.training)

    def inputs(self, **options: Any) -> dict[str, Any]:
        """Draw what the layer is called with; padding holds NaN."""
        layer = self.layer(**options)
        g = torch.Generator().manual_seed(2)
        x = randn(g, self.T, self.B, self.D)
        parts = [tuple(randn(g, len(layer.all_weights), self.B, width) for width in layer.widths) for _ in range(2)]
        state, fresh = parts if self.kind is LSTM else [part[0] for part in parts]
        lengths = None if self.lengths is None else torch.tensor(self.lengths)
        if self.packed:
            return {"input": pack_padded_sequence(x, lengths, enforce_sorted=False), "hx": state}
        if lengths is not None:
            x[torch.arange(self.T)[:, None] >= lengths] = float("nan")
        reset = None
        if self.resets is not None:
            reset = torch.zeros(self.T, self.B, dtype=torch.bool)
            reset[tuple(torch.tensor(self.resets).T)] = True
        fresh = fresh if self.fresh_state else None
        return {"input": x, "hx": state, "lengths": lengths, "reset": reset, "reset_state": fresh}


def randn(g: torch.Generator, *shape: int) -> Tensor:
    """Draw normal numbers in float64 that bfloat16 holds exactly."""
    return torch.randn(*shape, generator=g, dtype=torch.float64).bfloat16().double()


@torch.no_grad()
def draw(layer: Recurrent, seed: int = 1) -> Recurrent:
    """Draw weights under which an error shows but is not blown up: R at 1 / sqrt(S), and nothing is zero.

    A larger R makes the recurrence chaotic, and no tolerance is honest; where R h is normalised, the gain
    does, whatever R is. A bias of zero hides its rows' places.
    """
    g = torch.Generator().manual_seed(seed)
    for name, weight in layer.named_parameters():
        gain = name.startswith("norm") and "_weight_" in name
        scale = weight.shape[1] ** -0.5 if name.startswith("weight") else 0.125 if gain else 0.5
        centre = 0.25 if gain else 0
        weight.copy_((centre + scale * randn(g, *weight.shape)).bfloat16())
    return layer


PROBLEMS = [
    Problem(f"{variant}, {situation}", kind, options, **more)
    for (variant, (kind, options)), (situation, more) in product(VARIANTS.items(), SITUATIONS.items())
] + [
    Problem(f"{kind.__name__} plain, {size}", kind, {}, *sizes, **more)
    for kind in (LSTM, GRU, RNN)
    for size, sizes, more in (
        ("one of each", (1, 1, 1, 1), {}),
        ("one step, empty rows", (1, 3, 2, 2), {"lengths": (0, 1, 0), "bidirectional": True}),
        ("no step in any row", (3, 2, 2, 2), {"lengths": (0, 0), "resets": ((0, 0), (1, 1))}),
        ("a reset at every step", (6, 2, 3, 5), {"resets": tuple(product(range(6), range(2))), "bidirectional": True}),
        ("wide", (5, 2, 19, 67), {}),
        ("long", (90, 3, 2, 9), {"lengths": (90, 33, 64), "resets": ((17, 0), (32, 1), (60, 0))}),
    )
]  # fmt: skip


@cache
def call(problem: Problem) -> Call:
    """Say what the problem's layer asks of a backend, in float64, with its masks drawn; nothing asks for a gradient."""
    layer = problem.layer()
    with torch.random.fork_rng():
        torch.manual_seed(3)
        asked = layer.call(0, read(layer, **{"lengths": None, "reset": None, **problem.inputs()}))
    return asked.with_tensors([t.detach() for t in asked.tensors()])


def names(asked: Call) -> list[str]:
    """Name each of `asked.tensors()`, in that order: x, state.0, directions.0.W, ..."""

    def walk(node: Any, at: str) -> Iterator[str]:
        if isinstance(node, Tensor):
            yield at
        elif isinstance(node, tuple):
            for key, part in zip(getattr(node, "_fields", range(len(node))), node, strict=True):
                yield from walk(part, f"{at}.{key}")

    parts = ("x", "state", "directions", "reset_state")
    return [name for part in parts for name in walk(getattr(asked, part), part)]
