"""How a loss reaches back: the size of its gradient by memory, by input, and by how many steps back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from gatework.errors import OptionError
from gatework.look.jsonable import jsonable
from gatework.look.nodes import keep
from gatework.look.rate import MOST, judge
from gatework.look.subject import Subject, subject
from gatework.look.watch import Heard, listening

Verdict = Literal["vanishing", "exploding", "neither"]


@dataclass(frozen=True)
class Flow:
    """The gradient by lag, of one layer in one direction or of the inputs.

    Attributes
    ----------
    norms : dict of str to (lags,) array
        "h" and "c" of an LSTM, "h" of a GRU or RNN, or "x": the Euclidean norm of dL/dh_t, dL/dc_t or dL/dx_t at each
        lag, root mean square over the rows that reach so far back.
    rows : (lags,) int array
        How many these are.
    rate : float
        The factor by which it changes with each step back: the median slope of its logarithm (Theil-Sen), of c where
        there is one. NaN where there is one step alone.
    verdict : "vanishing", "exploding" or "neither"
        Whether that rate leaves less than a thousandth, or more than a thousandfold, over all lags; and whether the
        gradient ends on the way, or is no number any more.
    reach : int
        The largest lag at which it is still a thousandth of its largest.
    stride : int
        How many steps of the data one lag stands for: of the layers of a Classifier or Regressor that come after
        convolutions which leave fewer steps.
    """

    norms: dict[str, np.ndarray]
    rows: np.ndarray
    rate: float
    verdict: Verdict
    reach: int
    stride: int = 1

    def __str__(self) -> str:
        lags = len(self.rows) - 1
        if not isfinite(self.rate):
            return f"{self.verdict}: there are no two steps to compare"
        if self.rate == 0:
            return f"{self.verdict}: it ends at the last step"
        with np.errstate(over="ignore", under="ignore"):
            left = np.power(self.rate, float(lags))
        fall = f"; beyond {self.reach:,} steps it is below a thousandth" if self.reach < lags else ""
        wide = f" (each stands for {self.stride} of the data)" if self.stride > 1 else ""
        return f"{self.verdict}: times {self.rate:.4g} with each step back, {left:.2g} over {lags:,} steps{fall}{wide}"


@dataclass(frozen=True)
class Gradients:
    """How far back a loss is felt, at these weights and on this batch.

    Attributes
    ----------
    flows : dict of str to Flow
        For each layer and direction, as in a Trace ("layer.l0", "encoder.l1_reverse"), and "x", the inputs. Lag 0 is
        the last step that was read: the end of a row; for a reverse direction its beginning.
    verdict, rate
        Of the inputs; in a model that reads both ways, of the first layer's direction that fares worse.
    loss : float
        What was differentiated.
    about : str
        What the loss was.
    """

    flows: dict[str, Flow]
    verdict: Verdict
    rate: float
    loss: float
    about: str

    def __str__(self) -> str:
        lines = [f"gradient of {self.about}, by how many steps back: {self.verdict}"]
        return "\n".join(lines + [f"{name}: {flow}" for name, flow in self.flows.items()])

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        flows = {name: vars(flow) for name, flow in self.flows.items()}
        return jsonable({**vars(self), "flows": flows})


def gradients(
    model: Any,
    data: Any = None,
    lengths: Any = None,
    batch_first: bool | None = None,
    *,
    loss: Callable[[Tensor], Tensor] | None = None,
    futr_df: Any = None,
    static_df: Any = None,
) -> Gradients:
    """Measure how a loss reaches back through a model, and say whether its gradient vanishes or explodes on the way.

    Every norm is of the whole derivative, by whatever way the loss depends on a memory, from the equations
    differentiated step by step. In eval mode, in the model's own type: where float32 can no longer hold a gradient,
    training has none either.

    Parameters
    ----------
    model : nn.Module, Forecaster, Classifier or Regressor
        As for `trace`.
    data, lengths, batch_first
        As for `trace`. Of a Forecaster the windows that end `h` steps before a series does, or earlier, so that what
        was forecast is known.
    loss : callable, optional
        `loss(answers)` gives the scalar to differentiate; answers are (T, B, K), one for each step, or (1, B, K), about
        the end. By default an estimator's own, where the data hold what is true; else a fixed random sum of the last
        answers of each row, which is, up to a factor, what any loss about the end passes back; for reverse directions,
        of the first. A loss on every step would hide how far each one reaches.
    futr_df, static_df : table, dict or path, optional
        Of a Forecaster with covariates, as its `predict` takes them.

    Returns
    -------
    Gradients
        Norms by lag, a rate and a verdict for each layer and for the inputs.

    Raises
    ------
    OptionError, DataError, ShapeError, NotFittedError
        As `subject` does; or the loss is no scalar that depends on the answers.

    Examples
    --------
    >>> import torch, gatework
    >>> from gatework.look import gradients
    >>> found = gradients(gatework.LSTM(3, 8), torch.randn(50, 2, 3))
    >>> found.verdict, found.flows["layer.l0"].norms["c"].shape
    ('vanishing', (50,))
    """
    own = 0 if isinstance(model, torch.nn.Module) else getattr(model, "ahead", 0)
    tables = {"futr_df": futr_df, "static_df": static_df}
    seen = subject(model, data, lengths, batch_first, windows=8 if own else 1, back=own, **tables)
    # So that every memory has a gradient, those too that no input reaches.
    seen.net.requires_grad_(True)
    if loss is not None:
        value, flows = _differentiate(seen, lambda x: loss(seen.run(x)))
        about = "the given loss"
    elif seen.loss is not None:
        value, flows = _differentiate(seen, seen.loss)
        about = seen.losing
    else:
        value, flows = _differentiate(seen, lambda x: _projected(seen, x, first=False))
        about = "a random sum of the last answers"
        if _two_sided(flows) and seen.stepwise:
            _, others = _differentiate(seen, lambda x: _projected(seen, x, first=True))
            flows |= {name: flow for name, flow in others.items() if _is_reverse(name)}
            about += ", or the first"
    worst = _judged(flows)
    return Gradients(flows, worst.verdict, worst.rate, value, about)


def _projected(seen: Subject, x: Tensor, first: bool) -> Tensor:
    """A fixed random sum of the last answers of each row, or of the first."""
    y = seen.run(x)
    which = torch.zeros(y.shape[1], dtype=torch.long, device=y.device)
    if seen.stepwise and not first:
        which = seen.alive().sum(0) - 1
    weights = torch.randn(y.shape[2], generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return (y[which, torch.arange(y.shape[1])] @ (weights / weights.norm()).to(y)).sum()


def _differentiate(seen: Subject, loss: Callable[[Tensor], Tensor]) -> tuple[float, dict[str, Flow]]:
    """Differentiate a function of x by x and by every memory on the way."""
    x = seen.x.clone().requires_grad_()
    with torch.enable_grad(), listening(seen.layers, keep) as heard:
        value = loss(x)
    if not isinstance(value, Tensor) or value.numel() != 1 or not value.requires_grad:
        got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
        detached = isinstance(value, Tensor) and value.numel() == 1
        raise OptionError(
            f"loss must give one number that depends on the answers; got {'a constant' if detached else got}. "
            "Sum or average it, and detach nothing."
        )
    named = _memories(heard)
    nodes = [node for parts, _ in named.values() for q in parts.values() for node in q]
    found = iter(torch.autograd.grad(value, [x, *nodes], allow_unused=True))
    whole = next(found)
    alive, smallest = seen.alive().cpu().numpy(), _smallest(x.dtype)
    flows = {}
    for name, (parts, counted) in named.items():
        sizes = {letter: _sizes(q, [next(found) for _ in q]) for letter, q in parts.items()}
        flows[name] = _flow(sizes, _alive(counted, alive, sizes), _is_reverse(name), smallest, seen.stride)
    flows["x"] = _flow({"x": _sizes([x], [whole])[0]}, alive, False, smallest)
    return float(value.detach()), flows


def _memories(heard: Mapping[str, list[Heard]]) -> dict[str, tuple[dict[str, list[Tensor]], Tensor | None]]:
    """Name the memories of each layer and direction, at every step, and say which steps count."""
    named = {}
    for path, readings in heard.items():
        for k, reading in enumerate(readings, start=1):
            for suffix, moments in reading.calls[0].moments.items():
                parts = {
                    letter: [node for call in reading.calls for node in getattr(call.moments[suffix], letter)]
                    for letter in ("h", "c")
                    if letter in moments._fields
                }
                named[f"{path}.{suffix}" + (f" ({k})" if k > 1 else "")] = parts, reading.alive()
    return named


def _sizes(nodes: list[Tensor], found: list[Tensor | None]) -> np.ndarray:
    """The norm over units of each node's gradient, (T, B): 0 where the loss does not depend on it."""
    sizes = [
        torch.zeros(node.shape[:-1]) if one is None else torch.linalg.vector_norm(one.double(), dim=-1).cpu()
        for node, one in zip(nodes, found, strict=True)
    ]
    return np.stack([one.numpy().astype(np.float64) for one in sizes])


