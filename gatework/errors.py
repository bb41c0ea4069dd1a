"""What gatework raises: one sentence that says what was wanted, what came, and what to do."""

from __future__ import annotations


class GateworkError(Exception):
    """Any error that gatework raises on purpose. Its text is one sentence made for the person who reads it."""


class ShapeError(GateworkError, ValueError, RuntimeError):
    """A tensor of the wrong shape or kind. Also a ValueError and a RuntimeError: torch.nn.LSTM raises either."""


class OptionError(GateworkError, ValueError):
    """A setting that cannot be, alone or beside another."""


class BackendError(GateworkError, RuntimeError):
    """A backend was asked for by name and cannot do it; the text gives every reason."""


class DataError(GateworkError, ValueError):
    """A table, file or folder that cannot be used as it is."""


class TrainingError(GateworkError, RuntimeError):
    """Training stopped because its numbers stopped being numbers."""


class NotFittedError(GateworkError, ValueError, AttributeError):
    """predict, score, plot or save was called before fit."""


def check_shape(name: str, shape: tuple[int, ...], want: tuple[int | str, ...], advice: str = "") -> None:
    """Raise ShapeError unless `shape` is `want`, in which a letter stands for any size.

    >>> check_shape("x", (7, 2, 4), ("T", "B", 3), "Did you mean batch_first=True?")
    Traceback (most recent call last):
    gatework.errors.ShapeError: x must be (T, B, 3); got (7, 2, 4). Did you mean batch_first=True?
    """
    fits = len(shape) == len(want) and all(isinstance(w, str) or s == w for s, w in zip(shape, want, strict=True))
    if not fits:
        wanted = "(" + ", ".join(map(str, want)) + ("," if len(want) == 1 else "") + ")"
        raise ShapeError(f"{name} must be {wanted}; got {tuple(shape)}.{' ' + advice if advice else ''}")
