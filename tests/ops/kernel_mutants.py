"""Known wrong native kernels: each is the right one with a line of its C++ changed, built for float64 and 16 bytes."""

from __future__ import annotations

import ctypes
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from test_activations import HEADERS, compiler

# Compiled at -O1 without module.cpp and nanobind: three seconds a mutant.
DOORS = """
#define GATEWORK_BYTES 16
#include "kernel.h"
extern "C" bool forward(const Scan<double>& s) { return run<double, false>(s); }
extern "C" bool backward(const Scan<double>& s) { return run<double, true>(s); }
"""


class KernelMutant(NamedTuple):
    """What is wrong, in which header, and the text that makes it so."""

    name: str
    header: str
    right: str
    wrong: str

    def headers(self, folder: Path) -> Path:
        """Copy the kernel's headers to `folder`, with the wrong text in place."""
        for path in HEADERS.glob("*.h"):
            text = path.read_text(encoding="utf-8")
            if path.name == self.header:
                assert self.right in text, f"{self.header} no longer says {self.right!r}: change this mutant too"
                text = text.replace(self.right, self.wrong)
            (folder / path.name).write_text(text, encoding="utf-8")
        return folder

    def module(self, folder: Path) -> Any:
        """Build the wrong kernel, and show it as `gatework.ops._native` shows the right one."""
        source, library = self.headers(folder) / "doors.cpp", folder / "kernel.so"
        source.write_text(DOORS, encoding="utf-8")
        flags = ["-std=c++17", "-O1", "-fopenmp", "-fPIC", "-shared"]
        subprocess.run([compiler(), *flags, str(source), "-o", str(library)], check=True, timeout=120)
        doors = ctypes.CDLL(str(library))

        def door(name: str) -> Any:
            function = getattr(doors, name)
            function.restype = ctypes.c_bool

            def call(scan: Any) -> None:
                assert function(ctypes.byref(scan)), "memory ran out"

            return call

        return SimpleNamespace(Scan64=scan(), forward=door("forward"), backward=door("backward"))


def scan() -> type:
    """contract.h's Scan<double>: every member is 8 bytes, a number or an address."""
    text = (HEADERS / "contract.h").read_text(encoding="utf-8")
    body = text.partition("struct Scan {")[2].partition("\n};")[0]
    members = re.findall(r"^ +(int64_t|double|(?:const )?\w+\*) ([^;]+);", body, re.MULTILINE)
    types = {"int64_t": ctypes.c_int64, "double": ctypes.c_double}
    fields = [(one.split()[0], types.get(kind, ctypes.c_void_p)) for kind, more in members for one in more.split(",")]
    return type("Scan64", (ctypes.Structure,), {"_fields_": fields})


# Texts of the right headers that are long.
FRESH_C = "s.fresh_c ? s.fresh_c + b * s.H : w.zeros"
SEEN = "s.m ? load(r.h + j, n) * load(s.m + k, n) : load(r.h + j, n)"
MASKED_BACK = "if (s.m) d *= load(s.m + k, n);"
DIRECT = "if (direct) d += load(dh, n);"
SLOT = "return s.slots ? s.slots[at] : at;"
AFTER_RESET = "if (r.origin != Origin::fresh) return store(dh, d, n);"

KERNEL_MUTANTS = [
    KernelMutant(name, header, right, wrong)
    for header, changes in {
        "vec.h": {
            "the last number of a tail not stored": ("k < n; ++k) to[k] =", "k + 1 < n; ++k) to[k] ="),
            "the last number of a tail not loaded": ("k < n; ++k) part[k] =", "k + 1 < n; ++k) part[k] ="),
        },
        "product.h": {
            "the last panel skipped": ("for (; q < to; ++q) tile", "for (; q + 1 < to; ++q) tile"),
            "every band reads the first rows": ("rows + done, w,", "rows, w,"),
            "the first part of a long sum lost": ("slab > 0}", "false}"),
        },
        "norm.h": {
            "norm without eps": (" + Real(1e-5)", ""),
            "norm's slope lost": ("(out * load(weight, n) - mean - x * slope)", "(out * load(weight, n) - mean)"),
            "norm's gain lost on the way back": ("out * load(weight, n) - mean", "out - mean"),
        },
        "lstm.h": {
            "dc lost": ("before += dc * x.f;", ""),
            "dc from peepholes lost": ("before += di * load(s.p + j, n);", ""),
            "c of the wrong step": ("x.old = load(r.c + j, n);", "x.old = load(s.cells + r.slot * s.H + j, n);"),
            "peephole of f takes i's row": ("f += load(s.p + H + j, n) * old;", "f += load(s.p + j, n) * old;"),
            "peephole of o sees the old c": ("load(s.p + (last - 1) * H + j, n) * c;",
                                             "load(s.p + (last - 1) * H + j, n) * old;"),
            "forget gate's slope is f": ("df *= x.f * (1 - x.f);", "df *= x.f;"),
            "coupled gate's gradient with the wrong sign": ("di -= df;", "di += df;"),
            "gradient through the clip": ("dc = x.held ? dc : V{};", ""),
            "zoneout's share of dc lost": ("before = z * after;", ""),
            "projected without the output gate": ("+ r.slot * H + j, x.o * t, n)", "+ r.slot * H + j, t, n)"),
        },
        "gru.h": {
            "inner gradient without r": ("dinner = dnext * reset;", "dinner = dnext;"),
            "h's own way back lost": ("load(dh, n) + d * update : d * update", "load(dh, n) : V{}"),
        },
        "rnn.h": {"relu's slope at zero is one": ("h <= 0 ? V{} : d", "h < 0 ? V{} : d")},
        "scan.h": {
            "a reset keeps the first c": (FRESH_C, "s.c0 ? s.c0 + b * s.H : w.zeros"),
            "one slot for all": (SLOT, "return s.slots ? 0 : at;"),
            "every slot of a row is its first": (SLOT, "return s.slots ? s.slots[at % s.B] : at;"),
            "c of the slot that is the step's own": ("s.cells + slot_of(s, before) * s.H", "s.cells + slot * s.H"),
            "the last c from where padding would lie": ("s.cells + slot_of(s, last) * s.H", "s.cells + last * s.H"),
            "reverse reset off by one": ("!first && s.reset[at + s.B]", "s.reset[at]"),
            "gradient crosses a reset": (AFTER_RESET, "return store(dh, d, n);"),
            "the last memory is the longest row's": ("steps = s.lengths ? s.lengths[b] : s.T", "steps = s.T"),
            "a dead row's y is not zeroed": ("clear(s.y, at, s.S);", ""),
            "R's gradient by h without its mask": (SEEN, "load(r.h + j, n)"),
            "mask lost on the way back": (MASKED_BACK, ""),
            "mask on the way past R too": (f"{MASKED_BACK}\n                {DIRECT}",
                                           f"{DIRECT}\n                {MASKED_BACK}"),
            "dy lost before the projection": ("if (s.dy) d += load(s.dy + r.at * s.S + j, n);", ""),
        },
        "kernel.h": {"the sums of the first thread alone": ("rank < threads; ++rank)", "rank < 1; ++rank)")},
    }.items()
    for name, (right, wrong) in changes.items()
]  # fmt: skip
