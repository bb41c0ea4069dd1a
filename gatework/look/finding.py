"""What the doctor may say: the names of all findings, and what one of them holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

# Every name that a finding may have, and what it means; causes before what they lead to. From a model and its data:
NAMES = {
    "unscaled input": "inputs far larger, far smaller or far farther from 0 than the weights are made for",
    "constant input": "inputs that have the same value throughout, and so tell nothing",
    "padding read as data": "rows of different length are filled up, and the model reads the filling",
    "batch and time swapped": "what stands where time should be are the rows, and the other way round",
    "model too large": "far more weights than values to learn from",
    "forget bias too low": "the forget gates (a GRU's update gates) stay nearly shut: each step wipes the memory",
    "saturated gates": "gates stand at their ends, where they hardly learn and weigh nothing any more",
    "dead units": "units whose output stays the same, whatever is read",
    "exploding gradient": "the gradient grows with each step back, until training throws the weights about",
    "vanishing gradient": "the gradient is lost on the way back, before it reaches what the answers depend on",
    "memory too short": "the data depend on steps that lie farther back than the model remembers",
    # From a recorded training:
    "learning rate too high": "steps so large that the loss grows, or jumps about instead of falling",
    "state shuffled across rows": "a row goes on from the state of another row",
    "state reset every step": "the next call goes on where the last one ended, but its memory begins empty",
    "detached state": "the state is cut off within what one loss is about: no gradient crosses",
    "target leaking into the input": "the model is given what it is to find",
    "labels shifted by one": "each label belongs to the step beside its own",
    # From a fitted Classifier or Regressor:
    "overfitted": "the networks know by heart what they learned from, and do far worse on other sequences",
    "one answer for all": "whatever is read, the answer is the same class, or nearly the same number",
    "unused memory": "the answers come from single steps: an empty memory would do as well",
}

#: Those that only a recorded training can show, and those that only a Classifier or Regressor can.
TRAINING, LABELS = tuple(NAMES)[11:17], tuple(NAMES)[17:]

Severity = Literal["serious", "worth knowing"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or that a person should know.

    Attributes
    ----------
    name : str
        One of `NAMES`.
    severity : "serious" or "worth knowing"
        Serious is what keeps a model from learning or makes its answers wrong.
    evidence : str
        A sentence with the numbers that were measured.
    remedy : str
        What to do, and the setting that does it.
    """

    name: str
    severity: Severity
    evidence: str
    remedy: str

    def __post_init__(self) -> None:
        assert self.name in NAMES, self.name

    def __str__(self) -> str:
        return f"{self.name} ({self.severity}): {self.evidence} {self.remedy}"


# What is said of each name: a finding, nothing, or why it could not be looked for.
Said = dict[str, Finding | str | None]


class Findings(list[Finding]):
    """What was found, the serious first. Empty: nothing was.

    Attributes
    ----------
    not_examined : dict of str to str
        The names that could not be looked for, and why.
    """

    def __init__(self, found: Iterable[Finding] = (), not_examined: dict[str, str] | None = None):
        order = list(NAMES)
        super().__init__(sorted(found, key=lambda one: (one.severity != "serious", order.index(one.name))))
        self.not_examined = dict(not_examined or {})

    @classmethod
    def of(cls, said: Said) -> Findings:
        """Gather what the examinations say."""
        found = [one for one in said.values() if isinstance(one, Finding)]
        return cls(found, {name: one for name, one in said.items() if isinstance(one, str)})

    @property
    def serious(self) -> bool:
        """Whether one of them is."""
        return any(one.severity == "serious" for one in self)

    def __str__(self) -> str:
        lines = [str(one) for one in self] or ["Nothing found."]
        for why in dict.fromkeys(self.not_examined.values()):
            names = [name for name, reason in self.not_examined.items() if reason == why]
            lines.append(f"Not examined: {', '.join(names)}. {why}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {"findings": [vars(one) for one in self], "not_examined": self.not_examined}
