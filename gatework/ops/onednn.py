"""oneDNN's LSTM layer as a custom op, so that torch.compile and torch.export see one node and not T steps.

Eager code calls torch.lstm, which is some 20 % quicker to enter; a compiled or exported graph calls this op. Plain
float32 on CPU only. Its backward rule goes through the equations where a graph of the gradient is wanted.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gatework import equations
from gatework.ops.call import apart

_LSTM = 2  # ATen's number for the cell


@torch.library.custom_op("gatework::onednn_lstm", mutates_args=())
def forward(
    x: Tensor, W: Tensor, R: Tensor, b_ih: Tensor, b_hh: Tensor, h: Tensor, c: Tensor, reverse: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """One direction of an LSTM: x (T, B, D), h and c (B, H) -> y (T, B, H), h, c, oneDNN's workspace for backward."""
    H = R.shape[1]
    # Autograd is off inside an op's body, and without it oneDNN writes no workspace.
    with torch.enable_grad():
        return torch.ops.aten.mkldnn_rnn_layer(
            x.contiguous(), W, R, b_ih, b_hh, h, c, reverse, [], _LSTM, H, 1, True, False, False, True
        )


@forward.register_fake
def _(x, W, R, b_ih, b_hh, h, c, reverse):
    T, B, H = x.shape[0], x.shape[1], R.shape[1]
    # How large the workspace is, oneDNN alone knows.
    size = torch.library.get_ctx().new_dynamic_size()
    return x.new_empty(T, B, H), x.new_empty(B, H), x.new_empty(B, H), x.new_empty(size, dtype=torch.uint8)


# oneDNN scribbles in its workspace as it goes back, and gives the same answer when it does so again: no mutation that
# anyone else can see, so none is declared.
@torch.library.custom_op("gatework::onednn_lstm_backward", mutates_args=())
def backward(
    x: Tensor,
    W: Tensor,
    R: Tensor,
    b_ih: Tensor,
    b_hh: Tensor,
    h: Tensor,
    c: Tensor,
    y: Tensor,
    h_n: Tensor,
    c_n: Tensor,
    workspace: Tensor,
    dy: Tensor,
    dh: Tensor,
    dc: Tensor,
    reverse: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Gradients of x, W, R, b_ih, b_hh, h and c."""
    H = R.shape[1]
    with torch.enable_grad():
        found = torch.ops.aten.mkldnn_rnn_layer_backward(
            x.contiguous(), W, R, b_ih, b_hh, h, c, y, h_n, c_n, dy.contiguous(), dh.contiguous(), dc.contiguous(),
            reverse, _LSTM, H, 1, True, True, False, [], False, workspace,
        )  # fmt: skip
    # oneDNN has one bias, and ATen hands its gradient out twice: an op may not return one tensor as two.
    return tuple(g.clone() if k == 4 else g.contiguous() for k, g in enumerate(found))


@backward.register_fake
def _(x, W, R, b_ih, b_hh, h, c, y, h_n, c_n, workspace, dy, dh, dc, reverse):
    return tuple(q.new_empty(q.shape) for q in (x, W, R, b_ih, b_hh, h, c))


def _save(ctx, inputs, output):
    *tensors, ctx.reverse = inputs
    ctx.save_for_backward(*tensors, *output)


def _rule(ctx, dy, dh, dc, _):
    x, W, R, b_ih, b_hh, h, c, y, h_n, c_n, workspace = ctx.saved_tensors
    if torch.is_grad_enabled() and not torch.compiler.is_compiling():
        x, W, R, b_ih, b_hh, h, c = inputs = apart((x, W, R, b_ih, b_hh, h, c))
        u = equations.share(x, W, b_ih + b_hh)
        moments, *last = equations.scan(u, h, c, R, reverse=ctx.reverse)
        return *torch.autograd.grad([moments.h, *last], inputs, (dy, dh, dc), create_graph=True), None
    return *backward(x, W, R, b_ih, b_hh, h, c, y, h_n, c_n, workspace, dy, dh, dc, ctx.reverse), None


forward.register_autograd(_rule, setup_context=_save)
