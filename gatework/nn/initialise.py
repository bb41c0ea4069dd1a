"""How weights start: torch's way, the recommended way, or with memory for a given number of steps (chrono)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import init

if TYPE_CHECKING:
    from gatework.nn.stack import Recurrent


@torch.no_grad()
def initialise(layer: Recurrent) -> None:
    """Draw every weight of `layer` anew, by `layer.init`."""
    if layer.init == "torch":
        _torch(layer)
    else:
        _recommended(layer)
    if layer.init == "chrono":
        _chrono(layer)
    for name, weight in layer.named_parameters():
        if name.startswith("norm_"):
            init.constant_(weight, 1.0 if "_weight_" in name else 0.0)


def _torch(layer: Recurrent) -> None:
    """Uniform in +-1 / sqrt(H); torch's own weights first and in its order: one seed, the same layer."""
    bound = 1 / math.sqrt(layer.hidden_size)
    extra = ("peephole_", "norm_")
    for late in (False, True):
        for name, weight in layer.named_parameters():
            if name.startswith(extra) == late:
                init.uniform_(weight, -bound, bound)


def _recommended(layer: Recurrent) -> None:
    """Glorot W, orthogonal R, gate by gate; biases and peepholes 0, but for the gate that keeps memory: 1."""
    for name, weight in layer.named_parameters():
        if name.startswith("weight_ih"):
            for gate in weight.chunk(layer.gates):
                init.xavier_uniform_(gate)
        elif name.startswith("weight_hh"):
            for gate in weight.chunk(layer.gates):
                init.orthogonal_(gate)
        elif name.startswith("weight_hr"):
            init.orthogonal_(weight)
        elif not name.startswith("norm_"):
            init.zeros_(weight)
    # Jozefowicz, Zaremba & Sutskever (2015): a forget gate that starts open lets the gradient through.
    _keep(layer, lambda H: torch.ones(H))


def _chrono(layer: Recurrent) -> None:
    """Give units forgetting times spread over 1 to chrono_max steps (Tallec & Ollivier, 2018, arXiv:1804.11188)."""
    assert layer.chrono_max is not None
    span = float(layer.chrono_max) - 1
    _keep(layer, lambda H: torch.log(torch.empty(H).uniform_(1, span)), close_input=True)


def _keep(layer: Recurrent, draw, close_input: bool = False) -> None:
    """Put the drawn logits of "keep the memory" in the bias of each direction's keeping gate.

    The LSTM's forget gate keeps (with coupled gates 1 - i does, so i takes the negative), the GRU's update gate does.
    """
    if not layer.bias or layer.gates == 1:
        return
    for name, bias in layer.named_parameters():
        if not name.startswith("bias_ih"):
            continue
        rows = list(bias.chunk(layer.gates))
        keep: Tensor = draw(layer.hidden_size).to(bias)
        if layer.gates == 4:
            rows[1].copy_(keep)
            if close_input:
                rows[0].copy_(-keep)
        elif layer.cell == "lstm":
            rows[0].copy_(-keep)
        else:
            rows[1].copy_(keep)
