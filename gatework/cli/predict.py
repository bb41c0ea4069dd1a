"""`gatework predict`: a model in, forecasts and a picture out."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gatework.cli.flags import Futr, Static
from gatework.cli.labels import predict_labels, refuse_tables
from gatework.cli.models import label_config, look_into, read_like
from gatework.cli.places import TABLES, check_file, check_picture, to_csv, write_table
from gatework.cli.report import tell, tell_data
from gatework.data.latest import about_reading
from gatework.models.quantiles import check_levels
from gatework.tasks import load
from gatework.tasks.inputs import check_future, check_steps


def predict(
    model: Path,
    /,
    data: Path | None = None,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    plot: Path | None = None,
    level: Annotated[list[float] | None, Parameter(negative="")] = None,
    h: int | None = None,
    futr: Futr = None,
    static: Static = None,
) -> None:
    """Forecast what comes next, or answer for sequences, as a table and a picture.

    A forecaster gives for each series and step the median and the ends of each interval; a classifier or regressor a
    label or a number for each sequence, or for each of its steps.

    Parameters
    ----------
    model
        The folder that `gatework fit` made.
    data
        The series to continue, new ones too, with the columns that fit was given: by default those of fit. Or the
        sequences to classify or regress, in the form that fit was given.
    output
        A .csv or .parquet file for the forecasts or answers. By default they are printed as CSV.
    plot
        A .png, .svg, .pdf or .jpg file for a picture of the first nine series.
    level
        Percent that an interval is to hold; may be given again for another interval. By default 90.
    h
        Fewer steps than the model was fitted for.
    futr
        A file with the ids, the times and the columns that fit knew as --futr-exog-list, for the steps to come. By
        default what fit was given.
    static
        A file with the ids and the columns of --stat-exog-list for the series of --data or, without --data, for new
        ones that have no value yet.
    """
    if config := label_config(model):
        refuse_tables("classify or regress", futr=futr, static=static, plot=plot, h=h, level=level)
        predict_labels(model, config, data, output)
        return
    parameters, known = look_into(model)
    levels, steps = check_levels(level or [90]), check_steps(h, parameters["h"])
    if output is not None:
        check_file("output", output, TABLES)
    if plot is not None:
        check_picture(plot)
    panel = read_like(parameters, known, data, futr, static)
    check_future(panel, parameters.get("lead", 0) + steps)
    # Where the forecasts are printed, nothing else is, so that another program can read them.
    out = sys.stderr if output is None else None
    if data is not None:
        tell_data(data, panel, out)

    fitted = load(model)
    if data is not None:
        tell(about_reading(panel, fitted.recipe_.latest), out)
    # A model that was fitted to another kind of table gives an arrow table here too.
    fitted.panel_ = replace(fitted.panel_, kind="pyarrow")
    table = fitted.predict(data, levels, h=h, futr_df=futr, static_df=static)
    if output is None:
        sys.stdout.write(to_csv(table))
    else:
        write_table(table, output)
        print(f"{output}: {table.num_rows:,} rows, columns {', '.join(table.column_names)}.")
    if plot is not None:
        axes = fitted.plot(data, levels, h=h, futr_df=futr, static_df=static)
        axes[0].figure.savefig(plot, dpi=150)
        print(f"{plot}: {len(axes)} of {len(panel):,} series.", file=out)
