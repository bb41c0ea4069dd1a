"""To and from torch's own layers."""

from __future__ import annotations

import copy

from torch import nn

from gatework.errors import OptionError
from gatework.nn.recurrent import GRU, LSTM, RNN
from gatework.nn.stack import Recurrent

_TWINS = ((nn.LSTM, LSTM), (nn.GRU, GRU), (nn.RNN, RNN))
_SHARED = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional")
_VARIANTS = (
    "layer_norm", "recurrent_dropout", "zoneout", "weight_dropout", "peephole", "coupled_gates", "cell_clip",
)  # fmt: skip


def from_torch(module: nn.Module) -> nn.Module:
    """Copy a trained torch.nn.LSTM, GRU or RNN, or a model that holds some, with gatework's layers in their place.

    Weights, device, type, training mode and what requires a gradient are kept; `module` stays as it is. Subclasses
    with a forward of their own are left alone.

    Raises
    ------
    OptionError
        Where there is no such layer in `module`.
    """
    if any(type(module) is theirs for theirs, _ in _TWINS):
        return _converted(module)
    if not any(type(child) is theirs for child in module.modules() for theirs, _ in _TWINS):
        raise OptionError(
            f"module must be or hold a torch.nn.LSTM, GRU or RNN; got {type(module).__name__}. Nothing to convert."
        )
    twin = copy.deepcopy(module)
    for parent in list(twin.modules()):
        for name, child in list(parent.named_children()):
            if any(type(child) is theirs for theirs, _ in _TWINS):
                setattr(parent, name, _converted(child))
    return twin


def to_torch(layer: Recurrent) -> nn.LSTM | nn.GRU | nn.RNN:
    """Copy a plain gatework layer into torch.nn's own, weights, device, type and training mode kept.

    Raises
    ------
    OptionError
        Where the layer is a variant that torch does not have; with its name.
    """
    on = [name for name in _VARIANTS if getattr(layer, name) not in (False, 0.0, None, (0.0, 0.0))]
    if on:
        raise OptionError(f"layer must be plain for torch.nn; got {', '.join(on)}. torch has no such variant.")
    theirs = next(theirs for theirs, ours in _TWINS if isinstance(layer, ours))
    return _copied(layer, theirs)


def _converted(module: nn.Module) -> nn.Module:
    return _copied(module, next(ours for theirs, ours in _TWINS if type(module) is theirs))


def _copied(module, kind):
    extra = {"proj_size": module.proj_size} if module.mode == "LSTM" else {}
    if module.mode.startswith("RNN"):
        extra["nonlinearity"] = module.nonlinearity
    weight = module.weight_ih_l0
    settings = {name: getattr(module, name) for name in _SHARED}
    twin = kind(**settings, **extra, device=weight.device, dtype=weight.dtype)
    twin.load_state_dict(module.state_dict())
    for ours, theirs in zip(twin.parameters(), module.parameters(), strict=True):
        ours.requires_grad_(theirs.requires_grad)
    return twin.train(module.training)
