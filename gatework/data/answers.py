"""The y that is given beside X: labels or numbers, one a sequence or one a step."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from gatework.data.arrays import depth, is_missing, listed
from gatework.errors import DataError, OptionError


def read_y(
    y: Any, count: int, lengths: np.ndarray | None, stepwise: bool | None, padded: int = 0
) -> tuple[np.ndarray | list[np.ndarray], tuple[str, ...], bool]:
    """Read answers: the array (N,) or (N, K), or a list of (T_i,) or (T_i, K); the targets' names; whether stepwise.

    Parameters
    ----------
    y : array, list, series or data frame
        As it came.
    count : int
        N.
    lengths : (N,) ints, optional
        The steps of each sequence; None where a step is nothing that a caller can count (sound, text).
    stepwise : bool, optional
        What the caller says; else it must be plain.
    padded : int
        The steps of X with its padding, where it is an array.

    Raises
    ------
    DataError
        Answers of another number; missing, infinite or mixed ones; ones that may be for each step or not.
    """
    names = tuple(map(str, getattr(y, "columns", ()))) or (str(getattr(y, "name", None) or "label"),)
    if hasattr(y, "detach"):
        y = y.detach().cpu()
    y = listed(y)
    if not (isinstance(y, (list, tuple)) and any(depth(one) for one in y)):
        y = _plain(y)
    if isinstance(y, np.ndarray) and y.ndim == 0:
        raise DataError(f"y must be one answer a sequence; got {y!r} alone. Give a list or an array.")
    if len(y) != count:
        raise DataError(
            f"y must have one answer for each of the {count:,} sequences of X; got {len(y):,}. "
            f"Found input variables with inconsistent numbers of samples: [{count}, {len(y)}]."
        )
    if stepwise is None:
        stepwise = _is_stepwise(y, lengths, padded)
    if stepwise:
        if lengths is None:
            raise OptionError("stepwise must be False for audio and text; got True. Cut them into series yourself.")
        answers = [_step(one, place, int(n)) for place, (one, n) in enumerate(zip(y, lengths, strict=True))]
        kinds = {one.dtype.kind for one in answers}
        if len(kinds) > 1:
            answers = _alike(answers)
        width = answers[0].shape[1:] and answers[0].shape[1]
        return answers, _named(names, width), True
    array = _whole(y)
    if array.ndim == 2 and array.shape[1] == 1:
        from sklearn.exceptions import DataConversionWarning

        warnings.warn(
            "A column-vector y was passed when a 1d array was expected. It is read as (n_samples,).",
            DataConversionWarning,
            stacklevel=3,
        )
        array = array[:, 0]
    return array, _named(names, array.shape[1:] and array.shape[1]), False


def _is_stepwise(y: Any, lengths: np.ndarray | None, padded: int) -> bool:
    """Whether there is an answer for each step, where the shapes leave no doubt."""
    if lengths is None or not depth(y[0]):
        return False
    if isinstance(y, np.ndarray) and y.ndim == 3:
        return True
    sizes = np.array([len(one) for one in y])
    if not (sizes >= lengths).all() or (sizes == 1).all():
        return False
    # Answers of several lengths, or several a step, or arrays in a list are for steps: no table of targets has these.
    if (sizes != sizes[0]).any() or (isinstance(y, (list, tuple)) and isinstance(y[0], np.ndarray)):
        return True
    if depth(y[0]) == 2:
        return True
    if (sizes != lengths).any() and sizes[0] != padded:
        return False
    raise DataError(
        f"y must be plainly one answer a step or several a sequence; got {sizes[0]} for each of {sizes[0]} steps. "
        f"Say stepwise=True or stepwise=False."
    )


def _step(one: Any, place: int, steps: int) -> np.ndarray:
    """The answers of one sequence's steps; missing ones stay, NaN or None."""
    array = _plain(one, missing=True)
    if array.ndim not in (1, 2) or len(array) < steps:
        raise DataError(f"y[{place}] must have an answer for each of {steps} steps; got {array.shape}. Add the rest.")
    # What is beyond is the answer to padding.
    array = array[:steps]
    _refuse_infinite(array, f"y[{place}]")
    return array


def _alike(answers: list[np.ndarray]) -> list[np.ndarray]:
    """Answers of one dtype: one sequence's may all be known, and another's not."""
    flat = [one for array in answers for one in array.ravel().tolist()]
    joint = _simplest(flat, "y", missing=True)
    ends = np.cumsum([array.size for array in answers])[:-1]
    return [part.reshape(array.shape) for part, array in zip(np.split(joint, ends), answers, strict=True)]


