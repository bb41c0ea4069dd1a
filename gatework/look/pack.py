"""A trace as text that a page can hold: whole numbers of 16 bits, each unit with a decimal scale of its own."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gatework.look.networks import network_of
from gatework.look.sequences import Sequences
from gatework.look.trace import Trace

# Numbers in one page, at most: they make 9.3 of its 12 MB.
MOST = 3_500_000

# A person looks at a few rows.
ROWS = 8

# Whole numbers that 16 bits can tell apart, but for the last, which marks what is not there.
LEVELS, ABSENT = 65534, 65535

# Decimals that are shown; more of them only where that would leave fewer than so many digits of the largest.
DECIMALS, DIGITS = 5, 4

# Inputs and answers are given to the page only if they are this few: those of a bare layer are its memory once more.
TRACKS = 512


def quantise(values: np.ndarray) -> dict[str, Any]:
    """Round (T, B, N) numbers to as many decimals as 16 bits can hold, for each of the N by itself.

    A number is `(data + base) / 10**decimals`, and so exactly the number of the trace, rounded to that many decimals.

    Returns
    -------
    dict
        shape [B, N, T], the `largest` size in each row, `decimals` and `base` (N each), and `data`, base64 of
        little-endian 16 bits.
    """
    values = np.asarray(values, np.float64)
    known = np.isfinite(values)
    lowest = np.min(values, axis=(0, 1), where=known, initial=np.inf)
    highest = np.max(values, axis=(0, 1), where=known, initial=-np.inf)
    empty = lowest > highest
    lowest, highest = np.where(empty, 0, lowest), np.where(empty, 0, highest)
    size = np.maximum(abs(lowest), abs(highest))
    size = np.where(size > 0, size, 1)
    span = np.maximum(highest - lowest, np.maximum(size * 1e-12, 1e-300))
    wanted = np.maximum(DECIMALS, DIGITS - 1 - np.floor(np.log10(size)))
    # A power of ten that float64 still holds.
    decimals = np.minimum(np.floor(np.log10(LEVELS / span)), np.minimum(wanted, 300)).astype(int)
    # Division by a power of ten rounds once; multiplication by its inverse, which is no binary number, twice.
    whole = np.round(np.where(known, values, 0) * 10.0**decimals)
    base = np.round(lowest * 10.0**decimals)
    data = np.where(known, np.clip(whole - base, 0, LEVELS), ABSENT).astype("<u2")
    return {
        "shape": [values.shape[1], values.shape[2], values.shape[0]],
        "largest": np.max(abs(values), axis=(0, 2), where=known, initial=0).tolist(),
        "decimals": decimals.tolist(),
        "base": base.tolist(),
        "data": b64encode(np.ascontiguousarray(data.transpose(1, 2, 0)).tobytes()).decode(),
    }


def pack(
    found: Trace, rows: Sequence[str], timescales: Mapping[str, np.ndarray], of: int | None = None
) -> dict[str, Any]:
    """Gather what a page shows of a trace, as JSON can hold it: the first few rows, and the last steps that fit.

    Parameters
    ----------
    found : Trace
        What `trace` gave.
    rows : sequence of str
        Names of its rows.
    timescales : mapping of str to (H,) array
        By layer, the steps for which each unit's gate keeps a memory; layers may be absent.
    of : int, optional
        How many rows there are, where these were chosen from more.

    Returns
    -------
    dict
        `rows`, those that are shown `of` all; `steps`, how many of each row count; `layers`, each with its network,
        its name there, its cell and parts; `inputs` and `answers`, absent where there are too many, as the vectors of
        tokens are. Of a Classifier or Regressor what is `said` of each row, and how its steps are named; `stride`, how
        many steps of the inputs one step of the layers stands for.
    """
    answers = _answers(found)
    tracks = {"inputs": found.x} if answers is None else {"inputs": found.x, "answers": answers}
    words = found.sequences is not None and found.sequences.kind == "text"
    tracks = {name: q for name, q in tracks.items() if q.shape[2] <= TRACKS and not (words and name == "inputs")}
    all_parts = [*tracks.values(), *(q for parts in found.layers.values() for q in parts.values())]
    count = max(1, min(found.x.shape[1], ROWS, MOST // sum(q[:, 0].size for q in all_parts)))
    stride, longest = found.stride, found.x.shape[0]
    steps = stride * max(1, MOST // sum(count * q.shape[2] * (stride if len(q) == longest else 1) for q in all_parts))
    lengths = np.full(found.x.shape[1], longest) if found.lengths is None else found.lengths

    def shown(q: np.ndarray) -> dict[str, Any]:
        # The layers may have fewer steps than the inputs, and begin where these do.
        first = max(0, -(-(longest - steps) // stride)) if stride > 1 else max(0, len(q) - steps)
        first = first * stride if stride > 1 and len(q) == longest else first
        return {"first": first, "steps": len(q), **quantise(q[first:, :count])}

    apart = len(found.outputs) != len(found.x)
    layers = []
    for name, parts in found.layers.items():
        first = next(iter(parts.values()))
        keeps = timescales.get(name)
        network, short = network_of(name)
        layers.append(
            {
                "network": network,
                "name": short,
                "cell": "lstm" if "c" in parts else "gru" if "z" in parts else "rnn",
                "units": first.shape[2],
                "steps": len(first),
                # A decoder's steps are those of the answers, after the last input.
                "ahead": apart and short.startswith("decoder."),
                "reverse": "_reverse" in name.rsplit(".", 1)[1],
                "depth": int(re.findall(r"^l(\d+)", name.rsplit(".", 1)[1])[0]),
                "timescale": None if keeps is None else [float(k) if np.isfinite(k) else 1e300 for k in keeps],
                "parts": {letter: shown(q) for letter, q in parts.items()},
            }
        )
    said = found.sequences
    names = {"inputs": found.names, "answers": () if said is None else said.answers}
    return {
        **({"kind": "series"} if said is None else _as_a_person_reads(said, count)),
        "rows": list(rows[:count]),
        "of": len(rows) if of is None else of,
        "steps": lengths[:count].tolist(),
        "layers": layers,
        **{
            name: {
                "names": list(names[name]) or [f"answer {k}" if q.shape[2] > 1 else "answer" for k in range(q.shape[2])]
            }
            | {"ahead": apart and name == "answers"}
            | shown(q)
            for name, q in tracks.items()
        },
    }


def _as_a_person_reads(found: Sequences, count: int) -> dict[str, Any]:
    """What is said of the first rows, and how their steps are named."""
    known = {"words": [list(one) for one in found.words[:count]], "seconds": found.seconds, "hertz": found.hertz}
    return {
        "kind": found.kind,
        "said": list(found.said[:count]),
        "stride": found.stride,
        **{name: value for name, value in known.items() if value},
    }


def _answers(found: Trace) -> np.ndarray | None:
    """Answers over time: those of each step; or the numbers of one about the end, which is a forecaster's future.

    None where they are the memory of the last layer, which is shown already.
    """
    if len(found.outputs) != len(found.x):
        # What a Classifier or Regressor answers about a row is said in words.
        return None if found.sequences is not None else found.outputs.transpose(2, 1, 0)
    last = [parts["h"] for name, parts in found.layers.items() if parts["h"].shape == found.outputs.shape]
    same = any(np.array_equal(found.outputs, h, equal_nan=True) for h in last)
    return None if same else found.outputs
