"""What the rows of a classifier or regressor are to a person: their names, their steps, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sequences:
    """The rows of a batch in a person's words.

    Attributes
    ----------
    kind : "series", "audio" or "text"
        What a row is.
    ids : tuple of str
        What each row is called.
    said : tuple of str
        What the model answers for each row, beside what is true where the data hold that.
    answers : tuple of str
        The names of the answers: classes, or targets.
    words : tuple of tuples of str
        Of text the tokens of each row, as a person reads them.
    seconds : float, optional
        Of sound, the time from one step to the next.
    hertz : tuple of float
        Of log-mel bands, their middles.
    stride : int
        How many steps of the data one step of the recurrent layers stands for: 1, or more after convolutions that
        leave fewer.
    pooling : str, optional
        How one answer is made of what the layers give at each step: "last", "mean", "max" or "attention"; None where
        each step has an answer.
    beside : bool
        Whether what convolutions see answers beside the recurrent layers.
    """

    kind: str
    ids: tuple[str, ...]
    said: tuple[str, ...]
    answers: tuple[str, ...]
    words: tuple[tuple[str, ...], ...] = ()
    seconds: float | None = None
    hertz: tuple[float, ...] = ()
    stride: int = 1
    pooling: str | None = None
    beside: bool = False

    @property
    def around(self) -> bool:
        """Whether an input can reach the answer without being remembered: by its own step, or beside the layers."""
        return self.beside or self.pooling not in (None, "last")

    def about(self) -> str:
        """Say what a step is, and what the answer is made of, in sentences."""
        step = {
            "series": "A step is one of its rows, in the units that the networks read.",
            "audio": f"A step is {1000 * (self.seconds or 0):g} ms of sound.",
            "text": "A step is one of its tokens.",
        }[self.kind]
        if self.stride > 1:
            step += f" Convolutions come first: a step of the layers stands for {self.stride} of these."
        made = {"mean": "the mean of", "max": "the largest of", "attention": "a weighted mean of"}
        if self.pooling in made:
            step += f" The answer is made of {made[self.pooling]} what the layers give at each step."
        if self.beside:
            step += " What the convolutions see answers beside them."
        return step
