"""Which columns hold the id, the time and the target: as the caller says, or a good guess to say it by."""

from __future__ import annotations

import difflib
import itertools
import shlex
from typing import Any, NamedTuple

from gatework.data import dates
from gatework.data.columns import is_number
from gatework.data.table import Table, twice
from gatework.errors import DataError

_FLAGS = {"time_col": "--time", "target_col": "--target", "id_col": "--id"}
# Rows that are looked at to tell a column of dates or numbers.
_SAMPLE = 100
_MOST_NAMES = 20


class Names(NamedTuple):
    """The caller's columns."""

    time: Any
    target: Any
    id: Any  # None where the table is one series


def find_columns(table: Table, id_col: Any, time_col: Any, target_col: Any) -> Names:
    """The columns to read. "unique_id" may be absent; nothing else may.

    Raises
    ------
    DataError
        A column that is not there, with the one that may be meant; or that is there twice.
    """
    id_col = None if id_col == "unique_id" and id_col not in table.names else id_col
    wanted = {"time_col": time_col, "target_col": target_col, "id_col": id_col}
    wanted = {option: name for option, name in wanted.items() if name is not None or option != "id_col"}
    for option, other in itertools.combinations(wanted, 2):
        if wanted[option] == wanted[other]:
            raise DataError(
                f"{option} must be another column than {other}; got {wanted[option]!r} for both. Name each."
            )
    named = [name for name in table.names if name in wanted.values()]
    if len(set(named)) < len(named):
        raise twice(named)
    missing = [option for option, name in wanted.items() if name not in table.names]
    if not missing:
        return Names(time_col, target_col, id_col)

    taken = [name for name in wanted.values() if name in table.names]
    hints, sure = [], True
    for option in missing:
        guess = _guess(table, option, wanted[option], taken)
        sure &= guess is not None
        taken.append(guess)
        said, typed = ("...", "") if guess is None else (repr(guess), f" {shlex.quote(str(guess))}")
        hints.append(f"{option}={said} ({_FLAGS[option]}{typed})")
    names = [repr(wanted[option]) for option in missing]
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
    can_be = {"time_col": _is_date, "target_col": _is_number, "id_col": len}[option]
    samples = [column.slice(0, _SAMPLE) for column in table.load(free)]
    fitting = [column for column, sample in zip(free, samples, strict=True) if can_be(sample)]
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
