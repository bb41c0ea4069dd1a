"""What suits each kind of data, where nobody says otherwise."""

from __future__ import annotations

import math
from typing import NamedTuple


class Habit(NamedTuple):
    """What suits a kind of data, found on training parts alone (docs/labels.md)."""

    hidden_size: int
    num_layers: int
    pooling: str
    dropout: float  # before the head
    dropout_in: float  # before the memory, where there are no convolutions
    learning_rate: float
    rounds: int  # how often everything is seen, between the fewest and the most steps
    fewest: int
    most: int
    members: int
    batch_sizes: tuple[tuple[float, int], ...]  # up to how many sequences, how many of them a step
    embedding: int = 0
    spread: float = 0.0
    missing: float = 0.0
    runs: int = 0  # of up to so many tokens there is evidence
    dropout_stem: float = 0.0  # after each convolution
    smoothing: float = 0.0  # of labels (Szegedy et al., 2016)
    least: int = 0  # times that a token must occur in what a network learns from


HABITS = {
    "series": Habit(64, 1, "mean", 0.2, 0.0, 2e-3, 24, 800, 5000, 4, ((1000, 16), (10_000, 32), (math.inf, 64))),
    # Where each step is answered, few sequences give many answers, all much alike: they are soon known by heart.
    "steps": Habit(64, 1, "mean", 0.2, 0.0, 3e-3, 30, 800, 5000, 4, ((1000, 10), (math.inf, 32)), dropout_stem=0.2),
    "audio": Habit(64, 1, "mean", 0.3, 0.1, 4e-3, 10, 400, 5000, 3, ((10_000, 16), (math.inf, 32)), smoothing=0.1),
    "words": Habit(64, 1, "mean", 0.5, 0.5, 2e-3, 5, 400, 6000, 5, ((math.inf, 32),), 64, 0.1, 0.1, 2, least=2),
    # A vector of a character is learned from often enough to begin anywhere.
    "characters": Habit(
        96, 1, "max", 0.3, 0.1, 5e-3, 10, 400, 6000, 4, ((1000, 16), (math.inf, 64)), 32, 1.0, 0.0, 3, least=1
    ),
}
HABITS["bpe"] = HABITS["words"]
# Few series of classes are each read often, by networks that learn from all of them.
HABITS["few"] = HABITS["series"]._replace(rounds=96, most=2400, members=2)
