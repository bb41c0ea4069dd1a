from __future__ import annotations

import pytest

from gatework.tasks.comparison import Row
from gatework.tasks.verdict import verdict

NAN = float("nan")


def say(where="12 windows of 1 series", **models):
    """The verdict on models of (MASE, seconds, p), in that order."""
    rows = {name: Row(mase, NAN, NAN, NAN, NAN, NAN, seconds, p) for name, (mase, seconds, p) in models.items()}
    return verdict(rows, {name: row.worse for name, row in rows.items()} | {next(iter(rows)): NAN}, where)


@pytest.mark.parametrize(
    ("models", "sentence"),
    [
        (
            {"ETS": (0.96, 2, NAN), "LSTM": (1.0, 9, 0.012), "LastValue": (2, 0, 0.0001)},
            "ETS wins by 4 % over LSTM, the next best (p = 0.01): use it.",
        ),
        (
            {"LSTM": (0.5, 2, NAN), "ETS": (1.0, 9, 0.0001)},
            "LSTM wins by 50 % over ETS, the next best (p < 0.001): use it.",
        ),
        (
            {"LSTM": (0.994, 2, NAN), "ETS": (1.0, 9, 0.004)},
            "LSTM wins by 0.6 % over ETS, the next best (p = 0.004): use it.",
        ),
        (
            {"LSTM": (0.96, 9, NAN), "ETS": (0.97, 2, 0.4)},
            "No difference found between LSTM and ETS (p = 0.40): use ETS, the quickest of them.",
        ),
        (
            {"LSTM": (0.96, 9, NAN), "ETS": (0.97, 2, 0.4), "Theta": (1.2, 1, 0.2), "LastValue": (2, 0, 0.01)},
            "No difference found between LSTM, ETS and Theta (p = 0.20): use ETS, the quickest of those within 5 % of "
            "the lowest error.",
        ),
        (
            {"LSTM": (0.96, 9, NAN), "ETS": (1.2, 2, 0.04)},
            "No difference found between LSTM and ETS (p = 0.04): LSTM has the lowest error, MASE 0.960 against 1.200 "
            "of ETS, but 12 windows of 1 series do not prove it.",
        ),
        (
            {name: (1 + i / 10, 1, 0.5) for i, name in enumerate("ABCDE")},
            "No difference found between A and 4 others (p = 0.50): A has the lowest error, MASE 1.000 against 1.100 "
            "of B, but 12 windows of 1 series do not prove it.",
        ),
        (
            {"Mine": (0.96, None, NAN), "Theirs": (0.97, None, 0.4)},
            "No difference found between Mine and Theirs (p = 0.40): use either.",
        ),
        # What no table would show is no difference, however sure.
        (
            {"A": (1.00001, 1, NAN), "B": (1.00002, 2, 0.001)},
            "No difference found between A and B (p = 0.001): use A, the quickest of them.",
        ),
        (
            {"LSTM": (0.5, 2, NAN), "ETS": (1.0, 9, NAN)},
            "LSTM has the lowest error (MASE 0.500 against 1.000 of ETS) on 12 windows of 1 series, which proves "
            "little: 8 series, or 12 windows that span 4 horizons, would say more.",
        ),
        (
            {"LSTM": (NAN, 2, NAN), "ETS": (NAN, 9, NAN)},
            "No verdict: no series has a MASE. None differs from its last season, or none has a value to score.",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_the_sentence(models, sentence):
    assert say(**models) == sentence


def test_one_window_proves_in_the_singular():
    models = {"LSTM": (0.96, 9, NAN), "ETS": (1.2, 2, 0.04)}
    assert say("1 window of 9 series", **models).endswith("but 1 window of 9 series does not prove it.")


def test_without_signal_it_says_so_and_nothing_else():
    rows = {name: Row(mase, NAN, NAN, NAN, NAN, NAN, 1, 0.6) for name, mase in (("LSTM", 1.0), ("LastValue", 1.01))}
    sentence = (
        "No model beats the last value here (p = 0.60): these series move like a random walk, and there is no signal "
        "to trade on. Use LastValue."
    )
    assert verdict(rows, {"LastValue": 0.6}, "3 windows of 9 series", 0.6) == sentence
    one = sentence.replace("these series move", "this series moves")
    assert verdict(rows, {"LastValue": 0.6}, "24 windows of 1 series", 0.6) == one
    assert verdict(rows, {"LastValue": 0.6}, "3 windows of 11 series", 1.0) == sentence.replace(" (p = 0.60)", "")
