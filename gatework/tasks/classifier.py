"""The classifier: sequences in, a class for each, or for each of its steps, out."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any, Literal

import numpy as np

from gatework.tasks.labels.labelling import Labelling


class Classifier(Labelling):
    """Tell classes of sequences apart: series, sound or text (Hochreiter & Schmidhuber, 1997).

    A bidirectional LSTM (Schuster & Paliwal, 1997) reads the sequence, of series after a few convolutions (Ordonez &
    Roggen, 2016), of text after an embedding; what it gives at each step is pooled into one answer. Several networks
    that learned from different parts of the data answer together (Breiman, 1996).

    Parameters
    ----------
    kind : {"series", "audio", "text"}, optional
        What X holds. By default seen from it.
    hidden_size : int, optional
        Units a layer and direction. By default 64, and 96 for characters.
    num_layers : int, optional
        Recurrent layers. By default 1.
    cell : {"lstm", "gru", "rnn"}
        What remembers.
    bidirectional : bool, optional
        Whether the sequence is read from its end too. False can be streamed. By default True, except where a Regressor
        answers for each step: what is still to come would be read off.
    pooling : {"last", "mean", "max", "attention"}, optional
        How the outputs of all steps become one answer. By default chosen by the kind.
    convolutions : bool, optional
        Whether convolutions come first: they see short shapes, and leave a long series with fewer steps to remember;
        over bands of sound, they hear a word in any voice. By default for series and log-mel bands.
    dropout : float, optional
        Share of units left out while learning. By default chosen by the kind.
    augment : bool
        Whether what is learned from is changed a little each time, as fits its kind: series are stretched, scaled and
        cropped, bands and frames of sound masked (Park et al., 2019), words left out (Iyyer et al., 2015).
    effort : {"normal", "fast", "best"}
        How long to train: "fast" one network for a quarter of the steps, "best" four times as many networks.
    members : int, optional
        Networks that answer together, each held to account by another part of the data; of fewer than 500 series they
        learn from all, and twice as many others, which hold some out, are held to account for them. By default chosen
        by the kind and by how many sequences there are, and by `effort`, which does not change what is given here.
    max_steps : int, optional
        Training steps of each network, fewer where its held-out part says so. By default chosen by how many sequences
        there are.
    learning_rate : float, optional
        The top of the one-cycle rate. By default chosen by the kind.
    batch_size : int, optional
        Sequences a training step. By default chosen by how many there are.
    class_weight : {None, "balanced"} or dict
        What each class counts in the loss: all sequences alike, all classes alike, or class -> weight.
    seed : int
        Of first weights, of batches and of what is held out: the same seed gives the same answers, on one machine with
        one number of threads.
    stepwise : bool, optional
        Whether each step has a label. By default seen from the labels.
    layout : {"NTD", "NDT"}
        How a 3-D array lies: sequences, steps and columns, or sequences, columns and steps.
    id_col : str
        Your column that says which sequence a row belongs to.
    time_col : str
        Your column of times, or of the number of the step.
    target_col : str or list of str
        Your column of labels, or several.
    group_col : str, optional
        Your column of speakers, units or documents: none of them is both learned from and held out.
    text_col : str
        Your column of texts.
    path_col : str
        Your column of recordings' paths, which may be relative to the table's own folder.
    feature_cols : list of str, optional
        Your columns to read of each step. By default all others.
    tokens : {"words", "characters", "bpe"}
        What a step of a text is; "bpe" are pieces of words, learned from your text (Sennrich et al., 2016).
    vocabulary_size : int, optional
        The most tokens to tell apart. By default 20,000 words, all characters or 8,000 pieces.
    vectors : path, optional
        A GloVe or word2vec text file, from which words take their first vectors.
    sample_rate : int, optional
        Samples a second that sound is read at. By default the commonest of the recordings, at most 16,000.
    features : {"log-mel", "mfcc"}
        What is heard of sound.
    normalise : {"level", "utterance", "running", "training"}, optional
        What sound is measured by: the training's mean and deviation of each band, but for the recording's loudness; its
        own; those so far; or the training's alone. By default "level" ("utterance" for MFCC), and "running" where
        `bidirectional=False`, which must not wait for the end.
    progress : bool, optional
        Show a progress bar; by default where stderr is a terminal.

    Attributes
    ----------
    classes_ : array, or list of arrays
        The classes, sorted; of several targets a list.
    n_features_in_ : int
        Columns of a series, or steps of an (N, T) array.
    scores_ : LabelScores, or None where there was too little to hold out
        What the networks answered for sequences that they had not learned from, beside the rivals' answers. These
        sequences decided when to end, which flatters slightly.
    histories_ : list of History
        What happened in each network's training.
    notes_ : list of str
        What was inferred, chosen and handled, a sentence each.

    Examples
    --------
    >>> import numpy as np, gatework
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=(rng.integers(10, 20), 2)) + label for label in (0, 1) for _ in range(20)]
    >>> y = np.repeat(["low", "high"], 20)
    >>> model = gatework.Classifier(max_steps=30).fit(X, y)
    >>> model.predict(X[:2]).tolist(), model.predict_proba(X).shape
    (['low', 'low'], (40, 2))
    """

    classify = True

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
        class_weight: Literal["balanced"] | Mapping[Any, float] | None = None,
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
        self.class_weight = class_weight
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

    @property
    def classes_(self) -> np.ndarray | list[np.ndarray]:
        """The classes, sorted; of several targets a list."""
        self._check_fitted("classes_")
        assert self.targets_.classes is not None
        return self.targets_.classes[0] if self.targets_.flat else list(self.targets_.classes)

    def predict_proba(self, X: Any, *, lengths: Any = None) -> Any:  # noqa: N803
        """Give the probability of each class.

        Parameters
        ----------
        X, lengths
            As for predict.

        Returns
        -------
        (N, K) array; list of (T_i, K) arrays where each step has a label
            In the order of `classes_`; of several targets a list of these, one a target.
        """
        answers = self._answers(self._more(X, "predict_proba", lengths))
        if self.targets_.flat:
            return answers
        if not self.targets_.stepwise:
            return self.targets_.split(answers)
        return [list(one) for one in zip(*map(self.targets_.split, answers), strict=True)]

    def plot_confusion(self, ax: Any = None, target: str | None = None) -> Any:
        """Draw which class was taken for which, among the sequences of `scores_`.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where.
        target : str, optional
            Which of several targets; by default the first.
        """
        from gatework.tasks.labels.plot import plot_confusion

        self._check_fitted("plot_confusion")
        return plot_confusion(self._judged(), ax, target)

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks before it uses an estimator."""
        from sklearn.utils import ClassifierTags

        tags = self._tags()
        tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()
        return tags
