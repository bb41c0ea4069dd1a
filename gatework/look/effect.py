"""What an input k steps back does to the answers: by gradient, and by putting another input in its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gatework.errors import OptionError
from gatework.look.lags import spread_out
from gatework.look.subject import Subject

# What a measurement may cost, in multiplications: a few seconds of one core. Small networks need far less.
COST = 1e11

# A step of time costs as much as this many multiplications, however small the network.
STEP = 2e5

# Inputs that are replaced where every step has an answer, so that one of them tells of all lags.
CHANGES = 4096

# Where the answer is about the end alone: measurements of each lag, as many as can be afforded, and the fewest with
# which one lag more is looked at.
EACH, FEW = 128, 32

# Inputs that are replaced, or answers that are asked for their gradient, however much it costs.
LEAST = 128

# Lags of which fewer measurements were made say nothing.
FEWEST = 8

# What may be in memory at once: so many values of so many units at so many steps.
HELD = 2e7

# A gradient costs about as much as three answers; it is held against so many replacements, so many of them at once.
BACKWARD, PAIRS, PIECE = 3, 64, 32

NO_NUMBERS = (
    "model must answer with finite numbers; got {}. Either its weights are no numbers or its state grows until it "
    "overflows: ask doctor(model, data) which."
)


@dataclass(frozen=True)
class Effect:
    """Mean sizes of the answers' changes by lag, as shares of the answers' own spread.

    Sizes are averaged, not squares: of those a few wild changes would be the most.

    Attributes
    ----------
    lags : (N,) int array
        How many steps before the answer the input was read; negative: after it.
    mean, second : (N,) arrays
        Of the sizes, the mean and the second moment.
    count : (N,) int array
        How many were measured.
    """

    lags: np.ndarray
    mean: np.ndarray
    second: np.ndarray
    count: np.ndarray

    def at(self, lags: np.ndarray) -> Effect:
        """Only these lags, of those that were measured."""
        kept = np.isin(self.lags, lags)
        return Effect(self.lags[kept], self.mean[kept], self.second[kept], self.count[kept])


class Tally:
    """Sizes of changes, gathered by lag from -(T - 1) to T - 1."""

    def __init__(self, steps: int):
        self.steps = steps
        self.sums = np.zeros((3, 2 * steps - 1))

    def add(self, lags: Tensor, sizes: Tensor) -> None:
        """Gather measurements, each with its lag."""
        where, values = (lags + self.steps - 1).cpu().numpy(), sizes.double().cpu().numpy()
        for total, weights in zip(self.sums, (None, values, values**2), strict=True):
            total += np.bincount(where, weights, len(total))

    def effect(self) -> Effect:
        """Average what was gathered, of the lags that were measured often enough. OptionError where it is no number."""
        wrong = int((~np.isfinite(self.sums)).any(0).sum())
        if wrong:
            raise OptionError(NO_NUMBERS.format(f"changes that are not, at {wrong:,} lag{'s' * (wrong != 1)}"))
        count, first, second = self.sums
        enough = np.flatnonzero(count >= min(FEWEST, count.max()))
        lags = enough - (self.steps - 1)
        return Effect(lags, first[enough] / count[enough], second[enough] / count[enough], count[enough].astype(int))


class Answers:
    """The answers of a subject that count, and how far they spread: those of the later half of each row, or the last.

    A memory needs time to fill, and the answers of the first steps would hide what it does once it has.

    Raises OptionError where answers are no numbers: of those nothing can be said to change them.
    """

    def __init__(self, seen: Subject):
        self.seen = seen
        steps, rows = seen.x.shape[:2]
        self.lengths = (torch.full((rows,), steps) if seen.lengths is None else seen.lengths).to(seen.x.device)
        with torch.no_grad():
            self.y = seen.run(seen.x)
        self.stepwise = len(self.y) == steps > 1
        times = torch.arange(steps, device=seen.x.device)[:, None]
        self.counted = (times >= self.lengths // 2) & (times < self.lengths)
        answers = self.y[self.counted] if self.stepwise else self.y[0]
        wrong = int((~torch.isfinite(answers)).sum())
        if wrong:
            raise OptionError(NO_NUMBERS.format(f"{wrong:,} of {answers.numel():,} that are not"))
        spread = float(answers.double().var(0, correction=0).sum())
        # One row has one answer about the end; changes are then told in the answer's own units.
        self.spread = spread**0.5 if spread > 0 else 1.0
        weights = sum(p.numel() for layer in seen.layers.values() for p in layer.parameters())
        #: how many times the batch can be answered at the cost allowed
        self.affordable = max(1, int(COST / (steps * (STEP + 2 * rows * weights))))

    def tiles(self, times: int) -> Iterator[int]:
        """Cut the batch, so many times over, into pieces of at most some 256 rows."""
        steps, rows = self.seen.x.shape[:2]
        units = sum(layer.num_layers * layer.hidden_size for layer in self.seen.layers.values())
        most = max(1, int(min(256, HELD / (steps * units)) / rows))
        for start in range(0, times, most):
            yield min(most, times - start)


@torch.no_grad()
def by_change(answers: Answers, generator: torch.Generator, also: np.ndarray | None = None) -> Effect:
    """Replace one input of each row by one that stands elsewhere in the data, and see by how much the answers change.

    Where every step has an answer, an input at any time tells of all lags at once. Else each row is asked about a few
    lags; together they are asked about all if that is affordable, and about those of `also` in any case.
    """
    seen = answers.seen
    steps, rows = seen.x.shape[:2]
    pool = seen.x[seen.alive()]
    tally = Tally(steps)
    least = -(-LEAST // rows)
    if answers.stepwise:
        times = min(-(-CHANGES // rows), max(answers.affordable, least))
        lags = None
    else:
        most = int(answers.lengths.max())
        lags = spread_out(most, max(FEW, rows * answers.affordable // FEW))
        lags = np.union1d(lags, [] if also is None else also).astype(int)
        times = min(-(-EACH * len(lags) // rows), max(answers.affordable, least))
    done = 0
    for n in answers.tiles(times):
        tile, lengths = torch.arange(done, done + n).repeat_interleave(rows), answers.lengths.repeat(n).cpu()
        done += n
        if lags is None:
            chance = torch.rand(n * rows, generator=generator)
            at = ((tile + chance) / times * lengths).long().clamp(max=lengths - 1)
            exists = torch.ones(n * rows, dtype=torch.bool)
        else:
            # Rows begin at different lags, so that each lag is asked of many rows.
            turn = (tile + torch.arange(rows).repeat(n) * times) % len(lags)
            at = lengths - 1 - torch.as_tensor(lags)[turn]
            exists = at >= 0
            at = at.clamp(min=0)
        x = seen.x.repeat(1, n, 1)
        x[at, torch.arange(n * rows)] = pool[torch.randint(len(pool), (n * rows,), generator=generator)]
        change = (seen.run(x) - answers.y.repeat(1, n, 1)).double().norm(dim=-1) / answers.spread
        if lags is None:
            lag = torch.arange(steps)[:, None] - at
            counted = answers.counted.repeat(1, n).cpu()
            tally.add(lag[counted], change.cpu()[counted])
        else:
            tally.add((lengths - 1 - at)[exists], change[0].cpu()[exists])
    return tally.effect()


def by_gradient(answers: Answers, generator: torch.Generator) -> Effect:
    """Say what replaced inputs would change if the answers were linear in each of them.

    One answer of each row tells of all lags at once. Of several answers a sum with random signs is taken, whose change
    is as large as theirs together (Hutchinson, 1990).
    """
    seen = answers.seen
    steps, rows = seen.x.shape[:2]
    pool = seen.x[seen.alive()]
    first, second = torch.randint(len(pool), (2, PAIRS), generator=generator)
    # The same replacements at every lag, so that chance makes no lag louder than another.
    swaps = (pool[first] - pool[second]).T.split(PIECE, 1)
    tally = Tally(steps)
    times = max(min(-(-CHANGES // (4 * rows)), answers.affordable // BACKWARD), -(-LEAST // rows))
    for n in answers.tiles(times):
        lengths = answers.lengths.repeat(n).cpu()
        x = seen.x.repeat(1, n, 1).requires_grad_()
        y = seen.run(x)
        if answers.stepwise:
            half = lengths // 2
            at = half + (torch.rand(n * rows, generator=generator) * (lengths - half)).long()
            asked = y[at, torch.arange(n * rows)]
        else:
            at, asked = lengths - 1, y[0]
        signs = torch.randint(2, asked.shape, generator=generator).to(asked) * 2 - 1
        (slope,) = torch.autograd.grad((signs * asked).sum(), x)
        change = sum((slope @ some).abs().sum(-1) for some in swaps).cpu() / (PAIRS * answers.spread)
        lag = at - torch.arange(steps)[:, None]
        alive = torch.arange(steps)[:, None] < lengths
        tally.add(lag[alive], change[alive])
    return tally.effect()
