"""equations.py against arithmetic done by hand, and against a second reading of the papers in plain numpy."""

from __future__ import annotations

from math import exp, sqrt, tanh

import numpy as np
import pytest
import torch
from problems import PROBLEMS, call

from gatework import equations
from gatework.equations import Norm
from gatework.ops import Call, plain

# A memory of one unit and an input of one feature: x = 0.5, h = 0.3, c = -0.7.
X, H, C = 0.5, 0.3, -0.7
W = {"i": 0.2, "f": -0.4, "g": 0.9, "o": 0.6}
R = {"i": 0.7, "f": 0.5, "g": -0.3, "o": -0.8}
BIAS = {"i": 0.1, "f": 1.0, "g": -0.2, "o": 0.4}
A = {k: W[k] * X + BIAS[k] + R[k] * H for k in "ifgo"}  # the gates' inputs


def s(a):
    return 1 / (1 + exp(-a))


def one(**changes):
    """Run one step of the LSTM above; return each quantity of the moment as a float, or a list of them."""
    rows = "igo" if changes.get("coupled") else "ifgo"
    u = equations.share(tensor([[X]]), tensor([[W[k]] for k in rows]), tensor([BIAS[k] for k in rows]))
    now = equations.step(u, tensor([[H]]), tensor([[C]]), tensor([[R[k]] for k in rows]), **changes)
    return {name: q.item() for name, q in now._asdict().items()}


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def near(**values):
    return pytest.approx(values, rel=0, abs=1e-12)


# One step, by hand


def test_an_lstm():
    # The inputs of the gates are 0.1 + 0.1 + 0.21 = 0.41, -0.2 + 1 + 0.15 = 0.95, 0.45 - 0.2 - 0.09 = 0.16 and
    # 0.3 + 0.4 - 0.24 = 0.46.
    assert pytest.approx({"i": 0.41, "f": 0.95, "g": 0.16, "o": 0.46}, abs=1e-15) == A
    i, f, g, o = s(0.41), s(0.95), tanh(0.16), s(0.46)
    c = f * -0.7 + i * g
    assert one() == near(i=i, f=f, g=g, o=o, c=c, h=o * tanh(c))
    assert c == pytest.approx(-0.72112 * 0.7 + 0.60109 * 0.15865, abs=1e-5)


def test_peepholes_of_i_and_f_see_the_old_c_and_that_of_o_the_new():
    i, f, g = s(A["i"] + 0.5 * C), s(A["f"] - 0.6 * C), tanh(A["g"])
    c = f * C + i * g
    o = s(A["o"] + 1.1 * c)
    assert one(p=tensor([[0.5], [-0.6], [1.1]])) == near(i=i, f=f, g=g, o=o, c=c, h=o * tanh(c))


def test_coupled_gates():
    i, g, o = s(A["i"]), tanh(A["g"]), s(A["o"])
    c = (1 - i) * C + i * g
    assert one(coupled=True) == near(i=i, f=1 - i, g=g, o=o, c=c, h=o * tanh(c))


def test_coupled_gates_with_peepholes_have_rows_i_and_o():
    i, g = s(A["i"] + 0.5 * C), tanh(A["g"])
    c = (1 - i) * C + i * g
    o = s(A["o"] + 1.1 * c)
    assert one(coupled=True, p=tensor([[0.5], [1.1]])) == near(i=i, f=1 - i, g=g, o=o, c=c, h=o * tanh(c))


@pytest.mark.parametrize("clip", [0.3, 0.5])
def test_the_clip_holds_c_after_its_update(clip):
    plain = one()
    c = max(-clip, plain["c"])  # -0.409 is beyond 0.3 and within 0.5
    assert one(clip=clip) == near(**{**plain, "c": c, "h": plain["o"] * tanh(c)})


def test_recurrent_dropout_hides_h_from_the_gates():
    a = {k: W[k] * X + BIAS[k] + R[k] * H * 2 for k in "ifgo"}
    i, f, g, o = s(a["i"]), s(a["f"]), tanh(a["g"]), s(a["o"])
    c = f * C + i * g
    assert one(m=tensor([[2.0]])) == near(i=i, f=f, g=g, o=o, c=c, h=o * tanh(c))


def test_zoneout_makes_h_from_the_c_that_was_not_zoned():
    plain = one()
    c = 0.25 * C + 0.75 * plain["c"]
    h = 0.4 * H + 0.6 * plain["h"]  # plain["h"] = o tanh(plain["c"]): Krueger et al., equations 3 to 5
    assert one(zc=tensor(0.25), zh=tensor(0.4)) == near(**{**plain, "c": c, "h": h})


def test_zoneout_that_keeps_all_keeps_all():
    assert one(zc=tensor(1.0), zh=tensor(1.0)) == near(**{**one(), "c": C, "h": H})


