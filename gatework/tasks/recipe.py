"""What the data ask for: how far back to read, which lags to look along, how long to train. Without torch."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from gatework.data.calendar import worth_reading
from gatework.data.frequency import DAY, WEEK
from gatework.data.latest import about_size, reach
from gatework.data.standard import Standard
from gatework.errors import DataError, OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatework.data.panel import Panel
    from gatework.tasks.forecaster import Forecaster
    from gatework.train.history import History

# An encoder that reads less than this misses patterns that no season tells of; one that reads more costs much time for
# little, since lags reach farther back anyway.
SHORTEST, LONGEST = 24, 512

# Steps of a training, times steps of a window: what much data are worth at normal effort; and the fewest and the most
# steps.
WORK, FEWEST, MOST = 190_000, 400, 1_700
# Less than so many values are worth the fewest steps only. And one network that takes them all learns very little data
# by heart: then several share them, each with no fewer steps than this, and than one for so many values.
MUCH, SHORT, A_STEP = 10_000, 100, 10

# Settings that are whole numbers: the least each may be, and whether None leaves it to the data.
WHOLE = (
    ("h", 1, False),
    ("lead", 0, False),
    ("input_size", 1, True),
    ("hidden_size", 1, False),
    ("num_layers", 1, False),
    ("max_steps", 1, True),
    ("batch_size", 1, False),
    ("seed", 0, False),
)


# What the parts of the calendar are called that a network reads.
CALENDAR = {"hour": "the hour", "weekday": "the weekday", "yearday": "the day of the year"}


class Training(NamedTuple):
    """How much is trained."""

    steps: int  # of each network
    members: int  # networks that forecast together


# How much longer than a normal one a training takes.
EFFORTS = {"fast": 0.25, "normal": 1.0, "best": 4.0}


@dataclass(frozen=True)
class Recipe:
    """The settings of one network, with nothing left open.

    Attributes
    ----------
    h, input_size : int
        Steps to forecast, and steps to read before them.
    lead : int
        The first of the h, which are not asked for.
    lags : tuple of int
        1, and the seasons' lengths, ascending.
    steps, batch_size, learning_rate, seed
        Of the training.
    hidden_size, num_layers, cell
        Of the network.
    standard : Standard, optional
        The units of the covariates, where there are any.
    members : int
        Networks that forecast together.
    latest : int, optional
        The steps of each series, up to its last, that are read at all; None for all.
    calendar : tuple of str
        The parts of the calendar that are read; "moved" where what a season repeats is of the same hour by clocks that
        are moved.
    """

    h: int
    input_size: int
    lags: tuple[int, ...]
    steps: int
    batch_size: int
    learning_rate: float
    seed: int
    hidden_size: int
    num_layers: int
    cell: Literal["lstm", "gru", "rnn"]
    standard: Standard | None = None
    members: int = 1
    lead: int = 0
    latest: int | None = None
    calendar: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {**asdict(self), "lags": list(self.lags), "calendar": list(self.calendar)}

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Recipe:
        """Rebuild from what `to_dict` gave."""
        standard = saved.get("standard") and Standard.from_dict(saved["standard"])
        # A model that an older gatework saved reads no calendar.
        lags, calendar = tuple(saved["lags"]), tuple(saved.get("calendar", ()))
        return cls(**{**saved, "lags": lags, "standard": standard, "calendar": calendar})


def check(forecaster: Forecaster) -> None:
    """Refuse settings that cannot be, before any data are read.

    Raises
    ------
    OptionError
        The text names the setting, what it must be and what it is.
    """
    for name, least, open_ in WHOLE:
        value = getattr(forecaster, name)
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not (open_ and value is None) and not (whole and value >= least):
            by_default = ", or None for the default" if open_ else ""
            raise OptionError(f"{name} must be a whole number of at least {least}{by_default}; got {value!r}.")
    rate = forecaster.learning_rate
    if isinstance(rate, bool) or not isinstance(rate, Real) or not 0 < rate < math.inf:
        raise OptionError(f"learning_rate must be a number above 0; got {rate!r}.")
    if forecaster.effort not in EFFORTS:
        raise OptionError(f"effort must be 'fast', 'normal' or 'best'; got {forecaster.effort!r}.")
    if not isinstance(forecaster.calendar, bool):
        raise OptionError(f"calendar must be True or False; got {forecaster.calendar!r}.")
    if forecaster.cell not in ("lstm", "gru", "rnn"):
        raise OptionError(f"cell must be 'lstm', 'gru' or 'rnn'; got {forecaster.cell!r}.")
    if not isinstance(forecaster.alias, str) or not forecaster.alias:
        raise OptionError(f"alias must be a name for the forecast's column; got {forecaster.alias!r}.")
    columns = (forecaster.id_col, forecaster.time_col, forecaster.target_col)
    if forecaster.alias in (*columns, "cutoff"):
        raise OptionError(f"alias must be a name that no other column has; got {forecaster.alias!r}. Choose another.")
    if "cutoff" in columns:
        raise OptionError("your columns must not be called 'cutoff', as a backtest's own is; got one. Rename it.")


def check_steps_to_take(max_steps: int | None) -> None:
    """Refuse to fine-tune for no number of steps."""
    if max_steps is not None and (isinstance(max_steps, bool) or not isinstance(max_steps, int) or max_steps < 1):
        raise OptionError(f"max_steps must be a whole number of at least 1, or None; got {max_steps!r}.")


def too_short(panel: Panel, ahead: int) -> DataError:
    """Make the refusal of series that have nothing but what is held out."""
    longest = max(len(series) for series in panel.values)
    return DataError(
        f"data must have more steps than the {ahead:,} that are held out; got {longest:,} at most. Give a longer "
        "history."
    )


def choose(forecaster: Forecaster, panel: Panel) -> tuple[Recipe, list[str]]:
    """Fill in what a Forecaster leaves open, and say what was chosen."""
    h, lags = forecaster.ahead, find_lags(panel)
    longest = max(len(series) for series in panel.values)
    input_size = forecaster.input_size or int(np.clip(panel.season_length + h, SHORTEST, LONGEST))
    # No window reaches farther back than the longest series does.
    input_size = max(1, min(input_size, longest - h))
    steps, members = training(panel, input_size + h, forecaster.effort, forecaster.max_steps)
    same = ("lead", "batch_size", "learning_rate", "seed", "hidden_size", "num_layers", "cell")
    settings = {name: getattr(forecaster, name) for name in same}
    # By the steps before those that are held out at first, of which a quarter is the most.
    learned = [min(max(len(series) - h, 0), -(-3 * len(series) // 4)) for series in panel.values]
    standard = None if panel.covariates is None else Standard.of(panel.covariates, learned)
    recipe = Recipe(
        h=h,
        input_size=input_size,
        lags=lags,
        steps=steps,
        standard=standard,
        members=members,
        latest=reach(panel, max(input_size, *lags) + h),
        calendar=worth_reading(panel, forecaster.calendar),
        **settings,
    )
    if longest <= h:
        asked = f"lead + h = {h:,}" if forecaster.lead else f"h={h:,}"
        return recipe, [
            f"{asked} is no shorter than any series ({longest:,} steps at most): nothing to learn or score by."
        ]
    back = " and ".join(f"{lag:,}" for lag in lags)
    notes = [
        f"each forecast reads the last {input_size:,} steps, and their changes over {back}.",
        f"training takes up to {steps:,} steps of {forecaster.batch_size:,} windows, and as many more on everything"
        + (f"; {members} networks forecast together." if members > 1 else "."),
    ]
    notes += about_calendar(recipe, forecaster.calendar)
    return recipe, notes + about_size(panel, recipe.latest, recipe.seed)


def about_calendar(recipe: Recipe, asked: bool) -> list[str]:
    """Say what is read of the calendar, what of it was asked for in vain, and whether clocks are minded."""
    read, left = (
        ", ".join(CALENDAR[part] for part in CALENDAR if (part in recipe.calendar) == so) for so in (True, False)
    )
    notes = [f"the network reads the calendar: {read}."] if read else []
    if asked and left:
        notes.append(
            f"of the calendar this is not read, since the steps do not tell it or the data are too short: {left}."
        )
    if "moved" in recipe.calendar:
        notes.append("what a season repeats is of the same hour by the wall clock, though clocks are moved.")
    return notes


def find_lags(panel: Panel) -> tuple[int, ...]:
    """1, the season's length, and the week's where the season is a day: people's days differ by weekday."""
    lags = {1, panel.season_length}
    if panel.freq.calendar == "clock" and panel.season_length * panel.freq.step == DAY:
        lags.add(WEEK // panel.freq.step)
    return tuple(sorted(lags))


def training(panel: Panel, window: int, effort: str, max_steps: int | None = None) -> Training:
    """Choose how much to train on windows of so many steps.

    Of much data by the steps of one network, the fewer, the longer the windows; of little by how many networks share
    the fewest steps. Where the caller chose the steps, there is one network, or four at effort "best".
    """
    times, values = EFFORTS[effort], sum(len(series) for series in panel.values)
    if max_steps is None and values < MUCH:
        steps = int(np.clip(values // A_STEP, SHORT, FEWEST))
        members = round(times * FEWEST / steps)
        return Training(steps if members else int(times * FEWEST), max(1, members))
    steps = max_steps or int(min(times, 1) * np.clip(WORK // window, FEWEST, MOST))
    return Training(steps, int(max(times, 1)))


def outcome(
    recipe: Recipe, history: History, trust: float, heed: float, spread: Sequence[float], future: str = ""
) -> list[str]:
    """Say what a training came to: when it was best, how far it and what stands beside count, how intervals grew.

    And how the scores know the future of covariates, if `future` says so.
    """
    kept, taken, scored = history.best_step, len(history.losses), [f"the scores are {future}"] if future else []
    if not taken:
        untrained = "there was no training, and every forecast is the simple one, with its textbook intervals."
        return [untrained, *scored]
    best = f"what was held out was forecast best after {kept:,} of {taken:,} training steps"
    if not kept:
        notes = [
            "what was held out was forecast best before the first training step, so the networks stay as they came."
        ]
    else:
        notes = [best + ("." if history.stopped == "interrupted" else "; as many on everything came after those.")]
    if trust < 1:
        notes.append(
            f"the forecasts lie {trust:.0%} of the way from the simple ones to the network's, as was best there."
        )
    calendar = any(part in CALENDAR for part in recipe.calendar)
    beside = [name for name, read in (("covariates", recipe.standard), ("calendar", calendar)) if read]
    said = " and the ".join(beside)
    if heed == 0:
        notes.append(f"the {said} did not help there, and {'is' if said == 'calendar' else 'are'} not heeded.")
    elif heed < 1:
        say = "says" if said == "calendar" else "say"
        notes.append(f"what the {said} {say} counts for {heed:.0%} of what it could, as was best there.")
    if max(spread) >= 1.05:
        least, most = f"{min(spread):.2g}", f"{max(spread):.2g}"
        times = most if least == most else f"{least} to {most}"
        notes.append(
            f"the intervals are {times} times as wide as they were learned, so that they hold what they promise of "
            "what was held out: their coverage of it is no proof."
        )
    return notes + scored
