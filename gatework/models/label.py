"""The labelling network: intake -> convolutions, where there are any -> recurrent stack -> pooling -> head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.models.bands import Bands
from gatework.models.pool import KINDS
from gatework.models.stem import Stem
from gatework.nn import GRU, LSTM, RNN

CELLS = {"lstm": LSTM, "gru": GRU, "rnn": RNN}


class Labeller(nn.Module):
    """Answer for each sequence, or for each of its steps, K numbers: logits of classes, or standardised targets.

    Parameters
    ----------
    intake : Numbers or Tokens
        What comes first.
    answers : int
        K.
    stem : Stem or Bands, optional
        Convolutions between the two. With a pooling, what they see is averaged too, and answers beside the memory:
        some classes are told by shapes, wherever they come (LSTM-FCN: Karim et al., 2018). A step's answer is the
        memory's alone: a few steps by themselves would drag it away.
    hidden_size, num_layers, cell, bidirectional
        Of the recurrent stack.
    pooling : "last", "mean", "max" or "attention"; None
        How one answer for the sequence is made; None answers for each step.
    dropout, dropout_in : float
        Before the heads and between layers; and before the stack, where there is no stem.
    prior : sequence of float, one an answer
        Added to what the heads answer: the logarithms of how often classes are. Then what a network says by itself is
        what it would say if they were all as often (logit adjustment: Menon et al., 2021).
    """

    prior: Tensor

    def __init__(
        self,
        intake: Any,
        answers: int,
        stem: Stem | Bands | None = None,
        *,
        hidden_size: int = 64,
        num_layers: int = 1,
        cell: str = "lstm",
        bidirectional: bool = True,
        pooling: str | None = "attention",
        dropout: float = 0.0,
        dropout_in: float = 0.0,
        prior: Sequence[float] = (),
    ):
        super().__init__()
        self.intake, self.stem = intake, stem
        self.register_buffer("prior", torch.tensor(prior or [0.0] * answers))
        size = intake.size if stem is None else stem.size
        between = dropout if num_layers > 1 else 0.0
        self.layer = CELLS[cell](
            size,
            hidden_size,
            num_layers,
            batch_first=True,
            dropout=between,
            bidirectional=bidirectional,
            init="recommended",
        )
        width = hidden_size * (2 if bidirectional else 1)
        self.pool: Any = None if pooling is None else KINDS[pooling](width, hidden_size if bidirectional else 0)
        self.head = nn.Linear(width, answers)
        # Whether the convolutions answer too.
        self.twice = stem is not None and pooling is not None
        if stem is not None and self.twice:
            self.shapes: Any = KINDS["mean"](stem.size)
            self.shapes_head = nn.Linear(stem.size, answers)
        self.dropout, self.dropout_in = dropout, dropout_in

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Answer for x (B, T, D), or tokens (B, T), of `lengths` (B,): (B, K), or (B, T, K) without a pooling."""
        return _mean(self.heads(x, lengths))

    def heads(self, x: Tensor, lengths: Tensor, own: Tensor | None = None) -> list[Tensor]:
        """Give the answer of each head: of the memory and, where a stem is pooled, of that alone.

        Each learns by a loss of its own; with one in common, the quicker of the two would leave the other little to
        learn. `own` (B,) are the classes of sequences that are learned from, for evidence to leave out.
        """
        alive = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
        x = self.intake(x, own) * alive[..., None]
        if self.stem is None:
            return [self._remembered(x, alive)]
        x, alive = self.stem(x, alive)
        remembered = self._remembered(x, alive)
        return [remembered, self._answer(self.shapes, x, alive, self.shapes_head)] if self.twice else [remembered]

    def _remembered(self, x: Tensor, alive: Tensor) -> Tensor:
        # What convolutions give has been thinned already.
        x = F.dropout(x, self.dropout_in, self.training and self.stem is None)
        outputs, _ = self.layer(x, lengths=alive.sum(1))
        return self._answer(self.pool, outputs, alive, self.head)

    def _answer(self, pool: Any, outputs: Tensor, alive: Tensor, head: nn.Module) -> Tensor:
        found = outputs if pool is None else pool(outputs, alive)
        return head(F.dropout(found, self.dropout, self.training)) + self.prior

    # As the steps come: in eval, in one direction.

    def begin(self, rows: int = 1) -> Any:
        """Give the carry of sequences of which nothing has come yet."""
        stem = None if self.stem is None else self.stem.begin(rows)
        return (
            self.intake.begin(rows),
            stem,
            None,
            *(None if pool is None else pool.begin(rows, self.head.weight) for pool in self._pools),
        )

    def take(self, carry: Any, x: Tensor) -> tuple[Any, Tensor | None]:
        """Read further steps (B, n, D) or (B, n); give the carry and, without a pooling, their answers (B, n, K)."""
        tokens, stem, *rest = carry
        tokens, x = self.intake.take(tokens, x)
        if self.stem is not None:
            stem, x = self.stem.take(stem, x)
        state, outputs, pooled = self._read(rest, x)
        if self.pool is not None:
            return (tokens, stem, state, *pooled), None
        return (tokens, stem, state, *pooled), self.head(outputs) + self.prior

    def give(self, carry: Any) -> Tensor:
        """Answer (B, K) for what has come, as forward would if it ended here; a pooling there must be."""
        _, stem, state, *pooled = carry
        if self.stem is None:
            return self.head(self.pool.give(pooled[0])) + self.prior
        _, _, pooled = self._read([state, *pooled], self.stem.rest(stem))
        remembered, shapes = pooled
        found = [self.head(self.pool.give(remembered)), self.shapes_head(self.shapes.give(shapes))]
        return _mean(found) + self.prior

    @property
    def _pools(self) -> list[Any]:
        return [self.pool, self.shapes] if self.twice else [self.pool]

    def _read(self, rest: Any, x: Tensor) -> tuple[Any, Tensor, list[Any]]:
        """Go on from a state and what has been pooled: the state, the outputs and what has been pooled then."""
        state, *pooled = rest
        if not x.shape[1]:
            return state, x.new_zeros(len(x), 0, self.head.in_features), pooled
        outputs, state = self.layer(x, state)
        seen = zip(self._pools, pooled, (outputs, x), strict=False)
        return state, outputs, [None if pool is None else pool.take(one, part) for pool, one, part in seen]


