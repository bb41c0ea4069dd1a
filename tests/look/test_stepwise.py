"""As many answers as there are steps may be one for each step, or as many about the end."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gatework.look import memory, subject


class Ahead(nn.Module):
    """Reads a row, then says 12 values that follow, (B, 12, 1)."""

    def __init__(self):
        super().__init__()
        self.reader, self.head = nn.LSTM(1, 4, batch_first=True), nn.Linear(4, 12)

    def forward(self, x):
        return self.head(self.reader(x)[0][:, -1])[..., None]


@pytest.mark.parametrize("steps", [11, 12, 13])
def test_values_that_follow_are_an_answer_about_the_end_however_many_were_read(steps):
    x = torch.randn(20, steps, 1, generator=torch.Generator().manual_seed(0))
    seen = subject(Ahead(), x)
    assert not seen.stepwise
    assert seen.run(seen.x).shape == (1, 20, 12)
    if steps == 12:
        said = str(memory(Ahead(), x))
        assert "one answer about the end" in said
        assert "reads ahead" not in said


class Fixed(Ahead):
    """Reads rows of 12 steps only."""

    def forward(self, x):
        if x.shape[1] != 12:
            raise ValueError("12 steps")
        return self.reader(x)[0]


def test_a_model_of_one_length_alone_is_taken_at_its_shape():
    assert subject(Fixed(), torch.randn(20, 12, 1)).stepwise
