"""A layer run so that every memory at every step can be differentiated by: the equations, and each h and c kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from gatework.look.watch import Seen, arguments
from gatework.nn.stack import Recurrent
from gatework.ops import Answer, Call, plain
from gatework.ops.call import OneWay
from gatework.ops.rows import packed


def keep(layer: Recurrent, input: Any, hx: Any, given: Mapping[str, Any]) -> Seen:
    """Run a layer's call through the equations: its moments as lists of nodes in torch's graph, and its answer.

    The answer takes the place of the layer's own, so that whatever follows depends on these very nodes.
    """
    reading = arguments(layer, input, hx, given)
    layout, x, found, ended = reading.layout, reading.x, {}, []
    for k in range(layer.num_layers):
        kept: list[Any] = []
        answer = _run(layer.call(k, reading._replace(x=x)), kept)
        for d, moments in enumerate(kept):
            found[f"l{k}" + "_reverse" * d] = moments
        x = answer.y
        ended.append(answer.state)
    state = layout.states_outward(tuple(map(torch.cat, zip(*ended, strict=True))))
    # Which steps count, in the order of the nodes' rows, which is that of packed rows where they were packed.
    alive = None
    if layout.packed is not None:
        alive = torch.arange(layout.B, device=x.device) < layout.packed.batch_sizes.to(x.device)[:, None]
    elif reading.lengths is not None:
        alive = torch.arange(layout.T, device=x.device)[:, None] < reading.lengths
    return Seen(found, alive, state, (layout.outward(x), state if layer.cell == "lstm" else state[0]))


def _run(call: Call, kept: list[Any]) -> Answer:
    """Run a call as the backend "equations" does, and keep the moments of each direction."""
    if call.batch_sizes is not None:
        return packed(call, call.batch_sizes, partial(_run, kept=kept))
    ys, hs, cs = zip(*(_one_way(one, kept) for one in call.ways()), strict=True)
    states = (hs, cs) if call.cell == "lstm" else (hs,)
    return Answer(torch.cat(ys, dim=-1), tuple(map(torch.stack, states)))


def _one_way(one: OneWay, kept: list[Any]) -> tuple[Tensor, Tensor, Tensor | None]:
    seen: list[Any] = []

    def watched(step: Callable[..., Any]) -> Callable[..., Any]:
        def kept_step(*given: Any, **masks: Any) -> Any:
            seen.append(step(*given, **masks))
            return seen[-1]

        return kept_step

    moments, h, c = plain.one_way(one, watched)
    seen = seen[::-1] if one.reverse else seen
    kept.append(type(moments)(*map(list, zip(*seen, strict=True))))
    return moments.h, h, c
