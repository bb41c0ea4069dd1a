"""How the networks of a classifier or regressor learn, and how they answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.data.batches import Augment, Batch, Batches, gather, in_order
from gatework.models.bands import Bands
from gatework.models.evidence import Evidence
from gatework.models.intake import Numbers, Tokens
from gatework.models.label import Committee, Labeller
from gatework.models.stem import Stem
from gatework.tasks.labels.targets import UNKNOWN
from gatework.train.loop import fit, seeded

if TYPE_CHECKING:
    from gatework.data.grams import Grams
    from gatework.tasks.labels.recipe import Recipe
    from gatework.train.checkpoint import Checkpoint
    from gatework.train.history import History

# Seeds of one network's folds, first weights and batches lie this far from another's.
APART = 1_000_003
# Sequences that are answered at once.
AT_ONCE = 256


@dataclass(frozen=True)
class Learned:
    """What came of a training.

    Attributes
    ----------
    net : Committee
        The networks that answer.
    histories : list of History
        One a network, and those that only judge.
    held : (N, K) array, or a list of (T_i, K)
        What networks answered for the sequences that they had not learned from, NaN for those that all learned from.
    """

    net: Committee
    histories: list[History]
    held: Any


def build(recipe: Recipe) -> Committee:
    """Make the networks of a recipe, untrained."""
    return _committee([network(recipe) for _ in range(recipe.members)], recipe)


def _committee(members: list[Labeller], recipe: Recipe) -> Committee:
    return Committee(members, recipe.sizes, recipe.alike)


def network(recipe: Recipe) -> Labeller:
    """Make one network of a recipe, untrained."""
    intake: nn.Module
    if recipe.gaps is not None:
        intake = Numbers(recipe.gaps)
    else:
        evidence = Evidence(recipe.grams, recipe.answers, recipe.vocabulary) if recipe.grams else None
        intake = Tokens(
            recipe.vocabulary,
            recipe.embedding,
            recipe.spread,
            missing=recipe.missing if recipe.augment else 0.0,
            dropout=recipe.dropout_in,
            evidence=evidence,
        )
    stem: Stem | Bands | None = None
    if recipe.channels and not recipe.kernels:
        stem = Bands(intake.size, recipe.channels, causal=not recipe.bidirectional)
    elif recipe.channels:
        stem = Stem(
            intake.size,
            recipe.channels,
            recipe.kernels,
            recipe.strides,
            causal=not recipe.bidirectional,
            dropout=recipe.stem_dropout,
        )
    return Labeller(
        intake,
        recipe.answers,
        stem,
        hidden_size=recipe.hidden_size,
        num_layers=recipe.num_layers,
        cell=recipe.cell,
        bidirectional=recipe.bidirectional,
        pooling=recipe.pooling,
        dropout=recipe.dropout,
        dropout_in=recipe.dropout_in if recipe.gaps is not None else 0.0,
        prior=recipe.prior,
    )


def learn(
    arrays: Sequence[np.ndarray],
    y: Any,
    recipe: Recipe,
    folds: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    augment: Augment | None = None,
    vectors: np.ndarray | None = None,
    grams: Grams | None = None,
    checkpoint: Checkpoint | None = None,
    resume: bool = False,
    progress: bool | None = None,
) -> Learned:
    """Train a network for each fold, each ended early by the sequences that it does not learn from, if there are any.

    Parameters
    ----------
    arrays : sequence of (T_i, D) or (T_i,) arrays
        What a reader made of the sequences.
    y : (N, K) array, or a list of (T_i, K)
        What Targets.encode made of the targets.
    recipe : Recipe
        How.
    folds : sequence of (rows, rows)
        Which sequences each network learns from, and which decide how long.
    augment : callable, optional
        As in Batches.
    vectors : (V, E) array, optional
        What the tokens' vectors are at first.
    grams : Grams, optional
        The runs of tokens that evidence is counted of, from what each network learns from.
    checkpoint, resume, progress
        As in train.loop.fit.
    """
    # What is left of another training there must not be gone on from, if this one is cut off.
    if checkpoint is not None and not resume:
        checkpoint.clear()
    members, histories = [], []
    held = _nothing(arrays, y, recipe)
    for k, (rows, others) in enumerate(folds):
        seed = recipe.seed + APART * k
        with seeded(seed):
            net = network(recipe)
        if vectors is not None:
            with torch.no_grad():
                net.intake.table.weight.copy_(torch.from_numpy(vectors))
        some = [arrays[i] for i in rows]
        if recipe.gaps is None:
            net.intake.learn(some, recipe.least)
        if grams is not None:
            net.intake.evidence.learn(grams, some, _rows(y, rows)[:, 0])
        batches = Batches(some, _rows(y, rows), recipe.batch_size, seed, augment)
        history = fit(
            net,
            batches,
            partial(loss, recipe=recipe),
            steps=recipe.steps,
            validate=partial(mean_loss, arrays=arrays, y=y, rows=others, recipe=recipe) if len(others) else None,
            every=recipe.every,
            patience=recipe.patience if len(others) else None,
            untrained=False,
            learning_rate=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            seed=seed,
            checkpoint=checkpoint.beside(k) if checkpoint and k else checkpoint,
            resume=resume,
            progress=progress,
            title="training" if len(folds) == 1 else f"training, network {k + 1} of {len(folds)}",
        )
        members.append(net)
        histories.append(history)
        alone = _committee([net], recipe)
        for i, one in zip(others, answer(alone, [arrays[i] for i in others], recipe.stepwise), strict=True):
            held[i] = one
        if history.stopped == "interrupted":
            break
    return Learned(_committee(members[: recipe.members], recipe).eval(), histories, held)


def answer(net: nn.Module, arrays: Sequence[np.ndarray], stepwise: bool) -> Any:
    """Ask for probabilities, or standardised numbers: (N, K), or a list of (T_i, K)."""
    found: list[Any] = [None] * len(arrays)
    with torch.no_grad():
        for rows in in_order(arrays, AT_ONCE):
            batch = gather(arrays, None, rows)
            answers = net(batch.x, batch.lengths).numpy()
            for i, one in zip(rows, answers, strict=True):
                found[i] = one[: len(arrays[i])] if stepwise else one
    return found if stepwise or not found else np.stack(found)


def loss(net: Labeller, batch: Batch, recipe: Recipe) -> Tensor:
    """The mean loss of what a network's heads answer: cross-entropy of classes, squared error of numbers."""
    own = batch.y[:, 0] if recipe.grams else None
    heads = [losses(one, batch.y, recipe, recipe.smoothing) for one in net.heads(batch.x, batch.lengths, own)]
    return torch.stack([total / weight.clamp(min=1e-12) for total, weight in heads]).mean()


