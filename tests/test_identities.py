"""What must hold for every layer, whatever its weights: nothing here knows a right number, only right equalities."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from asking import BACKENDS, Asked, ask, bind, gradients, identical, make, parts, run, same
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import VARIANTS, randn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from gatework import LSTM
from gatework.nn.stack import Recurrent

every_variant = pytest.mark.parametrize("variant", VARIANTS)
every_backend = pytest.mark.parametrize("backend", BACKENDS)
sizes = {"T": st.integers(1, 8), "B": st.integers(1, 4), "seed": st.integers(0, 999)}
extras = {"lengths": st.booleans(), "reset": st.booleans(), "fresh": st.booleans()}
variants = {"variant": st.sampled_from(sorted(VARIANTS)), "backend": st.sampled_from(BACKENDS)}


# Cut anywhere and carry the state


@settings(max_examples=120)
@given(**variants, **sizes, **extras, cuts=st.sets(st.integers(0, 8)))
def test_a_sequence_can_be_cut_anywhere(variant, backend, T, B, seed, lengths, reset, fresh, cuts):
    layer = make(variant, backend=backend)
    asked = ask(layer, T, B, seed, lengths, reset, fresh)
    whole = run(layer, asked)
    state, outputs = asked.hx, []
    for start, stop in pairwise(sorted({0, T, *(cut for cut in cuts if cut < T)})):
        chunk = asked._replace(
            x=asked.x[start:stop],
            hx=state,
            lengths=None if asked.lengths is None else (asked.lengths - start).clamp(0, stop - start),
            reset=None if asked.reset is None else asked.reset[start:stop],
        )
        y, state = run(layer, chunk)
        outputs.append(y)
    chunks = torch.cat(outputs), state
    same((whole[0], *parts(whole[1])), (chunks[0], *parts(state)))
    weights = list(layer.parameters())
    same(gradients(whole, asked, *weights), gradients(chunks, asked, *weights))


@every_variant
@every_backend
@pytest.mark.parametrize("batch_first", [False, True])
def test_single_steps_are_the_whole_sequence(variant, backend, batch_first):
    layer = make(variant, backend=backend, batch_first=batch_first)
    asked = ask(layer, 6, 3, seed=5, lengths=False, fresh=False)
    asked.reset[4, 1] = True
    state, steps = asked.hx, []
    for x_t, reset_t in zip(asked.x, asked.reset, strict=True):
        y_t, state = layer.step(x_t, state, reset_t)
        steps.append(y_t)
    time = 1 if batch_first else 0
    steps = torch.stack(steps, dim=time)
    turned = asked._replace(x=asked.x.transpose(0, time), reset=asked.reset.transpose(0, time))
    whole = run(layer, turned)
    same((whole[0], *parts(whole[1])), (steps, *parts(state)))
    same(gradients(whole, asked), gradients((steps, state), asked))


# Rows and their ends


@every_variant
@every_backend
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_row_with_a_length_is_that_row_alone(variant, backend, bidirectional):
    layer = make(variant, backend=backend, bidirectional=bidirectional)
    asked = ask(layer, 6, 4, seed=6)._replace(lengths=[4, 0, 6, 1])
    y, state = run(layer, asked)
    for b, length in enumerate(asked.lengths):
        row = Asked(
            asked.x[:length, b : b + 1],
            bind(layer, (part[:, b : b + 1] for part in parts(asked.hx))),
            None,
            asked.reset[:length, b : b + 1],
            bind(layer, (part[:, b : b + 1] for part in parts(asked.reset_state))),
        )
        alone = run(layer, row)
        same((y[:length, b : b + 1], *(part[:, b : b + 1] for part in parts(state))), (alone[0], *parts(alone[1])))
        assert (y[length:, b] == 0).all()


@every_variant
@every_backend
@pytest.mark.parametrize("bidirectional", [False, True])
def test_packed_rows_are_rows_with_lengths(variant, backend, bidirectional):
    layer = make(variant, backend=backend, bidirectional=bidirectional)
    asked = ask(layer, 6, 4, seed=6, reset=False)._replace(lengths=torch.tensor([4, 1, 6, 5]))
    packed = pack_padded_sequence(asked.x, asked.lengths, enforce_sorted=False)
    y, state = layer(packed, asked.hx)
    padded, ended = pad_packed_sequence(y)[0], parts(state)
    whole = run(layer, asked)
    same((padded, *ended), (whole[0], *parts(whole[1])))
    same(gradients((padded, state), asked), gradients(whole, asked))


@every_variant
@every_backend
@pytest.mark.parametrize("bidirectional", [False, True])
def test_padding_is_invisible(variant, backend, bidirectional):
    layer = make(variant, backend=backend, bidirectional=bidirectional)
    asked = ask(layer, 6, 4, seed=7)._replace(lengths=torch.tensor([4, 0, 6, 1]))
    padding = torch.arange(6)[:, None] >= asked.lengths
    seen = []
    for filling in (0.0, float("nan"), float("inf"), 1e300):
        x = asked.x.detach().clone()
        x[padding] = filling
        filled = asked._replace(x=x.requires_grad_())
        answer = run(layer, filled)
        found = gradients(answer, filled, *layer.parameters())
        assert (found[0][padding] == 0).all()
        seen.append([answer[0], *parts(answer[1]), *found])
    assert all(q.isfinite().all() for q in seen[0])
    for other in seen[1:]:
        identical(seen[0], other)


@every_variant
@every_backend
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_row_of_length_0_gives_its_state_back(variant, backend, bidirectional):
    layer = make(variant, backend=backend, bidirectional=bidirectional)
    asked = ask(layer, 3, 3, seed=8)._replace(lengths=[0, 3, 0])
    asked.reset[0] = True
    y, state = run(layer, asked)
    assert (y[:, [0, 2]] == 0).all()
    for given_part, part in zip(parts(asked.hx), parts(state), strict=True):
        assert torch.equal(part[:, [0, 2]], given_part[:, [0, 2]])
        weight = torch.rand_like(part)
        (found,) = torch.autograd.grad(part, given_part, weight, retain_graph=True)
        assert torch.equal(found[:, [0, 2]], weight[:, [0, 2]])


@settings(max_examples=60)
@given(**variants, **sizes, bidirectional=st.booleans())
def test_a_reset_at_or_beyond_the_end_changes_nothing(variant, backend, T, B, seed, bidirectional):
    layer = make(variant, backend=backend, bidirectional=bidirectional)
    asked = ask(layer, T, B, seed)
    beyond = torch.arange(T)[:, None] >= asked.lengths
    answers = [run(layer, asked._replace(reset=reset)) for reset in (asked.reset & ~beyond, asked.reset | beyond)]
    identical(*([y, *parts(state)] for y, state in answers))
    identical(*(gradients(answer, asked, *layer.parameters()) for answer in answers))


@settings(max_examples=80)
@given(**variants, **sizes, **extras, bidirectional=st.booleans(), order=st.permutations(range(4)))
def test_permuting_the_batch_permutes_the_answer(
    variant, backend, T, B, seed, lengths, reset, fresh, bidirectional, order
):
    layer = make(variant, backend=backend, bidirectional=bidirectional)
    asked = ask(layer, T, B, seed, lengths, reset, fresh)
    order = [b for b in order if b < B]

    def permuted(state):
        return None if state is None else bind(layer, (part[:, order] for part in parts(state)))

    other = Asked(
        asked.x[:, order],
        permuted(asked.hx),
        None if asked.lengths is None else asked.lengths[order],
        None if asked.reset is None else asked.reset[:, order],
        permuted(asked.reset_state),
    )
    y, state = run(layer, asked)
    z, permuted_state = run(layer, other)
    same([y[:, order], *parts(permuted(state))], [z, *parts(permuted_state)])


# Episodes


def episodes(layer: Recurrent, asked: Asked):
    """Answer for one row by running each stretch between two resets as a sequence of its own."""
    T = len(asked.x)
    starts = sorted({0, *asked.reset[:, 0].nonzero()[:, 0].tolist()})
    fresh = asked.reset_state
    if fresh is None:
        fresh = bind(layer, (torch.zeros_like(part) for part in parts(asked.hx)))
    last, outputs = [part.clone() for part in parts(asked.hx)], []
    for start, stop in pairwise([*starts, T]):
        state = []
        for carried, new in zip(parts(asked.hx), parts(fresh), strict=True):
            begins = new.clone()
            if start == 0 and not asked.reset[0, 0]:
                begins[:: layer.directions] = carried[:: layer.directions]
            if stop == T and layer.bidirectional:
                begins[1::2] = carried[1::2]
            state.append(begins)
        y, ended = layer(asked.x[start:stop], bind(layer, state))
        outputs.append(y)
        for part, new in zip(last, parts(ended), strict=True):
            if stop == T:
                part[:: layer.directions] = new[:: layer.directions]
            if start == 0 and layer.bidirectional:
                part[1::2] = new[1::2]
    return torch.cat(outputs), bind(layer, last)


@settings(max_examples=120)
@given(**variants, **(sizes | {"B": st.just(1)}), fresh=st.booleans(), bidirectional=st.booleans())
def test_a_reset_is_a_fresh_sequence_in_both_directions(variant, backend, T, B, seed, fresh, bidirectional):
    layer = make(variant, backend=backend, bidirectional=bidirectional)
    asked = ask(layer, T, B, seed, lengths=False, fresh=fresh)
    if fresh:
        asked = asked._replace(reset_state=bind(layer, (p.requires_grad_() for p in parts(asked.reset_state))))
    whole, apart = run(layer, asked), episodes(layer, asked)
    same((whole[0], *parts(whole[1])), (apart[0], *parts(apart[1])))
    more = [*layer.parameters(), *(parts(asked.reset_state) if fresh else ())]
    same(gradients(whole, asked, *more), gradients(apart, asked, *more))


@every_variant
@every_backend
@pytest.mark.parametrize("bidirectional", [False, True])
def test_no_gradient_crosses_a_reset(variant, backend, bidirectional):
    layer = make(variant, backend=backend, bidirectional=bidirectional)
    asked = ask(layer, 7, 2, seed=11, lengths=False, reset=False)
    reset = torch.zeros(7, 2)
    reset[3, 0] = 1
    y, _ = run(layer, asked._replace(reset=reset))
    dx, *dhx = torch.autograd.grad(y[3:, 0].sum(), [asked.x, *parts(asked.hx)], retain_graph=True)
    assert (dx[:3] == 0).all()
    assert (dx[3:, 0] != 0).any()
    assert (dx[:, 1] == 0).all()
    # The forward direction's given state belongs to the episode before, the reverse direction's to this one.
    assert all((part[:: layer.directions] == 0).all() for part in dhx)
    dx, *dhx = torch.autograd.grad(y[:3, 0].sum(), [asked.x, *parts(asked.hx)])
    assert (dx[3:] == 0).all()
    assert (dx[:3, 0] != 0).any()
    assert not bidirectional or all((part[1::2] == 0).all() for part in dhx)


# Memory


@every_backend
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
def test_a_memory_that_is_kept_is_kept_to_the_last_bit_and_so_is_its_gradient(backend, dtype):
    layer = LSTM(3, 4, backend=backend, dtype=dtype)
    with torch.no_grad():
        layer.bias_ih_l0[:4] = -10_000  # i = 0
        layer.bias_ih_l0[4:8] = 10_000  # f = 1
    g = torch.Generator().manual_seed(0)
    x, h, c, weight = (randn(g, *shape).to(dtype) for shape in ((50, 2, 3), (1, 2, 4), (1, 2, 4), (1, 2, 4)))
    c.requires_grad_()
    _, (_, kept) = layer(x, (h, c))
    assert torch.equal(kept, c)
    (found,) = torch.autograd.grad(kept, c, weight)
    assert torch.equal(found, weight)


# No step at all


@every_variant
@pytest.mark.parametrize("backend", ["auto", "equations", "torch"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_no_step_gives_empty_outputs_and_the_given_state(variant, backend, bidirectional, training):
    layer = make(variant, backend=backend, bidirectional=bidirectional).train(training)
    width = layer.widths[0] * layer.directions
    for batch_first, shape, empty in ((False, (0, 2), (0, 2)), (True, (2, 0), (2, 0)), (False, (0,), (0,))):
        layer.batch_first = batch_first
        hx = ask(layer, 0, 2, seed=1).hx
        if len(shape) == 1:
            hx = bind(layer, (part[:, 0] for part in parts(hx)))
        lengths = [0] * (2 if len(shape) == 2 else 1)
        reset = torch.zeros(shape, dtype=torch.bool)
        for more in ({}, {"lengths": lengths}, {"reset": reset}, {"lengths": lengths, "reset": reset}):
            y, state = layer(torch.zeros(*shape, 3).double(), hx, **more)
            assert y.shape == (*empty, width)
            identical(parts(state), parts(hx))
            grads = torch.autograd.grad([part.sum() for part in parts(state)], parts(hx))
            assert all((part == 1).all() for part in grads)
        if backend != "torch":
            y, state, moments = layer(torch.zeros(*shape, 3).double(), hx, trace=True)
            identical(parts(state), parts(hx))
            assert list(moments) == (["l0", "l0_reverse", "l1", "l1_reverse"] if bidirectional else ["l0", "l1"])
            assert all(q.shape[:-1] == empty for moment in moments.values() for q in moment)
