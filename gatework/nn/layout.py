"""From the caller's layout to (T, B, .) and back: batched or not, batch first or not, packed or padded."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from gatework.errors import ShapeError, check_shape
from gatework.ops.call import check_lengths


class Layout(NamedTuple):
    """How the caller's sequences lie in memory, and how many steps T and rows B they have."""

    T: int
    B: int
    batched: bool = True
    batch_first: bool = False
    packed: PackedSequence | None = None

    @classmethod
    def of(cls, x: Tensor | PackedSequence, input_size: int, batch_first: bool) -> Layout:
        """Read the layout off an input, and refuse a wrong one."""
        if isinstance(x, PackedSequence):
            check_shape("x.data", tuple(x.data.shape), ("N", input_size), f"The layer has input_size={input_size}.")
            return cls(len(x.batch_sizes), int(x.batch_sizes[0]), packed=x)
        if not isinstance(x, Tensor):
            raise ShapeError(f"x must be a tensor or a PackedSequence; got {type(x).__name__}. Use torch.as_tensor(x).")
        if x.dim() == 2:
            check_shape("x", tuple(x.shape), ("T", input_size), "A batch has three dimensions.")
            return cls(x.shape[0], 1, batched=False)
        # The question comes before the words of its refusal, here and below: they would cost more than a small call.
        if x.dim() != 3 or x.shape[2] != input_size:
            want = ("B", "T", input_size) if batch_first else ("T", "B", input_size)
            advice = "Give one sequence (T, D) or a batch of them."
            if x.dim() == 3:
                moved = input_size in x.shape
                advice = "Its features must come last." if moved else f"The layer has input_size={input_size}."
            check_shape("x", tuple(x.shape), want, advice)
        T, B = (x.shape[1], x.shape[0]) if batch_first else (x.shape[0], x.shape[1])
        return cls(T, B, batch_first=batch_first)

    def inward(self, x: Any) -> Tensor:
        """Bring the caller's sequences to (T, B, .); packed data stay packed, (N, .)."""
        if self.packed is not None:
            return x.data
        return x.unsqueeze(1) if not self.batched else x.transpose(0, 1) if self.batch_first else x

    def outward(self, y: Tensor) -> Any:
        """Bring (T, B, .) back to the caller's layout."""
        if self.packed is not None:
            return PackedSequence(y, *self.packed[1:])
        return y.squeeze(1) if not self.batched else y.transpose(0, 1) if self.batch_first else y

    def states_inward(
        self, name: str, states: tuple[Tensor, ...], widths: tuple[int, ...], layers: int
    ) -> tuple[Tensor, ...]:
        """Check each memory, (layers * directions, B, width), and order its rows as the packed data are."""
        for k, (state, width) in enumerate(zip(states, widths, strict=True)):
            want = (layers, self.B, width) if self.batched else (layers, width)
            if state.shape != want:
                advice = f"One memory a layer and direction{', and a row of it a sequence' if self.batched else ''}."
                check_shape(name if len(states) == 1 else f"{name}[{k}]", tuple(state.shape), want, advice)
        if not self.batched:
            return tuple(state.unsqueeze(1) for state in states)
        order = None if self.packed is None else self.packed.sorted_indices
        return states if order is None else tuple(state.index_select(1, order) for state in states)

    def states_outward(self, states: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Undo `states_inward`."""
        if not self.batched:
            return tuple(state.squeeze(1) for state in states)
        back = None if self.packed is None else self.packed.unsorted_indices
        return states if back is None else tuple(state.index_select(1, back) for state in states)

    def lengths_inward(self, lengths: Any, device: torch.device) -> Tensor | None:
        """Check the lengths, (B,) whole numbers from 0 to T."""
        if lengths is None:
            return None
        found = torch.as_tensor(lengths)
        found = found.long() if found.numel() == 0 else found  # an empty list has no type of its own
        if found.is_floating_point() or found.is_complex() or found.dtype == torch.bool:
            raise ShapeError(f"lengths must be whole numbers; got {found.dtype}. Convert them with lengths.long().")
        found = found.reshape(-1) if not self.batched and found.dim() == 0 else found
        check_shape("lengths", tuple(found.shape), (self.B,), "One length a row.")
        # The values are looked at only where they can be: not in a compiled graph, not under torch.func. The native
        # kernel's op, which trusts them with memory, looks when it runs.
        if not torch.compiler.is_compiling() and torch._C._functorch.peek_interpreter_stack() is None:
            check_lengths(found, self.T)
        return found.to(device=device, dtype=torch.int64)

    def reset_inward(self, reset: Any, device: torch.device) -> Tensor | None:
        """Check the resets, in x's leading layout, and bring them to (T, B) bool."""
        if reset is None:
            return None
        found = torch.as_tensor(reset, device=device)
        sizes = (self.B, self.T) if self.batch_first else (self.T, self.B)
        check_shape("reset", tuple(found.shape), sizes if self.batched else (self.T,), "One mark a step, as x lies.")
        found = found if found.dtype == torch.bool else found != 0
        return found.unsqueeze(1) if not self.batched else found.T if self.batch_first else found
