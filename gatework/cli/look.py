"""`gatework look`: a model in, a page out that shows what it remembers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from gatework.cli.flags import Futr, Static
from gatework.cli.labels import refuse_tables, tell_items
from gatework.cli.models import label_config, look_into, read_like
from gatework.cli.places import check_file
from gatework.cli.report import tell, tell_data
from gatework.look.items import items_of
from gatework.look.page import need_bokeh
from gatework.tasks import load
from gatework.tasks.inputs import check_future
from gatework.tasks.labels.keep import reading_like

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
        The series to read, with the columns that fit was given: by default those of fit. Or the sequences for a
        classifier or regressor, in the form that fit was given; the page tells what is true where they hold that.
    output
        The .html file for the page; a browser opens it.
    futr
        A file with the ids, the times and the columns that fit knew as --futr-exog-list, for the steps to come. By
        default what fit was given.
    static
        A file with the ids and the columns of --stat-exog-list for the series of the data.
    """
    config = label_config(model)
    if config is not None:
        refuse_tables("look into a classifier or regressor", futr=futr, static=static)
    need_bokeh()
    check_file("output", output, PAGES)
    if config is not None:
        items = items_of(reading_like(config), data)
        tell_items(data or Path(), items)
        _write(load(model), items, output)
        return
    parameters, known = look_into(model)
    panel = read_like(parameters, known, data, futr, static)
    check_future(panel, parameters.get("lead", 0) + parameters["h"])
    fitted = load(model)
    if data is not None:
        tell_data(data, panel)
    _write(fitted, panel, output)


def _write(fitted: Any, data: Any, output: Path) -> None:
    tell(["its gates, its memory and its gradients are measured: seconds for a small model, a minute for a large one."])
    from gatework.look import report

    report(fitted, data, output)
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB. Open it in a browser; it needs no network.")
