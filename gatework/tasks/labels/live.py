"""A fitted classifier or regressor that reads as its input comes, and can be asked at any time."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gatework.errors import OptionError

if TYPE_CHECKING:
    from gatework.tasks.labels.answering import Answering


class LabelStream:
    """Features, layers and head of a fitted model, a piece at a time: made by `model.stream()`.

    Whatever the pieces, the answer is the one that `predict` gives for all that has come, to 1e-6.

    Attributes
    ----------
    state
        All that is remembered, to get and to set: copies, which a stream of the same model can go on from.

    Parameters
    ----------
    model : Classifier or Regressor
        A fitted one that reads in one direction.

    Raises
    ------
    OptionError
        It reads in both directions, or waits for the end of a recording.
    """

    def __init__(self, model: Answering):
        if model.recipe_.bidirectional:
            raise OptionError(
                f"bidirectional must be False to stream; got {model.bidirectional}, a model that reads from the end "
                f"too. Fit {type(model).__name__}(bidirectional=False)."
            )
        self._model, self._net, self._stepwise = model, model.net_, model.recipe_.stepwise
        self._input = model.reader_.stream()
        self.reset()

    def reset(self) -> None:
        """Begin a new sequence."""
        self._input.reset()
        self._carries = [one.begin() for one in self._net.members]

    def push(self, piece: Any, **options: Any) -> Any:
        """Read what has come.

        Parameters
        ----------
        piece : (n, D) or (D,) numbers; (n,) samples; or str
            Rows of a series, sound at the model's rate, or a piece of text, cut anywhere.
        **options
            Of the kind of data: `rate=` for sound at another rate.

        Returns
        -------
        int, or array of answers
            How many steps the networks have read of it by now; with an answer a step, these answers.
        """
        steps = self._input.push(piece, **options)
        self._carries, answers = self._read(self._carries, steps)
        return len(steps) if answers is None else self._model._labels(answers)

    def predict(self) -> Any:
        """Answer for what has come, as if it ended here: a label, a number or, of several targets, an array."""
        return self._model._labels(self._answer()[None])[0]

    def predict_proba(self) -> Any:
        """Give the probability of each class (K,) for what has come; of several targets, a list of them."""
        self._model._check_classes("predict_proba")
        parts = [one[0] for one in self._model.targets_.split(self._answer()[None])]
        return parts[0] if self._model.targets_.flat else parts

    def rest(self) -> Any:
        """Answers for the steps that would follow if the input ended here; only with an answer a step."""
        if not self._stepwise:
            raise OptionError("rest must be asked of a model with an answer a step; got another. Ask predict().")
        _, answers = self._read(self._carries, self._input.pending())
        assert answers is not None
        return self._model._labels(answers)

    @property
    def state(self) -> Any:
        """A copy of all that is remembered."""
        return copy.deepcopy((self._input.state, self._carries))

    @state.setter
    def state(self, state: Any) -> None:
        self._input.state, self._carries = copy.deepcopy(state)

    def _answer(self) -> np.ndarray:
        """Answer for all that has come, (K,)."""
        if self._stepwise:
            raise OptionError(
                "predict must be asked of a model with one answer a sequence; got one a step. See rest()."
            )
        carries, _ = self._read(self._carries, self._input.pending())
        with torch.no_grad():
            answers = [one.give(carry) for one, carry in zip(self._net.members, carries, strict=True)]
            return self._net.agree(answers)[0].numpy()

    def _read(self, carries: list[Any], steps: np.ndarray) -> tuple[list[Any], np.ndarray | None]:
        x = torch.from_numpy(np.ascontiguousarray(steps))[None]
        after, answers = [], []
        with torch.no_grad():
            for one, carry in zip(self._net.members, carries, strict=True):
                carry, answer = one.take(carry, x)
                after.append(carry)
                answers.append(answer)
            if not self._stepwise:
                return after, None
            some: list[Tensor] = [answer for answer in answers if answer is not None]
            return after, self._net.agree(some)[0].numpy()
