"""A packed trace is the trace, to the last decimal that is kept."""

from __future__ import annotations

import json
from base64 import b64decode

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch import nn

import gatework
from gatework.look import trace
from gatework.look.networks import folded, network_of
from gatework.look.pack import MOST, ROWS, pack, quantise
from gatework.look.page import page
from gatework.look.timescale import timescales
from gatework.look.trace import Trace


def unpack(packed):
    """What the page's script reads: (T, B, N), NaN where there is nothing."""
    rows, units, steps = packed["shape"]
    whole = np.frombuffer(b64decode(packed["data"]), "<u2").reshape(rows, units, steps).astype(float)
    whole[whole == 65535] = np.nan
    values = (whole + np.array(packed["base"])[:, None]) / 10.0 ** np.array(packed["decimals"])[:, None]
    return values.transpose(2, 0, 1)


@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(1, 6), st.integers(1, 3), st.integers(1, 3)),
        elements=st.one_of(st.floats(-1, 1), st.floats(-1e9, 1e9), st.just(np.nan), st.just(0.25)),
    )
)
def test_a_number_of_the_page_is_the_traces_rounded(values):
    packed = quantise(values)
    found = unpack(packed)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(values))
    for unit, decimals in enumerate(packed["decimals"]):
        np.testing.assert_allclose(found[..., unit], np.round(values[..., unit], decimals), rtol=1e-12, atol=1e-12)
        known = values[..., unit][~np.isnan(values[..., unit])]
        # Four digits of what a unit does, however large or small that is beside the others.
        if np.ptp(known) > 0.01 if len(known) else False:
            assert 10.0**-decimals <= max(np.ptp(known) / 6000, 1e-5)


def test_each_unit_has_decimals_of_its_own():
    values = np.stack([np.linspace(0, 1, 50), np.linspace(0.9999, 0.99995, 50), np.linspace(-4e6, 4e6, 50)], -1)[
        :, None
    ]
    assert quantise(values)["decimals"] == [4, 5, -3]
    assert quantise(np.full((3, 1, 1), np.nan))["decimals"] == [5]
    # Four digits of the largest, and no more than float64 has powers of ten.
    assert quantise(values * 1e-9)["decimals"] == [12, 13, 6]
    assert quantise(np.full((2, 1, 1), 3e-310))["decimals"] == [300]
    assert unpack(quantise(values * 1e-9))[-1, 0, 0] == pytest.approx(1e-9, rel=1e-4)


def many(units=3, rows=2, steps=5, layers=1):
    layer = gatework.LSTM(2, units, layers)
    return trace(layer, torch.randn(steps, rows, 2))


def test_a_packed_trace_is_the_trace():
    found = trace(nn.GRU(2, 3, 2, bidirectional=True), torch.randn(6, 3, 2), [6, 4, 2])
    packed = pack(found, ["a", "b", "c"], timescales(found.layers))
    assert packed["rows"] == ["a", "b", "c"]
    assert packed["steps"] == [6, 4, 2]
    assert [layer["name"] for layer in packed["layers"]] == list(found.layers)
    assert [(layer["depth"], layer["reverse"]) for layer in packed["layers"]] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    for layer in packed["layers"]:
        assert (layer["cell"], layer["units"], layer["steps"]) == ("gru", 3, 6)
        assert layer["timescale"] == pytest.approx(timescales(found.layers)[layer["name"]])
        for letter, q in layer["parts"].items():
            np.testing.assert_allclose(unpack(q), found.layers[layer["name"]][letter], atol=5.1e-5)
    np.testing.assert_allclose(unpack(packed["inputs"]), found.x, atol=5.1e-5)
    np.testing.assert_allclose(unpack(packed["answers"]), found.outputs, atol=5.1e-5)
    assert packed["kind"] == "series"
    assert {q["first"] for layer in packed["layers"] for q in layer["parts"].values()} == {0}


