"""What the doctor's tests share: series to examine, and how to ask for findings by name."""

from __future__ import annotations

import torch


def names(found):
    return [one.name for one in found]


def named(found, name):
    return next((one for one in found if one.name == name), None)


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def walks(steps, rows, features=1, phi=0.95, seed=0):
    """Smooth series of size 1."""
    e, x = noise(steps + 60, rows, features, seed=seed), torch.zeros(steps + 60, rows, features)
    for t in range(1, len(x)):
        x[t] = phi * x[t - 1] + (1 - phi**2) ** 0.5 * e[t]
    return x[60:]


def labels(x):
    """A curved function of the input of the same step."""
    return (x[..., :1] + 0.5).tanh() + 0.05 * noise(*x.shape[:-1], 1, seed=9)
