"""The regressor: sequences in, a number for each, or for each of its steps, out."""

from __future__ import annotations

from os import PathLike
from typing import Any, Literal

from gatework.tasks.labels.labelling import Labelling


class Regressor(Labelling):
    """Read a number, or several, off sequences: series, sound or text.

    It learns to answer with the mean: squared errors of targets in units of their own standard deviation. Beyond that
    it is a Classifier.

    Parameters
    ----------
    kind, hidden_size, num_layers, cell, bidirectional, pooling, convolutions, dropout, augment, effort, members
        As in Classifier.
    max_steps, learning_rate, batch_size, seed, stepwise, layout, id_col, time_col, target_col, group_col, text_col
        As in Classifier.
    path_col, feature_cols, tokens, vocabulary_size, vectors, sample_rate, features, normalise, progress
        As in Classifier.

    Attributes
    ----------
    n_features_in_, scores_, histories_, notes_
        As in Classifier.

    Examples
    --------
    >>> import numpy as np, gatework
    >>> rng = np.random.default_rng(0)
    >>> y = rng.normal(size=60)
    >>> X = y[:, None, None] + rng.normal(size=(60, 30, 1))
    >>> model = gatework.Regressor(max_steps=60).fit(X, y)
    >>> bool(model.score(X, y) > 0.8)
    True
    """

    classify = False

    def __init__(
        self,
        *,
        kind: Literal["series", "audio", "text"] | None = None,
        hidden_size: int | None = None,
        num_layers: int | None = None,
        cell: Literal["lstm", "gru", "rnn"] = "lstm",
        bidirectional: bool | None = None,
        pooling: Literal["last", "mean", "max", "attention"] | None = None,
        convolutions: bool | None = None,
        dropout: float | None = None,
        augment: bool = True,
        effort: Literal["normal", "fast", "best"] = "normal",
        members: int | None = None,
        max_steps: int | None = None,
        learning_rate: float | None = None,
        batch_size: int | None = None,
        seed: int = 0,
        stepwise: bool | None = None,
        layout: Literal["NTD", "NDT"] = "NTD",
        id_col: str = "id",
        time_col: str = "time",
        target_col: str | list[str] = "label",
        group_col: str | None = None,
        text_col: str = "text",
        path_col: str = "path",
        feature_cols: list[str] | None = None,
        tokens: Literal["words", "characters", "bpe"] = "words",
        vocabulary_size: int | None = None,
        vectors: str | PathLike | None = None,
        sample_rate: int | None = None,
        features: Literal["log-mel", "mfcc"] = "log-mel",
        normalise: Literal["level", "utterance", "running", "training"] | None = None,
        progress: bool | None = None,
    ):
        self.kind = kind
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.cell = cell
        self.bidirectional = bidirectional
        self.pooling = pooling
        self.convolutions = convolutions
        self.dropout = dropout
        self.augment = augment
        self.effort = effort
        self.members = members
        self.max_steps = max_steps
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.seed = seed
        self.stepwise = stepwise
        self.layout = layout
        self.id_col = id_col
        self.time_col = time_col
        self.target_col = target_col
        self.group_col = group_col
        self.text_col = text_col
        self.path_col = path_col
        self.feature_cols = feature_cols
        self.tokens = tokens
        self.vocabulary_size = vocabulary_size
        self.vectors = vectors
        self.sample_rate = sample_rate
        self.features = features
        self.normalise = normalise
        self.progress = progress

    def plot_predicted(self, ax: Any = None, target: str | None = None) -> Any:
        """Draw what was answered against what is true, for the sequences of `scores_`.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where.
        target : str, optional
            Which of several targets; by default the first.
        """
        from gatework.tasks.labels.judging import held_out_numbers
        from gatework.tasks.labels.plot import plot_predicted

        self._check_fitted("plot_predicted")
        self._judged()
        return plot_predicted(*held_out_numbers(self, target), ax, target or self.targets_.names[0])

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks before it uses an estimator."""
        from sklearn.utils import RegressorTags

        tags = self._tags()
        tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
        return tags
