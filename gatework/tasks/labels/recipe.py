"""What the sequences ask for: which network, how large, how many, and how long to train them. Without torch."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.tasks.labels.habits import HABITS
from gatework.tasks.labels.settings import EFFORTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatework.tasks.labels.labelling import Labelling
    from gatework.tasks.labels.readers import Reader
    from gatework.tasks.labels.targets import Targets

# Channels of the convolutions, and about how many steps they leave to be remembered.
CHANNELS, REMEMBERED = 64, 64

# Steps of sequences that a network reads at most while it learns, unless that were fewer than so many training steps.
MOST_READ, LEAST_STEPS = 300_000_000, 100
# Of so many sequences one network learns nearly all that several would.
PLENTY = 20_000
# Of fewer than so many a fifth is held out at a time, and of more a tenth. Of fewer series each counts: what is held
# out of a network would be missed, and is too little to tell when it should end.
MANY = 500

# What the sequences are called.
NOUNS = {"series": "sequences", "audio": "recordings", "text": "texts"}

# Channels of the convolutions over bands of sound.
BAND_CHANNELS = (16, 32, 48)

# Validations of a training, and how many of them without a new best end it.
VALIDATIONS, PATIENCE = 25, 8


@dataclass(frozen=True)
class Recipe:
    """The settings of the networks and of their training, with nothing left open.

    Attributes
    ----------
    answers, sizes : int, tuple of int or None
        Numbers that a network answers, and how many of them are the classes of each target.
    stepwise : bool
        Whether each step is answered for.
    gaps : tuple of bool, or None
        Which columns had missing values; None where tokens are read.
    vocabulary, embedding : int
        Tokens there are, and numbers a vector; 0 where numbers are read.
    grams : tuple of int
        How many runs of 1, 2, ... tokens there is evidence of; () for none.
    channels, kernels, strides : tuple of int
        Of the convolutions, none where there are none; over bands of sound they are all alike, and have channels alone.
    spread : float
        The standard deviation of tokens' vectors at first.
    hidden_size, num_layers, cell, bidirectional, pooling, dropout, dropout_in, stem_dropout
        Of the networks.
    judges : int
        Networks that only say how good the members are: then they hold sequences out, and the members learn from all.
    members, steps, every, patience, batch_size, learning_rate, weight_decay, smoothing, seed
        Of the training.
    augment : bool
        Whether what is learned from is changed a little each time.
    least : int
        How often a token must occur in what a network learns from, not to be unknown to it.
    missing : float
        The chance that a token goes missing while it is learned from.
    prior : tuple of float
        The logarithm of how often each class is, target by target; () for numbers.
    alike : bool
        Whether classes are answered as if all were as often.
    class_weights : tuple of tuples
        What each class of each target counts.
    """

    answers: int
    sizes: tuple[int, ...] | None
    stepwise: bool
    gaps: tuple[bool, ...] | None
    vocabulary: int
    embedding: int
    grams: tuple[int, ...]
    channels: tuple[int, ...]
    kernels: tuple[int, ...]
    strides: tuple[int, ...]
    hidden_size: int
    num_layers: int
    cell: str
    bidirectional: bool
    pooling: str | None
    dropout: float
    dropout_in: float
    stem_dropout: float
    members: int
    judges: int
    steps: int
    every: int
    patience: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    smoothing: float
    seed: int
    augment: bool
    least: int
    missing: float
    spread: float
    prior: tuple[float, ...]
    alike: bool
    class_weights: tuple[tuple[float, ...], ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Recipe:
        """Rebuild from what `to_dict` gave."""

        def solid(value: Any) -> Any:
            return tuple(map(solid, value)) if isinstance(value, list) else value

        return cls(**{field.name: solid(saved[field.name]) for field in fields(cls)})


def both_ways(model: Labelling, targets: Targets) -> bool:
    """Whether sequences are read from their ends too.

    Who names each step may look at what follows; who says what is still to come may not, since there it would be read
    off.
    """
    return not (targets.stepwise and targets.classes is None) if model.bidirectional is None else model.bidirectional


def choose(
    model: Labelling,
    targets: Targets,
    lengths: Sequence[int],
    class_weights: tuple[tuple[float, ...], ...],
    prior: tuple[float, ...],
    reader: Reader,
    embedding: int | None = None,
    grams: tuple[int, ...] = (),
) -> Recipe:
    """Choose what is left open by how many sequences there are, and how long."""
    count = len(lengths)
    # Few are far longer than the others; what most are is what the network is made for.
    usual = max(1, int(np.percentile(lengths, 90)))
    stepwise, text = targets.stepwise, reader.kind == "text"
    by_step = stepwise and reader.kind == "series"
    few = count < MANY and reader.kind == "series" and not stepwise and targets.classes is not None
    habit = HABITS["few" if few else "steps" if by_step else reader.tokens if text else reader.kind]
    effort = EFFORTS[model.effort]
    convolve = reader.kind == "series" if model.convolutions is None else model.convolutions
    channels, kernels, strides = stem(usual, stepwise) if convolve else ((), (), ())
    if reader.kind == "audio" and model.convolutions is not False and reader.mel.coefficients is None:
        channels, kernels, strides = BAND_CHANNELS, (), ()
    batch_size = model.batch_size or next(size for most, size in habit.batch_sizes if count <= most)
    steps = habit.rounds * count / batch_size * min(1.0, effort)
    steps = np.clip(steps, habit.fewest * min(1.0, effort), habit.most)
    # What is long is read less often.
    steps = model.max_steps or int(max(min(steps, MOST_READ / (batch_size * usual)), LEAST_STEPS))
    members = model.members or max(1, round(effort * (habit.members if count < PLENTY else 2)))
    judges = 2 * members if few else 0
    return Recipe(
        answers=targets.answers,
        sizes=targets.sizes,
        stepwise=stepwise,
        gaps=None if text else getattr(reader, "gaps", (False,) * len(reader.names)),
        vocabulary=len(reader.vocabulary) if text else 0,
        embedding=embedding or habit.embedding,
        grams=grams,
        channels=channels,
        kernels=kernels,
        strides=strides,
        hidden_size=model.hidden_size or habit.hidden_size,
        num_layers=model.num_layers or habit.num_layers,
        cell=model.cell,
        bidirectional=both_ways(model, targets),
        pooling=None if stepwise else model.pooling or habit.pooling,
        dropout=habit.dropout if model.dropout is None else float(model.dropout),
        dropout_in=habit.dropout_in if model.dropout is None else float(model.dropout),
        stem_dropout=habit.dropout_stem if model.dropout is None else float(model.dropout),
        members=members,
        judges=judges,
        steps=steps,
        every=max(1, steps // VALIDATIONS),
        patience=PATIENCE,
        batch_size=batch_size,
        learning_rate=model.learning_rate or habit.learning_rate,
        weight_decay=0.01,
        smoothing=habit.smoothing,
        seed=int(model.seed),
        augment=model.augment,
        # A word of which a file has a vector is known, however rare.
        least=habit.least if embedding is None else 0,
        missing=habit.missing,
        spread=habit.spread,
        prior=prior,
        # The one word that it may be is "balanced".
        alike=isinstance(model.class_weight, str),
        class_weights=class_weights,
    )


def about(recipe: Recipe, kind: str, judged: bool) -> str:
    """Say which networks are trained, how long, and, where sequences can be held out, who judges them."""
    what, networks = NOUNS[kind], "1 network" if recipe.members == 1 else f"{recipe.members} networks"
    if judged and recipe.judges:
        networks += f" on all {what}, and {recipe.judges} that hold some out to judge by"
    elif judged and recipe.members > 1:
        networks += f", each judged by {what} that it did not learn from"
    return f"trains {networks}, for up to {recipe.steps:,} steps of {recipe.batch_size}."


def stem(usual: int, stepwise: bool) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Choose channels, kernels and strides of the convolutions for sequences of so many steps."""
    if stepwise:
        return (CHANNELS,) * 2, (5, 3), (1, 1)
    halvings = max(0, math.ceil(math.log2(usual / REMEMBERED)))
    kernels = (7, 5, 3, *(3 for _ in range(halvings - 3)))
    # The last halve first: those before see every step.
    strides = tuple(2 if k >= len(kernels) - halvings else 1 for k in range(len(kernels)))
    return (CHANNELS,) * len(kernels), kernels, strides
