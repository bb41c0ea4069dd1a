"""A fitted classifier or regressor as the instruments see it: sequences in, probabilities or numbers out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from math import prod
from pathlib import PurePath
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gatework.data.batches import gather
from gatework.data.items import Items
from gatework.errors import DataError
from gatework.look.items import evenly, items_of, picked
from gatework.look.labels_in_words import said_of
from gatework.look.sequences import Sequences
from gatework.look.subject import Subject, recurrent
from gatework.tasks.labels.labelling import Labelling
from gatework.tasks.labels.learning import loss as learned

# Sequences that are looked at, and their steps in all: of more, as many as that, spread evenly over all.
ROWS, STEPS = 128, 1 << 15


class Given(nn.Module):
    """Stands in an intake's place, and hands on what that made of the input."""

    def __init__(self, intake: nn.Module):
        super().__init__()
        self.intake = intake

    def forward(self, x: Tensor, *more: Any) -> Tensor:
        """Hand on x."""
        return x


def of_labels(model: Labelling, data: Any, lengths: Any = None) -> Subject:
    """See a Classifier or Regressor and sequences as the instruments do.

    All of its networks are seen, each with layers of its own, and the answer is theirs together. x is what the first
    of them makes of its input: numbers in the reader's units, 0 where missing, with a column that says so; or of tokens
    each network's vectors, side by side. Sequences without a step are left out.

    Parameters
    ----------
    model : Classifier or Regressor
        A fitted one.
    data, lengths
        As for `items_of`.
    """
    model._check_fitted("it is looked into")
    items, arrays = _read(model, items_of(model, data, lengths))
    known = _answers_of(model, items)
    batch = gather(arrays, known, np.arange(len(arrays)))
    net = deepcopy(model.net_).eval()
    members: list[Any] = list(net.members)
    text, rows = items.kind == "text", len(arrays)
    alive = torch.arange(batch.x.shape[1]) < batch.lengths[:, None]
    with torch.no_grad():
        parts = [one.intake(batch.x) for one in (members if text else members[:1])]
    sizes = [part.shape[-1] for part in parts]
    x = (torch.cat(parts, -1) * alive[..., None]).transpose(0, 1).contiguous()
    for one in members:
        one.intake = Given(one.intake)

    def shares(x: Tensor) -> Sequence[Tensor]:
        """What of x each network reads, (B, T, ..)."""
        read = x.transpose(0, 1)
        return read.split(sizes, -1) if text else [read] * len(members)

    def each(x: Tensor) -> list[Tensor]:
        """What each network answers: (B, K), or (B, T, K)."""
        ends = batch.lengths.repeat(x.shape[1] // rows)
        return [one(part, ends) for one, part in zip(members, shares(x), strict=True)]

    def run(x: Tensor) -> Tensor:
        y = _in_units(model, net.agree(each(x)))
        return y.transpose(0, 1) if model.recipe_.stepwise else y[None]

    def loss(x: Tensor) -> Tensor:
        several = zip(members, shares(x), strict=True)
        return torch.stack([learned(one, batch._replace(x=part), model.recipe_) for one, part in several]).mean()

    found = _sequences(model, items, arrays, net, each, x)
    return Subject(
        net,
        _layers(net),
        x,
        None if bool((batch.lengths == len(x)).all()) else batch.lengths,
        run,
        _names(model, sizes),
        model.recipe_.stepwise,
        loss=loss if _is_known(known) else None,
        tokens=batch.x.T.contiguous() if text else None,
        sequences=found,
        remembered=_inside(members, each, found.stride) if found.around else None,
        losing="its own cross-entropy" if model.classify else "its own squared error",
    )


def _read(model: Labelling, items: Items) -> tuple[Items, list[np.ndarray]]:
    """Some of the sequences, those with steps, and what the reader makes of them."""
    items = picked(items, evenly(len(items), ROWS))
    arrays = model.reader_.read(items.items, items.ids)
    rows = [k for k, one in enumerate(arrays) if len(one)]
    if not rows:
        raise DataError(f"data must have a sequence with a step; got {len(items):,} without. Check how it was made.")
    longest = max(map(len, arrays))
    rows = [rows[k] for k in evenly(len(rows), max(1, STEPS // longest))]
    return picked(items, rows), [arrays[k] for k in rows]


def _answers_of(model: Labelling, items: Items) -> Any:
    return None if items.y is None else model.targets_.encode(items.y)


def _is_known(answers: Any) -> bool:
    """Whether any of the true answers is one that the model has."""
    if answers is None:
        return False
    some = answers if isinstance(answers, np.ndarray) else np.concatenate(answers)
    return bool((some >= 0).any() if some.dtype.kind == "i" else (~np.isnan(some)).any())


def _in_units(model: Labelling, y: Tensor) -> Tensor:
    """Probabilities as they are; numbers as the targets have them."""
    if model.classify:
        return y
    return y * y.new_tensor(model.targets_.std) + y.new_tensor(model.targets_.mean)


def _layers(net: Any) -> dict[str, Any]:
    """The layer of each network: "layer", or "members.0.layer" and so on where there are several."""
    alone = "members.0." if len(net.members) == 1 else ""
    return {name.removeprefix(alone): layer for name, layer in recurrent(net).items()}


def _names(model: Labelling, sizes: list[int]) -> tuple[str, ...]:
    """Name each number of a step: columns, and whether they are known; or what each network makes of a token."""
    recipe = model.recipe_
    if recipe.gaps is None:
        own = [f"embedding {k}" for k in range(recipe.embedding)]
        own += [f"evidence {k}" for k in range(sizes[0] - len(own))]
        return tuple(f"network {k}: {one}" if len(sizes) > 1 else one for k in range(len(sizes)) for one in own)
    names = tuple(map(str, model.reader_.names))
    return (*names, *(f"{name} known" for name, gaps in zip(names, recipe.gaps, strict=True) if gaps))


def _called(items: Items) -> tuple[str, ...]:
    """The names of the rows: of recordings the files', where these differ."""
    names = tuple(map(str, items.ids))
    files = tuple(PurePath(name).name for name in names)
    return files if items.kind == "audio" and len({*files}) == len(files) else names


def _middles(names: tuple[str, ...]) -> tuple[float, ...]:
    """Read the middles of log-mel bands off their names."""
    return tuple(float(name.removesuffix(" Hz")) for name in names)


def _inside(members: list[Any], each: Callable, stride: int) -> Callable[[Tensor], Tensor]:
    """Give the function from x to what all layers give at each of its steps, (T, B, S)."""

    def outputs(x: Tensor) -> Tensor:
        kept: list[Tensor] = []
        handles = [one.layer.register_forward_hook(lambda _, args, out: kept.append(out[0])) for one in members]
        try:
            each(x)
        finally:
            for handle in handles:
                handle.remove()
        return torch.cat(kept, -1).transpose(0, 1).repeat_interleave(stride, 0)[: len(x)]

    return outputs


@torch.no_grad()
def _sequences(
    model: Labelling, items: Items, arrays: list[np.ndarray], net: Any, each: Callable, x: Tensor
) -> Sequences:
    """Say what a person wants to know of the rows."""
    targets, reader = model.targets_, model.reader_
    names = list(map(str, targets.names))
    if targets.classes is not None:
        several = len(names) > 1
        pairs = zip(names, targets.classes, strict=True)
        names = [f"{name} {one}" if several else str(one) for name, classes in pairs for one in classes.tolist()]
    answers = net.agree(each(x)).numpy()
    mel = getattr(reader, "mel", None)
    return Sequences(
        items.kind,
        _called(items),
        tuple(said_of(model, items, answers, [len(one) for one in arrays])),
        tuple(names),
        words=tuple(tuple(reader.show(one)) for one in arrays) if items.kind == "text" else (),
        seconds=None if mel is None else mel.step / mel.rate,
        hertz=() if mel is None or mel.coefficients is not None else _middles(reader.names),
        stride=prod(model.recipe_.strides),
        pooling=model.recipe_.pooling,
        beside=bool(model.recipe_.channels) and not model.recipe_.stepwise,
    )
