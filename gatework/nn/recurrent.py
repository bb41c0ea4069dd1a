"""LSTM, GRU and RNN: drop-ins for torch.nn's, with the variants, masks and views that torch does not have."""

from __future__ import annotations

from typing import Any, Literal

from gatework.errors import OptionError
from gatework.nn.stack import Recurrent


class LSTM(Recurrent):
    """Long short-term memory (Hochreiter & Schmidhuber, 1997; Gers et al., 2000): torch.nn.LSTM, and every variant.

    The call takes `lengths`, `reset`, `reset_state` and `trace` beyond torch's arguments: see `forward`.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype
        As in torch.nn.LSTM: the same places, names, values and defaults.
    backend : "auto", "native", "torch" or "equations"
        What runs it: our own CPU kernel, torch's kernels, or equations.py. "auto" takes the first of them that can; one
        asked for by name runs or raises with its reasons.
    init : "torch", "recommended" or "chrono"
        How weights start. "torch": uniform in +-1/sqrt(H), the same numbers as torch.nn.LSTM under the same seed.
        "recommended": Glorot W, orthogonal R, forget bias 1. "chrono": as recommended, with forgetting times spread
        over 1 to `chrono_max` steps, so that a memory of that length is there from the start (Tallec & Ollivier,
        2018, arXiv:1804.11188).
    chrono_max : float
        The longest lag, in steps, that "chrono" prepares for.
    layer_norm : bool
        Normalise W x and R h apart, over all gate rows, and c before the output's tanh (Ba, Kiros & Hinton, 2016,
        arXiv:1607.06450). Biases are added after it.
    recurrent_dropout : float
        Share of h's units that the recurrence does not see, the same for a whole sequence (Gal & Ghahramani, 2016,
        arXiv:1512.05287).
    zoneout : float or (float, float)
        Share of units that keep their old value at a step, of h and c alike or (h, c); in eval the expected value
        (Krueger et al., 2017, arXiv:1606.01305).
    weight_dropout : float
        Share of R's weights left out, drawn once a call; the stored weights stay as they are (DropConnect; Merity et
        al., 2018, arXiv:1708.02182).
    peephole : bool
        The gates see c: weights `peephole_l0` (3, H), rows i, f, o; (2, H), rows i, o, with coupled gates (Gers &
        Schmidhuber, 2000).
    coupled_gates : bool
        f = 1 - i: three gates i, g, o instead of four (CIFG; Greff et al., 2017, arXiv:1503.04069).
    cell_clip : float
        Hold c within +-cell_clip after its update (Sak et al., 2014, arXiv:1402.1128). This is not ONNX's clip, which
        acts on the gates' inputs.

    Raises
    ------
    OptionError, TypeError
        Where a setting cannot be, alone or beside another.

    Examples
    --------
    >>> import torch, gatework
    >>> layer = gatework.LSTM(3, 8, peephole=True, layer_norm=True)
    >>> outputs, (h, c) = layer(torch.randn(20, 4, 3), lengths=[20, 7, 0, 13])
    >>> outputs.shape, h.shape, c.shape
    (torch.Size([20, 4, 8]), torch.Size([1, 4, 8]), torch.Size([1, 4, 8]))
    """

    cell = "lstm"
    mode = "LSTM"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
        *,
        backend: Literal["auto", "native", "torch", "equations"] = "auto",
        init: Literal["torch", "recommended", "chrono"] = "torch",
        chrono_max: float | None = None,
        layer_norm: bool = False,
        recurrent_dropout: float = 0.0,
        zoneout: float | tuple[float, float] = 0.0,
        weight_dropout: float = 0.0,
        peephole: bool = False,
        coupled_gates: bool = False,
        cell_clip: float | None = None,
    ) -> None:
        self.gates = 3 if coupled_gates else 4
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype,
            backend=backend, init=init, chrono_max=chrono_max, layer_norm=layer_norm,
            recurrent_dropout=recurrent_dropout, zoneout=zoneout, weight_dropout=weight_dropout, peephole=peephole,
            coupled_gates=coupled_gates, cell_clip=cell_clip,
        )  # fmt: skip


