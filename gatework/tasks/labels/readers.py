"""Which reader turns a person's items into arrays: one for each kind of data, with the options of the estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gatework.data.series import SeriesReader

if TYPE_CHECKING:
    from gatework.data.items import Items
    from gatework.tasks.labels.labelling import Labelling

    # Each kind has what the others have not, which whoever asks for it knows by `kind`.
    Reader = Any


def learn_to_read(model: Labelling, items: Items) -> Reader:
    """Make the reader of these items, and have it learn from them what it must know."""
    if items.kind == "series":
        return SeriesReader.fit(items.items, names=items.names)
    options: dict[str, Any]
    if items.kind == "audio":
        # What is to be streamed cannot wait for the end of the recording.
        normalise = model.normalise or ("running" if model.bidirectional is False else "utterance")
        options = {"sample_rate": model.sample_rate, "features": model.features, "normalise": normalise}
    else:
        options = {"tokens": model.tokens, "vocabulary_size": model.vocabulary_size}
    return _of_kind(items.kind).fit(items.items, ids=items.ids, **options)


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
