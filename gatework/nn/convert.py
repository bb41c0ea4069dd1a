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

    Weights, device, type, training mode and what requires a gradient are kept; `module` stays as it is, and no random
    number is drawn. Subclasses with a forward of their own are left alone.

    Raises
    ------
    OptionError
        Where there is no such layer in `module`.
    """
    twin = copy.deepcopy(module)
    converted = {id(child): around(child) for child in twin.modules() if type(child) in _OURS}
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
    return around(copy.deepcopy(layer))


def around(module):
    """Make the layer of torch's that is this one of ours, or ours that is torch's, around its very parameters.

    So a weight that is tied elsewhere stays tied. Nothing is copied.
    """
    extra = {"proj_size": module.proj_size} if module.mode == "LSTM" else {}
    if module.mode.startswith("RNN"):
        extra["nonlinearity"] = module.nonlinearity
    settings = {name: getattr(module, name) for name in _SHARED}
    # A layer on "meta" draws no weights, so that nobody's random numbers are used up for some that are thrown away.
    twin = (_OURS | _THEIRS)[type(module)](**settings, **extra, device="meta")
    for name, parameter in module.named_parameters():
        setattr(twin, name, parameter)
    return twin.train(module.training)
