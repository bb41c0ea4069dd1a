"""Known wrong LSTMs, GRUs and RNNs: each is the right one with a line or two changed."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any, NamedTuple

from gatework import equations
from gatework.ops import aten, kernel, native, pieces, plain, rows, stretch


class Mutant(NamedTuple):
    """What is wrong, in which file, and the text that makes it so."""

    name: str
    room: ModuleType
    right: str
    wrong: str

    def backend(self) -> Any:
        """Load the files of one backend anew, with the wrong text in place: a module with `why_not` and `run`."""
        chain = [("equations", equations), ("packed", rows), ("plain", plain)]
        if self.room in (aten, pieces):
            chain = [("pieces", pieces), ("aten", aten)]
        elif self.room in (kernel, native):
            chain = [("kernel", kernel), ("stretch", stretch), ("native", native)]
        loaded: dict[str, Any] = {}
        for name, room in chain:
            source = inspect.getsource(room)
            if room is self.room:
                assert self.right in source, f"{room.__name__} no longer says {self.right!r}: change this mutant too"
                source = source.replace(self.right, self.wrong)
            module = ModuleType(room.__name__)
            exec(compile(source, f"{room.__name__} with {self.name}", "exec"), module.__dict__)
            module.__dict__.update(loaded)
            loaded[name] = getattr(module, name, module)  # a function of the file, or the file itself
        return module


# Texts of the right files that several mutants change.
NORMED = "a = u + (a if norm is None else norm(a))"
PEEPED = "o = sigmoid(o if p is None else o + p[-1] * new_c)"
OUTPUT = "new_h = o * tanh(new_c if norm_c is None else norm_c(new_c))"
CARRIED = "h, c = now.h, (None if c is None else now.c)"
HELD = "torch.where(here, now.h, h.to(now.h.dtype))"
WAYS = "call.ways()"
WAYS_WITH = "[one._replace({}) for one in call.ways()]"
ALIVE = "now = type(now)(*(torch.where(here, q, torch.zeros_like(q)) for q in now))"

_STEP = {
    "gates swapped": ("i, f, g, o = a.chunk(4, dim=-1)", "f, i, g, o = a.chunk(4, dim=-1)"),
    "gates rotated": ("i, f, g, o = a.chunk(4, dim=-1)", "o, i, f, g = a.chunk(4, dim=-1)"),
    "gates in Keras's order": ("i, f, g, o = a.chunk(4, dim=-1)", "i, f, o, g = a.chunk(4, dim=-1)"),
    "candidate through a sigmoid": ("g = tanh(g)", "g = sigmoid(g)"),
    "a sloppy tanh": ("g = tanh(g)", "g = tanh(g) * (1 + 1e-5)"),
    "memory out without tanh": (OUTPUT, OUTPUT.replace("tanh", "")),
    "output gate lost": (OUTPUT, OUTPUT.replace("o * ", "")),
    "input gate lost": ("new_c = f * c + i * g", "new_c = f * c + g"),
    "memory of a neighbour row": ("new_c = f * c + i * g", "new_c = f * c.roll(1, 0) + i * g"),
    "dc lost": ("new_c = f * c + i * g", "new_c = f * c.detach() + i * g"),
    "dh lost": ("a = F.linear(h if", "h = h.detach(); a = F.linear(h if"),
    "dR lost": ("m is None else h * m, R)", "m is None else h * m, R.detach())"),
    "bfloat16 inside": ("a = F.linear(h if m is None else h * m, R)",
                        "a = F.linear((h if m is None else h * m).bfloat16(), R.bfloat16()).to(u.dtype)"),
    "float32 inside": ("a = F.linear(h if m is None else h * m, R)",
                       "a = F.linear((h if m is None else h * m).float(), R.float()).to(u.dtype)"),
    "peephole of o sees the old c": (PEEPED, PEEPED.replace("new_c", "c")),
    "peephole rows swapped": ("f + p[1] * c", "f + p[0] * c"),
    "peephole of o takes i's row": (PEEPED, PEEPED.replace("p[-1]", "p[0]")),
    "peepholes lost": ("if p is None else", "if True else"),
    "coupled f = i": ("f = 1 - i", "f = i"),
    "coupled i = 1 - f": ("f = 1 - i", "i, f = 1 - i, i"),
    "coupled rows i, o, g": ("i, g, o = a.chunk(3, dim=-1)", "i, o, g = a.chunk(3, dim=-1)"),
    "projection forgotten in the state": ("new_h = F.linear(new_h, P)", "new_h = new_h[..., : P.shape[0]]"),
    "tanh after the projection": ("new_h = F.linear(new_h, P)", "new_h = tanh(F.linear(new_h, P))"),
    "layer norm of each gate apart": (f"{NORMED}\n    if", """a = u + (a if norm is None else norm.bias + norm.weight *
        F.layer_norm(a.unflatten(-1, (-1, c.shape[-1])), c.shape[-1:]).flatten(-2))\n    if"""),
    "layer norm of the sum": (NORMED, "a = (u + a) if norm is None else norm(u + a)"),
    "layer norm of R h lost": (NORMED, "a = u + a"),
    "layer norm of W x lost": ("u = norm(F.linear(x, W))", "u = F.linear(x, W)"),
    "layer norm of W x + b": ("u = norm(F.linear(x, W))", "u, b = norm(F.linear(x, W, b)), None"),
    "layer norm of c lost": ("norm_c(new_c)", "new_c"),
    "layer norm of c stays in the memory": ("new_h = o * tanh(", """if norm_c is not None:
        new_c, norm_c = norm_c(new_c), None\n    new_h = o * tanh("""),
    "clip lost": ("if clip is not None", "if False"),
    "clip of the gates' inputs": ("new_c = new_c.clamp(-clip, clip)", "a = a.clamp(-clip, clip)"),
    "clip before the update": ("new_c = new_c.clamp(-clip, clip)", "new_c = f * c.clamp(-clip, clip) + i * g"),
    "clip that is soft": ("new_c = new_c.clamp(-clip, clip)", "new_c = clip * tanh(new_c / clip)"),
    "clip from above only": ("new_c.clamp(-clip, clip)", "new_c.clamp(max=clip)"),
    "recurrent dropout of the carried h": ("z * h\n", "z * (h if m is None else h * m)\n"),
    "recurrent dropout that is not scaled": ("h * m", "h * (m != 0)"),
    "recurrent dropout lost": ("h if m is None else h * m", "h"),
    "zoneout of c upside down": ("new_c = zc * c + (1 - zc) * new_c", "new_c = (1 - zc) * c + zc * new_c"),
    "zoneout of h upside down": ("new_h = zh * h + (1 - zh) * new_h", "new_h = (1 - zh) * h + zh * new_h"),
    "zoneout puts 0, not the old c": ("new_c = zc * c + (1 - zc) * new_c", "new_c = (1 - zc) * new_c"),
    "h from the zoned c": ("new_h = o * tanh(", """if zc is not None:
        new_c, zc = zc * c + (1 - zc) * new_c, None\n    new_h = o * tanh("""),
    "GRU's b_n outside the reset gate": ("r * (a_n if b is None else a_n + b)", "r * a_n + (0 if b is None else b)"),
    "GRU's b_n lost": ("(a_n if b is None else a_n + b)", "a_n"),
    "GRU's z and 1 - z swapped": ("(1 - z) * n + z * h", "z * n + (1 - z) * h"),
    "GRU's r and z swapped": ("r, z = sigmoid(u_r", "z, r = sigmoid(u_r"),
    "GRU's r lost": ("tanh(u_n + r * ", "tanh(u_n + "),
    "relu lost": ("torch.relu(a) if relu else tanh(a)", "tanh(a)"),
}  # fmt: skip

_SCAN = {
    "forget bias lost": ("F.linear(x, W, b)",
                         "F.linear(x, W, b if b is None else b * (b.new_tensor(range(len(b))) // (len(b) // 4) != 1))"),
    "bias lost": ("F.linear(x, W, b)", "F.linear(x, W)"),
    "bias lost beside layer norm": ("else u + b", "else u"),
    "first step lost": ("us[t], h, c)", "us[t] * (t > 0), h, c)"),
    "last step lost": ("us[t], h, c)", "us[t] * (t < T - 1), h, c)"),
    "last state one step old": (CARRIED, f"if t < T - 1: {CARRIED}"),
    "h not carried": (CARRIED, CARRIED.replace("now.h", "h")),
    "c not carried": (CARRIED, CARRIED.replace("now.c", "c")),
    "reverse not reversed": ("reversed(range(T)) if reverse else range(T)", "range(T)"),
    "reverse starts in the padding": (HELD, f"now.h if reverse else {HELD}"),
    "padding advances h": (HELD, "now.h"),
    "padding advances c": ("torch.where(here, now.c, c.to(now.c.dtype))", "now.c"),
    "outputs past the end": (ALIVE, ""),
    "a row ends one step late": ("[:, None] < lengths", "[:, None] <= lengths"),
    "reset after the step": ("again = restart[t]", "again = restart.roll(1, 0)[t]"),
    "reset keeps h": ("h = torch.where(again, fresh_h, h)", ""),
    "reset keeps c": ("c = c if c is None or fresh_c is None else torch.where(again, fresh_c, c)", ""),
    "reset of every row at once": ("again = restart[t][:, None]", "again = restart[t].any()"),
    "reset beyond the end": ("reset & alive", "reset"),
    "reset to zero always": ("= reset_state or (", "= (reset_state and None) or ("),
    "reverse reset at t, not before t when t + 1": ("if restart is not None and reverse", "if False"),
    "gradient of h crosses the reset": ("(again, fresh_h, h)", "(again, fresh_h + (h - h.detach()), h)"),
    "gradient of c crosses the reset": ("(again, fresh_c, c)", "(again, fresh_c + (c - c.detach()), c)"),
    "no gradient to the reset state": ("(again, fresh_h, h)", "(again, fresh_h.detach(), h)"),
    "one zoneout mask for all times": ("else z[t]", "else z[0]"),
    "a dropout mask a step": ("**weights)\n\n", """**weights, **{
            name: mask.roll(t, 0) for name, mask in step.keywords.items() if name == "m" and mask is not None
        })\n\n"""),
    "rows of the output mixed": ("moments[t] = now", "moments[t] = type(now)(*(q.roll(1, 0) for q in now))"),
    "times of the output mixed": ("moments[t] = now", "moments[T - 1 - t] = now"),
}  # fmt: skip

_PLAIN = {
    "given h lost": ("        one.h,", "        torch.zeros_like(one.h),"),
    "given c lost": ("        one.c,", "        one.c if one.c is None else torch.zeros_like(one.c),"),
    "b_hh lost": ("else w.b_hh)", "else 0)"),
    "GRU's b_n twice": ("torch.zeros_like(w.b_hh[2 * H :])", "w.b_hh[2 * H :]"),
    "gradient through the padding": ("x = torch.where(alive[..., None], x, torch.zeros_like(x))", ""),
    "directions share W": (WAYS, WAYS_WITH.format("w=one.w._replace(W=call.directions[0].W)")),
    "directions share R": (WAYS, WAYS_WITH.format("w=one.w._replace(R=call.directions[0].R)")),
    "directions swapped in the output": ("for one in moments], dim=-1", "for one in reversed(moments)], dim=-1"),
    "h and c of a reset swapped": ("=one.reset_state", "=one.reset_state and one.reset_state[::-1]"),
    "weights written to": ("    y = moments[0].h", "    [w.R.data.mul_(2) for w in call.directions]; y = moments[0].h"),
    "answer in float32": ("return Answer(y, state", "y = y.float(); return Answer(y, state"),
}  # fmt: skip

_ROWS = {
    "packed rows all as long as the longest": ("batch_sizes=None, lengths=alive.sum(dim=0)", "batch_sizes=None"),
    "packed rows of another length": ("alive.sum(dim=0)", "alive.sum(dim=0).roll(1, 0)"),
}

_PIECES = {
    "pieces start from the given state": ("first & ~fresh[0, row]", "torch.ones_like(first)"),
    "a reset before the first step lost": ("first & ~fresh[0, row]", "first"),
    "reverse pieces start as forward ones": ("~fresh[0, row], last]", "~fresh[0, row], first]"),
    "last state from the first piece": ("torch.stack([last, first])", "torch.stack([first, last])"),
    "pieces run on to the row's end": ("torch.where(last, ends[row], torch.roll(start, -1))", "ends[row]"),
    "pieces always from zero": ("if fresh is None else fresh", "if True else fresh"),
    "empty rows lose their state": ("old.to(new.dtype).index_copy", "torch.zeros_like(old).index_copy"),
    "pieces of the wrong row": ("old[:, pieces.row], other", "old[:, pieces.row.sort().values], other"),
}
_ATEN = {
    "padding never written": ("answer.y.new_zeros(T * B", "answer.y.new_empty(T * B"),
    "recurrent bias given twice": ("(one.W, one.R, one.b_ih, one.b_hh", "(one.W, one.R, one.b_hh, one.b_hh"),
    "resets overlooked": ("call.reset, call.x.device", "None, call.x.device"),
    "lengths overlooked": ("cut(T, B, call.lengths,", "cut(T, B, None,"),
}

# The kernel's own faults are in C++; these are in what goes into it and comes out.
_KERNEL = {
    "no dR at the first step": ("addmm(at_first, later", "addmm(at_first * 0, later"),
    "dR by the h of the step itself": ("da[1:], y[:-1])", "da[1:], y[1:])"),
    "dR in reverse as forward": ("y[1:]) if one.reverse else", "y[1:]) if False else"),
    "dR by the h that another row saw": ("seen.view(-1, S))", "seen.view(-1, S).roll(1, 0))"),
    "dR through recurrent dropout": ("w.m is not None or one.lengths", "one.lengths"),
    "kernel: GRU's b_n outside the reset gate": ("b[: 2 * H] += w.b_hh[: 2 * H]", "b += w.b_hh"),
    "kernel: b_hh lost": ("w.b_ih + w.b_hh", "w.b_ih"),
    "kernel: rows that live one step longer": ("[:, None] < lengths\n    return", "[:, None] <= lengths\n    return"),
    "kernel: one slot for all": ("(alive.view(-1).cumsum(0) - 1)", "(alive.view(-1).cumsum(0) * 0)"),
    "kernel: x of other rows": ("reshape(T * B, D).index_select(0, index)", "reshape(T * B, D)[: len(index)]"),
    "kernel: dx of other rows": ("index_copy_(0, index, rows)", "index_copy_(0, index.flip(0), rows)"),
    "kernel: a reset's h and c swapped": (
        '"fresh_h": fresh_h, "fresh_c": fresh_c',
        '"fresh_h": fresh_c, "fresh_c": fresh_h',
    ),
    "kernel: strides overlooked": ("name: t.contiguous()", "name: t"),
    "kernel: layer norm of W x + b": (
        "raw = flat @ w.W.t()\n",
        "raw = flat @ w.W.t() if b is None else torch.addmm(b, flat, w.W.t())\n",
    ),
}
_NATIVE = {
    "kernel: directions swapped in the output": ("torch.cat(ys, dim=-1)", "torch.cat(ys[::-1], dim=-1)"),
    "kernel: another h on the way back": ("stretch.backward(one, y,", "stretch.backward(one, y * 2,"),
}

MUTANTS = [
    Mutant(name, room, *texts)
    for room, mutants in (
        (equations, _STEP | _SCAN), (plain, _PLAIN), (rows, _ROWS), (pieces, _PIECES), (aten, _ATEN),
        (kernel, _KERNEL), (native, _NATIVE),
    )
    for name, texts in mutants.items()
]  # fmt: skip
