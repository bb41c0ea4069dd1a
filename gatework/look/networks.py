"""Layers of networks that answer together: each by its network and its name there, and folded into one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gatework.look.gradients import Flow


def network_of(name: str) -> tuple[int | None, str]:
    """Part a layer's name from the number of its network, as an estimator has several; None where there is one.

    Examples
    --------
    >>> network_of("2.encoder.l0"), network_of("members.1.layer.l0"), network_of("encoder.l0")
    ((2, 'encoder.l0'), (1, 'layer.l0'), (None, 'encoder.l0'))
    """
    # Blocks that stand one above the other may be numbered too, but are no networks of their own.
    found = re.fullmatch(r"(\d+)\.((?:encoder|decoder)\..+)", name)
    found = found or re.fullmatch(r"members\.(\d+)\.(layer\..+)", name)
    return (int(found[1]), found[2]) if found else (None, name)


def folded(names: Iterable[str]) -> dict[str, list[str]]:
    """Name each place in a network once, with the layers that stand there, one of each network.

    Examples
    --------
    >>> folded(["0.encoder.l0", "1.encoder.l0", "x"])
    {'encoder.l0': ['0.encoder.l0', '1.encoder.l0'], 'x': ['x']}
    """
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(network_of(name)[1], []).append(name)
    return found


def memory_of(flow: Flow) -> str:
    """Which of a flow's norms stands for it: that of the long-term memory where there is one."""
    return next(one for one in ("c", "h", "x") if one in flow.norms)


def norms_of(flows: Mapping[str, Flow], names: Sequence[str]) -> np.ndarray:
    """The norms that stand for some flows, (names, lags), up to the lag that all of them reach."""
    found = [flows[name].norms[memory_of(flows[name])] for name in names]
    return np.stack([one[: min(map(len, found))] for one in found])
