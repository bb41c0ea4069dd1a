"""Which columns hold the id, the time, the targets and the covariates: as the caller says, or a good guess of it."""

from __future__ import annotations

import difflib
import itertools
import shlex
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from gatework.data import dates
from gatework.data.columns import is_number
from gatework.data.table import Table, twice
from gatework.errors import DataError

_FLAGS = {"time_col": "--time", "target_col": "--target", "id_col": "--id"}
_FLAGS |= {"hist_exog_list": "--hist-exog-list", "futr_exog_list": "--futr-exog-list"}
# Rows that are looked at to tell a column of dates or numbers.
_SAMPLE = 100
_MOST_NAMES = 20


class Names(NamedTuple):
    """The caller's columns."""

    time: Any
    targets: tuple  # several where the table is wide
    id: Any  # None where the table is one series, or one for each target


def find_columns(
    table: Table,
    id_col: Any,
    time_col: Any,
    targets: Sequence[Any],
    covariates: Mapping[str, Sequence[Any]] = MappingProxyType({}),
) -> Names:
    """The columns to read. "unique_id" may be absent; nothing else may.

    Parameters
    ----------
    table : Table
        The data.
    id_col, time_col : str
        As the caller gave them.
    targets : sequence of str
        The columns to forecast.
    covariates : mapping of str to sequence of str
        Those beside them, by the option that names them.

    Raises
    ------
    DataError
        A column that is not there, with the one that may be meant; or that is there twice.
    """
    id_col = None if id_col == "unique_id" and id_col not in table.names else id_col
    wanted = [("time_col", time_col), *(("target_col", name) for name in targets)]
    wanted += [] if id_col is None else [("id_col", id_col)]
    for (option, name), (other, same) in itertools.combinations(wanted, 2):
        if name == same:
            raise DataError(f"{option} must be another column than {other}; got {name!r} for both. Name each.")
    wanted += [(option, name) for option, names in covariates.items() for name in names]
    all_names = [name for _, name in wanted]
    named = [name for name in table.names if name in all_names]
    if len(set(named)) < len(named):
        raise twice(named)
    missing = [(option, name) for option, name in wanted if name not in table.names]
    if not missing:
        return Names(time_col, tuple(targets), id_col)

    taken = [name for name in all_names if name in table.names]
    hints, sure = [], True
    for option, name in missing:
        guess = _guess(table, option, name, taken)
        sure &= guess is not None
        taken.append(guess)
        said, typed = ("...", "") if guess is None else (repr(guess), f" {shlex.quote(str(guess))}")
        hints.append(f"{option}={said} ({_FLAGS[option]}{typed})")
    names = [repr(name) for _, name in missing]
    got = [repr(name) for name in table.names[:_MOST_NAMES]]
    if len(table.names) > _MOST_NAMES:
        got.append(f"... ({len(table.names)} in all)")
    hint = " and ".join(hints)
    raise DataError(
        f"data must have the column{'s' if len(names) > 1 else ''} {' and '.join(names)}; got {', '.join(got)}. "
        f"{f'Did you mean {hint}?' if sure else f'Say which is which with {hint}.'}"
    )


def _guess(table: Table, option: str, name: Any, taken: list[Any]) -> Any:
    """Of the columns that can be it, the one named most alike, or the only one; else any that is named much alike."""
    free = [column for column in table.names if column not in taken and table.names.count(column) == 1]
    if option not in _CAN_BE:
        return _alike(name, free)
    samples = [column.slice(0, _SAMPLE) for column in table.load(free)]
    fitting = [column for column, sample in zip(free, samples, strict=True) if _CAN_BE[option](sample)]
    return _alike(name, fitting) or (fitting[0] if len(fitting) == 1 else _alike(name, free))


def _alike(name: Any, columns: list[Any]) -> Any:
    by_lower_case = {str(column).lower(): column for column in reversed(columns)}
    nearest = difflib.get_close_matches(str(name).lower(), by_lower_case, n=1)
    return by_lower_case[nearest[0]] if nearest else None


def _is_date(column: Any) -> bool:
    try:
        return dates.read(column, "").values.dtype.kind == "M"
    except DataError:
        return False


def _is_number(column: Any) -> bool:
    return is_number(column.type)


_CAN_BE = {"time_col": _is_date, "target_col": _is_number, "id_col": len}