def _alive(counted: Tensor | None, alive: np.ndarray, sizes: Mapping[str, np.ndarray]) -> np.ndarray:
    """Which steps count of a layer: those that it was told of, else the batch's where it has that shape, else all."""
    shape = sizes["h"].shape
    if counted is not None:
        return counted.numpy()
    return alive if alive.shape == shape else np.ones(shape, bool)


def _flow(sizes: dict[str, np.ndarray], alive: np.ndarray, reverse: bool, smallest: float, stride: int = 1) -> Flow:
    """Bring norms (T, B) to lags (T, B) of each row, average over rows, and judge."""
    steps = np.arange(len(alive))[:, None]
    lag = np.where(alive, steps if reverse else alive.sum(0) - 1 - steps, 0)
    rows = np.bincount(lag[alive], minlength=1)
    norms = {}
    for letter, size in sizes.items():
        with np.errstate(over="ignore", invalid="ignore"):
            # The largest of a lag comes out of the root, since a square may be too small or too large to be held.
            top = np.zeros(len(rows))
            np.maximum.at(top, lag[alive], size[alive])
            unit = np.where((top > 0) & np.isfinite(top), top, 1)
            squares = np.bincount(lag[alive], (size[alive] / unit[lag[alive]]) ** 2, len(rows))
            norms[letter] = unit * np.sqrt(squares / rows)
    memory = norms["c"] if "c" in norms else next(iter(norms.values()))
    # Lags that few rows reach tell of those rows.
    common = rows >= rows.max() / 2
    rate, verdict = judge(memory[common], smallest)
    finite = np.where(np.isfinite(memory), memory, np.inf)
    near = np.flatnonzero((finite >= finite.max() / MOST) & (finite > 0))
    return Flow(norms, rows, rate, verdict, int(near[-1]) if len(near) else 0, stride)


def _judged(flows: Mapping[str, Flow]) -> Flow:
    if not _two_sided(flows):
        return flows["x"]
    path = next(iter(flows)).rsplit(".", 1)[0]
    sides = [flows[name] for name in (f"{path}.l0", f"{path}.l0_reverse") if name in flows]
    return min(sides, key=lambda flow: ("exploding", "vanishing", "neither").index(flow.verdict))


def _two_sided(flows: Mapping[str, Flow]) -> bool:
    return any(map(_is_reverse, flows))


def _is_reverse(name: str) -> bool:
    return name.split(" (")[0].endswith("_reverse")


def _smallest(dtype: torch.dtype) -> float:
    """Below this, numbers of a type have lost digits to its smallest."""
    kind = torch.finfo(dtype)
    return kind.tiny / kind.eps
