"""A stream of the whole fitted model answers, at any time, what predict answers for all that has come."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gatework import Classifier, Regressor
from gatework.errors import DataError, OptionError

BRIEF = {"max_steps": 4, "members": 1, "hidden_size": 6, "bidirectional": False, "progress": False}
FEW = settings(max_examples=6)
CUTS = st.lists(st.floats(0, 1), max_size=4)


def series(count=12, steps=(30, 41), seed=0):
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(rng.integers(*steps), 2)) for _ in range(count)]
    for one in X:
        one[rng.random(one.shape) < 0.2] = np.nan
    return X


def fit(X, y=None, model=Classifier, **options):
    y = np.arange(len(X)) % 2 if y is None else y
    fitted = model(**{**BRIEF, **options}).fit(X, y)
    generator = torch.Generator().manual_seed(0)
    for net in fitted.net_.members:
        if options.get("pooling") == "attention":
            # Worth is 0 for all steps before anything is learned, which would make a mean of it.
            net.pool.score.weight.data.normal_(generator=generator)
        net.head.weight.data.mul_(5)
    return fitted


def pieces(whole, cuts):
    """Cut anywhere, pieces of nothing too."""
    places = sorted(int(cut * len(whole)) for cut in cuts)
    return [whole[a:b] for a, b in zip([0, *places], [*places, len(whole)], strict=True)]


def check(model, whole, cuts, wrap=lambda x: [x], tolerance=1e-6, **options):
    """Push in pieces; after each that holds anything the answer must be that of predict for the prefix."""
    stream, read = model.stream(), 0
    for piece in pieces(whole, cuts):
        stream.push(piece, **options)
        read += len(piece)
        if read:
            want = model.predict_proba(wrap(whole[:read]))[0]
            np.testing.assert_allclose(stream.predict_proba(), want, atol=tolerance)
    assert stream.predict() == model.predict(wrap(whole))[0]


VARIANTS = {
    "mean": {},
    "last": {"pooling": "last"},
    "max": {"pooling": "max"},
    "attention": {"pooling": "attention"},
    "gru": {"cell": "gru", "pooling": "last"},
    "rnn": {"cell": "rnn", "pooling": "last"},
    "two layers": {"num_layers": 2, "pooling": "attention"},
    "two members": {"members": 2, "pooling": "max"},
    "no convolutions": {"convolutions": False},
}


@pytest.fixture(scope="module", params=VARIANTS.values(), ids=VARIANTS)
def of_series(request):
    return fit(series(), **request.param)


@FEW
@given(CUTS)
def test_series_with_gaps(of_series, cuts):
    check(of_series, series(1, seed=9)[0], cuts)


@pytest.fixture(scope="module")
def of_long():
    return fit(series(steps=(150, 300)))


@FEW
@given(CUTS)
def test_series_of_which_convolutions_leave_fewer_steps(of_long, cuts):
    assert max(of_long.recipe_.strides) == 2
    check(of_long, series(1, (97, 98), seed=9)[0], cuts)


def test_step_by_step_is_the_whole_too(of_long):
    whole = series(1, (21, 22), seed=3)[0]
    check(of_long, whole, np.arange(21) / 21)


TEXTS = [
    "The cat sat on the mat.",
    "No dog, ever!",
    "naïve café — it's 3.14…",
    "a  b\tc\n d",
    "Ünïcödé 한국어 text",
] * 3


@pytest.fixture(scope="module", params=["words", "characters", "bpe"])
def of_text(request):
    return fit(TEXTS, tokens=request.param)


@FEW
@given(st.sampled_from(TEXTS), CUTS)
def test_texts(of_text, text, cuts):
    check(of_text, text, cuts)


def recording(seed=0, seconds=0.3, rate=8000):
    rng = np.random.default_rng(seed)
    return (0.1 * rng.normal(size=int(rate * seconds)).cumsum() * 0.98).astype(np.float32).clip(-1, 1), rate


@pytest.fixture(scope="module")
def of_sound():
    return fit([recording(k) for k in range(12)])


@settings(max_examples=4)
@given(CUTS)
def test_sound(of_sound, cuts):
    samples, rate = recording(20)
    check(of_sound, samples, cuts, lambda x: [(x, rate)], tolerance=2e-6, rate=rate)


# An answer a step


@pytest.fixture(scope="module")
def stepwise():
    X = series()
    return fit(X, [np.arange(len(one)) % 3 for one in X], members=2)


@FEW
@given(CUTS)
def test_each_step_is_answered_as_it_comes(stepwise, cuts):
    whole = series(1, seed=9)[0]
    stream = stepwise.stream()
    parts = [stream.push(piece) for piece in pieces(whole, cuts)]
    np.testing.assert_array_equal(np.concatenate([*parts, stream.rest()]), stepwise.predict([whole])[0])


@pytest.fixture(scope="module")
def numbers():
    X = series(10)
    y = [np.stack([np.arange(len(one)), np.arange(len(one)) ** 2.0], 1) for one in X]
    # Without being asked, it reads in one direction: from the other, what is still to come would be read off.
    return Regressor(**{**BRIEF, "bidirectional": None}).fit(X, y)


@FEW
@given(CUTS)
def test_numbers_for_each_step_and_of_several_targets(numbers, cuts):
    stream, whole = numbers.stream(), series(10)[3]
    found = np.concatenate([stream.push(piece) for piece in pieces(whole, cuts)])
    assert found.shape == (len(whole), 2)
    np.testing.assert_allclose(found, numbers.predict([whole])[0], rtol=1e-5, atol=1e-4)


def test_what_is_asked_of_the_other_kind_of_stream(stepwise, of_long):
    for ask in ("predict", "predict_proba"):
        with pytest.raises(OptionError) as error:
            getattr(stepwise.stream(), ask)()
        assert str(error.value) == (
            "predict must be asked of a model with one answer a sequence; got one a step. See rest()."
        )
    with pytest.raises(OptionError) as error:
        of_long.stream().rest()
    assert str(error.value) == "rest must be asked of a model with an answer a step; got another. Ask predict()."
    number = Regressor(**BRIEF).fit(series(), np.arange(12.0))
    stream = number.stream()
    stream.push(series()[0])
    assert stream.predict() == pytest.approx(number.predict(series()[:1])[0], abs=1e-5)
    with pytest.raises(OptionError) as error:
        stream.predict_proba()
    assert str(error.value) == "predict_proba must be asked of a Classifier; got a Regressor. Ask predict()."


def test_several_targets():
    X = series()
    model = fit(X, np.stack([np.arange(12) % 2, np.arange(12) % 3], 1).astype(str))
    stream = model.stream()
    stream.push(X[4])
    assert stream.predict().tolist() == model.predict(X[4:5])[0].tolist()
    for found, want in zip(stream.predict_proba(), model.predict_proba(X[4:5]), strict=True):
        np.testing.assert_allclose(found, want[0], atol=1e-6)


# What is remembered


def test_a_state_is_a_copy_that_any_stream_of_the_model_goes_on_from(of_long):
    one, other = series(2, (60, 61), seed=4)
    stream = of_long.stream()
    assert stream.push(one[:33]) == 33
    state, at = stream.state, stream.predict_proba()
    stream.push(other)
    assert not np.allclose(stream.predict_proba(), at)
    fresh = of_long.stream()
    for _ in range(2):
        # Twice: what was read since must not have changed the state.
        fresh.state = state
        np.testing.assert_array_equal(fresh.predict_proba(), at)
        fresh.push(one[33:])
        np.testing.assert_allclose(fresh.predict_proba(), of_long.predict_proba([one])[0], atol=1e-6)


def test_a_state_holds_the_half_read_word(of_text):
    stream = of_text.stream()
    stream.push("The ca")
    state = stream.state
    stream.push("stle")
    stream.state = state
    stream.push("t sat")
    np.testing.assert_allclose(stream.predict_proba(), of_text.predict_proba(["The cat sat"])[0], atol=1e-6)


def test_after_a_reset_nothing_is_left(of_long, of_text):
    for model, before, after in ((of_long, *series(2, seed=4)), (of_text, TEXTS[2], TEXTS[0])):
        stream = model.stream()
        stream.push(before)
        stream.reset()
        stream.push(after)
        np.testing.assert_allclose(stream.predict_proba(), model.predict_proba([after])[0], atol=1e-6)


def test_asking_changes_nothing(of_text):
    asked, silent = of_text.stream(), of_text.stream()
    for piece in ("The c", "at sat", " on"):
        asked.push(piece)
        silent.push(piece)
        asked.predict()
    np.testing.assert_array_equal(asked.predict_proba(), silent.predict_proba())


# What is refused


@pytest.mark.parametrize("bidirectional", [None, True])
def test_what_reads_from_the_end_too_cannot_be_streamed(bidirectional):
    model = fit(series(), bidirectional=bidirectional)
    with pytest.raises(OptionError) as error:
        model.stream()
    assert str(error.value) == (
        f"bidirectional must be False to stream; got {bidirectional}, a model that reads from the end too. "
        "Fit Classifier(bidirectional=False)."
    )


def test_what_is_measured_by_the_whole_recording_cannot_be_streamed():
    model = fit([recording(k) for k in range(4)], normalise="utterance")
    with pytest.raises((OptionError, DataError), match="normalise"):
        model.stream()


def test_a_row_of_another_width_is_refused(of_long):
    with pytest.raises(DataError, match=r"^piece must be rows \(n, 2\)"):
        of_long.stream().push([1.0, 2.0, 3.0])


def test_reading_leaves_the_weights_alone(numbers):
    before = {name: one.clone() for name, one in numbers.net_.state_dict().items()}
    numbers.stream().push(series(1)[0])
    assert all(torch.equal(before[name], one) for name, one in numbers.net_.state_dict().items())
