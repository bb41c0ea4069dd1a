"""Which settings a recurrent layer can have; each refused with one sentence."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from gatework.errors import OptionError
from gatework.ops import BACKENDS

if TYPE_CHECKING:
    from gatework.nn.stack import Recurrent

_SHARE = "It is the share of units to drop."


def check_options(layer: Recurrent) -> None:
    """Raise TypeError or OptionError where a setting of `layer` cannot be, alone or beside another."""
    for name in ("input_size", "hidden_size", "num_layers"):
        check_size(name, getattr(layer, name))
    for name in ("bias", "batch_first", "bidirectional", "layer_norm", "peephole", "coupled_gates"):
        value = getattr(layer, name)
        if not isinstance(value, bool):
            raise TypeError(f"{name} must be a bool; got {type(value).__name__}. Say True or False.")
    for name in ("dropout", "recurrent_dropout", "weight_dropout"):
        _check(_is_share(getattr(layer, name)), name, "a number from 0 to 1", getattr(layer, name), _SHARE)
    pair = layer.cell == "lstm" and isinstance(layer.zoneout, tuple) and len(layer.zoneout) == 2
    want = "a number from 0 to 1" + (", or two of them, (h, c)" if layer.cell == "lstm" else "")
    parts = layer.zoneout if isinstance(layer.zoneout, tuple) and pair else (layer.zoneout,)
    _check(all(map(_is_share, parts)), "zoneout", want, layer.zoneout, "It is the share of units that keep.")
    fits = isinstance(layer.proj_size, int) and 0 <= layer.proj_size < layer.hidden_size
    _check(fits, "proj_size", f"from 0 to {layer.hidden_size - 1}", layer.proj_size, "It must be below hidden_size.")
    clip = layer.cell_clip
    positive = clip is None or (isinstance(clip, int | float) and 0 < clip < math.inf)
    _check(positive, "cell_clip", "a positive number", clip, "Leave it out for no clip.")
    names = ("auto", *BACKENDS)
    _check(layer.backend in names, "backend", f"one of {', '.join(names)}", layer.backend, "Choose one of them.")
    ways = ("torch", "recommended") + (("chrono",) if layer.gates > 1 else ())
    _check(layer.init in ways, "init", f"one of {', '.join(ways)}", layer.init, "Choose one of them.")
    if layer.init == "chrono":
        _check(layer.bias, "bias", "True with init='chrono'", layer.bias, "The time scales live in the biases.")
        fits = isinstance(layer.chrono_max, int | float) and 2 < layer.chrono_max < math.inf
        _check(
            fits,
            "chrono_max",
            "above 2 with init='chrono'",
            layer.chrono_max,
            "Give the longest lag in steps.",
        )
    else:
        _check(layer.chrono_max is None, "chrono_max", "None", layer.chrono_max, "It goes with init='chrono'.")
    if layer.dropout and layer.num_layers == 1:
        warnings.warn(
            f"dropout={layer.dropout} does nothing with num_layers=1: it acts between layers. "
            "Use recurrent_dropout, or more layers.",
            stacklevel=4,
        )


def check_size(name: str, value: Any) -> None:
    """Raise TypeError or OptionError where `value` is no size: a whole number from 1 on."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int; got {type(value).__name__}. Give a whole number.")
    _check(value > 0, name, "at least 1", value, "Give a size.")


def check_one_way(layer: Recurrent, what: str) -> None:
    """Raise OptionError where `layer` reads from both ends, and so cannot go moment by moment."""
    if layer.bidirectional:
        raise OptionError(
            f"bidirectional must be False for {what}; got True. "
            "A reverse direction reads the end first: call the layer on the whole sequence."
        )


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _check(fine: bool, name: str, want: str, got: Any, advice: str) -> None:
    if not fine:
        raise OptionError(f"{name} must be {want}; got {got!r}. {advice}")
