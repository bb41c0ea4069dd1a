"""What the gates, the memories and the gradients of a model show while it reads its data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from gatework.errors import GateworkError
from gatework.look import limits
from gatework.look.finding import Finding, Said
from gatework.look.gradients import Flow, gradients
from gatework.look.subject import Subject
from gatework.look.visit import moments
from gatework.nn.stack import Recurrent

Layers = Mapping[str, Mapping[str, np.ndarray]]

CHRONO = 'gatework.LSTM(..., init="chrono", chrono_max={0})'


def of_the_state(model: Any, given: tuple, seen: Subject, needed: int | None) -> Said:
    """Say all of this about a model that is given its data; `needed` is how many steps back these depend on."""
    wrong = sum(int((~torch.isfinite(p)).sum()) for p in seen.net.parameters())
    if wrong:
        rest = ("vanishing gradient", "saturated gates", "dead units", "forget bias too low", "memory too short")
        count = sum(p.numel() for p in seen.net.parameters())
        return {"exploding gradient": spoiled(wrong, count)} | dict.fromkeys(
            rest, "The model's weights are no numbers."
        )
    layers = moments(seen)
    said: Said = {
        "saturated gates": saturated(layers),
        "dead units": dead(layers),
        "forget bias too low": forgetful(seen.layers, layers),
    }
    grown = [name for name, parts in layers.items() if np.isinf(parts["h"]).any()]
    if grown:
        why = f"The state of {grown[0]} grows until it is no number."
        said |= dict.fromkeys(("saturated gates", "dead units", "memory too short"), why)
    try:
        flows = gradients(model, *given).flows
    except GateworkError as error:
        return said | dict.fromkeys(("exploding gradient", "vanishing gradient"), str(error))
    return said | {"exploding gradient": exploding(flows), "vanishing gradient": vanishing(flows, needed)}


def spoiled(wrong: int, weights: int) -> Finding:
    """Say that weights are no numbers any more."""
    return Finding(
        "exploding gradient",
        "serious",
        f"{wrong:,} of {weights:,} weights are no numbers.",
        "Train anew with a lower learning rate, and clip the gradient: "
        "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).",
    )


def exploding(flows: Mapping[str, Flow]) -> Finding | None:
    """Say whether the gradient grows on its way back through a memory."""
    grown = [(flow.rate, name, flow) for name, flow in flows.items() if name != "x" and flow.verdict == "exploding"]
    if not grown:
        return None
    rate, name, flow = max(grown, key=lambda one: one[0] if np.isfinite(one[0]) else np.inf)
    lags = len(flow.rows) - 1
    size = "is no number any more" if not np.isfinite(rate) else f"grows {rate:.3g} times with each step back"
    return Finding(
        "exploding gradient",
        "serious",
        f"In {name} the gradient {size}, over {lags:,} steps.",
        'Clip it (torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)) and begin with init="recommended", whose '
        "recurrent weights are orthogonal.",
    )


def vanishing(flows: Mapping[str, Flow], needed: int | None) -> Finding | None:
    """Say whether the gradient is lost before it reaches what the answers depend on, or nearly at once."""
    reading = {name: flow for name, flow in flows.items() if name != "x" and len(flow.rows) > 2 * limits.REACH + 1}
    if not reading:
        return None
    name, flow = max(reading.items(), key=lambda one: one[1].reach)
    short = flow.reach <= limits.REACH
    if flow.verdict == "exploding" or not (short or (needed is not None and flow.reach < needed)):
        return None
    why = f"; the data depend on {needed:,} steps" if needed is not None and flow.reach < needed else ""
    many = needed or len(flow.rows)
    return Finding(
        "vanishing gradient",
        "serious" if why or flow.reach == 0 else "worth knowing",
        f"Beyond {flow.reach:,} step{'s' * (flow.reach != 1)} back, less than a thousandth of the gradient is left "
        f"({name}, times {flow.rate:.3g} a step){why}.",
        f"Use an LSTM or a GRU that begins with a memory: {CHRONO.format(2 * many)}.",
    )


def saturated(layers: Layers) -> Finding | None:
    """Say whether gates stand at their ends: but for those that hold a memory there, as chrono's do."""
    worst: tuple[float, str] = (0.0, "")
    for name, parts in layers.items():
        shares = []
        for letter, values in parts.items():
            known = values[np.isfinite(values)]
            low, high = (known < limits.END).mean(), (known > 1 - limits.END).mean()
            if letter == "f" or letter == "z":
                shares.append(low)
            elif letter == "i":
                shares.append(high)
            elif letter in "or":
                shares.append(low + high)
            elif letter in "gn" or (letter == "h" and len(parts) == 1):
                shares.append(high + (known < limits.END - 1).mean())
        if parts.keys() == {"h"} and np.nanmax(np.abs(parts["h"])) > 1:
            continue  # relu
        worst = max(worst, (float(np.mean(shares)), name))
    share, name = worst
    if share < limits.SATURATED:
        return None
    return Finding(
        "saturated gates",
        "serious",
        f"{share:.0%} of what the gates and candidates of {name} do lies within {limits.END:g} of an end.",
        "Scale the inputs to size 1, lower the learning rate, add weight_decay to the optimizer, or set "
        "layer_norm=True in the layer.",
    )


