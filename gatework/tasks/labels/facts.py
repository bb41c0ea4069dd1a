"""What the model card of a fitted classifier or regressor says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatework.tasks.labels.card import CardFacts, card

if TYPE_CHECKING:
    from gatework.tasks.labels.answering import Answering
    from gatework.tasks.labels.labelling import Labelling


def unjudged(model: Answering) -> str:
    """Say why there are no scores."""
    if model.histories_[-1].stopped == "interrupted":
        return "Not judged: the training was interrupted before."
    return "Not judged: there were too few sequences to hold some out."


def model_card(model: Labelling) -> str:
    """Return the model card, in Markdown."""
    weights = sum(weight.numel() for weight in model.net_.parameters())
    steps = sum(len(one.losses) for one in model.histories_)
    seconds = sum(one.seconds for one in model.histories_)
    count = len(model.net_.members)
    facts = [
        f"**Network**: {model.cell.upper()}, {weights:,} weights{f' in {count} networks' if count > 1 else ''}.",
        f"**Training**: {steps:,} steps in {f'{seconds:.0f} s' if seconds >= 1 else 'under 1 s'}.",
        *(note[:1].upper() + note[1:] for note in model.notes_),
    ]
    scores, task = model.scores_, "classify" if model.classify else "regress"
    said = {"verdict": unjudged(model), "table": "", "how": ""}
    if scores is not None:
        said = {"verdict": scores.verdict(), "table": scores.markdown(), "how": scores.how}
    names = ", ".join(map(str, model.targets_.names))
    return card(
        CardFacts(
            title=f"{names} of {model.reader_.kind}", kind=model.reader_.kind, task=task, facts=tuple(facts), **said
        )
    )