def normed(a, gain, shift):
    mean = sum(a) / len(a)
    deviation = sqrt(sum((v - mean) ** 2 for v in a) / len(a) + 1e-5)
    return [(v - mean) / deviation * w + b for v, w, b in zip(a, gain, shift, strict=True)]


def test_layer_norm_is_of_w_x_and_r_h_apart_over_all_rows_and_of_c():
    # Two units now, as the norm of one number is nothing. Rows i, i, f, f, g, g, o, o.
    w = [0.2, -0.5, 0.8, 0.3, -0.9, 0.4, 0.1, 0.7]
    r = [[0.7, 0.1], [0.5, -0.2], [-0.3, 0.6], [0.2, 0.2], [0.9, -0.4], [-0.1, 0.3], [0.4, 0.8], [-0.6, 0.5]]
    b = [0.1, 0.2, 1.0, 0.9, -0.3, 0.3, 0.05, -0.05]
    gain_x, shift_x = [1.1, 0.9, 1.2, 0.8, 1.0, 1.3, 0.7, 1.0], [0.1, 0.0, -0.1, 0.2, 0.3, -0.2, 0.0, 0.1]
    gain_h, shift_h = [0.6, 1.0, 0.9, 1.1, 1.4, 0.8, 1.0, 0.5], [0.0, 0.2, 0.1, -0.3, 0.1, 0.0, 0.2, -0.1]
    gain_c, shift_c = [1.5, 0.7], [0.2, -0.1]
    h, old_c = [0.3, -0.6], [-0.7, 0.2]

    of_x = normed([v * X for v in w], gain_x, shift_x)
    of_h = normed([row[0] * h[0] + row[1] * h[1] for row in r], gain_h, shift_h)
    a = [p + q + v for p, q, v in zip(of_x, of_h, b, strict=True)]
    i, f, g, o = [s(v) for v in a[:2]], [s(v) for v in a[2:4]], [tanh(v) for v in a[4:6]], [s(v) for v in a[6:]]
    c = [f[k] * old_c[k] + i[k] * g[k] for k in (0, 1)]
    new_h = [o[k] * tanh(v) for k, v in enumerate(normed(c, gain_c, shift_c))]

    u = equations.share(
        tensor([[X]]), tensor(w)[:, None], tensor(b), norm=Norm(tensor(gain_x), tensor(shift_x))
    )  # fmt: skip
    now = equations.step(
        u, tensor([h]), tensor([old_c]), tensor(r),
        norm=Norm(tensor(gain_h), tensor(shift_h)), norm_c=Norm(tensor(gain_c), tensor(shift_c)),
    )  # fmt: skip
    assert [q[0].tolist() for q in now] == [pytest.approx(q, rel=0, abs=1e-12) for q in (i, f, g, o, c, new_h)]


def test_the_projection_is_what_the_recurrence_sees():
    # Two units, projected to one: h is what the gates read, c keeps both.
    u, r = [0.1, -0.2, 0.3, 0.4, -0.5, 0.6, 0.7, 0.8], [0.5, -0.4, 0.3, 0.2, 0.1, -0.6, 0.9, 0.7]
    a = [v + 0.3 * w for v, w in zip(u, r, strict=True)]
    c = [s(a[2 + k]) * old + s(a[k]) * tanh(a[4 + k]) for k, old in enumerate([-0.7, 0.2])]
    h = 1.5 * s(a[6]) * tanh(c[0]) - 0.4 * s(a[7]) * tanh(c[1])
    now = equations.step(
        tensor([u]), tensor([[0.3]]), tensor([[-0.7, 0.2]]), tensor(r)[:, None], P=tensor([[1.5, -0.4]])
    )
    assert now.h[0].tolist() == pytest.approx([h], rel=0, abs=1e-12)
    assert now.c[0].tolist() == pytest.approx(c, rel=0, abs=1e-12)


def test_a_gru_keeps_its_recurrent_bias_inside_the_reset_gate():
    u, r, h, b_n = [0.2, -0.4, 0.7], [0.5, 0.3, -0.6], 0.3, 0.25
    gate, z = s(0.2 + 0.5 * h), s(-0.4 + 0.3 * h)
    n = tanh(0.7 + gate * (-0.6 * h + b_n))
    now = equations.gru_step(tensor([u]), tensor([[h]]), None, tensor(r)[:, None], b=tensor([b_n]))
    expected = [gate, z, n, (1 - z) * n + z * h]
    assert [q.item() for q in now] == pytest.approx(expected, rel=0, abs=1e-12)
    zoned = equations.gru_step(
        tensor([u]), tensor([[h]]), None, tensor(r)[:, None], b=tensor([b_n]), zh=tensor(0.4), m=tensor([[0.0]])
    )
    n = tanh(0.7 + s(0.2) * b_n)  # the gates see no h, the carried h stays whole
    expected = 0.4 * h + 0.6 * ((1 - s(-0.4)) * n + s(-0.4) * h)
    assert zoned.h.item() == pytest.approx(expected, rel=0, abs=1e-12)


