"""A batch as a person has it, brought to time first: an array or a list of rows, of numbers or of tokens."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gatework.errors import DataError, OptionError, ShapeError, check_shape


def read_batch(
    data: Any, lengths: Any, batch_first: bool, net: nn.Module, like: Tensor
) -> tuple[Tensor, Tensor | None]:
    """Bring data to (T, B, D) of the type of the weights `like`, or tokens to (T, B), 0 past a row's end; and lengths.

    These are (B,), where each row ends, or None where all go on to the end.
    """
    if isinstance(data, list | tuple):
        if lengths is not None:
            raise OptionError("lengths must not be given with a list of rows; got both. The rows have their lengths.")
        rows = [row if isinstance(row, Tensor) else torch.as_tensor(np.asarray(row)) for row in data]
        if not rows:
            raise DataError("data must have a row; got an empty list.")
        tokens = all(_are_tokens(row, net) for row in rows)
        sizes = ("T",) if tokens else ("T", rows[0].shape[-1] if rows[0].dim() == 2 else "D")
        for k, row in enumerate(rows):
            check_shape(f"data[{k}]", tuple(row.shape), sizes)
        ends = torch.tensor([len(row) for row in rows])
        x = nn.utils.rnn.pad_sequence([row.to(torch.int64) if tokens else row.to(like) for row in rows]).to(like.device)
    else:
        x = torch.as_tensor(data)
        tokens = _are_tokens(x, net)
        x = x.to(like.device, torch.int64) if tokens else x.to(like)
        batched = 2 if tokens else 3
        x = x.unsqueeze(1) if x.dim() == batched - 1 else x.transpose(0, 1) if batch_first and x.dim() == batched else x
        if x.dim() != batched:
            want = ("(B, T" if batch_first else "(T, B") + (")" if tokens else ", D)")
            why = "A token is one whole number." if tokens else "The inputs of a step come last."
            raise ShapeError(f"data must be {want}; got {tuple(x.shape)}. {why}")
        ends = torch.full((x.shape[1],), x.shape[0]) if lengths is None else torch.as_tensor(lengths).long()
        check_shape("lengths", tuple(ends.shape), (x.shape[1],), "One length a row.")
    if x.numel() == 0 or not 1 <= int(ends.min()) <= int(ends.max()) <= len(x):
        raise DataError(f"data must have 1 to {len(x)} steps in each row; got {ends.tolist()[:8]}.")
    ends = ends.to(x.device)
    counted = alive(len(x), ends)
    x = torch.where(counted if tokens else counted[..., None], x.detach(), 0)
    if not torch.isfinite(x).all():
        t, b, d = (int(q) for q in (~torch.isfinite(x)).nonzero()[0])
        raise DataError(f"data must be finite; got {x[t, b, d].item()} in row {b}, step {t}, input {d}. Fill the gap.")
    return x, None if bool((ends == len(x)).all()) else ends


def _are_tokens(data: Tensor, net: nn.Module) -> bool:
    """Whether data are tokens. Raises DataError where they are and the model has no use for them."""
    if data.is_floating_point():
        return False
    if not any(isinstance(one, nn.Embedding) for one in net.modules()):
        raise DataError(
            f"data must be floating-point numbers; got {data.dtype}. {type(net).__name__} has no nn.Embedding that "
            "could read tokens: convert them to float32."
        )
    return True


def alive(steps: int, ends: Tensor) -> Tensor:
    """Say which steps count, (T, B) bool, of rows that end there."""
    return torch.arange(steps, device=ends.device)[:, None] < ends
