"""What the training, the answers and the memory of a fitted classifier or regressor show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from gatework.look import limits
from gatework.look.finding import Finding
from gatework.look.subject import Subject
from gatework.train.history import History


def overfitted(histories: Sequence[History], chance: float) -> Finding | str | None:
    """Say whether networks do far better on what they learned from than on what was held out.

    `chance` is the loss of one who knows nothing but how often each answer comes.
    """
    found = [_losses(one) for one in histories if one.validation and one.losses]
    if not found:
        return "No sequences were held out of its training."
    learned, held = np.median(np.array(found), 0)
    if held < limits.BY_HEART * learned or held - learned < limits.MATTERS * chance:
        return None
    return Finding(
        "overfitted",
        "worth knowing",
        f"With the weights that were kept, the loss is {learned:.2g} on what was learned from and {held:.2g} on what "
        f"was held out (median of {len(found)} network{'s' * (len(found) > 1)}); who knows nothing has {chance:.2g}.",
        "",
    )


def _losses(one: History) -> tuple[float, float]:
    """The loss at the kept weights: on what was learned from, up to the validation before, and on what was held out."""
    steps = [step for step, _ in one.validation]
    before = max((step for step in steps if step < one.best_step), default=0)
    best = one.best if one.best is not None else one.validation[-1][1]
    return float(np.median(one.losses[before : one.best_step] or one.losses[-1:])), float(best)


def one_answer(truth: np.ndarray, answers: np.ndarray, name: str, classify: bool) -> Finding | None:
    """Say whether the answers (N,) are all the same while the true ones differ: one class, or about one number."""
    if len(answers) < limits.FEWEST_ANSWERS:
        return None
    if classify:
        same, others = len(np.unique(answers)) == 1, int((truth != answers).sum())
        if not same or len(np.unique(truth)) < 2:
            return None
        said = f"All {len(answers):,} answers for {name} are {answers[0]!s}; {others:,} of them should not be"
    else:
        moves, should = float(np.std(answers)), float(np.std(truth))
        if not moves < limits.HARDLY * should:
            return None
        said = f"The {len(answers):,} answers for {name} spread by {moves:.2g}, what is true by {should:.2g}"
    return Finding("one answer for all", "serious", f"{said}.", "")


@torch.no_grad()
def unused(seen: Subject) -> Finding | str | None:
    """Say whether the answers stay as they are when each step is read with an empty memory."""
    if len(seen.x) < 2:
        return "Its sequences have a single step."
    y = seen.run(seen.x)
    with _emptied(seen):
        alone = seen.run(seen.x)
    if seen.stepwise:
        y, alone = y[seen.alive()], alone[seen.alive()]
    spread = float((y - y.mean(-2, keepdim=True)).square().sum(-1).mean().sqrt())
    moved = float((alone - y).square().sum(-1).mean().sqrt())
    if not spread > 0 or moved >= limits.UNUSED * spread:
        return None
    return Finding(
        "unused memory",
        "worth knowing",
        f"When every step is read with an empty memory, the answers move by {moved / spread:.1%} of their spread.",
        "",
    )


class _emptied:  # noqa: N801
    """For as long as it lasts, layers begin anew at each step."""

    def __init__(self, seen: Subject):
        self.layers = list(seen.layers.values())

    def __enter__(self) -> None:
        self.handles = [one.register_forward_pre_hook(_reset, with_kwargs=True) for one in self.layers]

    def __exit__(self, *error: Any) -> None:
        for handle in self.handles:
            handle.remove()


def _reset(layer: Any, args: tuple, given: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
    return args, {**given, "reset": torch.ones(args[0].shape[:2], dtype=torch.bool)}
