"""To and from torch's own layers."""

from __future__ import annotations

import copy

from torch import nn

from gatework.errors import OptionError
from gatework.nn.recurrent import GRU, LSTM, RNN
from gatework.nn.stack import Recurrent

_OURS = {nn.LSTM: LSTM, nn.GRU: GRU, nn.RNN: RNN}
_THEIRS = {ours: theirs for theirs, ours in _OURS.items()}
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
    twin = copy.deepcopy(module)
    converted = {id(child): _copied(child, kind) for child in twin.modules() if (kind := _OURS.get(type(child)))}
    if not converted:
        raise OptionError(
            f"module must be or hold a torch.nn.LSTM, GRU or RNN; got {type(module).__name__}. Nothing to convert."
        )
    # By the registry: named_children() would name a layer that stands in two places only once.
    for parent in twin.modules():
        for name, child in parent._modules.items():
            parent._modules[name] = converted.get(id(child), child)
    return converted.get(id(twin), twin)


def to_torch(layer: Recurrent) -> nn.LSTM | nn.GRU | nn.RNN:
    """Copy a plain gatework layer into torch.nn's own, weights, device, type and training mode kept.

    Raises
    ------
    OptionError
        Where the layer is a variant that torch does not have; with its name.
    """
    if type(layer) not in _THEIRS:
        raise OptionError(
            f"layer must be a gatework.LSTM, GRU or RNN; got {type(layer).__name__}. Give the layer itself."
        )
    on = [name for name in _VARIANTS if getattr(layer, name) not in (False, 0.0, None, (0.0, 0.0))]
    if on:
        raise OptionError(f"layer must be plain for torch.nn; got {', '.join(on)}. torch has no such variant.")
    return _copied(copy.deepcopy(layer), _THEIRS[type(layer)])


def _copied(module, kind):
    """Build a layer of `kind` around the very parameters of `module`, so that a weight tied elsewhere stays tied."""
    extra = {"proj_size": module.proj_size} if module.mode == "LSTM" else {}
    if module.mode.startswith("RNN"):
        extra["nonlinearity"] = module.nonlinearity
    weight = module.weight_ih_l0
    settings = {name: getattr(module, name) for name in _SHARED}
    twin = kind(**settings, **extra, device=weight.device, dtype=weight.dtype)
    for name, parameter in module.named_parameters():
        setattr(twin, name, parameter)
    return twin.train(module.training)
