"""What the caller gave a layer, checked and brought to the layer's own layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from gatework.errors import OptionError, ShapeError
from gatework.nn.layout import Layout

if TYPE_CHECKING:
    from gatework.nn.stack import Recurrent


class Reading(NamedTuple):
    """One call of a layer: x (T, B, D) or packed (N, D), memories (layers * directions, B, .), lengths, resets."""

    layout: Layout
    x: Tensor
    state: tuple[Tensor, ...]
    lengths: Tensor | None
    reset: Tensor | None
    reset_state: tuple[Tensor, ...] | None
    trace: bool


def read(
    layer: Recurrent, input: Any, hx: Any, lengths: Any, reset: Any, reset_state: Any = None, trace: bool = False
) -> Reading:
    """Check the arguments of a call against `layer`. Raises ShapeError or OptionError."""
    layout = Layout.of(input, layer.input_size, layer.batch_first)
    x = layout.inward(input)
    check_kind("x", x, layer.weight_ih_l0)
    if layout.packed is not None:
        given = {"lengths": lengths, "reset": reset, "reset_state": reset_state, "trace": trace or None}
        for name, value in given.items():
            if value is not None:
                raise ShapeError(
                    f"{name} must not be given with a PackedSequence; got both. "
                    "Give the padded tensor and lengths= instead."
                )
    widths, layers = layer.widths, layer.num_layers * layer.directions
    if hx is None:
        state = tuple(x.new_zeros(layers, layout.B, width) for width in widths)
    else:
        state = layout.states_inward("state", parts_of(layer, "state", hx), widths, layers)
    if reset_state is not None:
        if reset is None:
            raise OptionError("reset must be given with reset_state; got None. Say which steps begin anew.")
        parts = parts_of(layer, "reset_state", reset_state)
        reset_state = layout.states_inward("reset_state", parts, widths, layers)
    return Reading(
        layout,
        x,
        state,
        layout.lengths_inward(lengths, x.device),
        layout.reset_inward(reset, x.device),
        reset_state,
        trace,
    )


def check_kind(name: str, given: Tensor, weight: Tensor) -> None:
    """Refuse a tensor on another device than the weights, or of another type (which autocast would mend)."""
    if given.device != weight.device:
        raise ShapeError(
            f"{name} must be on {weight.device}, as the weights are; got {given.device}. "
            f"Move it with {name}.to({str(weight.device)!r})."
        )
    if given.dtype != weight.dtype and not torch.is_autocast_enabled(given.device.type):
        other = f", or the layer with layer.to({given.dtype})" if given.is_floating_point() else ""
        raise ShapeError(
            f"{name} must be {weight.dtype}, as the weights are; got {given.dtype}. "
            f"Convert it with {name}.to({weight.dtype}){other}."
        )


def parts_of(layer: Recurrent, name: str, state: Any) -> tuple[Tensor, ...]:
    """Take a caller's state apart: (h, c) of an LSTM, h of the others."""
    if layer.cell != "lstm":
        if not isinstance(state, Tensor):
            kind = type(state).__name__
            raise ShapeError(f"{name} must be one tensor h; got {kind}. Only an LSTM's state is (h, c).")
        parts = (state,)
    elif not isinstance(state, tuple | list):
        got = "one tensor" if isinstance(state, Tensor) else type(state).__name__
        raise ShapeError(f"{name} must be (h, c); got {got}. Give both memories.")
    elif len(state) != 2 or not all(isinstance(part, Tensor) for part in state):
        got = f"{len(state)} parts" if len(state) != 2 else f"({', '.join(type(part).__name__ for part in state)})"
        raise ShapeError(f"{name} must be (h, c); got {got}. Give both memories.")
    else:
        parts = tuple(state)
    for k, part in enumerate(parts):
        check_kind(name if len(parts) == 1 else f"{name}[{k}]", part, layer.weight_ih_l0)
    return parts
