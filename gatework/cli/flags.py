"""The parameters of Forecaster's constructor as flags: written once, in its signature and its docstring."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from cyclopts import Group, Parameter

from gatework.errors import OptionError
from gatework.tasks import Forecaster
from gatework.tasks.recipe import check

# The tables of covariates, as flags of every verb that reads them.
Futr = Annotated[Path | None, Parameter(name=["--futr", "--futr-df"])]
Static = Annotated[Path | None, Parameter(name=["--static", "--static-df"])]

# The columns have names that are shorter to type.
SHORT = {"id_col": "--id", "time_col": "--time", "target_col": "--target"}


def with_flags(verb: Callable) -> Callable:
    """Give a verb that takes `**settings` a flag for each parameter of Forecaster's constructor, and return it."""
    own = inspect.signature(verb, eval_str=True)
    named = [parameter for parameter in own.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
    verb.__signature__ = own.replace(parameters=[*named, *flags()])  # type: ignore[attr-defined]
    return verb


def flags() -> list[inspect.Parameter]:
    """Return a keyword parameter, as cyclopts understands it, for each parameter of Forecaster's constructor."""
    hints, texts = get_type_hints(Forecaster.__init__), descriptions(Forecaster)
    found = []
    for name, parameter in inspect.signature(Forecaster).parameters.items():
        names = [SHORT[name], f"--{name.replace('_', '-')}"] if name in SHORT else None
        hint, default = hints[name], parameter.default
        if default is parameter.empty:
            # A config file may give it: `forecaster` sees whether anything does.
            hint, default = hint | None, None
        # A list has no --no-... or --empty-... beside it, nor has what is off anyway.
        negative = "" if default is False or any(get_origin(kind) is list for kind in get_args(hint)) else None
        flag = Parameter(name=names, help=texts[name], group=Group("Model", sort_key=1), negative=negative)
        found.append(inspect.Parameter(name, parameter.KEYWORD_ONLY, default=default, annotation=Annotated[hint, flag]))
    return found


def descriptions(cls: type) -> dict[str, str]:
    """Return what a class's numpydoc docstring says of each parameter, on one line."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w+\n-+\n|\Z)", inspect.getdoc(cls) or "", re.DOTALL | re.MULTILINE)
    entries = re.findall(r"^(\w.*?) : .*\n((?:\s+.*\n?)+)", section[1] if section else "", re.MULTILINE)
    return {name: " ".join(text.split()) for names, text in entries for name in names.split(", ")}


def forecaster(settings: dict[str, Any], config: Path | None) -> Forecaster:
    """Make a Forecaster of flags and, where no flag is given, of a YAML file of its parameters.

    Raises
    ------
    OptionError
        The file cannot be used or names an unknown parameter, h is in neither, or a value cannot be.
    """
    settings = (read_config(config) if config else {}) | settings
    if settings.get("h") is None:
        raise OptionError("h must be given, the number of steps to forecast; got none. Add for example --h 24.")
    model = Forecaster(**settings)
    check(model)
    return model


def read_config(path: Path) -> dict[str, Any]:
    """Read a YAML file of parameters.

    Raises
    ------
    OptionError
        It is absent, is not YAML, holds no mapping or names an unknown parameter.
    """
    import yaml

    want = "config must be a YAML file of parameters, such as `hidden_size: 32`"
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(f"{want}; got '{path}': {error.strerror}. Check the path.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise OptionError(f"{want}; got '{path}', which is no YAML{where}. Correct it.") from None
    if not isinstance(settings, dict):
        raise OptionError(f"{want}; got '{path}', which holds none. Write one parameter a line.")
    known = inspect.signature(Forecaster).parameters
    for name in settings:
        if name not in known:
            nearest = difflib.get_close_matches(str(name), known, n=1)
            advice = f"Did you mean {nearest[0]}?" if nearest else f"There are {', '.join(known)}."
            raise OptionError(f"config must name parameters of Forecaster; got {name!r} in '{path}'. {advice}")
    return settings
