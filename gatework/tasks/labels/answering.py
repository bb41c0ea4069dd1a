"""What a fitted classifier or regressor can be asked: answers for sequences, scores, a stream, a picture."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gatework.data.items import read_items
from gatework.errors import DataError, OptionError
from gatework.tasks.estimator import Estimator, not_fitted
from gatework.tasks.labels import keep
from gatework.tasks.labels.facts import unjudged

if TYPE_CHECKING:
    import pyarrow

    from gatework.data.items import Items, Like
    from gatework.models.label import Committee
    from gatework.tasks.labels.live import LabelStream
    from gatework.tasks.labels.readers import Reader
    from gatework.tasks.labels.recipe import Recipe
    from gatework.tasks.labels.rivals import Rivals
    from gatework.tasks.labels.scores import LabelScores
    from gatework.tasks.labels.targets import Targets
    from gatework.train.history import History


class Answering(Estimator):
    """A classifier or regressor that fit has given a reader, networks and what they are worth."""

    classify: ClassVar[bool]

    # What the constructors store.
    class_weight: Any = None
    kind: str | None
    hidden_size: int | None
    num_layers: int | None
    cell: str
    bidirectional: bool | None
    pooling: str | None
    convolutions: bool | None
    dropout: float | None
    augment: bool
    effort: str
    members: int | None
    max_steps: int | None
    learning_rate: float | None
    batch_size: int | None
    seed: int
    stepwise: bool | None
    layout: str
    id_col: str
    time_col: str
    target_col: str | list[str]
    group_col: str | None
    text_col: str
    path_col: str
    feature_cols: list[str] | None
    tokens: str
    vocabulary_size: int | None
    vectors: str | PathLike | None
    sample_rate: int | None
    features: str
    normalise: str | None
    progress: bool | None

    # What fit finds.
    source_: str | None
    fingerprint_: str
    like_: Like
    reader_: Reader
    targets_: Targets
    recipe_: Recipe
    net_: Committee
    histories_: list[History]
    rivals_: Rivals
    held_: pyarrow.Table
    scores_: LabelScores | None
    notes_: list[str]

    def predict(self, X: Any, *, lengths: Any = None) -> Any:  # noqa: N803
        """Answer for each sequence.

        Parameters
        ----------
        X, lengths
            As for fit, in the form that fit saw; answers are not needed.

        Returns
        -------
        (N,) or (N, K) array; list of (T_i,) or (T_i, K) arrays; table
            The label or number of each sequence, or of each of its steps. A table, a file or a folder gives a table,
            with the id, file or text's number, the answer and, of a classifier, its probability.

        Raises
        ------
        NotFittedError
            Before fit.
        DataError
            Data that cannot be used, or that are not like fit's.
        """
        items = self._more(X, "predict", lengths)
        answers = self._answers(items)
        # A data frame whose rows are series is to scikit-learn an array like any other.
        if self.like_.rows is not None or not keep.is_table(X):
            return [self._labels(one) for one in answers] if self.targets_.stepwise else self._labels(answers)
        from gatework.tasks.labels.answers import as_table

        return as_table(self, X, items, answers)

    def score(self, X: Any, y: Any = None, *, lengths: Any = None) -> float:  # noqa: N803
        """Compare answers with the true ones: the accuracy of a classifier, the R2 of a regressor; more is better.

        Parameters
        ----------
        X, y, lengths
            As for fit, of sequences that fit did not see. Several targets: the mean of theirs.
        """
        from gatework.tasks.labels.judging import mean_score

        items = self._more(X, "score", lengths, y, need_y=True)
        return mean_score(self, items, self._answers(items))

    def evaluate(self, X: Any, y: Any = None, *, lengths: Any = None) -> LabelScores:  # noqa: N803
        """Score answers beside those of simple rivals, which learned from what fit did.

        Parameters
        ----------
        X, y, lengths
            As for fit, of sequences that fit did not see.

        Returns
        -------
        LabelScores
            Measures of the model and of each rival; `verdict()` says in a line who wins.
        """
        return self._evaluated(self._more(X, "evaluate", lengths, y, need_y=True))[1]

    def stream(self) -> LabelStream:
        """Read a sequence as it comes, and answer at any time: features, layers and head, not the layers alone.

        Returns
        -------
        LabelStream
            `.push(piece)`, `.predict()`, `.predict_proba()`, `.reset()`, and `.state`, to get and to set.

        Raises
        ------
        NotFittedError
            Before fit.
        OptionError
            A model that reads in both directions, as those do that are fitted without `bidirectional=False`.
        """
        from gatework.tasks.labels.live import LabelStream

        self._check_fitted("stream")
        return LabelStream(self)

    def plot_learning(self, ax: Any = None) -> Any:
        """Draw how the loss went: of each step, and of the sequences that were held out.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where.
        """
        from gatework.tasks.labels.plot import plot_learning

        self._check_fitted("plot_learning")
        return plot_learning(self.histories_, ax)

    def _more(
        self,
        X: Any,  # noqa: N803
        name: str,
        lengths: Any = None,
        y: Any = None,
        need_y: bool = False,
    ) -> Items:
        """Read more of what fit saw."""
        self._check_fitted(name)
        items = self._read_like(X, y, lengths, need_y)
        if need_y:
            self.targets_.check_count(items.y)
        return items

    def _read_like(self, X: Any, y: Any = None, lengths: Any = None, need_y: bool = False) -> Items:  # noqa: N803
        return read_items(X, y, lengths=lengths, like=self.like_, need_y=need_y, **self._columns())

    def _columns(self) -> dict[str, Any]:
        names = ("layout", "stepwise", "id_col", "time_col", "target_col", "group_col", "text_col", "path_col")
        return {name: getattr(self, name) for name in (*names, "feature_cols")}

    def _answers(self, items: Items) -> Any:
        """Ask the networks: (N, K) probabilities or standardised numbers, or a list of (T_i, K)."""
        from gatework.tasks.labels.learning import answer

        arrays = self.reader_.read(items.items, items.ids)
        return answer(self.net_, arrays, self.targets_.stepwise)

    def _evaluated(self, items: Items) -> tuple[Any, LabelScores]:
        """Answer, and score the answers; what is read is read once."""
        from gatework.tasks.labels.judging import judge
        from gatework.tasks.labels.learning import answer

        arrays = self.reader_.read(items.items, items.ids)
        answers = answer(self.net_, arrays, self.targets_.stepwise)
        return answers, judge(self, items, arrays, answers)

    def _labels(self, answers: np.ndarray) -> np.ndarray:
        return self.targets_.decode(answers)

    def _judged(self) -> LabelScores:
        if self.scores_ is None:
            raise DataError(f"scores_ must be there to be drawn; got none. {unjudged(self)}")
        return self.scores_

    @property
    def n_features_in_(self) -> int:
        """Columns of a series; of an (N, T) array its steps."""
        self._check_fitted("n_features_in_")
        return self.like_.n_features

    def _tags(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        tags.target_tags.single_output = tags.target_tags.multi_output = True
        return tags

    def _check_classes(self, name: str) -> None:
        if not self.classify:
            raise OptionError(f"{name} must be asked of a Classifier; got a Regressor. Ask predict().")

    def _check_fitted(self, name: str) -> None:
        if not hasattr(self, "net_"):
            raise not_fitted(f"{type(self).__name__} must be fitted before {name}; got none. Call fit first.")
