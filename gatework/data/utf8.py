"""The one sentence for a file that is not UTF-8."""

from __future__ import annotations

import gzip
from pathlib import Path

from gatework.errors import DataError


def not_utf8(file: Path) -> DataError:
    """The error that names the file, and its first line that is not UTF-8."""
    with gzip.open(file) if file.suffix.lower() == ".gz" else file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                byte = f"byte 0x{line[error.start]:02x}"
                where = f"which is not in line {number} ({byte} at place {error.start + 1})"
                break
        else:
            where = "which is not"
    return DataError(
        f"data must be UTF-8; got '{file}', {where}. Save it again as UTF-8, as with: "
        f"iconv -f latin1 -t utf-8 OLD > NEW."
    )
