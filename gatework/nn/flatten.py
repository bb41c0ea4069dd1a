"""cuDNN's weight layout: one stretch of memory a layer, which spares it a copy on every call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from gatework.nn.stack import Recurrent


def flatten(layer: Recurrent, directions: list[dict[str, str]]) -> None:
    """Move one layer's weights into one stretch of memory, where cuDNN can serve it; the parameters stay the same."""
    fields = ("W", "R", "b_ih", "b_hh", "P")
    weights = [getattr(layer, one[field]) for one in directions for field in fields if field in one]
    first = weights[0]
    fits = all(isinstance(w, nn.Parameter) and w.is_cuda and w.dtype == first.dtype for w in weights)
    if not fits or layer.coupled_gates or len({w.data_ptr() for w in weights}) != len(weights):
        return
    if not torch.backends.cudnn.is_acceptable(first) or not torch._use_cudnn_rnn_flatten_weight():
        return
    from torch.backends.cudnn.rnn import get_cudnn_mode

    with torch.no_grad(), torch.cuda.device_of(first):
        torch._cudnn_rnn_flatten_weight(
            weights,
            len(weights) // len(directions),
            first.shape[1],
            get_cudnn_mode(layer.mode),
            layer.hidden_size,
            layer.proj_size,
            1,
            False,
            layer.bidirectional,
        )
