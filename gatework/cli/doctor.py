"""`gatework doctor`: what is wrong with a model; or, without one, with the installation."""

from __future__ import annotations

import json
import platform
import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from gatework import __version__
from gatework.cli.flags import Futr, Static
from gatework.errors import OptionError


def doctor(
    model: Path | None = None,
    data: Path | None = None,
    /,
    *,
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
    futr: Futr = None,
    static: Static = None,
) -> int:
    """Say what is wrong with a model and what to do; without one, check the installation.

    Ends with exit code 1 where something serious is found. Nothing found says that none of the faults it knows was
    seen, not that the forecasts are good: `gatework evaluate` says that. A remedy names settings of `gatework fit`:
    learning_rate=0.005 is its --learning-rate 0.005.

    Parameters
    ----------
    model
        The folder that `gatework fit` made. It stays as it is.
    data
        A .csv, .csv.gz or .parquet file with the columns that fit was given. By default the series of fit; a classifier
        or regressor keeps none, and takes what it is to classify or regress.
    as_json
        Print the findings as JSON and nothing else.
    futr
        A file with the ids, the times and the columns that fit knew as --futr-exog-list. By default what fit was given.
    static
        A file with the ids and the columns of --stat-exog-list for the series of the data.
    """
    if model is not None:
        return _examine(model, data, as_json, futr, static)
    for flag, value in (("--json", as_json), ("--futr", futr), ("--static", static)):
        if value:
            typed = flag if value is True else f"{flag} {value}"
            raise OptionError(f"model must be given with {flag}; got none. Run `gatework doctor model/ {typed}`.")
    return _installation()


def _examine(model: Path, data: Path | None, as_json: bool, futr: Path | None, static: Path | None) -> int:
    """Print what is found in a saved model."""
    from gatework.cli.models import label_config, look_into, read_like
    from gatework.cli.report import tell_data

    # What a model of its kind cannot have.
    spared: set[str]
    given: Any
    if config := label_config(model):
        from gatework.cli.labels import refuse_tables, tell_items
        from gatework.look.items import items_of
        from gatework.tasks.labels.keep import reading_like

        refuse_tables("examine a classifier or regressor", futr=futr, static=static)
        given = items_of(reading_like(config), data)
        if not as_json:
            tell_items(data or Path(), given)
        from gatework.look import doctor_labels

        spared = {*doctor_labels.NEVER, *doctor_labels.SKIPPED}
    else:
        parameters, known = look_into(model)
        given = read_like(parameters, known, data, futr, static)
        if data is not None and not as_json:
            tell_data(data, given)
        from gatework.look import remedies

        spared = set(remedies.NEVER)

    from gatework.look import doctor as examine
    from gatework.tasks import load

    found = examine(load(model), given)
    said = str(found)
    if not found and set(found.not_examined) - spared:
        # Some of what could be wrong with it was not seen: few values, say.
        said = said.replace("Nothing found.", "Nothing found in what could be examined.", 1)
    print(json.dumps(found.to_dict(), indent=2) if as_json else said)
    return 1 if found.serious else 0


def _installation() -> int:
    """Print versions, the processor, the backends, and what could be added."""
    import torch

    import gatework
    from gatework.ops.built import native, why

    threads = f"{torch.get_num_threads()} thread" + ("s" if torch.get_num_threads() > 1 else "")
    print(f"gatework   {__version__}")
    print(f"python     {platform.python_version()} on {platform.system()} {platform.machine()}")
    print(f"torch      {torch.__version__}")
    print(f"processor  {torch.backends.cpu.get_cpu_capability()}, {threads}")
    print(f"native     {why or f'built; it uses {native.instruction_sets()[0]} and {threads}'}")
    print(f"device     {_device(torch)}")

    layer, x = gatework.LSTM(8, 16), torch.randn(20, 4, 8)
    choice = gatework.backends(layer, x)
    print("\nBackends of a plain LSTM:")
    outputs = {}
    for name, reasons in choice.reasons.items():
        if not reasons:
            layer.backend = name
            outputs[name] = layer(x)[0].detach()
        state = "; ".join(reasons) or ("ready, used by default" if name == choice.backend else "ready")
        print(f"  {name:<10} {state}")
    apart = max(float((one - outputs["equations"]).abs().max()) for one in outputs.values())
    agree = apart < 1e-5
    print(f"  {'they agree' if agree else 'THEY DISAGREE'}: the largest difference is {apart:.0e}")

    print("\nPackages:")
    for name, extra in _packages():
        try:
            state = version(name)
        except PackageNotFoundError:
            state = f"not installed; pip install '{f'gatework[{extra}]' if extra else name}'"
        print(f"  {name:<13} {state}{f' (optional, {extra})' if extra else ''}")
    return 0 if agree else 1


def _device(torch) -> str:
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}"
    return "CPU"


def _packages() -> list[tuple[str, str]]:
    """What gatework needs, and what its users may add, by the extra that adds it; nothing for its developers."""
    found = []
    for line in requires("gatework") or ():
        name, extra = re.split(r"[^\w-]", line)[0], re.search(r"extra == .(\w+)", line)
        if extra is None or extra[1] not in ("all", "demo", "dev"):
            found.append((name, extra[1] if extra else ""))
    return found
