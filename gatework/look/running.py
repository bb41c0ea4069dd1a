"""How a module is run: what it is given, and what its answers are about."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from gatework.errors import OptionError, ShapeError
from gatework.look.batch import alive
from gatework.look.tokens import answering, embedded_names, tables


def asker(
    net: nn.Module, given: Tensor, lengths: Tensor | None, batch_first: bool
) -> tuple[Callable[[Tensor, Tensor | None], Tensor], Tensor, tuple[str, ...]]:
    """Give the function from x and where its rows end to the model's answer, in its own layout; x; and x's names.

    Of tokens, x is what their embeddings make of them, side by side; past a row's end stands the padding's token.
    """

    def call(read: Tensor, ends: Tensor | None) -> Any:
        return net(read) if ends is None or not takes_lengths(net) else net(read, lengths=ends)

    def lay(x: Tensor) -> Tensor:
        return x.transpose(0, 1) if batch_first else x

    if given.is_floating_point():
        names = tuple(f"x{k}" for k in range(given.shape[2]))
        return lambda x, ends: _tensor(call(lay(x), ends), batch_first, len(x)), given, names

    found = tables(net, lay(given), lambda: call(lay(given), lengths))
    filler = next(iter(found.values())).padding_idx
    counted = alive(len(given), torch.full_like(given[0], len(given)) if lengths is None else lengths)
    given = torch.where(counted, given, filler or 0)
    with torch.no_grad():
        x = torch.cat([table(given) for table in found.values()], -1)

    def ask(x: Tensor, ends: Tensor | None) -> Tensor:
        read = lay(given[: len(x)].repeat(1, x.shape[1] // given.shape[1]))
        with answering(found, read, lay(x)):
            return _tensor(call(read, ends), batch_first, len(x))

    return (
        ask,
        torch.where(counted[..., None], x, 0),
        embedded_names({path: table.embedding_dim for path, table in found.items()}),
    )


def runner(
    net: nn.Module,
    ask: Callable[[Tensor, Tensor | None], Tensor],
    x: Tensor,
    lengths: Tensor | None,
    batch_first: bool,
    two_sided: bool,
) -> tuple[Callable[[Tensor], Tensor], bool]:
    """Give the function from x to time-first answers, and whether there is one for each step."""
    with torch.no_grad():
        y = ask(x, lengths)
        stepwise = _is_stepwise(
            y, x, batch_first, lambda fewer: ask(fewer, None if lengths is None else lengths.clamp(max=len(fewer)))
        )
    if lengths is not None and not takes_lengths(net) and (two_sided or not stepwise):
        raise OptionError(
            f"model must take lengths= to read rows of different length; got {type(net).__name__}, whose forward does "
            "not and whose answers padding would reach. Give rows of one length, or let forward take lengths."
        )

    def run(x: Tensor) -> Tensor:
        rows = x.shape[1]
        y = ask(x, None if lengths is None else lengths.repeat(rows // len(lengths)))
        if not stepwise:
            if y.dim() == 3 and y.shape[0] != rows:
                y = y.transpose(0, 1)
            return y.reshape(1, rows, -1)
        if y.dim() == 2:
            y = y.unsqueeze(-1)
        return y.transpose(0, 1) if batch_first else y

    return run, stepwise


def takes_lengths(net: nn.Module) -> bool:
    """Whether a module can be told where rows end."""
    return "lengths" in inspect.signature(net.forward).parameters


def _tensor(y: Any, batch_first: bool, steps: int) -> Tensor:
    while isinstance(y, tuple | list) and not isinstance(y, PackedSequence) and len(y):
        y = y[0]
    if isinstance(y, PackedSequence):
        y = pad_packed_sequence(y, batch_first, total_length=steps)[0]
    if not isinstance(y, Tensor):
        raise ShapeError(f"answers must be a tensor, or a tuple that begins with one; got {type(y).__name__}.")
    return y


def _is_stepwise(y: Tensor, x: Tensor, batch_first: bool, again: Callable[[Tensor], Tensor]) -> bool:
    """Whether there is an answer for each step, rather than one about the end."""
    steps, rows = x.shape[:2]
    sizes = (rows, steps) if batch_first else (steps, rows)
    if y.dim() == 3 and rows in y.shape[:2]:
        # As many as there are steps may be by chance: with a step less, an answer for each step is one less.
        return y.shape[:2] == sizes and (steps == 1 or _one_less(again, x, 1 if batch_first else 0, unknown=True))
    if y.dim() == 1 and len(y) == rows:
        return False
    if y.dim() != 2 or rows not in y.shape:
        raise ShapeError(
            f"answers must be (B, K) about the end, or {'(B, T, K)' if batch_first else '(T, B, K)'} for each step, "
            f"with B = {rows} and T = {steps}; got {tuple(y.shape)}."
        )
    if y.shape != sizes or steps == 1:
        return False
    # (B, T) may be an answer for each step, or as many about the end.
    return _one_less(again, x, 1 if batch_first else 0, unknown=False)


def _one_less(again: Callable[[Tensor], Tensor], x: Tensor, axis: int, unknown: bool) -> bool:
    """Whether a step less gives an answer less; `unknown` where the model reads no fewer steps."""
    try:
        return again(x[:-1]).shape[axis] == len(x) - 1
    except (RuntimeError, ValueError):
        return unknown
