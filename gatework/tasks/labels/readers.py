"""Which reader turns a person's items into arrays: one for each kind of data, with the options of the estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gatework.data.series import SeriesReader
from gatework.errors import OptionError

if TYPE_CHECKING:
    from gatework.data.items import Items
    from gatework.tasks.labels.labelling import Labelling

    # Each kind has what the others have not, which whoever asks for it knows by `kind`.
    Reader = Any

# Seconds that a frame of sound lasts, and from one to the next: half as many as for speech recognition tell words apart
# as well.
WINDOW, HOP = 0.032, 0.020


def learn_to_read(model: Labelling, items: Items, both: bool) -> Reader:
    """Make the reader of these items, read in `both` directions or one, and have it learn what it must know."""
    if items.kind == "series":
        return SeriesReader.fit(items.items, names=items.names, own=both)
    options: dict[str, Any]
    if items.kind == "audio":
        # What is to be streamed cannot wait for the end of the recording.
        whole = "level" if model.features == "log-mel" else "utterance"
        options = {"sample_rate": model.sample_rate, "features": model.features, "window": WINDOW, "hop": HOP}
        options["normalise"] = model.normalise or (whole if both else "running")
    else:
        options = {"tokens": model.tokens, "vocabulary_size": model.vocabulary_size}
    return _of_kind(items.kind).fit(items.items, ids=items.ids, **options)


def first_vectors(model: Labelling, reader: Reader) -> tuple[np.ndarray | None, list[str]]:
    """Read the vectors that words begin with, (V, E), and say how many there are; None where none were given.

    Raises
    ------
    OptionError
        There are no words that could have any.
    DataError
        The file cannot be read.
    """
    if model.vectors is None:
        return None, []
    if reader.kind != "text" or reader.tokens != "words":
        what = reader.kind if reader.kind != "text" else reader.tokens
        raise OptionError(f"vectors must be left out for {what}; got '{model.vectors}'. They are of words.")
    from gatework.data.vectors import read_vectors

    vectors = read_vectors(model.vectors, reader.vocabulary)
    values, found = vectors.values.copy(), vectors.found
    # Words that the file does not have begin anywhere, no farther out than the others; padding stays 0.
    size = values[found].std() if found.any() else 0.1
    values[~found] = np.random.default_rng(int(model.seed)).normal(0, size, (int((~found).sum()), values.shape[1]))
    values[0] = 0
    return values, list(vectors.notes)


def restored(kind: str, saved: dict[str, Any]) -> Reader:
    """Rebuild a reader from its `to_dict`."""
    return _of_kind(kind).from_dict(saved)


def _of_kind(kind: str) -> Any:
    if kind == "audio":
        from gatework.data.audio import AudioReader

        return AudioReader
    if kind == "text":
        from gatework.data.text import TextReader

        return TextReader
    return SeriesReader