def _mean(answers: list[Tensor]) -> Tensor:
    """Average answers; of logits that is the geometric mean of the probabilities."""
    return answers[0] if len(answers) == 1 else torch.stack(answers).mean(0)


class Committee(nn.Module):
    """Several networks whose answers are averaged: probabilities of classes, or numbers.

    Parameters
    ----------
    members : sequence of Labeller
        The networks.
    sizes : sequence of int, optional
        Classes of each target, whose probabilities are averaged; None where numbers are.
    alike : bool
        Whether classes are taken to be all as often, whatever they were among what was learned from.
    """

    def __init__(self, members: Sequence[Labeller], sizes: tuple[int, ...] | None, alike: bool = False):
        super().__init__()
        self.alike = alike
        self.members: Any = nn.ModuleList(members)
        self.sizes = sizes

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """As a member, but with probabilities in the place of logits."""
        return self.agree([one(x, lengths) for one in self.members])

    def agree(self, answers: Sequence[Tensor]) -> Tensor:
        """Average what the members answer."""
        pairs = zip(self.members, answers, strict=True)
        return torch.stack([self.chances(one - net.prior if self.alike else one) for net, one in pairs]).mean(0)

    def chances(self, answers: Tensor) -> Tensor:
        """Turn logits (.., K) into probabilities, target by target; numbers stay as they are."""
        if self.sizes is None:
            return answers
        return torch.cat([part.softmax(-1) for part in answers.split(self.sizes, -1)], -1)
