"""A stack of recurrent layers: weights, and the calls that run them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import PackedSequence

from gatework.equations import Norm
from gatework.errors import check_shape
from gatework.nn.flatten import flatten
from gatework.nn.initialise import initialise
from gatework.nn.options import check_one_way, check_options
from gatework.nn.reading import Reading, read
from gatework.nn.regularise import variational, zone
from gatework.nn.stream import Stream
from gatework.ops import BACKENDS, Call, Cell, Direction, scan


class Recurrent(nn.Module):
    """A stack of scans with weights: all that LSTM, GRU and RNN have in common.

    Weights carry torch's names (`weight_ih_l0`, `bias_hh_l1_reverse`, ...), shapes and order; a variant adds its own
    under torch's suffixes (`peephole_l0`, `norm_hh_weight_l0`).
    """

    cell: Cell
    gates: int  # rows of weights a hidden unit
    mode: str  # torch's name for the cell
    weight_ih_l0: Tensor

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        proj_size: int,
        device: Any,
        dtype: Any,
        *,
        backend: str,
        init: str,
        chrono_max: float | None,
        layer_norm: bool,
        recurrent_dropout: float,
        zoneout: float | tuple[float, float],
        weight_dropout: float,
        peephole: bool = False,
        coupled_gates: bool = False,
        cell_clip: float | None = None,
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, dropout
        self.bidirectional, self.proj_size = bidirectional, proj_size
        self.backend, self.init, self.chrono_max = backend, init, chrono_max
        self.layer_norm, self.recurrent_dropout, self.zoneout = layer_norm, recurrent_dropout, zoneout
        self.weight_dropout, self.peephole = weight_dropout, peephole
        self.coupled_gates, self.cell_clip = coupled_gates, cell_clip
        check_options(self)
        self.dropout = float(dropout)
        self._names = [self._register(k, d, device, dtype) for k in range(num_layers) for d in range(self.directions)]
        self.reset_parameters()
        self.flatten_parameters()

    # What the layer is made of

    @property
    def directions(self) -> int:
        """2 when bidirectional, else 1."""
        return 2 if self.bidirectional else 1

    @property
    def widths(self) -> tuple[int, ...]:
        """Width of each memory: (S, H) for an LSTM, (H,) for the others."""
        return (self.proj_size or self.hidden_size, self.hidden_size) if self.cell == "lstm" else (self.hidden_size,)

    def _register(self, layer: int, direction: int, device: Any, dtype: Any) -> dict[str, str]:
        """Make the weights of one layer and direction; return the parameter's name for each field of a Direction."""
        H, S, G = self.hidden_size, self.widths[0], self.gates * self.hidden_size
        D = self.input_size if layer == 0 else S * self.directions
        shapes: dict[str, tuple[str, tuple[int, ...]]] = {"W": ("weight_ih", (G, D)), "R": ("weight_hh", (G, S))}
        if self.bias:
            shapes |= {"b_ih": ("bias_ih", (G,)), "b_hh": ("bias_hh", (G,))}
        if self.proj_size:
            shapes["P"] = ("weight_hr", (S, H))
        if self.peephole:
            shapes["p"] = ("peephole", (self.gates - 1, H))
        if self.layer_norm:
            sizes = {"ih": G, "hh": G} | ({"c": H} if self.cell == "lstm" else {})
            for where, size in sizes.items():
                shapes[f"norm_{where}"] = (f"norm_{where}_weight", (size,))
                shapes[f"norm_{where} bias"] = (f"norm_{where}_bias", (size,))
        suffix = _suffix(layer, direction)
        for name, shape in shapes.values():
            self.register_parameter(f"{name}_{suffix}", nn.Parameter(torch.empty(shape, device=device, dtype=dtype)))
        return {field: f"{name}_{suffix}" for field, (name, _) in shapes.items()}

    @property
    def all_weights(self) -> list[list[nn.Parameter]]:
        """The weights, a list for each layer and direction, as torch.nn.LSTM has it."""
        return [[getattr(self, name) for name in names.values()] for names in self._names]

    def reset_parameters(self) -> None:
        """Draw every weight anew, by `init`."""
        initialise(self)

    def flatten_parameters(self) -> None:
        """Lay each layer's weights out as cuDNN wants them. Does nothing on the CPU."""
        per = self.directions
        for k in range(self.num_layers):
            flatten(self, self._names[k * per : (k + 1) * per])

    def _apply(self, fn, recurse=True):
        super()._apply(fn, recurse)
        self.flatten_parameters()
        return self

    # What it does

    def forward(
        self,
        input: Tensor | PackedSequence,
        hx: Any = None,
        *,
        lengths: Any = None,
        reset: Any = None,
        reset_state: Any = None,
        trace: bool = False,
    ) -> tuple[Any, ...]:
        """Read sequences from a state on.

        Parameters
        ----------
        input : Tensor (T, B, D), (B, T, D) when batch_first, (T, D) unbatched; or PackedSequence
            The sequences.
        hx : (h, c) for an LSTM, h for a GRU or RNN
            The state before the first step: h (layers * directions, B, S), c (layers * directions, B, H), without B
            when unbatched. Zeros when None.
        lengths : (B,) whole numbers, tensor or list, in any order, 0 allowed
            Where each row ends. Outputs past it are 0, the final state is the one there, and the reverse direction
            starts there. Padding may hold anything.
        reset : (T, B), (B, T) when batch_first, (T,) unbatched; bool or 0/1
            True: *before this step* the state becomes `reset_state`, or zero, and no gradient crosses. Both
            directions see the same episodes.
        reset_state : like hx
            What a reset puts in the state's place.
        trace : bool
            Also return every gate and memory.

        Returns
        -------
        outputs : like input, with directions * S features
        state : like hx
            The state after the last step (of each row).
        moments : dict, only with `trace`
            "l0", "l0_reverse", ... -> a Moment (i, f, g, o, c, h), GRUMoment or RNNMoment in the outputs' layout.

        Raises
        ------
        ShapeError
            Where a tensor does not fit the layer. It is a ValueError and a RuntimeError.
        BackendError
            Where the backend asked for by name cannot run this call; with every reason.
        """
        reading = read(self, input, hx, lengths, reset, reset_state, trace)
        y, ended, moments = self._stack(reading)
        layout = reading.layout
        ended = layout.states_outward(ended)
        outputs, state = layout.outward(y), ended if self.cell == "lstm" else ended[0]
        if not trace:
            return outputs, state
        return outputs, state, {name: type(q)(*map(layout.outward, q)) for name, q in moments.items()}

    def step(self, x_t: Tensor, state: Any = None, reset: Any = None) -> tuple[Tensor, Any]:
        """Read one moment: x_t (B, D), state as in the call, reset (B,) -> y_t (B, S), state.

        In eval, a whole sequence, its chunks and its single steps give the same answer.
        """
        check_one_way(self, "step")
        check_shape("x_t", tuple(x_t.shape), ("B", self.input_size), "step takes one moment of a batch.")
        if reset is not None:
            reset = torch.as_tensor(reset, device=x_t.device)
            check_shape("reset", tuple(reset.shape), (x_t.shape[0],), "One mark a row.")
        time = 1 if self.batch_first else 0
        y, state = self(x_t.unsqueeze(time), state, reset=None if reset is None else reset.unsqueeze(time))
        return y.squeeze(time), state

    def stream(self, batch_size: int = 1) -> Stream:
        """Hold the weights as they are now, to read moments one by one: quicker than `step`, and without a gradient.

        Parameters
        ----------
        batch_size : int
            How many rows each moment has.

        Returns
        -------
        Stream
            `.step(x_t)`, (B, D) -> (B, S), as in eval; `.state`, to get and to set; `.reset(rows)`.

        Examples
        --------
        >>> import torch, gatework
        >>> stream = gatework.LSTM(3, 8, num_layers=2).stream()
        >>> stream.step(torch.randn(1, 3)).shape, stream.state[0].shape
        (torch.Size([1, 8]), torch.Size([2, 1, 8]))
        """
        return Stream(self, batch_size)

    def _stack(self, reading: Reading) -> tuple[Tensor, tuple[Tensor, ...], dict[str, Any]]:
        """Run the layers, dropout between them."""
        x, ended, moments = reading.x, [], {}
        for k in range(self.num_layers):
            call = self.call(k, reading if k == 0 else reading._replace(x=x))
            # Without a step there is nothing to choose: every backend gives back what it was given.
            answer = scan(call, self.backend) if reading.layout.T else BACKENDS["equations"].run(call)
            x = answer.y
            if self.dropout and k + 1 < self.num_layers:
                x = F.dropout(x, self.dropout, self.training)
            ended.append(answer.state)
            for d, one in enumerate(answer.moments or ()):
                moments[_suffix(k, d)] = one
        state = ended[0] if len(ended) == 1 else tuple(map(torch.cat, zip(*ended, strict=True)))
        return x, state, moments

    def call(self, layer: int, reading: Reading) -> Call:
        """Say what one layer asks of a backend: its weights, its share of the state, and freshly drawn masks."""
        layout, state, fresh, names = reading.layout, reading.state, reading.reset_state, self._names
        if self.num_layers > 1:
            mine = slice(layer * self.directions, (layer + 1) * self.directions)
            state, names = tuple(part[mine] for part in state), names[mine]
            fresh = None if fresh is None else tuple(part[mine] for part in fresh)
        return Call(
            cell=self.cell,
            x=reading.x,
            state=state,
            directions=tuple(self._direction(one, layout.T, layout.B) for one in names),
            batch_sizes=None if layout.packed is None else layout.packed.batch_sizes,
            lengths=reading.lengths,
            reset=reading.reset,
            reset_state=fresh,
            coupled=self.coupled_gates,
            clip=self.cell_clip,
            trace=reading.trace,
        )

    def _direction(self, names: dict[str, str], T: int, B: int) -> Direction:
        # A module's getattr is slow; it is left for weights that are computed (weight_norm, pruning).
        own = self._parameters
        fields: dict[str, Any] = {
            field: own[name] if name in own else getattr(self, name) for field, name in names.items()
        }
        if self.layer_norm:
            for norm in [field for field in fields if f"{field} bias" in fields]:
                fields[norm] = Norm(fields[norm], fields.pop(f"{norm} bias"))
        R, S = fields["R"], self.widths[0]
        if self.weight_dropout:
            fields["R"] = F.dropout(R, self.weight_dropout, self.training)
        if self.recurrent_dropout:
            fields["m"] = variational(R, (B, S), self.recurrent_dropout, self.training)
        if self.zoneout:
            keep_h, keep_c = self.zoneout if isinstance(self.zoneout, tuple) else (self.zoneout, self.zoneout)
            fields["zh"] = zone(R, (T, B, S), keep_h, self.training)
            fields["zc"] = zone(R, (T, B, self.hidden_size), keep_c, self.training) if self.cell == "lstm" else None
        return Direction(**fields)

    # What it says

    def extra_repr(self) -> str:
        """Show what differs from the defaults, as torch does, and the variants after it."""
        plain = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0,
            "bidirectional": False, "backend": "auto", "init": "torch", "chrono_max": None, "layer_norm": False,
            "recurrent_dropout": 0.0, "zoneout": 0.0, "weight_dropout": 0.0, "peephole": False,
            "coupled_gates": False, "cell_clip": None,
        }  # fmt: skip
        changed = [f"{name}={getattr(self, name)!r}" for name, usual in plain.items() if getattr(self, name) != usual]
        return ", ".join([str(self.input_size), str(self.hidden_size), *changed])


def _suffix(layer: int, direction: int) -> str:
    return f"l{layer}" + ("_reverse" if direction else "")