def test_an_rnn():
    def h(**options):
        return equations.rnn_step(tensor([[0.2]]), tensor([[0.3]]), None, tensor([[-0.9]]), **options).h.item()

    assert h() == pytest.approx(tanh(0.2 - 0.27), rel=0, abs=1e-12)
    assert h(relu=True) == 0
    assert h(relu=True, m=tensor([[-2.0]])) == pytest.approx(0.2 + 0.54, rel=0, abs=1e-12)
    assert h(zh=tensor(0.25)) == pytest.approx(0.25 * 0.3 + 0.75 * tanh(-0.07), rel=0, abs=1e-12)


# Over time, in numpy: each row on its own, its own steps alone


def by_rows(asked: Call) -> tuple[np.ndarray, list[np.ndarray]]:
    """Answer a call row after row and step after step, with nothing shared with gatework but the call."""
    x, reset = asked.x.numpy(), None if asked.reset is None else asked.reset.numpy()
    T, B = x.shape[:2]
    lengths = [T] * B if asked.lengths is None else asked.lengths.tolist()
    S = asked.state[0].shape[-1]
    y = np.zeros((T, B, S * len(asked.directions)))
    state = [part.numpy().copy() for part in asked.state]
    for d, w in enumerate(asked.directions):
        for b, length in enumerate(lengths):
            memory = [part[d, b] for part in state]
            for t in range(length)[::-1] if d else range(length):
                first_of_episode = t + 1 if d else t
                if reset is not None and first_of_episode < length and reset[first_of_episode, b]:
                    memory = [np.zeros_like(part) for part in memory]
                    if asked.reset_state is not None:
                        memory = [part[d, b].numpy() for part in asked.reset_state]
                memory = moment(asked, w, x[t, b], memory, t, b)
                y[t, b, d * S : (d + 1) * S] = memory[0]
            for part, value in zip(state, memory, strict=True):
                part[d, b] = value
    return y, state


def moment(asked, w, x, memory, t, b):
    """Answer one step of one row: the new [h, c] of an LSTM, [h] of the others."""

    def numpy(q):
        return 0 if q is None else q.numpy()

    def norm(q, a):
        if q is None:
            return a
        return (a - a.mean()) / np.sqrt(a.var() + 1e-5) * q.weight.numpy() + q.bias.numpy()

    def keep(zone, old, new):
        z = 0 if zone is None else float(zone) if zone.dim() == 0 else zone[t, b].numpy()
        return z * old + (1 - z) * new

    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    h = memory[0]
    seen = h if w.m is None else w.m[b].numpy() * h
    from_x = norm(w.norm_ih, w.W.numpy() @ x) + numpy(w.b_ih)
    from_h = norm(w.norm_hh, w.R.numpy() @ seen)
    H = memory[-1].shape[0]
    if asked.cell == "lstm":
        c, rows = memory[1], ["i", "g", "o"] if asked.coupled else ["i", "f", "g", "o"]
        a = dict(zip(rows, (from_x + from_h + numpy(w.b_hh)).reshape(-1, H), strict=True))
        p = dict(zip("io" if asked.coupled else "ifo", [0] * 3 if w.p is None else w.p.numpy(), strict=False))
        i = sigmoid(a["i"] + p["i"] * c)
        f = 1 - i if asked.coupled else sigmoid(a["f"] + p["f"] * c)
        new_c = f * c + i * np.tanh(a["g"])
        if asked.clip is not None:
            new_c = np.minimum(np.maximum(new_c, -asked.clip), asked.clip)
        new_h = sigmoid(a["o"] + p["o"] * new_c) * np.tanh(norm(w.norm_c, new_c))
        if w.P is not None:
            new_h = w.P.numpy() @ new_h
        return [keep(w.zh, h, new_h), keep(w.zc, c, new_c)]
    if asked.cell == "gru":
        r, z = sigmoid((from_x + from_h + numpy(w.b_hh))[: 2 * H]).reshape(2, H)
        n = np.tanh(from_x[2 * H :] + r * (from_h + numpy(w.b_hh))[2 * H :])
        return [keep(w.zh, h, (1 - z) * n + z * h)]
    a = from_x + from_h + numpy(w.b_hh)
    return [keep(w.zh, h, np.maximum(a, 0) if asked.cell == "rnn_relu" else np.tanh(a))]


@pytest.mark.parametrize("problem", [p for p in PROBLEMS if not p.packed], ids=lambda problem: problem.name)
def test_a_scan_is_each_row_on_its_own(problem):
    asked = call(problem)
    answer = plain.run(asked)
    y, state = by_rows(asked)
    np.testing.assert_allclose(answer.y.numpy(), y, rtol=0, atol=1e-12)
    for part, expected in zip(answer.state, state, strict=True):
        np.testing.assert_allclose(part.numpy(), expected, rtol=0, atol=1e-12)
