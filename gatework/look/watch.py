"""Listen to the recurrent layers of a model while it runs, and see every moment of theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gatework.nn.layout import Layout
from gatework.nn.reading import Reading, read
from gatework.nn.stack import Recurrent
from gatework.train.seed import generators, set_generators


class Seen(NamedTuple):
    """One call of a layer, time first."""

    moments: dict[str, Any]  # "l0", "l0_reverse", ... -> its moments, in whatever form they were wanted
    alive: Tensor | None  # (T, B), which steps counted; None: all
    state: tuple[Tensor, ...]  # in which the call ended
    output: Any = None  # what the layer is to answer instead; None: what it answered


@dataclass
class Heard:
    """What a layer read: one call, or several of which each went on from the state that the last one ended in."""

    calls: list[Seen] = field(default_factory=list)

    def goes_on(self, layer: Recurrent, hx: Any) -> bool:
        """Whether a call from state hx carries this reading on."""
        if hx is None or layer.bidirectional:
            return False
        given, last = hx if isinstance(hx, tuple | list) else (hx,), self.calls[-1].state
        return len(given) == len(last) and all(torch.equal(a, b) for a, b in zip(given, last, strict=True))

    def alive(self) -> Tensor | None:
        """Which steps counted, (T, B), over all calls; None: all."""
        if all(call.alive is None for call in self.calls):
            return None
        steps = [next(iter(call.moments.values()))[-1] for call in self.calls]
        return torch.cat(
            [
                torch.ones(len(h), h[0].shape[0], dtype=torch.bool) if call.alive is None else call.alive.cpu()
                for call, h in zip(self.calls, steps, strict=True)
            ]
        )


@contextmanager
def listening(
    layers: Mapping[str, nn.Module],
    see: Callable[[Any, Any, Any, dict[str, Any]], Seen],
    due: Callable[[], bool] = lambda: True,
) -> Iterator[dict[str, list[Heard]]]:
    """See the calls of layers for as long as it lasts, with torch's own hooks: before and after it there are none.

    Parameters
    ----------
    layers : mapping of str to module
        The layers, by name.
    see : callable
        `see(layer, input, hx, given)`, with the layer's arguments, looks at a call that was made. It draws the same
        random numbers as the layer did.
    due : callable
        Whether this call is to be seen.
    """
    heard: dict[str, list[Heard]] = {name: [] for name in layers}
    before: dict[str, Any] = {}
    handles = []

    def note(name: str, layer: Any, args: tuple, given: dict[str, Any]) -> None:
        before[name] = generators(layer.weight_ih_l0.device) if due() and layer.training else None

    def look(name: str, layer: Any, args: tuple, given: dict[str, Any], output: Any) -> Any:
        if not due():
            return None
        rest = dict(given)
        first, *more = (*args, *(rest.pop(key) for key in ("input", "hx") if key in rest))
        hx = more[0] if more else None
        drawn = before.pop(name, None)
        if drawn is not None:
            now = generators(layer.weight_ih_l0.device)
            set_generators(drawn, layer.weight_ih_l0.device)
        try:
            seen = see(layer, first, hx, rest)
        finally:
            if drawn is not None:
                set_generators(now, layer.weight_ih_l0.device)
        readings = heard[name]
        if not (readings and readings[-1].goes_on(layer, hx)):
            readings.append(Heard())
        readings[-1].calls.append(seen)
        return seen.output

    for name, layer in layers.items():
        handles.append(layer.register_forward_pre_hook(_named(note, name), with_kwargs=True))
        handles.append(layer.register_forward_hook(_named(look, name), with_kwargs=True))
    try:
        yield heard
    finally:
        for handle in handles:
            handle.remove()


def _named(hook: Callable, name: str) -> Callable:
    return lambda *given: hook(name, *given)


def arguments(layer: Recurrent, input: Any, hx: Any, given: Mapping[str, Any]) -> Reading:
    """Read a call's arguments as the layer does, and ask for every moment."""
    asked = read(layer, input, hx, given.get("lengths"), given.get("reset"), given.get("reset_state"))
    return asked._replace(trace=True)


def living(reading: Reading) -> Tensor | None:
    """Which steps of a call count, (T, B), its rows in the caller's order; None: all."""
    layout, ends = reading.layout, reading.lengths
    if layout.packed is not None:
        sizes = layout.packed.batch_sizes.to(reading.x.device)
        alive = torch.arange(layout.B, device=reading.x.device) < sizes[:, None]
        return in_order(layout, alive)
    return None if ends is None else torch.arange(layout.T, device=ends.device)[:, None] < ends


def in_order(layout: Layout, q: Tensor) -> Tensor:
    """Bring a quantity (T, B, ...) of packed rows back into the caller's order of rows."""
    back = None if layout.packed is None else layout.packed.unsorted_indices
    return q if back is None else q.index_select(1, back)
