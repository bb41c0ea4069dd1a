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
    _check_type(x, layer.weight_ih_l0)
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
        state = layout.states_inward("state", _parts(layer, "state", hx), widths, layers)
    if reset_state is not None:
        if reset is None:
            raise OptionError("reset must be given with reset_state; got None. Say which steps begin anew.")
        parts = _parts(layer, "reset_state", reset_state)
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


def _check_type(x: Tensor, weight: Tensor) -> None:
    if x.dtype != weight.dtype and not torch.is_autocast_enabled(x.device.type):
        raise ShapeError(
            f"x must be {weight.dtype}, as the weights are; got {x.dtype}. "
            f"Convert it with x.to({weight.dtype}), or the layer with layer.to({x.dtype})."
        )


def _parts(layer: Recurrent, name: str, state: Any) -> tuple[Tensor, ...]:
    """Take a caller's state apart: (h, c) of an LSTM, h of the others."""
    if layer.cell == "lstm":
        if isinstance(state, Tensor) or len(state) != 2:
            got = "one tensor" if isinstance(state, Tensor) else f"{len(state)} parts"
            raise ShapeError(f"{name} must be (h, c); got {got}. Give both memories.")
        return tuple(state)
    if not isinstance(state, Tensor):
        raise ShapeError(f"{name} must be one tensor h; got {type(state).__name__}. Only an LSTM's state is (h, c).")
    return (state,)
