"""`gatework look`: a model in, a page out that shows what it remembers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gatework.cli.models import look_into, read_like
from gatework.cli.places import check_file
from gatework.cli.report import tell, tell_data
from gatework.look.page import need_bokeh
from gatework.tasks import load

PAGES = (".html", ".htm")


def look(
    model: Path,
    data: Path | None = None,
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("report.html"),
) -> None:
    """Show what a model remembers, for how long, and what is wrong with it, as a page that works offline.

    Parameters
    ----------
    model
        The folder that `gatework fit` made.
    data
        The series to read, with the columns that fit was given. By default those of fit.
    output
        The .html file for the page; a browser opens it.
    """
    parameters, known = look_into(model)
    need_bokeh()
    check_file("output", output, PAGES)
    if data is not None:
        tell_data(data, read_like(parameters, known, data))
    tell(["its gates, its memory and its gradients are measured: seconds for a small model, a minute for a large one."])
    from gatework.look import report

    report(load(model), data, output)
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB. Open it in a browser; it needs no network.")
