"""The labelling network: padding is invisible, every stage runs as the steps come, and each pooling is what it says."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gatework.models.bands import Bands
from gatework.models.intake import Numbers, Tokens
from gatework.models.label import Committee, Labeller
from gatework.models.pool import KINDS
from gatework.models.stem import Stem

D, K = 3, 4
STRIDES = {"no stem": None, "bands": "bands", "stem": (1, 1), "halving": (2, 2), "threes": (3, 2, 1)}


def network(pooling="mean", strides=None, bidirectional=False, num_layers=1, gaps=(True, False, False)):
    torch.manual_seed(0)
    intake, stem = Numbers(gaps), None
    if strides == "bands":
        intake = Numbers((False,) * D)
        stem = Bands(D, (5, 4) if D > 3 else (5,), causal=not bidirectional)
    elif strides:
        stem = Stem(intake.size, (5,) * len(strides), (5, 4, 3)[: len(strides)], strides, causal=not bidirectional)
    net = Labeller(
        intake, K, stem, hidden_size=6, num_layers=num_layers, bidirectional=bidirectional, pooling=pooling, dropout=0.2
    )
    if pooling == "attention":
        torch.nn.init.normal_(net.pool.score.weight)
    if stem is not None:
        for block in stem.blocks:
            # Not what a fresh norm has, which nobody would notice if it were left out.
            block.norm.running_mean.normal_()
            block.norm.running_var.uniform_(0.5, 2)
            block.norm.bias.data.normal_()
    return net.eval()


def sequences(lengths, seed=1):
    torch.manual_seed(seed)
    x = torch.randn(len(lengths), max(1, *lengths), D)
    x[torch.rand(x.shape) < 0.1] = torch.nan
    return x, torch.tensor(lengths)


@pytest.mark.parametrize("strides", STRIDES.values(), ids=STRIDES)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pooling", [*KINDS, None])
def test_padding_is_invisible(pooling, bidirectional, strides):
    if pooling is None and strides not in (None, "bands") and max(strides) > 1:
        strides = (1, 1)
    net = network(pooling, strides, bidirectional, num_layers=2)
    x, lengths = sequences([7, 1, 12, 5])
    padded = torch.cat([x, torch.full((4, 9, D), 1e3)], 1)
    for row, length in enumerate(lengths):
        padded[row, length:] = 1e3
    together = net(padded, lengths)
    for row, length in enumerate(lengths):
        alone = net(x[row : row + 1, :length], lengths[row : row + 1])[0]
        same = together[row] if pooling else together[row, :length]
        torch.testing.assert_close(same, alone, atol=1e-6, rtol=1e-5)


@given(data=st.data(), pooling=st.sampled_from([*KINDS, None]), strides=st.sampled_from(list(STRIDES.values())))
def test_cut_anywhere_the_answer_is_the_one_for_the_whole(data, pooling, strides):
    if pooling is None and strides not in (None, "bands") and max(strides) > 1:
        strides = (1, 1)
    steps = data.draw(st.integers(1, 30))
    cuts = sorted(data.draw(st.lists(st.integers(0, steps), max_size=5)))
    net = network(pooling, strides, num_layers=2)
    x, _ = sequences([steps], seed=steps)
    carry, each, seen = net.begin(), [], 0
    with torch.no_grad():
        for first, last in zip([0, *cuts], [*cuts, steps], strict=True):
            carry, answers = net.take(carry, x[:, first:last])
            seen = last
            if pooling is None:
                each.append(answers)
            elif seen:
                torch.testing.assert_close(
                    net.give(carry), net(x[:, :seen], torch.tensor([seen])), atol=2e-6, rtol=1e-5
                )
        if pooling is None:
            torch.testing.assert_close(torch.cat(each, 1), net(x, torch.tensor([steps])), atol=2e-6, rtol=1e-5)


def test_the_last_answer_depends_on_the_last_step():
    for strides in STRIDES.values():
        for bidirectional in (False, True):
            net = network("last", strides, bidirectional)
            for steps in (9, 10, 11, 12):
                x = torch.randn(16, steps, D, requires_grad=True)
                net(x, torch.tensor([steps] * 16)).sum().backward()
                assert x.grad[:, -1].abs().sum() > 0, f"{steps} steps, strides {strides}"


def test_a_sequence_without_a_step_has_an_answer():
    for pooling in KINDS:
        net = network(pooling, (2, 2))
        with torch.no_grad():
            found = net(torch.zeros(2, 5, D), torch.tensor([0, 5]))
            assert torch.isfinite(found).all()
            torch.testing.assert_close(net.give(net.begin())[0], found[0])


@pytest.mark.parametrize("pooling", KINDS)
def test_poolings_are_what_they_say(pooling):
    outputs, alive = torch.randn(2, 5, 6), torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]).bool()
    pool = KINDS[pooling](6, 2)
    found = pool(outputs, alive)
    for row, steps in enumerate((3, 5)):
        own = outputs[row, :steps]
        want = {
            "last": torch.cat([own[-1, :4], own[0, 4:]]),
            "mean": own.mean(0),
            "max": own.max(0).values,
            # Before it has learned, attention is the mean.
            "attention": own.mean(0),
        }[pooling]
        torch.testing.assert_close(found[row], want)


def test_attention_weighs_steps_by_what_they_are_worth():
    pool = KINDS["attention"](2)
    pool.hidden.weight.data, pool.hidden.bias.data = torch.eye(2), torch.zeros(2)
    pool.score.weight.data = torch.tensor([[2.0, 0.0]])
    outputs = torch.tensor([[[1.0, 0.0], [-1.0, 1.0]]])
    worth = (2 * torch.tensor([1.0, -1.0]).tanh()).softmax(0)
    want = worth[0] * outputs[0, 0] + worth[1] * outputs[0, 1]
    torch.testing.assert_close(pool(outputs, torch.ones(1, 2).bool())[0], want)


def test_batch_norm_in_training_minds_only_what_is_alive():
    net = network("mean", (1,), bidirectional=True).train()
    block = net.stem.blocks[0]
    x, alive = torch.randn(2, 6, 4), torch.tensor([[1] * 6, [1, 1, 0, 0, 0, 0]]).bool()
    x = x * alive[..., None]
    y = block.convolve(torch.nn.functional.pad(x.mT, (block.before, block.after))).mT[alive]
    want = ((y - y.mean(0)) / (y.var(0, unbiased=False) + block.norm.eps).sqrt()) * block.norm.weight + block.norm.bias
    torch.testing.assert_close(block(x, alive)[0][alive], want.relu(), atol=1e-5, rtol=1e-4)


def test_a_step_alone_can_be_learned_from():
    net = network("mean", (2, 2)).train()
    net(torch.randn(1, 1, D), torch.tensor([1])).sum().backward()
    assert all(torch.isfinite(weight.grad).all() for weight in net.parameters() if weight.grad is not None)


def test_missing_numbers_are_zeros_with_a_mark():
    intake = Numbers((True, False))
    x = torch.tensor([[[1.0, 2.0], [torch.nan, 3.0], [4.0, torch.nan]]])
    want = torch.tensor([[[1.0, 2.0, 1.0], [0.0, 3.0, 0.0], [4.0, 0.0, 1.0]]])
    torch.testing.assert_close(intake(x), want)


def test_a_committee_averages_probabilities_not_logits():
    members = [Labeller(Tokens(5, 4), 5, hidden_size=3).eval() for _ in range(2)]
    tokens, lengths = torch.tensor([[1, 2, 4], [3, 0, 0]]), torch.tensor([3, 1])
    with torch.no_grad():
        alone = [one(tokens, lengths) for one in members]
        found = Committee(members, (2, 3))(tokens, lengths)
    want = (alone[0][:, :2].softmax(-1) + alone[1][:, :2].softmax(-1)) / 2
    torch.testing.assert_close(found[:, :2], want)
    torch.testing.assert_close(found.sum(-1), torch.full((2,), 2.0))
    with torch.no_grad():
        torch.testing.assert_close(Committee(members, None)(tokens, lengths), (alone[0] + alone[1]) / 2)


def test_with_the_prior_taken_out_classes_are_as_often():
    tokens, lengths = torch.tensor([[1, 2, 4]]), torch.tensor([3])
    prior = torch.tensor([0.9, 0.1]).log().tolist()
    net = Labeller(Tokens(5, 4), 2, hidden_size=3, prior=prior).eval()
    with torch.no_grad():
        likely, alike = (Committee([net], (2,), alike)(tokens, lengths) for alike in (False, True))
    odds = (likely[0, 0] / likely[0, 1]) / (alike[0, 0] / alike[0, 1])
    torch.testing.assert_close(odds, torch.tensor(9.0))
