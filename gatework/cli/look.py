"""`gatework look`: a model in, a page out that shows what it remembers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gatework.cli.flags import Futr, Static
from gatework.cli.models import look_into, read_like
from gatework.cli.places import check_file
from gatework.cli.report import tell, tell_data
from gatework.look.page import need_bokeh
from gatework.tasks import load
from gatework.tasks.inputs import check_future

PAGES = (".html", ".htm")


def look(
    model: Path,
    data: Path | None = None,
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("report.html"),
    futr: Futr = None,
    static: Static = None,
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
    futr
        A file with the ids, the times and the columns that fit knew as --futr-exog-list, for the steps to come. By
        default what fit was given.
    static
        A file with the ids and the columns of --stat-exog-list for the series of the data.
    """
    parameters, known = look_into(model)
    need_bokeh()
    check_file("output", output, PAGES)
    panel = read_like(parameters, known, data, futr, static)
    check_future(panel, parameters.get("lead", 0) + parameters["h"])
    fitted = load(model)
    if data is not None:
        tell_data(data, panel)
    tell(["its gates, its memory and its gradients are measured: seconds for a small model, a minute for a large one."])
    from gatework.look import report

    report(fitted, panel, output)
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB. Open it in a browser; it needs no network.")
