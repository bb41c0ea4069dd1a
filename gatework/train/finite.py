"""Which tensor was the first to stop being a number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor, nn


def finite(tensor: Tensor) -> bool:
    """Whether every value is a number; one that cannot be otherwise, such as an integer, counts."""
    return bool(torch.isfinite(tensor).all())


def tensors(thing: Any, name: str) -> Iterator[tuple[str, Tensor]]:
    """Every tensor in a nest of tuples, dicts and dataclasses, with the words that reach it, such as `batch.y`."""
    if isinstance(thing, Tensor):
        yield name, thing
    elif isinstance(thing, Mapping):
        for key, value in thing.items():
            yield from tensors(value, f"{name}[{key!r}]")
    elif isinstance(thing, tuple) and hasattr(thing, "_fields"):
        for key, value in zip(thing._fields, thing, strict=True):
            yield from tensors(value, f"{name}.{key}")
    elif isinstance(thing, list | tuple):
        for index, value in enumerate(thing):
            yield from tensors(value, f"{name}[{index}]")
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from tensors(getattr(thing, field.name), f"{name}.{field.name}")


def culprit_of_loss(model: nn.Module, batch: Any, loss) -> str:
    """Name the first tensor on the way from the batch to the loss that is not finite."""
    for name, tensor in tensors(batch, "batch"):
        if not finite(tensor):
            return name
    for name, weight in model.named_parameters():
        if not finite(weight):
            return f"the weight {name}"
    found: list[str] = []

    def listen(name):
        def hook(module, args, outputs) -> None:
            if not all(finite(tensor) for _, tensor in tensors(outputs, "")):
                found.append(f"the output of {name or 'the model'}")

        return hook

    handles = [module.register_forward_hook(listen(name)) for name, module in model.named_modules()]
    try:
        with torch.no_grad():
            loss(model, batch)
    finally:
        for handle in handles:
            handle.remove()
    return found[0] if found else "the loss itself"


def culprit_of_gradient(model: nn.Module) -> str:
    """Name the first parameter whose gradient, or whose gradient's length, is not finite."""
    for name, weight in model.named_parameters():
        if weight.grad is not None and not finite(weight.grad.norm()):
            return name
    return "all parameters together"
