"""What Classifier and Regressor have in common: how they learn, and how they are kept."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from gatework.data.items import read_items
from gatework.tasks import folder as folders
from gatework.tasks.keep import begun
from gatework.tasks.labels import keep
from gatework.tasks.labels.answering import Answering
from gatework.tasks.labels.settings import check, check_kind

if TYPE_CHECKING:
    from gatework.data.items import Items
    from gatework.tasks.folder import Parts


class Labelling(Answering):
    """Sequences in, answers out."""

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
        check_kind(self, items.kind, items.stepwise)
        return replace(items, like=replace(items.like, estimator=type(self).__name__))

    def _learn(self, items: Items, source: str | None, folder: Any = None, resume: bool = False) -> Self:
        self.source_, self.fingerprint_, self.like_ = source, keep.fingerprint(items), items.like
        at = {"data": source}
        place = begun(self, keep.saved_params(self), at, lambda: self.fingerprint_, folder, resume)
        from gatework.tasks.labels.fitting import fit

        fit(self, items, place, resume)
        if folder is not None:
            self.save(folder)
        return self