def losses(answers: Tensor, y: Tensor, recipe: Recipe, smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
    """Sum the losses of answers (.., K) to y (.., targets), what is unknown left out; and the sum of their weights."""
    if recipe.sizes is None:
        known = ~torch.isnan(y)
        return ((answers - y.nan_to_num()).square() * known).sum(), known.sum()
    total, weight = answers.new_zeros(()), answers.new_zeros(())
    for k, (part, weights) in enumerate(zip(answers.split(recipe.sizes, -1), recipe.class_weights, strict=True)):
        right = y[..., k].reshape(-1)
        by_class = part.new_tensor(weights)
        total = total + F.cross_entropy(
            part.reshape(-1, part.shape[-1]),
            right,
            by_class,
            ignore_index=UNKNOWN,
            label_smoothing=smoothing,
            reduction="sum",
        )
        weight = weight + by_class[right[right != UNKNOWN]].sum()
    return total, weight


def mean_loss(net: nn.Module, arrays: Sequence[np.ndarray], y: Any, rows: np.ndarray, recipe: Recipe) -> float:
    """The loss over some sequences, as `loss` without smoothing."""
    some, right = [arrays[i] for i in rows], _rows(y, rows)
    sums = [0.0, 0.0]
    for part in in_order(some, AT_ONCE):
        batch = gather(some, right, part)
        for k, one in enumerate(losses(net(batch.x, batch.lengths), batch.y, recipe)):
            sums[k] += float(one)
    return sums[0] / max(sums[1], 1e-12)


def _rows(y: Any, rows: np.ndarray) -> Any:
    return y[rows] if isinstance(y, np.ndarray) else [y[i] for i in rows]


def _nothing(arrays: Sequence[np.ndarray], y: Any, recipe: Recipe) -> Any:
    """Answers that nobody has given yet."""
    if recipe.stepwise:
        return [np.full((len(one), recipe.answers), np.nan, np.float32) for one in arrays]
    return np.full((len(arrays), recipe.answers), np.nan, np.float32)