def dead(layers: Layers) -> Finding | None:
    """Say whether units give the same output whatever is read."""
    worst: tuple[float, str, int, int] = (0.0, "", 0, 0)
    for name, parts in layers.items():
        h = parts["h"].reshape(-1, parts["h"].shape[2])
        moves = np.nanmax(h, 0) - np.nanmin(h, 0)
        still = int((moves <= max(limits.STILL * moves.max(), 1e-5)).sum())
        worst = max(worst, (still / len(moves), name, still, len(moves)))
    share, name, still, units = worst
    if share < limits.DEAD:
        return None
    return Finding(
        "dead units",
        "serious" if share > 0.5 else "worth knowing",
        f"{still:,} of {units:,} units of {name} give the same output whatever is read.",
        f'Lower the learning rate, begin with init="recommended", or set hidden_size={max(1, units - still)}.',
    )


def forgetful(net: Mapping[str, Recurrent], layers: Layers) -> Finding | None:
    """Say whether the gate that keeps the memory is nearly shut, and its bias is why."""
    for name, parts in layers.items():
        letter = "f" if "f" in parts else "z" if "z" in parts else None
        path, _, suffix = name.split(" (")[0].rpartition(".")
        if letter is None or path not in net:
            continue
        bias = _bias(net[path], suffix)
        kept = float(np.median(np.nanmean(parts[letter], (0, 1))))
        if bias is None or bias > limits.LOW_BIAS or kept > limits.SHUT:
            continue
        gate = "forget" if letter == "f" else "update"
        return Finding(
            "forget bias too low",
            "serious",
            f"The {gate} gates of {name} keep {kept:.0%} of the memory a step (median of the units), with a bias of "
            f"{bias:.2g}.",
            f'Begin with init="recommended", which sets the bias of the {gate} gate to 1, or add 1 to it in '
            f"bias_ih_{suffix}.",
        )
    return None


def too_large(weights: int, values: int, hidden: int, held: float | None = None) -> Finding | None:
    """Say whether there are far more weights than values; `held` is how much a forecaster trusts its network."""
    if weights < limits.WEIGHTS * values or (held is not None and held > 0.05):
        return None
    smaller = enough_units(weights, values, hidden)
    what = "" if held is None else ", and on the windows that were held out the network did not help"
    return Finding(
        "model too large",
        "worth knowing",
        f"{weights:,} weights learn from {values:,} values, {weights / values:,.0f} for each{what}.",
        f"Set hidden_size={smaller}, or give more data; dropout and weight_decay help a little.",
    )


def enough_units(weights: int, values: int, hidden: int) -> int:
    """How many units, in place of `hidden`, have ten weights for each value."""
    return max(4, int(hidden * np.sqrt(10 * values / weights)))


def _bias(layer: Recurrent, suffix: str) -> float | None:
    """The median bias of the gate that keeps, over units: of both of torch's biases together."""
    weights = dict(layer.named_parameters())
    both = [weights[f"{kind}_{suffix}"] for kind in ("bias_ih", "bias_hh") if f"{kind}_{suffix}" in weights]
    if not both or layer.gates < 3:
        return None
    rows = torch.stack([one.detach().double() for one in both]).sum(0).chunk(layer.gates)
    keep = rows[1] if layer.gates == 4 or layer.cell != "lstm" else -rows[0]
    return float(keep.median())
