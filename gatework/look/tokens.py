"""Models that read tokens: which embeddings they hand them to, and what these are to answer instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from gatework.errors import DataError, OptionError

Tables = Mapping[str, nn.Embedding]


def tables(net: nn.Module, tokens: Tensor, call: Callable[[], Any]) -> dict[str, nn.Embedding]:
    """Find the embeddings that are given `tokens` when `call()` calls net, by module path.

    Raises
    ------
    DataError
        A token that an embedding does not have.
    OptionError
        There is none that is given all of them at once.
    """
    found: dict[str, nn.Embedding] = {}
    handles = []

    def hear(path: str, table: nn.Embedding) -> Callable:
        def note(_: nn.Module, args: tuple, given: dict[str, Any]) -> None:
            if turned(_first(args, given), tokens) is None:
                return
            low, high = int(tokens.min()), int(tokens.max())
            if low < 0 or high >= table.num_embeddings:
                raise DataError(
                    f"data must be tokens from 0 to {table.num_embeddings - 1}, which {path} has; "
                    f"got {low if low < 0 else high}. Encode them as for the training."
                )
            found[path] = table

        return note

    for name, one in net.named_modules():
        if isinstance(one, nn.Embedding):
            handles.append(one.register_forward_pre_hook(hear(name, one), with_kwargs=True))
    try:
        with torch.no_grad():
            call()
    finally:
        for handle in handles:
            handle.remove()
    if not found:
        raise OptionError(
            f"model must hand its tokens to an nn.Embedding, all steps at once; got {type(net).__name__}, which does "
            "not. Give it what its first recurrent layer reads, as floating-point numbers."
        )
    return found


@contextmanager
def answering(found: Tables, tokens: Tensor, x: Tensor) -> Iterator[None]:
    """Let embeddings answer x (.., E), side by side in it, where they are given `tokens`, for as long as this lasts."""
    parts = x.split([table.embedding_dim for table in found.values()], -1)

    def put(part: Tensor) -> Callable:
        def answer(_: nn.Module, args: tuple, given: dict[str, Any], output: Tensor) -> Tensor | None:
            how = turned(_first(args, given), tokens)
            return None if how is None else part.transpose(0, 1) if how else part

        return answer

    handles = [
        table.register_forward_hook(put(part), with_kwargs=True)
        for table, part in zip(found.values(), parts, strict=True)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def overheard(net: nn.Module, due: Callable[[], bool]) -> Iterator[list[tuple[str, Any, Tensor]]]:
    """Hear what each embedding of net is given and answers, by module path, whenever it is `due`."""
    heard: list[tuple[str, Any, Tensor]] = []

    def hear(path: str) -> Callable:
        def note(_: nn.Module, args: tuple, given: dict[str, Any], output: Tensor) -> None:
            if due():
                heard.append((path, _first(args, given), output))

        return note

    some = [(name, one) for name, one in net.named_modules() if isinstance(one, nn.Embedding)]
    handles = [one.register_forward_hook(hear(name), with_kwargs=True) for name, one in some]
    try:
        yield heard
    finally:
        for handle in handles:
            handle.remove()


def made_of(tokens: Tensor, heard: list[tuple[str, Any, Tensor]]) -> dict[str, Tensor]:
    """What embeddings made of these tokens (.., E), by module path, laid as the tokens are."""
    hows = [(path, turned(given, tokens), output) for path, given, output in heard]
    return {path: output.transpose(0, 1) if how else output for path, how, output in hows if how is not None}


def turned(given: Any, tokens: Tensor) -> bool | None:
    """Whether an embedding is given tokens with rows and steps exchanged; None where these are not the tokens."""
    if not isinstance(given, Tensor) or given.dim() != 2:
        return None
    for how, same in ((False, tokens), (True, tokens.T)):
        if given.shape == same.shape and bool((given == same).all()):
            return how
    return None


def embedded_names(sizes: Mapping[str, int]) -> tuple[str, ...]:
    """Name each number that a token becomes, by its embedding and how many numbers that gives: "embedding 0", ..."""
    return tuple(f"{path} {k}" for path, size in sizes.items() for k in range(size))


def _first(args: tuple, given: Mapping[str, Any]) -> Any:
    return args[0] if args else given.get("input")