def _whole(y: Any) -> np.ndarray:
    array = _plain(y)
    if array.ndim not in (1, 2):
        raise DataError(f"y must be (N,), or (N, K) for K targets; got {array.shape}. Give one answer a sequence.")
    _refuse_infinite(array, "y")
    missing = np.isnan(array) if array.dtype.kind == "f" else array == "" if array.dtype.kind == "U" else None
    if missing is not None and missing.any():
        raise _missing(int(np.argwhere(missing)[0][0]))
    return array


def _plain(y: Any, *, missing: bool = False) -> np.ndarray:
    """An array of bools, whole numbers, floats or text; of objects where some are None."""
    try:
        # Numpy makes text of a number beside text, and says nothing.
        array = np.array(y, dtype=object) if isinstance(y, (list, tuple)) else np.asarray(y)
    except ValueError:
        raise DataError(
            "y must be one answer a sequence, or an array of one a step; got lists of unequal lengths. "
            "Make an array of each."
        ) from None
    if array.dtype.kind == "O" and array.size and array.ndim:
        return _simplest(array.ravel().tolist(), "y", missing=missing).reshape(array.shape)
    if array.dtype.kind not in "biufUO":
        what = {"M": "dates", "m": "durations", "c": "complex numbers", "S": "bytes"}.get(array.dtype.kind, "objects")
        raise DataError(f"y must hold numbers, text, or true and false; got {what}. Make one of these of it.")
    if array.dtype.kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
        raise _too_large("y", array.max())
    return array


def _simplest(values: list[Any], name: str, *, missing: bool) -> np.ndarray:
    """Python objects as an array of the one kind that they are."""
    known = [one for one in values if not is_missing(one)]
    text = [isinstance(one, str) for one in known]
    of_one_kind = len(set(text)) < 2 and all(isinstance(one, (str, bool, int, float, np.generic)) for one in known)
    if not of_one_kind:
        other = next((v for v in known if isinstance(v, str) != text[0]), known[-1])
        raise DataError(
            f"Unknown label type: {name} must hold labels of one kind; got {known[0]!r} and {other!r}. "
            f"Make text of all."
        )
    # Numpy would make floats or objects of these.
    large = [one for one in known if isinstance(one, int) and not -(2**63) <= one < 2**63]
    if large:
        raise _too_large(name, large[0])
    if len(known) == len(values):
        return np.array(values)
    if not missing:
        raise _missing(next(k for k, one in enumerate(values) if is_missing(one)))
    if known and not text[0] and any(isinstance(one, (float, np.floating)) for one in known):
        return np.array([np.nan if is_missing(one) else one for one in values], dtype=np.float64)
    found = np.empty(len(values), dtype=object)
    found[:] = [None if is_missing(one) else one for one in values]
    return found


def _too_large(name: str, got: Any) -> DataError:
    return DataError(f"{name} must hold whole numbers of 64 bits; got {got}. Make text of all.")


def _refuse_infinite(array: np.ndarray, name: str) -> None:
    if array.dtype.kind == "f" and np.isinf(array).any():
        place = int(np.argwhere(np.isinf(array))[0][0])
        raise DataError(f"{name} must hold finite numbers; got infinity at place {place}. Correct it.")


def _missing(place: int) -> DataError:
    return DataError(
        f"y must be known for each sequence; got a missing one (NaN, None or an empty text) for sequence {place}. "
        f"Fill it in or leave the sequence out."
    )


def _named(names: Sequence[str], width: Any) -> tuple[str, ...]:
    """One name a target."""
    if not width or len(names) == width:
        return tuple(names)
    return tuple(f"y{k}" for k in range(width))


def read_groups(groups: Any, count: int) -> np.ndarray:
    """Which sequences belong together, (N,).

    Raises
    ------
    DataError
        Another number of them, or a missing one.
    """
    found = np.asarray(groups)
    if found.shape != (count,):
        raise DataError(f"groups must be ({count},), one a sequence; got {found.shape}. Leave none out.")
    if found.dtype.kind == "O":
        found = _simplest(found.tolist(), "groups", missing=True)
    missing = np.isnan(found) if found.dtype.kind == "f" else np.array([one is None for one in found.tolist()], bool)
    if missing.any():
        raise DataError(
            f"groups must be known for each sequence; got none for sequence {int(np.argmax(missing))}. Fill it in."
        )
    return found
