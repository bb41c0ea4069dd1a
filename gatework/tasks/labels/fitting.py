"""Fitting a classifier or regressor: read, choose, train, and judge beside the rivals."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.data.grams import Grams
from gatework.data.holdout import folds
from gatework.tasks.labels.habits import HABITS
from gatework.tasks.labels.measures import unequal
from gatework.tasks.labels.readers import first_vectors, learn_to_read
from gatework.tasks.labels.recipe import MANY, about, both_ways, choose
from gatework.tasks.labels.targets import Targets
from gatework.tasks.labels.weights import class_weights, log_prior

if TYPE_CHECKING:
    from gatework.data.items import Items
    from gatework.tasks.labels.labelling import Labelling
    from gatework.tasks.labels.readers import Reader
    from gatework.tasks.labels.recipe import Recipe
    from gatework.train.checkpoint import Checkpoint

# Of fewer sequences none is held out.
FEWEST = 10
# Seconds of quiet that may come before a recording and after it while it is learned from.
SILENCE = 0.2
# So many numbers of evidence a step at most.
MOST_EVIDENCE = 100


def fit(model: Labelling, items: Items, checkpoint: Checkpoint | None, resume: bool) -> None:
    """Give an estimator all that it learns from items that have been checked."""
    from gatework.tasks.labels.answers import held_table
    from gatework.tasks.labels.judging import judge_held_out, learn_rivals
    from gatework.tasks.labels.learning import learn

    targets = Targets.of(items.y, items.targets, items.stepwise, model.classify)
    encoded = targets.encode(items.y)
    reader = learn_to_read(model, items, both_ways(model, targets))
    arrays = reader.read(items.items, items.ids)
    vectors, about_vectors = first_vectors(model, reader)
    grams = runs(reader, targets, arrays)
    recipe = choose(
        model,
        targets,
        [len(one) for one in arrays],
        class_weights(model.class_weight, targets),
        log_prior(targets, encoded),
        reader,
        None if vectors is None else vectors.shape[1],
        () if grams is None else tuple(map(len, grams.codes)),
    )
    parts = held_out(encoded, targets, items.groups, recipe.judges or recipe.members, recipe.seed)
    if recipe.judges:
        everything = np.arange(len(encoded))
        parts = [(everything, everything[:0])] * recipe.members + [part for part in parts if len(part[1])]
    model.reader_, model.targets_ = reader, targets
    chosen = about(recipe, reader.kind, any(len(others) for _, others in parts))
    model.notes_ = [*items.notes, *reader.notes(), *about_vectors, *about_shares(model, targets, encoded), chosen]
    learned = learn(
        arrays,
        encoded,
        recipe,
        parts,
        augment=augmentation(reader, recipe) if recipe.augment else None,
        vectors=vectors,
        grams=grams,
        checkpoint=checkpoint,
        resume=resume,
        progress=model.progress,
    )
    # Whoever cut it off is not judged by what was not trained.
    parts = parts[: len(learned.histories)]
    model.recipe_ = replace(recipe, members=len(learned.net.members))
    model.net_, model.histories_ = learned.net, learned.histories
    model.rivals_, theirs = learn_rivals(model, items, arrays, parts)
    model.scores_ = judge_held_out(model, items, learned.held, theirs, parts)
    model.held_ = held_table(model, items, learned.held)


def about_shares(model: Labelling, targets: Targets, encoded: Any) -> list[str]:
    """Say where classes are so unequal that the commonest will be answered for others."""
    if targets.sizes is None or model.class_weight is not None:
        return []
    numbers = np.concatenate(encoded) if targets.stepwise else encoded
    pairs = zip(numbers.T, targets.sizes, targets.names, strict=True)
    some = [name for column, size, name in pairs if unequal(np.bincount(column[column >= 0], minlength=size))]
    return [
        f"the classes of {name!r} are unequal: class_weight='balanced' answers as if all were as often."
        for name in some
    ]


def held_out(
    encoded: Any, targets: Targets, groups: np.ndarray | None, members: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Choose for each network which sequences it learns from, and which decide when it ends."""
    count = len(encoded)
    everything = np.arange(count)
    # One target, or its commonest class a sequence, is what the folds are alike in.
    first = np.array([_usual(one) for one in encoded]) if targets.stepwise else encoded[:, 0]
    # What can be held out: groups, or sequences of classes that have another.
    ways = count
    if groups is not None:
        ways = len(np.unique(groups))
    elif targets.classes is not None:
        ways = int((np.bincount(first)[first] > 1).sum())
    if count < FEWEST or ways < 2:
        return [(everything, everything[:0])] * members
    most = min(max(10 if count >= MANY else 5, members), ways)
    parts = folds(first if targets.classes is not None else np.zeros(count, int), groups, most, seed)
    return [parts[k % len(parts)] for k in range(members)]


def _usual(one: np.ndarray) -> Any:
    if one.dtype.kind == "f":
        return 0.0
    known = one[one[:, 0] >= 0, 0]
    return np.bincount(known).argmax() if len(known) else 0


def runs(reader: Reader, targets: Targets, arrays: list[np.ndarray]) -> Grams | None:
    """Choose the runs of tokens that evidence is counted of: for texts that have one class of not too many."""
    if reader.kind != "text" or targets.sizes is None or len(targets.sizes) > 1 or targets.stepwise:
        return None
    longest = min(HABITS[reader.tokens].runs, MOST_EVIDENCE // targets.sizes[0])
    return Grams.of(arrays, len(reader.vocabulary), longest) if longest else None


def augmentation(reader: Reader, recipe: Recipe) -> Any:
    """How what is learned from may be changed a little each time: so that the answer stays what it is."""
    if reader.kind == "audio":
        from gatework.data.augment_audio import Augment as Sound
        from gatework.data.augment_sound import Surroundings

        if reader.normalise in ("level", "training") and reader.mel.coefficients is None and not recipe.stepwise:
            level = reader.normalise == "level"
            return Surroundings(reader.mean, reader.std, level, silence=SILENCE / reader.mel.hop)
        # A frame that moves would leave its label behind.
        return Sound(spectral=reader.mel.coefficients is None, speed=0.0 if recipe.stepwise else Sound.speed)
    if reader.kind == "text":
        # Words go missing within the network.
        return None
    from gatework.data.augment_series import Augment

    # A number may depend on the length, the pace or the size of a series; a class hardly on a little of them.
    steady = recipe.stepwise or recipe.sizes is None
    return Augment(warp=0.0, crop=0.0, scale=0.0, jitter=0.1 if recipe.stepwise else 0.03) if steady else Augment()
