"""What is to be answered, as a network learns it: classes by number, numbers in units of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from gatework.errors import DataError
from gatework.tasks.labels.measures import known_of

# How a class that is not known, or that the network does not have, is numbered: it is left out of the loss.
UNKNOWN = -1


@dataclass(frozen=True)
class Targets:
    """The targets that fit saw.

    Attributes
    ----------
    names : tuple of str
        One a target.
    stepwise : bool
        Whether each step has them, or the whole sequence.
    classes : tuple of arrays, or None
        The classes of each target, sorted; None where targets are numbers.
    mean, std : tuple of float
        Of each target, where they are numbers.
    flat : bool
        Whether the one target came without an axis of its own.
    """

    names: tuple[str, ...]
    stepwise: bool
    classes: tuple[np.ndarray, ...] | None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    flat: bool = True

    @classmethod
    def of(cls, y: Any, names: tuple[str, ...], stepwise: bool, classify: bool) -> Self:
        """Measure targets as Items has them.

        Raises
        ------
        DataError
            A single class, or no known number.
        """
        flat = (y[0] if stepwise else y).ndim == 1
        columns = _columns(np.concatenate(y) if stepwise else y)
        if classify:
            _refuse_continuous(columns, names)
            classes = tuple(np.unique(one[known_of(one)]) for one in columns)
            for name, found in zip(names, classes, strict=True):
                if len(found) < 2:
                    got = f"1 class, {found[0]!s}" if len(found) else "none"
                    raise DataError(f"{name} must have at least two classes; got {got}. Add sequences of another.")
            return cls(names, stepwise, classes, flat=flat)
        for name, one in zip(names, columns, strict=True):
            # Labels are of one kind, so that the first says it of all.
            for label in one[known_of(one)][:1].tolist():
                if isinstance(label, str):
                    raise DataError(
                        f"{name} must hold numbers; got text such as {label!r}. Use a Classifier for classes."
                    )
        numbers = [one.astype(np.float64) for one in columns]
        for name, one in zip(names, numbers, strict=True):
            if np.isnan(one).all():
                raise DataError(f"{name} must have numbers; got none that is known. Check how it was made.")
        std = [float(np.nanstd(one)) for one in numbers]
        mean = tuple(float(np.nanmean(one)) for one in numbers)
        return cls(names, stepwise, None, mean, tuple(one or 1.0 for one in std), flat)

    @property
    def sizes(self) -> tuple[int, ...] | None:
        """How many classes each target has; None where they are numbers."""
        return None if self.classes is None else tuple(map(len, self.classes))

    @property
    def answers(self) -> int:
        """How many numbers a network answers."""
        return len(self.names) if self.sizes is None else sum(self.sizes)

    def check_count(self, y: Any) -> None:
        """Refuse answers (N,) or (N, K), or a list of such, of another number of targets than fit saw."""
        one = y[0] if isinstance(y, list) else y
        count = 1 if one.ndim == 1 else one.shape[1]
        if count != len(self.names):
            raise DataError(
                f"y must have {len(self.names)} to each answer, as fit saw it; got {count}. Give those of fit."
            )

    def encode(self, y: Any) -> Any:
        """Express targets as Items has them: (N, K) numbers of classes or standardised numbers, or a list of such."""
        return [self._encode(one) for one in y] if self.stepwise else self._encode(y)

    def _encode(self, y: np.ndarray) -> np.ndarray:
        columns = _columns(y)
        if self.classes is None:
            units = zip(columns, self.mean, self.std, strict=True)
            return np.stack([(one.astype(np.float64) - mean) / std for one, mean, std in units], -1).astype(np.float32)
        return np.stack([numbered(one, known) for one, known in zip(columns, self.classes, strict=True)], -1)

    def decode(self, answers: np.ndarray) -> np.ndarray:
        """Turn answers (.., K), probabilities or standardised numbers, into labels (..) or (.., targets)."""
        if self.classes is None:
            found = answers * np.array(self.std) + np.array(self.mean)
        else:
            parts = [known[one.argmax(-1)] for one, known in zip(self.split(answers), self.classes, strict=True)]
            # Classes of several kinds have no one type.
            kind = object if len({one.dtype.kind for one in parts}) > 1 else None
            found = np.stack([one.astype(kind) if kind else one for one in parts], -1)
        return found[..., 0] if self.flat else found

    def split(self, answers: np.ndarray) -> list[np.ndarray]:
        """Split probabilities (.., K) by target."""
        assert self.sizes is not None
        return np.split(answers, np.cumsum(self.sizes)[:-1], -1)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        classes = None if self.classes is None else [{"of": one.dtype.str, "are": one.tolist()} for one in self.classes]
        kept = {"names": self.names, "stepwise": self.stepwise, "flat": self.flat}
        return kept | {"classes": classes, "mean": self.mean, "std": self.std}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Self:
        """Rebuild what `to_dict` was asked of."""
        classes = saved["classes"]
        if classes is not None:
            classes = tuple(np.array(one["are"], np.dtype(one["of"])) for one in classes)
        names, mean, std = (tuple(saved[name]) for name in ("names", "mean", "std"))
        return cls(names, saved["stepwise"], classes, mean, std, saved["flat"])


def numbered(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Give the place of each label among sorted classes, int64; UNKNOWN for one that is not there."""
    known = known_of(labels)
    found = np.full(labels.shape, UNKNOWN, np.int64)
    if not known.any():
        return found
    some = labels[known]
    if (some.dtype.kind in "US" or some.dtype == object) != (classes.dtype.kind in "US" or classes.dtype == object):
        return found
    at = np.searchsorted(classes, some).clip(max=len(classes) - 1)
    found[known] = np.where(classes[at] == some, at, UNKNOWN)
    return found


def _columns(y: np.ndarray) -> list[np.ndarray]:
    """One array a target."""
    return [y] if y.ndim == 1 else list(y.T)


def _refuse_continuous(columns: list[np.ndarray], names: tuple[str, ...]) -> None:
    for one, name in zip(columns, names, strict=True):
        if one.dtype.kind == "f" and (parts := one[~np.isnan(one)] % 1 != 0).any():
            got = one[~np.isnan(one)][parts][0]
            raise DataError(
                f"{name} must hold classes; got continuous numbers such as {got:.6g}. Use a Regressor for them."
            )
