"""Arrays and lists with their y, as series with answers; and each refusal as it is written."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import DataConversionWarning

from gatework.data.items import Like, read_items
from gatework.errors import DataError, OptionError

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(6, 4))
CUBE = RNG.normal(size=(6, 5, 3))
RAGGED = [RNG.normal(size=(n, 2)) for n in (3, 1, 4)]
Y = np.array(list("ababab"))


def refused(error, text, *given, **options):
    with pytest.raises(error) as info:
        read_items(*given, **options)
    assert str(info.value) == text


def saved(like):
    """As a folder keeps it."""
    return Like.from_dict(json.loads(json.dumps(like.to_dict())))


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.integers(1, 4), st.sampled_from(["list", "3-D", "NDT"]))
def test_series_of_any_shape(lengths, width, form):
    rng = np.random.default_rng(len(lengths))
    series = [rng.normal(size=(n, width)).astype(np.float32) for n in lengths]
    y = np.arange(len(series)) % 2
    if form == "list":
        items = read_items(series, y)
    else:
        padded = np.full((len(series), max(lengths), width), 99.0)
        for one, place in zip(series, padded, strict=True):
            place[: len(one)] = one
        turned = {"X": padded.swapaxes(1, 2), "layout": "NDT"} if form == "NDT" else {"X": padded}
        items = read_items(**turned, y=y, lengths=lengths)
    assert items.kind == "series"
    assert items.names == tuple(f"x{k}" for k in range(width))
    assert items.ids == tuple(range(len(series)))
    assert (items.targets, items.stepwise, items.groups) == (("label",), False, None)
    for one, want in zip(items.items, series, strict=True):
        np.testing.assert_array_equal(one, want, strict=True)
    np.testing.assert_array_equal(items.y, y, strict=True)


def test_rows_of_a_table_are_series():
    for x in (ROWS, ROWS.tolist(), ROWS.astype(object), pd.DataFrame(ROWS), pl.DataFrame(ROWS), torch.tensor(ROWS)):
        items = read_items(x, Y)
        assert items.names == ("x0",)
        assert items.like == Like("series", ("x0",), rows=4)
        assert items.like.n_features == 4
        np.testing.assert_array_equal(np.stack(items.items)[..., 0], ROWS.astype(np.float32), strict=True)
    assert items.notes == ("read as series: 6 sequences of 4 steps, 1 column, 2 classes.",)
    like = saved(items.like)
    again = read_items(list(ROWS), like=like, need_y=False)
    assert again.items[0].shape == (4, 1)
    assert again.y is None


def test_a_vector_is_a_series_of_one_column():
    items = read_items([np.arange(3), [1, 2]], ["a", "b"])
    assert [one.shape for one in items.items] == [(3, 1), (2, 1)]
    frames = [pd.DataFrame({"a": [1, 2], "b": [3, 4]}), pd.DataFrame({"a": [1], "b": [3]})]
    assert read_items(frames, [0, 1]).names == ("a", "b")


def test_nothing_of_x_is_changed():
    x = ROWS.astype(np.float32)
    x.setflags(write=False)
    before = x.copy()
    read_items(x, Y)
    np.testing.assert_array_equal(x, before)


def test_the_ends_of_padded_arrays():
    x = CUBE.copy()
    x[1, 3:] = np.nan
    x[2] = np.nan
    x[3, 2] = np.nan
    items = read_items(x, Y)
    assert [len(one) for one in items.items] == [5, 3, 1, 5, 5, 5]
    assert items.notes[1] == (
        "2 sequences end in steps in which all is missing: these are taken as padding; lengths= says else."
    )
    assert [len(one) for one in read_items(x, Y, lengths=[5] * 6).items] == [5] * 6
    # Where each step has an answer, steps without values are steps.
    steps = read_items(x, np.zeros((6, 5, 1)))
    assert [len(one) for one in steps.items] == [5] * 6
    assert [len(one) for one in read_items(x, like=steps.like, need_y=False).items] == [5] * 6


@pytest.mark.parametrize(
    "y",
    [
        np.array([0, 1, 0, 1, 0, 1]),
        np.array([0.5, 1, 0, 1, 0, 1], np.float32),
        np.array([True, False] * 3),
        np.array(list("ababab")),
        np.array([[0, 1], [1, 0]] * 3),
    ],
)
def test_answers_keep_their_kind(y):
    np.testing.assert_array_equal(read_items(ROWS, y).y, y, strict=True)
    assert read_items(ROWS, y.tolist()).y.dtype.kind == y.dtype.kind
    np.testing.assert_array_equal(read_items(ROWS, y.astype(object)).y, y)


def test_answers_of_other_libraries():
    for y in (pd.Series(list(Y)), pl.Series(list(Y)), pd.Series(list(Y), dtype="category")):
        np.testing.assert_array_equal(read_items(ROWS, y).y, Y)
    np.testing.assert_array_equal(read_items(ROWS, torch.arange(6)).y, np.arange(6))
    items = read_items(ROWS, pd.DataFrame({"one": range(6), "two": range(6)}))
    assert (items.targets, items.y.shape) == (("one", "two"), (6, 2))
    assert read_items(ROWS, np.ones((6, 3))).targets == ("y0", "y1", "y2")


def test_a_column_of_answers_is_flattened():
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed when a 1d array was expected"):
        items = read_items(ROWS, np.arange(6)[:, None])
    np.testing.assert_array_equal(items.y, np.arange(6))


def test_answers_for_each_step():
    items = read_items(RAGGED, [[0, 0, 1], [1], [0, 1, 1, 0]])
    assert (items.stepwise, items.like.stepwise) == (True, True)
    assert [one.tolist() for one in items.y] == [[0, 0, 1], [1], [0, 1, 1, 0]]
    items = read_items(CUBE, np.zeros((6, 5)), stepwise=True, lengths=[5, 4, 3, 2, 1, 5])
    assert [len(one) for one in items.y] == [5, 4, 3, 2, 1, 5]
    assert read_items(CUBE, list(np.zeros((6, 5)))).stepwise
    assert read_items(CUBE, np.zeros((6, 5)), stepwise=False).y.shape == (6, 5)
    assert read_items(CUBE, np.zeros((6, 5, 2))).targets == ("y0", "y1")


def test_some_steps_without_an_answer():
    items = read_items(RAGGED, [[0.5, np.nan, 1], [1.0], [0, 1, None, 0]], stepwise=True)
    assert {one.dtype.kind for one in items.y} == {"f"}
    assert np.isnan([items.y[0][1], items.y[2][2]]).all()
    items = read_items(RAGGED, [["a", None, "b"], ["a"], ["a", "b", "b", "a"]])
    assert {one.dtype.kind for one in items.y} == {"O"}
    assert items.y[0].tolist() == ["a", None, "b"]


def test_groups():
    assert read_items(ROWS, Y, groups=list("aabbcc")).groups.tolist() == list("aabbcc")
    refused(
        DataError, "groups must be (6,), one a sequence; got (5,). Leave none out.", ROWS, Y, groups=[1, 2, 3, 4, 5]
    )
    text = "groups must be known for each sequence; got none for sequence 2. Fill it in."
    refused(DataError, text, ROWS, Y, groups=[1, 1, np.nan, 1, 2, 2])
    refused(DataError, text, ROWS, Y, groups=["a", "a", None, "b", "b", "b"])
    refused(
        OptionError,
        "groups must be left out where group_col is given; got both, 'g'. Give one.",
        ROWS,
        Y,
        groups=Y,
        group_col="g",
    )


class Dense:
    """Only what a sparse matrix shows of itself."""

    nnz, ndim = 0, 2


@pytest.mark.parametrize(
    ("text", "x"),
    [
        (
            "X must be a list of (T, D) arrays, or an array of 2 or 3 dimensions; got (6,). Reshape your data: "
            "X.reshape(-1, 1) makes each number a sequence, and [X] all of them one.",
            np.arange(6),
        ),
        ("Found array with 0 sample(s) (shape=(0, 3)) while a minimum of 1 is required.", np.empty((0, 3))),
        ("Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is required.", []),
        ("Found array with 0 feature(s) (shape=(6, 0)) while a minimum of 1 is required.", np.empty((6, 0))),
        ("Found array with 0 feature(s) (shape=(6, 0)) while a minimum of 1 is required.", np.empty((6, 2, 0))),
        ("X must have at least one step; got (6, 0, 2). Check how it was made.", np.empty((6, 0, 2))),
        (
            "X must be an array of 2 or 3 dimensions; got (6, 1, 1, 1). Give one sequence an item.",
            np.ones((6, 1, 1, 1)),
        ),
        (
            "X must hold finite numbers, or NaN where one is missing; got -inf (infinity) at [1, 2]. Correct it.",
            np.where(np.arange(24).reshape(6, 4) == 6, -np.inf, 0),
        ),
        (
            "X must hold finite numbers, or NaN where one is missing; got 1e+300 beyond 3e38 at [0, 0]. Correct it.",
            np.full((6, 4), 1e300),
        ),
        (
            "X must hold real numbers; got complex128. Complex data not supported: make two columns of its real and "
            "imaginary part.",
            ROWS * 1j,
        ),
        ("X must hold numbers; got text. Leave it out, or make numbers of it.", ROWS.astype(str)),
        ("X must hold numbers; got dates. Leave it out, or make numbers of it.", ROWS.astype("M8[s]")),
        (
            "X must hold numbers; got text: could not convert string to float: 'many'. Make numbers of it.",
            np.array([["many"]] * 6, object),
        ),
        (
            "X must hold numbers; got another object: float() argument must be a string or a real number, not 'dict'. "
            "Make numbers of it.",
            np.array([[{}]] * 6, object),
        ),
        ("X must be dense; got a sparse Dense. Give X.toarray().", Dense()),
        ("X[1] must be (T, D), or (T,) for one column; got (1, 1, 1). Reshape it.", [np.ones(3), np.ones((1, 1, 1))]),
        ("X[1] must have at least one step and one column; got (0, 2). Leave it out.", [RAGGED[0], np.ones((0, 2))]),
        (
            "X[1] must have 2 columns, as the ones before it; got (2, 5). Did you mean its transpose?",
            [RAGGED[0], np.ones((2, 5))],
        ),
        (
            "X[1] must have 2 columns, as the ones before it; got (5, 3). Give all the same.",
            [RAGGED[0], np.ones((5, 3))],
        ),
        (
            "X[0] must be an array, or a list of (T, D) arrays; got lists of unequal lengths inside. Make an array of "
            "each.",
            [[[1, 2], [3]]],
        ),
    ],
)
def test_an_x_that_cannot_be(text, x):
    refused(DataError, text, x, Y)
    if not isinstance(x, Dense) and "another object" in text:
        with pytest.raises(TypeError):
            read_items(x, Y)


MISSING = (
    "y must be known for each sequence; got a missing one (NaN, None or an empty text) for sequence 2. Fill it in or "
    "leave the sequence out."
)


@pytest.mark.parametrize(
    ("text", "y"),
    [
        (
            "this model requires y to be passed, but the target y is None. Give one label or number for each sequence.",
            None,
        ),
        (
            "y must have one answer for each of the 6 sequences of X; got 5. Found input variables with inconsistent "
            "numbers of samples: [6, 5].",
            Y[:5],
        ),
        ("y must be one answer a sequence; got array(1) alone. Give a list or an array.", np.array(1)),
        ("y must be (N,), or (N, K) for K targets; got (6, 1, 1). Give one answer a sequence.", np.ones((6, 1, 1))),
        (MISSING, [1, 2, np.nan, 1, 2, 3]),
        (MISSING, ["a", "b", None, "a", "b", "b"]),
        (MISSING, ["a", "b", "", "a", "b", "b"]),
        (MISSING, np.array([1, 2, None, 1, 2, 3], object)),
        ("y must hold finite numbers; got infinity at place 1. Correct it.", [1, np.inf, 2, 3, 4, 5]),
        ("Unknown label type: y must hold labels of one kind; got 1 and 'a'. Make text of all.", [1, 2, "a", 1, 2, 3]),
        (
            "y must hold numbers, text, or true and false; got dates. Make one of these of it.",
            np.zeros(6, "M8[s]"),
        ),
        (
            "y must be plainly one answer a step or several a sequence; got 4 for each of 4 steps. Say stepwise=True "
            "or stepwise=False.",
            np.ones((6, 4)),
        ),
    ],
)
def test_a_y_that_cannot_be(text, y):
    refused(DataError, text, ROWS, y, **({"stepwise": False} if np.ndim(y) == 3 else {}))


def test_a_step_without_an_answer_of_its_own():
    refused(
        DataError,
        "y[2] must have an answer for each of 4 steps; got (3,). Add the rest.",
        RAGGED,
        [[0, 0, 1], [1], [0, 1, 1]],
        stepwise=True,
    )
    refused(
        DataError,
        "y[0] must hold finite numbers; got infinity at place 1. Correct it.",
        RAGGED,
        [[0.5, np.inf, 1], [1.0], [0, 1.5, 2, 0]],
    )


def test_predict_must_see_what_fit_saw():
    rows, cube = read_items(ROWS, Y).like, read_items(CUBE, Y).like
    refused(DataError, "X has 5 features, but this model is expecting 4 features as input.", np.ones((2, 5)), like=rows)
    named = Like.from_dict(cube.to_dict() | {"estimator": "Classifier"})
    text = "X has 2 features, but Classifier is expecting 3 features as input."
    refused(DataError, text, np.ones((2, 5, 2)), like=named)
    refused(DataError, text, RAGGED, like=named)
    refused(
        DataError,
        "X must be a list of (T, 3) arrays or a 3-D array, as fit saw it; got (6, 4). Write [X] for one sequence.",
        ROWS,
        like=cube,
    )
    refused(DataError, "X must be (N, 4), a series a row, as fit saw it; got (6, 5, 3). Reshape it.", CUBE, like=rows)
    refused(
        DataError,
        "X must be (N, 4), a series a row, as fit saw it; got a list of arrays of other shapes. Make one array of it.",
        RAGGED,
        like=rows,
    )
    refused(DataError, "X must be series, as fit saw it; got kind='text'. Leave it out.", ROWS, like=rows, kind="text")
    # One number of steps more or less is nothing to a model of sequences.
    assert len(read_items([CUBE[0, :2], CUBE[0]], like=cube, need_y=False)) == 2


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("kind must be 'series', 'audio' or 'text'; got 'sound'. Leave it out to infer it.", {"kind": "sound"}),
        ("layout must be 'NTD' or 'NDT'; got 'TND'. N is sequences, T steps, D columns.", {"layout": "TND"}),
        ("lengths must be (6,), one a sequence; got (1,). Leave none out.", {"lengths": [1]}),
        (
            "lengths must be whole numbers from 1 to the steps of X, here 5; got 6 for sequence 1. Leave empty "
            "sequences out.",
            {"lengths": [1, 6, 1, 1, 1, 1]},
        ),
        (
            "lengths must be whole numbers from 1 to the steps of X, here 5; got 0 for sequence 2. Leave empty "
            "sequences out.",
            {"lengths": [1, 1, 0, 1, 1, 1]},
        ),
    ],
)
def test_settings_that_cannot_be(text, options):
    refused(OptionError, text, CUBE, Y, **options)


def test_a_table_beside_y_holds_series_alone():
    refused(
        DataError,
        "X must hold nothing but the numbers of a series a row where y is given beside it; got the columns 'id', 'a'. "
        "Of a long table, put y in as the column 'label'.",
        pd.DataFrame({"id": [1, 2], "a": [1, 2]}),
        [0, 1],
    )


def test_what_is_no_data():
    refused(
        DataError,
        "X must be a list of texts, a table or a folder; got ndarray (6, 4). Give one of these.",
        ROWS,
        Y,
        kind="text",
    )
    refused(
        DataError,
        "X must be a list of paths or (samples, rate) pairs, a table or a folder; got ndarray (6, 4). Give one of "
        "these.",
        ROWS,
        Y,
        kind="audio",
    )
