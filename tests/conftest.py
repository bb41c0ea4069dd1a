"""What every test shares: one thread, no clock, the same examples each time, and where the data lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from hypothesis import settings

# Tests run beside each other, one process a core.
torch.set_num_threads(1)

settings.register_profile("gatework", deadline=None, derandomize=True)
settings.load_profile("gatework")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of data sets, GATEWORK_DATA; a test that asks for it is skipped where there is none."""
    folder = Path(os.environ.get("GATEWORK_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("there is no folder of data sets: set GATEWORK_DATA")
    return folder
