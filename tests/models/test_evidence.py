"""Evidence of classes by runs of tokens: counted as by hand, a text's own share left out, the same as it comes."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import log

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from gatework.data.grams import Grams, coded
from gatework.models.evidence import Evidence
from gatework.models.intake import Tokens
from gatework.models.label import Labeller

V, K = 6, 3


def learned(arrays, classes, longest=2):
    grams = Grams.of(arrays, V, longest)
    evidence = Evidence([len(one) for one in grams.codes], K, V)
    evidence.learn(grams, arrays, classes)
    return grams, evidence


def corpus(seed=0, texts=30):
    rng = np.random.default_rng(seed)
    arrays = [rng.integers(0, V, rng.integers(0, 9)) for _ in range(texts)]
    return arrays, rng.integers(0, K, texts)


def by_hand(arrays, classes, text, own=None, longest=2):
    """What the docstring says, in loops: texts of each class that have the run, smoothed by the prior."""
    prior = np.bincount(classes, minlength=K) + 1.0
    prior /= prior.sum()
    rows = []
    for t in range(len(text)):
        row = []
        for size in range(1, longest + 1):
            run = tuple(text[t - size + 1 : t + 1]) if t - size + 1 >= 0 else ()
            counts = Counter()
            for array, label in zip(arrays, classes, strict=True):
                if any(tuple(array[k : k + size]) == run for k in range(len(array) - size + 1)):
                    counts[int(label)] += 1
            known = len(run) == size and min(run, default=0) >= 2 and sum(counts.values()) >= 2
            seen = np.array([counts[k] for k in range(K)], float) if known else np.zeros(K)
            if own is not None and known:
                seen[own] -= 1
            total = seen.sum()
            row += [log((seen[k] + K * prior[k]) / (total + K) / prior[k]) if total else 0.0 for k in range(K)]
        rows.append(row)
    return np.array(rows).reshape(len(text), longest * K)


def test_it_is_what_it_says_with_and_without_its_own_text():
    arrays, classes = corpus()
    _, evidence = learned(arrays, classes)
    for array, label in zip(arrays, classes, strict=True):
        if not len(array):
            continue
        tokens = torch.from_numpy(array)[None]
        np.testing.assert_allclose(evidence(tokens)[0], by_hand(arrays, classes, array), atol=1e-5)
        left_out = evidence(tokens, torch.tensor([label]))[0]
        np.testing.assert_allclose(left_out, by_hand(arrays, classes, array, own=label), atol=1e-5)


def test_a_text_tells_nothing_of_its_own_label():
    # Each text has a run of its own; with one more of another class, so that it is kept.
    arrays = [np.array([2, 3]), np.array([2, 3]), np.array([4, 5]), np.array([4, 5])]
    classes = np.array([0, 1, 0, 1])
    _, evidence = learned(arrays, classes)
    whole, without = (
        evidence(torch.from_numpy(arrays[0])[None]),
        evidence(torch.from_numpy(arrays[0])[None], torch.tensor([0])),
    )
    assert whole[0, -1, 0] == whole[0, -1, 1]
    assert without[0, -1, 1] > without[0, -1, 0]


def test_runs_of_one_text_alone_are_no_evidence():
    arrays = [np.array([2, 3, 4]), np.array([3, 5])]
    grams, evidence = learned(arrays, np.array([0, 1]))
    assert grams.codes[0].tolist() == [3]
    assert not len(grams.codes[1])
    assert evidence(torch.tensor([[2, 3, 4]]))[0, :, K:].abs().sum() == 0


def test_padding_and_what_is_unknown_are_no_evidence():
    arrays, classes = corpus()
    _, evidence = learned(arrays, classes)
    assert not evidence(torch.tensor([[0, 1, 0]])).any()
    assert not evidence(torch.tensor([[2, 1, 3]]))[0, 1:, K:].any()


def test_codes_are_the_digits_of_a_number():
    assert coded(np.array([2, 3, 1, 5]), 2, 10).tolist() == [23, -1, -1]
    assert coded(np.array([2]), 2, 10).tolist() == []


def test_the_commonest_runs_are_kept_where_there_are_many(monkeypatch):
    monkeypatch.setattr("gatework.data.grams.MOST", 2)
    arrays = [np.array(one) for one in ([2, 3, 4], [2, 3, 5], [3, 4], [2, 5], [3])]
    assert Grams.of(arrays, V, 1).codes[0].tolist() == [2, 3]


@given(seed=st.integers(0, 50), cuts=st.lists(st.integers(0, 12), max_size=4), longest=st.integers(1, 3))
def test_cut_anywhere_it_is_the_same(seed, cuts, longest):
    arrays, classes = corpus(seed)
    _, evidence = learned(arrays, classes, longest)
    torch.manual_seed(0)
    net = Labeller(Tokens(V, 4, evidence=evidence), K, hidden_size=5, bidirectional=False, pooling="mean").eval()
    tokens = torch.from_numpy(np.random.default_rng(seed).integers(0, V, (1, 12)))
    carry = net.begin()
    with torch.no_grad():
        for first, last in pairwise([0, *sorted(cuts), 12]):
            carry, _ = net.take(carry, tokens[:, first:last])
            if last:
                torch.testing.assert_close(
                    net.give(carry), net(tokens[:, :last], torch.tensor([last])), atol=2e-6, rtol=1e-5
                )


def test_words_go_missing_only_while_learning_and_never_padding():
    tokens = torch.full((50, 40), 3)
    tokens[:, 30:] = 0
    intake = Tokens(V, 4, missing=0.2)
    with torch.no_grad():
        intake.table.weight.copy_(torch.arange(V)[:, None].expand(-1, 4))
    torch.manual_seed(0)
    seen = intake.train()(tokens)[..., 0]
    assert set(seen[:, :30].unique().tolist()) == {1.0, 3.0}
    assert abs((seen[:, :30] == 1).float().mean() - 0.2) < 0.03
    assert not seen[:, 30:].any()
    assert intake.eval()(tokens)[..., 0].equal(tokens.float())


def test_a_run_that_one_text_of_the_network_has_is_no_evidence_though_another_network_kept_it():
    arrays = [np.array([2, 3]), np.array([2, 4]), np.array([5, 4])]
    grams = Grams.of(arrays, V, 1)
    evidence = Evidence([len(one) for one in grams.codes], K, V)
    evidence.learn(grams, arrays[1:], np.array([0, 1]))
    found = evidence(torch.tensor([[2, 4]]))[0]
    assert not found[0].any()
    assert found[1].any()


def test_tokens_too_rare_for_a_network_are_unknown_to_it():
    intake = Tokens(V, 4).eval()
    intake.learn([np.array([2, 2, 3]), np.array([4])], 2)
    vectors = intake(torch.arange(V)[None])[0]
    assert vectors[2].any()
    for rare in (3, 4, 5):
        assert vectors[rare].equal(vectors[1])
    still = Tokens(V, 4).eval()
    still.learn([np.array([2]), np.array([3])], 2)
    assert not still(torch.tensor([[2]]))[0].equal(still(torch.tensor([[1]]))[0]), "where all are rare none is"
