"""Every backend against the equations in float64: outputs, last state and every gradient, over one table of cases."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from problems import PROBLEMS, Problem, call, names, randn
from torch import Tensor

from gatework.ops import BACKENDS, Call
from gatework.ops.plain import run as equations

DTYPES = [torch.float64, torch.float32, torch.bfloat16]


def assert_as_accurate(fast, plain, truth, factor=2, roundings=8):
    """`fast` may lie `factor` times as far from `truth` as `plain`, and a few roundings more."""
    for name, true in truth.items():
        error, usual = ((x[name].double() - true).abs().max() for x in (fast, plain))
        slack = roundings * torch.finfo(plain[name].dtype).eps * true.abs().max()
        assert error <= factor * usual + slack, f"{name}: off by {error:.1e}, plain by {usual:.1e}"


def check(backend, problem: Problem, dtype: torch.dtype) -> None:
    """Run `backend` on strided inputs in poisoned memory; assert that it is right and leaves its inputs as they are."""
    asked = cast(call(problem), dtype, strided)
    before = [t.detach().clone() for t in asked.tensors()]
    poison()
    found = results(backend.run, asked)
    truth = plain(problem, torch.float64)
    if dtype == torch.float64:  # plain is the truth here, and may differ in the order of its sums alone
        torch.testing.assert_close(found, truth, rtol=1e-12, atol=1e-12)
    else:
        assert_as_accurate(found, plain(problem, dtype), truth)
    for name, old, new in zip(names(asked), before, asked.tensors(), strict=True):
        assert torch.equal(old.nan_to_num(), new.detach().nan_to_num()), f"{name} was written to"
    for name, answer in found.items():
        assert answer.dtype == dtype, f"{name} is {answer.dtype}"


def results(run, asked: Call) -> dict[str, Tensor]:
    """Name and collect what `run` answers, and the gradient of every input and weight under random cotangents."""
    answer = run(asked)
    outputs = {"y": answer.y} | {f"state.{k}": part for k, part in enumerate(answer.state)}
    g = torch.Generator().manual_seed(4)
    cotangents = [randn(g, *out.shape).to(out.dtype) for out in outputs.values()]
    inputs = {name: t for name, t in zip(names(asked), asked.tensors(), strict=True) if t.requires_grad}
    grads = torch.autograd.grad(
        list(outputs.values()), list(inputs.values()), cotangents, allow_unused=True, materialize_grads=True
    )
    return outputs | {f"d {name}": grad for name, grad in zip(inputs, grads, strict=True)}


@cache
def plain(problem: Problem, dtype: torch.dtype) -> dict[str, Tensor]:
    return {name: t.detach() for name, t in results(equations, cast(call(problem), dtype, torch.clone)).items()}


def cast(asked: Call, dtype: torch.dtype, lay) -> Call:
    """Bring every tensor to `dtype` and to its place in memory by `lay`; all but the masks ask for a gradient."""
    return asked.with_tensors(
        [
            lay(t.to(dtype)).requires_grad_(not name.endswith((".m", ".zh", ".zc")))
            for name, t in zip(names(asked), asked.tensors(), strict=True)
        ]
    )


def strided(t: Tensor) -> Tensor:
    """Lay `t` out with gaps that hold NaN, and its axes in reverse order."""
    room = torch.full((*reversed(t.shape), 2), float("nan"), dtype=t.dtype)
    view = room[..., 1].permute(tuple(reversed(range(t.dim()))))
    view.copy_(t)
    return view.detach()


def poison() -> None:
    """Fill memory with NaN and give it back, so that what is never written to is NaN and not, by luck, zero."""
    for size in (16, 64, 256, 1024, 4096, 65536):
        blocks = [torch.full((size,), float("nan")) for _ in range(24)]
        del blocks


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
@pytest.mark.parametrize("backend", BACKENDS.values(), ids=BACKENDS)
def test_a_backend_is_as_accurate_as_the_equations(backend, problem, dtype):
    if reasons := backend.why_not(cast(call(problem), dtype, strided)):
        pytest.skip("; ".join(reasons))
    check(backend, problem, dtype)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_torch_serves_all_that_torch_has(problem):
    has = {"bias", "proj_size", "nonlinearity", "weight_dropout"}
    if not problem.training:
        has |= {"recurrent_dropout"}  # which is off in eval
    assert (BACKENDS["torch"].why_not(call(problem)) == []) == (problem.options.keys() <= has)
