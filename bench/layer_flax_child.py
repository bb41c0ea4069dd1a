"""A Flax LSTM (an XLA scan) that answers over a pipe; layer_flax.py runs it, in a Python that has jax and flax.

Arguments: the problem (.npz: x, W, R, b, cotangent), where to leave the results (.npz), cores to run on. Then each
line "inference N" or "training N" on stdin is answered with the seconds that N calls took.
"""

from __future__ import annotations

import os
import sys
import time

problem, answer, cores = sys.argv[1:]
# Before jax is imported, which makes a thread for each core that it sees.
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])

import flax  # noqa: E402
import jax  # noqa: E402
import numpy as np  # noqa: E402
from flax import linen  # noqa: E402

given = {name: jax.numpy.asarray(value) for name, value in np.load(problem).items()}
H = given["R"].shape[1]
cell = {}
for k, gate in enumerate("ifgo"):
    rows = slice(k * H, (k + 1) * H)
    cell[f"i{gate}"] = {"kernel": given["W"][rows].T}
    cell[f"h{gate}"] = {"kernel": given["R"][rows].T, "bias": given["b"][rows]}
# The cell's own name in the tree of parameters is Flax's to choose.
layer = linen.RNN(linen.OptimizedLSTMCell(H), time_major=True)
tree = jax.eval_shape(layer.init, jax.random.key(0), given["x"])
(name,) = tree["params"]
weights = {"params": {name: cell}}

infer = jax.jit(layer.apply)


@jax.jit
def train(weights, x):
    y, back = jax.vjp(layer.apply, weights, x)
    return y, back(given["cotangent"])


y, (slopes, dx) = train(weights, given["x"])
slopes = slopes["params"][name]
np.savez(
    answer,
    outputs=y,
    inference=infer(weights, given["x"]),
    x=dx,
    W=np.concatenate([slopes[f"i{gate}"]["kernel"].T for gate in "ifgo"]),
    R=np.concatenate([slopes[f"h{gate}"]["kernel"].T for gate in "ifgo"]),
    b=np.concatenate([slopes[f"h{gate}"]["bias"] for gate in "ifgo"]),
)
print(f"flax {flax.__version__}, jax {jax.__version__}", flush=True)

for line in sys.stdin:
    what, n = line.split()
    run = infer if what == "inference" else train
    began = time.perf_counter()
    for _ in range(int(n)):
        done = run(weights, given["x"])
    jax.block_until_ready(done)
    print(time.perf_counter() - began, flush=True)
