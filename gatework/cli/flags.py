"""The parameters of the estimators' constructors as flags: written once, in their signatures and docstrings."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from cyclopts import Group, Parameter

from gatework.errors import OptionError
from gatework.tasks import Classifier, Forecaster, Regressor
from gatework.tasks.recipe import check

# The tables of covariates, as flags of every verb that reads them.
Futr = Annotated[Path | None, Parameter(name=["--futr", "--futr-df"])]
Static = Annotated[Path | None, Parameter(name=["--static", "--static-df"])]

# What a person wants done, and who does it.
TASKS: dict[str, type] = {"forecast": Forecaster, "classify": Classifier, "regress": Regressor}

# The columns have names that are shorter to type.
SHORT = {"id_col": "--id", "time_col": "--time", "target_col": "--target"}
SHORT |= {"group_col": "--group", "text_col": "--text", "path_col": "--path"}
# How an array lies: no file holds one.
UNTYPED = ("layout",)


def with_flags(verb: Callable) -> Callable:
    """Give a verb that takes `**settings` a flag for each parameter of every estimator, and return it."""
    own = inspect.signature(verb, eval_str=True)
    named = [parameter for parameter in own.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
    verb.__signature__ = own.replace(parameters=[*named, *flags(*TASKS.values())])  # type: ignore[attr-defined]
    return verb


def flags(*classes: type) -> list[inspect.Parameter]:
    """Return a keyword parameter, as cyclopts understands it, for each parameter of the constructors.

    Where two have one of a name, it is one flag, whose help says what each means by it.
    """
    owners: dict[str, list[type]] = {}
    for cls in classes:
        for name in inspect.signature(cls).parameters:
            owners.setdefault(name, []).append(cls)
    return [_flag(name, theirs, classes) for name, theirs in owners.items() if name not in UNTYPED]


def _flag(name: str, owners: list[type], classes: Sequence[type]) -> inspect.Parameter:
    hint = _hint(name, owners[0])
    parameters = [inspect.signature(cls).parameters[name] for cls in owners]
    default = parameters[0].default
    same = len({repr(parameter.default) for parameter in parameters}) == 1
    if default is inspect.Parameter.empty or not same:
        # A config file may give it, or the task decides: `estimator` sees whether anything does.
        hint, default = hint | None, None
    # A list has no --no-... or --empty-... beside it, nor has what is off anyway.
    negative = "" if default is False or any(get_origin(kind) is list for kind in get_args(hint)) else None
    shown = [SHORT[name], f"--{name.replace('_', '-')}"] if name in SHORT else None
    flag = Parameter(name=shown, help=_text(name, owners), group=_group(owners, classes), negative=negative)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[hint, flag])


def _hint(name: str, cls: type) -> Any:
    """What the command line reads for a parameter: a dict is for Python and for config files."""
    if name == "class_weight":
        return Literal["balanced"] | None
    return Path | None if name == "vectors" else get_type_hints(inspect.getattr_static(cls, "__init__"))[name]


def _text(name: str, owners: list[type]) -> str:
    """What each owner says of a parameter, and by which default; a Regressor says it as a Classifier does."""
    defaults = {cls: inspect.signature(cls).parameters[name].default for cls in owners}
    same = len(set(map(repr, defaults.values()))) == 1
    said = {}
    for cls, default in defaults.items():
        text = descriptions(cls).get(name, "As in")
        if not text.startswith("As in"):
            # Where they differ, cyclopts has no one default to show.
            shown = "" if same or default in (None, inspect.Parameter.empty) else f" By default {default}."
            said["To forecast" if cls is Forecaster else "To classify or regress"] = text + shown
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    return " ".join(f"{task}: {text[0].lower()}{text[1:]}" for task, text in said.items())


def _group(owners: list[type], classes: Sequence[type]) -> Group:
    if len(owners) == len(classes):
        return Group("Model", sort_key=1)
    if owners == [Forecaster]:
        return Group("Model, to forecast", sort_key=2)
    return Group("Model, to classify or regress", sort_key=3)


def descriptions(cls: type) -> dict[str, str]:
    """Return what a class's numpydoc docstring says of each parameter, on one line."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w+\n-+\n|\Z)", inspect.getdoc(cls) or "", re.DOTALL | re.MULTILINE)
    entries = re.findall(r"^(\w.*?) : .*\n((?:\s+.*\n?)+)", section[1] if section else "", re.MULTILINE)
    return {name: " ".join(text.split()) for names, text in entries for name in names.split(", ")}


def estimator(task: str, settings: dict[str, Any], configured: dict[str, Any], config: Path | None = None) -> Any:
    """Make the estimator of a task, of flags and, where no flag is given, of what a config file says.

    Raises
    ------
    OptionError
        The file names an unknown parameter, a flag is another task's, h is missing, or a value cannot be.
    """
    cls = TASKS[task]
    known = inspect.signature(cls).parameters
    for name, value in settings.items():
        if name not in known:
            theirs = " or ".join(other for other, one in TASKS.items() if name in inspect.signature(one).parameters)
            shown = f"'{value}'" if isinstance(value, Path) else repr(value)
            raise OptionError(f"{name} must be left out to {task}; got {shown}. It is there to {theirs}.")
    for name in configured:
        if name not in known:
            nearest = difflib.get_close_matches(str(name), known, n=1)
            advice = f"Did you mean {nearest[0]}?" if nearest else f"There are {', '.join(known)}."
            raise OptionError(f"config must name parameters of {cls.__name__}; got {name!r} in '{config}'. {advice}")
    # As text, which a saved model's JSON can hold.
    settings = configured | {name: str(one) if isinstance(one, Path) else one for name, one in settings.items()}
    if task != "forecast":
        from gatework.tasks.labels.settings import check as check_labels

        model = cls(**settings)
        check_labels(model)
        return model
    if settings.get("h") is None:
        raise OptionError("h must be given, the number of steps to forecast; got none. Add for example --h 24.")
    model = Forecaster(**settings)
    check(model)
    return model


def read_config(path: Path | None) -> dict[str, Any]:
    """Read a YAML file of parameters; without one there are none.

    Raises
    ------
    OptionError
        It is absent, is not YAML or holds no mapping.
    """
    if path is None:
        return {}
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
    return settings
