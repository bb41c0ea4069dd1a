"""What happened in a training."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class History:
    """What happened in a training. Two are equal when the same happened, however long it took.

    Attributes
    ----------
    losses : list of float
        One a step.
    validation : list of (int, float)
        The steps taken before each validation, and its value.
    best_step, best : int, float or None
        The validation whose weights were kept; without any, the last step and None.
    stopped : str
        "finished", "early" (no better for `patience` validations) or "interrupted" (Ctrl-C); "" while it runs.
    seconds : float
        Wall time of all steps and validations, over all the sittings of a resumed training.
    """

    losses: list[float] = field(default_factory=list)
    validation: list[tuple[int, float]] = field(default_factory=list)
    best_step: int = 0
    best: float | None = None
    stopped: str = ""
    seconds: float = field(default=0.0, compare=False)

    @property
    def steps_per_second(self) -> float:
        """Steps over seconds, validations included."""
        return len(self.losses) / self.seconds if self.seconds else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> History:
        """The History that `to_dict` was asked of, exactly."""
        return cls(**{**saved, "validation": [(step, value) for step, value in saved["validation"]]})
