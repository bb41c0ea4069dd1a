"""Sequences with labels, in every form that a person has them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

# Flags that make training a matter of a second, where what is learned does not matter.
BRIEF = "--hidden-size 4 --members 1 --max-steps 3 --no-progress"
WORDS = ["good fine nice", "bad awful poor"]


def write_long(path, label=lambda k: ["run", "walk"][k % 2], header="id,time,x,y,label", count=24):
    """Write sequences of eight steps and two columns."""
    rng = np.random.default_rng(0)
    rows = [
        f"s{k},{t},{rng.normal() + 2 * (k % 2):.3f},{rng.normal():.3f},{label(k)}"
        for k in range(count)
        for t in range(8)
    ]
    Path(path).write_text("\n".join([header, *rows]) + "\n")


def write_texts(path, empty=()):
    """Write thirty texts of two classes, some of them empty."""
    rows = [f"{'' if k in empty else WORDS[k % 2]},{['pos', 'neg'][k % 2]}" for k in range(30)]
    Path(path).write_text("\n".join(["text,label", *rows]) + "\n")


def write_tone(path, frequency, rate=8000, channels=1, bytes_each=2, count=1600):
    """Write a tone as WAV."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    tone = np.sin(2 * np.pi * frequency * np.arange(count) / rate)
    tone = np.repeat(tone[:, None], channels, 1) / 2
    whole = (tone * 127 + 128).astype("u1") if bytes_each == 1 else (tone * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(bytes_each)
        file.setframerate(rate)
        file.writeframes(whole.tobytes())


def write_tones(folder, count=12):
    """Write a folder of recordings for each of two classes."""
    for name, frequency in (("low", 300), ("high", 1200)):
        for k in range(count):
            write_tone(Path(folder, name, f"{k}.wav"), frequency * (1 + k / 100))