class GRU(Recurrent):
    """Gated recurrent unit (Cho et al., 2014, arXiv:1406.1078), as torch.nn.GRU and cuDNN write it.

    The call takes `lengths`, `reset`, `reset_state` and `trace` beyond torch's arguments: see `forward`.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype
        As in torch.nn.GRU: the same places, names, values and defaults.
    backend, init, chrono_max, recurrent_dropout, weight_dropout
        As in LSTM. The update gate keeps a GRU's memory: its bias starts at 1 with init="recommended", and holds the
        forgetting times with init="chrono".
    layer_norm : bool
        Normalise W x and R h apart, over all gate rows (Ba, Kiros & Hinton, 2016). Biases are added after it.
    zoneout : float
        Share of h's units that keep their old value at a step; in eval the expected value (Krueger et al., 2017).

    Raises
    ------
    OptionError, TypeError
        Where a setting cannot be, alone or beside another.

    Examples
    --------
    >>> import torch, gatework
    >>> outputs, h = gatework.GRU(3, 8, zoneout=0.1)(torch.randn(20, 4, 3))
    >>> outputs.shape, h.shape
    (torch.Size([20, 4, 8]), torch.Size([1, 4, 8]))
    """

    cell = "gru"
    mode = "GRU"
    gates = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        backend: Literal["auto", "native", "torch", "equations"] = "auto",
        init: Literal["torch", "recommended", "chrono"] = "torch",
        chrono_max: float | None = None,
        layer_norm: bool = False,
        recurrent_dropout: float = 0.0,
        zoneout: float = 0.0,
        weight_dropout: float = 0.0,
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype,
            backend=backend, init=init, chrono_max=chrono_max, layer_norm=layer_norm,
            recurrent_dropout=recurrent_dropout, zoneout=zoneout, weight_dropout=weight_dropout,
        )  # fmt: skip


class RNN(Recurrent):
    """Plain recurrent network (Elman, 1990), as torch.nn.RNN: h = tanh(W x + R h + b), or relu.

    The call takes `lengths`, `reset`, `reset_state` and `trace` beyond torch's arguments: see `forward`.

    Parameters
    ----------
    input_size, hidden_size, num_layers, nonlinearity, bias, batch_first, dropout, bidirectional, device, dtype
        As in torch.nn.RNN: the same places, names, values and defaults.
    backend, recurrent_dropout, weight_dropout
        As in LSTM.
    init : "torch" or "recommended"
        As in LSTM; an RNN has no gate whose bias could keep its memory.
    layer_norm, zoneout
        As in GRU.

    Raises
    ------
    OptionError, TypeError
        Where a setting cannot be, alone or beside another.

    Examples
    --------
    >>> import torch, gatework
    >>> outputs, h = gatework.RNN(3, 8, nonlinearity="relu", init="recommended")(torch.randn(20, 4, 3))
    >>> outputs.shape, h.shape
    (torch.Size([20, 4, 8]), torch.Size([1, 4, 8]))
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: Literal["tanh", "relu"] = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        backend: Literal["auto", "native", "torch", "equations"] = "auto",
        init: Literal["torch", "recommended"] = "torch",
        layer_norm: bool = False,
        recurrent_dropout: float = 0.0,
        zoneout: float = 0.0,
        weight_dropout: float = 0.0,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise OptionError(f"nonlinearity must be one of tanh, relu; got {nonlinearity!r}. Choose one of them.")
        self.nonlinearity = nonlinearity
        self.cell = "rnn_relu" if nonlinearity == "relu" else "rnn_tanh"
        self.mode = self.cell.upper()
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype,
            backend=backend, init=init, chrono_max=None, layer_norm=layer_norm,
            recurrent_dropout=recurrent_dropout, zoneout=zoneout, weight_dropout=weight_dropout,
        )  # fmt: skip
