"""What a recorded training shows: its losses, and what became of the state from one call to the next."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch

from gatework.look import limits
from gatework.look.finding import Finding
from gatework.look.recording import Call

# Standard deviations of the losses' logarithms, in the later half, that a loss must have grown or jumped by.
NOISE = 5


def too_fast(losses: Sequence[float], updates: Sequence[float] = ()) -> Finding | str | None:
    """Say whether the loss grows or jumps about because steps are too large; a text says why that cannot be told."""
    loss = np.asarray(losses, float)
    lower = "Set a lower learning_rate (lr), a third of it at first, and clip the gradient at norm 1."
    if not np.isfinite(loss).all():
        first = int(np.argmin(np.isfinite(loss)))
        return Finding("learning rate too high", "serious", f"The loss is no number from step {first:,} on.", lower)
    if len(loss) < limits.FEWEST_LOSSES:
        return f"There are {len(loss)} losses; {limits.FEWEST_LOSSES} are needed."
    quarter = len(loss) // 4
    begun, ended = float(loss[0]), float(np.median(loss[-quarter:]))
    # Losses grow by chance where batches are small, and on purpose where tasks get harder: steps that are known to have
    # been small are not why. Where steps are not known, the losses' own noise tells what is chance.
    could = max(updates, default=np.inf) >= limits.THROWN_EARLY and bool((loss > 0).all())
    noise = NOISE * _noise(np.log(loss[-2 * quarter :])) if could and not len(updates) else 0.0
    if could and np.log(ended / begun) > max(np.log(limits.GROWN), noise):
        return Finding(
            "learning rate too high",
            "serious",
            f"The loss began at {begun:.3g} and ends at {ended:.3g} (median of the last {quarter:,} steps).",
            lower,
        )
    peak = int(np.argsort(loss)[-2])
    if could and np.log(loss[peak] / max(begun, float(np.median(loss)))) > max(np.log(limits.JUMPED), noise):
        return Finding(
            "learning rate too high",
            "serious",
            f"The loss began at {begun:.3g} and rose to {loss[peak]:.3g} at step {peak:,} (the second largest).",
            lower,
        )
    early = float(np.median(updates[:5])) if len(updates) else 0.0
    late = float(np.median(updates[-2 * quarter :])) if len(updates) else 0.0
    if late < limits.THROWN and early < limits.THROWN_EARLY:
        return None
    when, size = ("later half", late) if late >= limits.THROWN else ("first steps", early)
    return Finding(
        "learning rate too high",
        "serious",
        f"In the {when} of the training, a step changes the weights by {size:.0%} of their size (median); the loss "
        f"went from {begun:.3g} to {ended:.3g}.",
        lower,
    )


def _noise(values: np.ndarray) -> float:
    """The standard deviation of values about their course, by half of their steps: a few that jump far do not count."""
    return 1.4826 * float(np.median(np.abs(np.diff(values)))) / 2**0.5


class Passing(NamedTuple):
    """What one call of a layer has from the one before it.

    Its state: the same one (carried), with its rows in another order (permuted), or of the same numbers in other rows
    (mixed). And by how much the inputs jump, beside by how much they differ from step to step: mean squares, 1 is what
    any two differ by.
    """

    carried: bool
    permuted: bool
    mixed: bool
    jump: float
    near: float


def passings(calls: Sequence[Call]) -> list[Passing]:
    """Say of each call what it has from the one before it: the state, and the place where the inputs go on."""
    found = []
    for before, now in pairwise(calls):
        if before.first.shape != now.first.shape:
            continue
        given, left = now.given, before.left
        rows, carried, mixed = None, False, False
        if given is not None and given.shape == left.shape:
            carried = torch.equal(given, left)
            rows = None if carried else _rows(given, left)
            mixed = not carried and rows is None and torch.equal(given.flatten().sort()[0], left.flatten().sort()[0])
        ends = before.last if rows is None else before.last[rows]
        jump = (now.first - ends).square().mean(0)
        if not now.overlaps:
            found.append(((carried, rows is not None, mixed), jump, now.near))
    if not found:
        return []
    edges = torch.cat([q for call in calls for q in (call.first, call.last)])
    any_two = 2 * edges.var(0)
    varies = any_two > 0
    if not varies.any():
        return []

    def share(q: torch.Tensor) -> float:
        return float((q[varies] / any_two[varies]).mean())

    return [Passing(*state, share(jump), share(near)) for state, jump, near in found]


def _rows(given: torch.Tensor, left: torch.Tensor) -> torch.Tensor | None:
    """Which row of `left` each row of `given` is; None where one is none of them."""
    same = (given[:, None] == left[None]).all(-1)
    return same.int().argmax(1) if bool(same.any(1).all()) else None


def shuffled(calls: Sequence[Call]) -> Finding | str | None:
    """Say whether rows go on from states of other rows."""
    if not any(call.given is not None for call in calls):
        return None
    some = [one for one in passings(calls) if one.carried or one.permuted or one.mixed]
    mixed, permuted = sum(one.mixed for one in some), sum(one.permuted for one in some)
    if len(some) < limits.FEWEST_CALLS:
        return (
            f"There are {len(some)} calls that were given the state of the last one; {limits.FEWEST_CALLS} are needed."
        )
    remedy = (
        "Give each row the state that its own last stretch left: shuffle=False in the loader, rows in one order, no "
        "view or transpose of the state."
    )
    if mixed > len(some) / 2:
        said = f"{mixed:,} of {len(some):,} states hold the numbers of the last ones, but no row of theirs"
        return Finding("state shuffled across rows", "serious", f"{said}: they were reshaped.", remedy)
    near, jump = (float(np.median([getattr(one, q) for one in some])) for q in ("near", "jump"))
    if not near < limits.TELLING:
        if permuted > len(some) / 2:
            said = f"{permuted:,} of {len(some):,} states have their rows in another order than they were left in"
            return Finding("state shuffled across rows", "worth knowing", f"{said}.", remedy)
        return "Neighbouring steps differ nearly as much as any two, so nobody can see which row goes on from which."
    if jump < limits.JUMPS:
        return None
    return Finding(
        "state shuffled across rows",
        "serious",
        f"From one call to the next the inputs of a row jump by {jump:.0%} of what any two steps differ by, and by "
        f"{near:.0%} within a call (mean squares); yet the state is carried on.",
        remedy,
    )


def reset(calls: Sequence[Call]) -> Finding | str | None:
    """Say whether every call begins with an empty memory, though it goes on where the last one ended."""
    if any(call.given is not None for call in calls):
        return None
    if len(calls) < limits.FEWEST_CALLS:
        return f"There are {len(calls)} calls in training; {limits.FEWEST_CALLS} are needed."
    remedy = "Pass the state on: outputs, state = layer(x, state), and state = (state[0].detach(), state[1].detach()) "
    remedy += "(a GRU's: state.detach()) before the next stretch."
    if all(call.steps == 1 for call in calls):
        said = f"All {len(calls):,} calls read a single step, and begin with an empty memory"
        return Finding("state reset every step", "serious", f"{said}.", remedy)
    some = passings(calls)
    if len(some) < limits.FEWEST_CALLS:
        return None
    near, jump = (float(np.median([getattr(one, q) for one in some])) for q in ("near", "jump"))
    if not near < limits.TELLING:
        return "Neighbouring steps differ nearly as much as any two, so nobody can see what goes on from what."
    if jump > limits.GOES_ON * near:
        return None
    return Finding(
        "state reset every step",
        "serious",
        f"The inputs of a call go on where the last call ended (they step by {jump:.1%} of what any two steps differ "
        f"by, and by {near:.1%} within a call), but each of {len(calls):,} calls begins with an empty memory.",
        remedy,
    )


def detached(layers: dict[str, list[Call]]) -> Finding | str | None:
    """Say whether a state was cut off although no gradient had flowed yet, or after every single step."""
    remedy = "Detach the state after loss.backward() only, and let a stretch have many steps (100 at first)."
    few = True
    for name, calls in layers.items():
        pairs = [
            (before, now)
            for before, now in pairwise(calls)
            if before.learning and now.given is not None and now.given.shape == before.left.shape
            and torch.equal(now.given, before.left)
        ]  # fmt: skip
        few = few and (len(pairs) < limits.FEWEST_CALLS and any(call.given is not None for call in calls))
        if len(pairs) < limits.FEWEST_CALLS:
            continue
        cut = [(before, now) for before, now in pairs if not now.attached]
        early = [now for _, now in cut if not now.behind]
        if len(early) > len(pairs) / 2:
            return Finding(
                "detached state",
                "serious",
                f"{len(early):,} of {len(pairs):,} states that {name} passed on were detached before the loss had "
                f"flowed back, each after {np.median([now.steps for now in early]):.0f} steps.",
                remedy,
            )
        if len(cut) > 0.9 * len(pairs) and all(now.steps == 1 for _, now in cut):
            return Finding(
                "detached state",
                "serious",
                f"{name} reads one step a call and its state is detached after each ({len(cut):,} of {len(pairs):,}): "
                "no gradient crosses a step, so nothing that must be remembered can be learned.",
                remedy,
            )
    return f"Fewer than {limits.FEWEST_CALLS} states were passed on." if few else None