def test_the_answers_of_a_bare_layer_are_its_memory_and_are_not_shown_twice():
    assert "answers" not in pack(many(), ["0", "1"], {})
    padded = trace(gatework.LSTM(2, 3), torch.randn(5, 2, 2), [5, 3])
    assert "answers" not in pack(padded, ["0", "1"], {})
    padded.outputs[0, 0, 0] += 1
    assert "answers" in pack(padded, ["0", "1"], {})


def test_an_answer_about_the_end_lies_along_its_own_numbers():
    class AtTheEnd(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.head = gatework.LSTM(2, 3), nn.Linear(3, 4)

        def forward(self, x):
            return self.head(self.layer(x)[0][-1])

    found = trace(AtTheEnd(), torch.randn(7, 2, 2))
    answers = pack(found, ["0", "1"], {})["answers"]
    assert answers["shape"] == [2, 1, 4]
    np.testing.assert_allclose(unpack(answers)[:, 1, 0], found.outputs[0, 1], atol=5.1e-5)


def test_a_forget_gate_that_never_closes_keeps_for_ever_in_json_too():
    packed = pack(many(), ["0", "1"], {"layer.l0": np.array([np.inf, 0.0, 2.5])})
    assert json.loads(json.dumps(packed, allow_nan=False))["layers"][0]["timescale"] == [1e300, 0.0, 2.5]


def test_only_so_many_rows_are_shown_and_of_long_ones_the_last_steps(monkeypatch):
    found = many(rows=ROWS + 2)
    assert pack(found, [str(k) for k in range(ROWS + 2)], {})["rows"] == [str(k) for k in range(ROWS)]
    per_row = 5 * (6 * 3 + 2)
    monkeypatch.setattr("gatework.look.pack.MOST", 2 * per_row)
    assert pack(found, list("0123456789"), {})["rows"] == ["0", "1"]
    monkeypatch.setattr("gatework.look.pack.MOST", 3 * (6 * 3 + 2))
    packed = pack(found, list("0123456789"), {})
    part = packed["layers"][0]["parts"]["f"]
    assert (packed["rows"], part["first"], part["steps"], part["shape"]) == (["0"], 2, 5, [1, 3, 3])
    np.testing.assert_allclose(unpack(part), found.layers["layer.l0"]["f"][2:, :1], atol=5.1e-5)
    # However large a model is, a step of a row is shown.
    monkeypatch.setattr("gatework.look.pack.MOST", 1)
    part = pack(found, list("0123456789"), {})["layers"][0]["parts"]["f"]
    assert (part["first"], part["shape"]) == (4, [1, 3, 1])


def test_256_units_over_2000_steps_fit_into_12_megabytes():
    found = trace(gatework.LSTM(2, 256), torch.randn(2000, 1, 2))
    packed = pack(found, ["0"], timescales(found.layers))
    assert packed["layers"][0]["parts"]["c"]["shape"] == [1, 256, 2000]
    text = page("", "", packed, "none", "none", "none")
    assert 6 * 256 * 2000 * 16 / 12 < len(text.encode()) < 12e6
    # A page is never larger, whatever it shows: three letters of text for each two of these numbers, and Bokeh.
    assert MOST * 8 / 3 + 2.5e6 < 12e6


def test_the_largest_size_is_that_of_each_row():
    values = np.array([[[1.0, -2.0], [0.5, np.nan]], [[-3.0, 2.5], [0.25, -0.75]]])
    assert quantise(values)["largest"] == [3.0, 0.75]
    assert quantise(np.full((2, 1, 1), np.nan))["largest"] == [0.0]


def test_the_largest_whole_number_is_left_for_what_is_not_there():
    packed = quantise(np.array([[[0.0]], [[65535.0]]]))
    assert packed["decimals"] == [-1]
    np.testing.assert_array_equal(unpack(packed)[:, 0, 0], [0, 65540])


def test_what_never_changes_and_what_is_not_there_can_be_packed():
    packed = quantise(np.array([[[7.0, np.nan]], [[7.0, np.nan]]]))
    np.testing.assert_array_equal(unpack(packed)[..., 0], 7.0)
    assert np.isnan(unpack(packed)[..., 1]).all()
    tiny = quantise(np.full((2, 1, 1), 3e-310))
    assert np.isfinite(unpack(tiny)).all()


def test_tracks_have_names_and_too_many_are_left_out(monkeypatch):
    class Answers(nn.Module):
        def __init__(self, outputs):
            super().__init__()
            self.layer, self.head = gatework.LSTM(2, 3), nn.Linear(3, outputs)

        def forward(self, x):
            return self.head(self.layer(x)[0])

    x = torch.randn(5, 2, 2)
    one, three = (pack(trace(Answers(k), x), ["0", "1"], {}) for k in (1, 3))
    assert one["answers"]["names"] == ["answer"]
    assert three["answers"]["names"] == ["answer 0", "answer 1", "answer 2"]
    assert three["inputs"]["names"] == ["x0", "x1"]
    monkeypatch.setattr("gatework.look.pack.TRACKS", 3)
    assert "answers" in pack(trace(Answers(3), x), ["0", "1"], {})
    monkeypatch.setattr("gatework.look.pack.TRACKS", 2)
    assert "answers" not in pack(trace(Answers(3), x), ["0", "1"], {})


def test_rows_that_are_not_shown_are_counted():
    found = trace(gatework.LSTM(2, 3), torch.randn(5, ROWS + 2, 2), [5, 4, 3, 2, 5, 4, 3, 2, 1, 1])
    packed = pack(found, [str(k) for k in range(ROWS + 2)], {})
    assert (packed["of"], packed["steps"]) == (ROWS + 2, [5, 4, 3, 2, 5, 4, 3, 2])
    assert packed["layers"][0]["timescale"] is None


def test_each_cell_is_known_by_its_parts():
    x = torch.randn(4, 1, 2)
    cells = [pack(trace(kind(2, 3), x), ["0"], {})["layers"][0]["cell"] for kind in (nn.LSTM, nn.GRU, nn.RNN)]
    assert cells == ["lstm", "gru", "rnn"]


def test_the_layers_of_several_networks_know_theirs_and_a_decoder_comes_after_the_inputs():
    one = trace(gatework.LSTM(2, 3), torch.randn(4, 1, 2)).layers["layer.l0"]
    names = ["0.encoder.l0", "0.decoder.l0", "11.encoder.l1", "3.l0"]
    x, ahead = np.zeros((4, 1, 2)), np.zeros((1, 1, 4))
    packed = pack(Trace(x, ahead, dict.fromkeys(names, one)), ["0"], {})
    known = [(layer["network"], layer["name"], layer["ahead"]) for layer in packed["layers"]]
    assert known == [
        (0, "encoder.l0", False),
        (0, "decoder.l0", True),
        (11, "encoder.l1", False),
        (None, "3.l0", False),
    ]
    assert (packed["inputs"]["ahead"], packed["answers"]["ahead"]) == (False, True)
    # With an answer for each step a decoder has the inputs' own.
    stepwise = pack(Trace(x, np.ones((4, 1, 1)), {"decoder.l0": one}), ["0"], {})
    assert not stepwise["layers"][0]["ahead"]
    assert not stepwise["answers"]["ahead"]


def test_networks_are_folded_by_place():
    names = ["0.encoder.l0", "0.decoder.l1", "1.encoder.l0", "1.decoder.l1", "x"]
    places = folded(names)
    assert places == {"encoder.l0": names[::2][:2], "decoder.l1": names[1:4:2], "x": ["x"]}
    # Numbered blocks of a stack are no networks.
    assert network_of("0.rnn.l0") == (None, "0.rnn.l0")
