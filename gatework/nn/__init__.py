"""Layers: a scan with weights."""

from __future__ import annotations

from gatework.nn.backends import backends
from gatework.nn.convert import from_torch, to_torch
from gatework.nn.recurrent import GRU, LSTM, RNN

__all__ = ["GRU", "LSTM", "RNN", "backends", "from_torch", "to_torch"]
