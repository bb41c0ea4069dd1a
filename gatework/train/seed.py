"""Random numbers that belong to one training: seeded for it, kept with it, and no one else's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor


@contextmanager
def seeded(seed: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Draw from torch's generators as if freshly seeded; afterwards they are as they were for everyone else.

    Parameters
    ----------
    seed : int
        The same seed, the same numbers.
    device : torch.device or str
        Where numbers are drawn, besides the CPU.
    """
    gpu = _gpu(device)
    with torch.random.fork_rng(devices=gpu):
        # Not torch.manual_seed, which seeds every GPU, those too that nobody forked.
        torch.default_generator.manual_seed(seed)
        for one in gpu:
            with torch.cuda.device(one):
                torch.cuda.manual_seed(seed)
        yield


def generators(device: torch.device | str = "cpu") -> dict[str, Tensor]:
    """Where the generators stand that `seeded` forks, as tensors."""
    return {"cpu": torch.get_rng_state()} | {"cuda": torch.cuda.get_rng_state(one) for one in _gpu(device)}


def set_generators(states: Mapping[str, Tensor], device: torch.device | str = "cpu") -> None:
    """Put the generators where `generators` found them."""
    torch.set_rng_state(states["cpu"])
    for one in _gpu(device):
        torch.cuda.set_rng_state(states["cuda"], one)


def _gpu(device: torch.device | str) -> list[torch.device]:
    device = torch.device(device)
    return [device] if device.type == "cuda" else []
