"""scikit-learn's estimator contract, kept without importing scikit-learn, which costs more than refusing a bad file."""

from __future__ import annotations

import difflib
import sys
from inspect import signature
from typing import Any, Self

from gatework.errors import NotFittedError, OptionError


class Estimator:
    """What has parameters to get, set, copy and print, all of them read off its constructor's signature.

    A subclass's constructor only stores its arguments under their own names. Then scikit-learn's `clone`, its searches
    and its pipelines take it for one of theirs.
    """

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments. No estimator lies within this one, so `deep` changes nothing."""
        return {name: getattr(self, name) for name in signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        """Set arguments of the constructor, and return the estimator.

        Raises
        ------
        OptionError
            The constructor has no argument of such a name.
        """
        known = signature(type(self)).parameters
        for name in params:
            if name not in known:
                nearest = difflib.get_close_matches(name, known, n=1)
                advice = f"Did you mean {nearest[0]}?" if nearest else "See get_params()."
                raise OptionError(f"parameter must be one of {type(self).__name__}'s; got {name!r}. {advice}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = {name: parameter.default for name, parameter in signature(type(self)).parameters.items()}
        changed = (f"{name}={value!r}" for name, value in self.get_params().items() if value != defaults[name])
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks before it uses an estimator: here, what it assumes of any."""
        from sklearn.base import BaseEstimator

        return BaseEstimator.__sklearn_tags__(self)


def not_fitted(sentence: str) -> NotFittedError:
    """Make the error for what is asked before fit: scikit-learn's own too, where someone has imported that."""
    theirs = sys.modules.get("sklearn.exceptions")
    kind = NotFittedError if theirs is None else type("NotFittedError", (NotFittedError, theirs.NotFittedError), {})
    return kind(sentence)
