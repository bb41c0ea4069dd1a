"""Packed rows, laid out with their lengths for a backend that takes those."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gatework.ops.call import Answer, Call


def packed(call: Call, batch_sizes: Tensor, run: Callable[[Call], Answer]) -> Answer:
    """Lay the packed rows out, run them with their lengths, and pack the answer again."""
    sizes = batch_sizes.to(call.x.device)
    alive = torch.arange(int(batch_sizes[0]), device=call.x.device) < sizes[:, None]
    x = call.x.new_zeros(*alive.shape, call.x.shape[-1])
    x = x.index_put((alive,), call.x)
    answer = run(call._replace(x=x, batch_sizes=None, lengths=alive.sum(dim=0)))
    return answer._replace(y=answer.y[alive])
