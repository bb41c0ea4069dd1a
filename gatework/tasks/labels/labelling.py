"""What Classifier and Regressor have in common: sequences in; an answer for each, or for each of its steps, out."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from gatework.data.items import read_items
from gatework.errors import DataError, OptionError
from gatework.tasks import folder as folders
from gatework.tasks.estimator import Estimator, not_fitted
from gatework.tasks.labels import keep
from gatework.tasks.labels.recipe import check

if TYPE_CHECKING:
    import pyarrow

    from gatework.data.items import Items, Like
    from gatework.models.label import Committee
    from gatework.tasks.folder import Parts
    from gatework.tasks.labels.live import LabelStream
    from gatework.tasks.labels.readers import Reader
    from gatework.tasks.labels.recipe import Recipe
    from gatework.tasks.labels.rivals import Rivals
    from gatework.tasks.labels.scores import LabelScores
    from gatework.tasks.labels.targets import Targets
    from gatework.train.history import History


class Labelling(Estimator):
    """Sequences in, answers out: what fit found and what it can be asked."""

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

    def fit(
        self,
        X: Any,  # noqa: N803
        y: Any = None,
        folder: str | PathLike | None = None,
        resume: bool = False,
        *,
        lengths: Any = None,
        groups: Any = None,
    ) -> Self:
        """Learn from sequences and their answers.

        Each network is trained on a part of the sequences, and what is held out of its part decides when it ends; what
        the networks answer for sequences that they did not learn from gives `scores_`.

        Parameters
        ----------
        X : list of (T_i, D) arrays; (N, T, D) or (N, T) array; table, dict or path; list of str; list of paths
            The sequences, NaN where a value is missing. A table has a row for each step, with an id, a time and the
            label (`id_col`, `time_col`, `target_col`), or a row for each text or recording (`text_col`, `path_col`). A
            path is a CSV or Parquet file of such a table, a folder with a folder of recordings for each class, or one
            with a text file for each class, a text a line.
        y : (N,) or (N, K) array; list of (T_i,) or (T_i, K) arrays, optional
            The answers, where X does not hold them.
        folder : path, optional
            Keep checkpoints there, and the result, as `save` does.
        resume : bool
            Go on from the checkpoint in `folder`; from the start where there is none.
        lengths : (N,) whole numbers, optional
            How many steps of each row of a padded array count.
        groups : (N,) array, optional
            Who or what each sequence comes from: a speaker, a unit, a document. No group is both learned from and held
            out.

        Returns
        -------
        Classifier or Regressor
            Itself. After Ctrl-C it is fitted too, with the best weights so far.

        Raises
        ------
        DataError
            Data that cannot be used, or that are not those of the checkpoint.
        OptionError
            A setting that cannot be.
        TrainingError
            The loss stopped being a number.
        """
        return self._learn(self._checked(X, y, lengths, groups), keep.path_of(X), folder, resume)

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
        if keep.is_array(X):
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
        from gatework.tasks.labels.judging import judge

        items = self._more(X, "evaluate", lengths, y, need_y=True)
        return judge(self, items, self._answers(items))

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

    def save(self, folder: str | PathLike) -> Path:
        """Write the fitted model to a folder, from which gatework.load reads it: no pickle, nothing that runs."""
        return folders.save(self, folder)

    def _saved(self) -> Parts:
        self._check_fitted("save")
        return keep.take_apart(self)

    @classmethod
    def _restored(cls, parts: Parts) -> Self:
        with keep.as_saved():
            model = cls(**parts.config["params"])
            keep.put_together(model, parts)
        return model

    def _checked(self, X: Any, y: Any, lengths: Any = None, groups: Any = None) -> Items:  # noqa: N803
        """Read what is to be learned from, and refuse what can be refused before torch is imported."""
        check(self)
        items = read_items(X, y, lengths=lengths, groups=groups, kind=self.kind, **self._columns())
        return replace(items, like=replace(items.like, estimator=type(self).__name__))

    def _learn(self, items: Items, source: str | None, folder: Any = None, resume: bool = False) -> Self:
        self.source_, self.fingerprint_, self.like_ = source, keep.fingerprint(items), items.like
        place = keep.checkpoint(self, items, folder, resume)
        from gatework.tasks.labels.fitting import fit

        fit(self, items, place, resume)
        if folder is not None:
            self.save(folder)
        return self

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
        return self._read_like(X, y, lengths, need_y)

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

    def _labels(self, answers: np.ndarray) -> np.ndarray:
        return self.targets_.decode(answers)

    def _judged(self) -> LabelScores:
        if self.scores_ is None:
            raise DataError(
                "scores_ must be there to be drawn; got none: there were too few sequences to hold some out."
            )
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
