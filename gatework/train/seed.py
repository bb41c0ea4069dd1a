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
    device = torch.device(device)
    gpu = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if gpu else []):
        # Not torch.manual_seed, which seeds every GPU, those too that nobody forked.
        torch.default_generator.manual_seed(seed)
        if gpu:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield


def generators(device: torch.device) -> dict[str, Tensor]:
    """Where the generators stand that `seeded` forks, as tensors."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def set_generators(states: Mapping[str, Tensor], device: torch.device) -> None:
    """Put the generators where `generators` found them."""
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)
