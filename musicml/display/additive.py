"""A small synthesiser in NumPy: each note is a sum of decaying partials, placed in a room.

Method: additive synthesis with an attack-decay-release envelope (Roads, The Computer Music Tutorial, 1996, chapter 4);
equal temperament with A4 at 440 Hz; the room is a convolution with exponentially decaying noise.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from musicml.score.tables import rows

_PARTIALS = np.arange(1, 9)
_STRENGTHS = np.array([1.0, 0.42, 0.26, 0.13, 0.08, 0.05, 0.03, 0.02])
_ATTACK, _RELEASE = 0.018, 0.09
_ROOM_SECONDS, _ROOM_SHARE = 0.9, 0.16


def render(notes: pd.DataFrame, rate: int, length: int) -> np.ndarray:
    """Play notes.

    Args:
        notes: columns start, stop (seconds), pitch (MIDI), velocity (0..127) and part (spread from left to right).
        rate: samples a second.
        length: how many samples are wanted.

    Returns:
        float64 samples, shape (length, 2), not yet normalised.
    """
    dry = np.zeros((length, 2))
    places = _places(notes["part"].to_numpy())
    for note, place in zip(rows(notes), places, strict=True):
        first = round(note.start * rate)
        tone = _tone(int(note.pitch), note.stop - note.start, note.velocity / 127, rate)[: max(0, length - first)]
        angle = (place + 1) * np.pi / 4
        dry[first : first + len(tone)] += tone[:, None] * np.array([np.cos(angle), np.sin(angle)])
    return np.asarray(dry + _room(dry, rate))


def _tone(pitch: int, duration: float, strength: float, rate: int) -> np.ndarray:
    """One note with its release, shape (samples,)."""
    frequency = 440.0 * 2 ** ((pitch - 69) / 12)
    time = np.arange(int((duration + _RELEASE) * rate)) / rate
    audible = _PARTIALS * frequency < 0.45 * rate
    # High partials die away sooner, as in plucked and struck instruments; low notes are given more of them.
    wave = np.zeros(len(time))
    for partial, weight in zip(_PARTIALS[audible], _STRENGTHS[audible], strict=True):
        wave += weight * np.exp(-time * (0.25 + 0.35 * partial)) * np.sin(2 * np.pi * partial * frequency * time)
    return np.asarray(strength * wave * _envelope(time, duration) * (440.0 / frequency) ** 0.25)


def _envelope(time: np.ndarray, duration: float) -> np.ndarray:
    """Rises and falls along half cosines, so that no edge clicks."""
    rise = 0.5 - 0.5 * np.cos(np.pi * np.clip(time / _ATTACK, 0, 1))
    fall = 0.5 + 0.5 * np.cos(np.pi * np.clip((time - duration) / _RELEASE, 0, 1))
    return np.asarray(rise * fall)


def _places(parts: np.ndarray) -> np.ndarray:
    """Where each note stands: parts side by side between -0.45 (left) and 0.45 (right)."""
    top = max(1, int(parts.max())) if len(parts) else 1
    return np.asarray(-0.45 + 0.9 * parts / top) if top and len(np.unique(parts)) > 1 else np.zeros(len(parts))


def _room(dry: np.ndarray, rate: int) -> np.ndarray:
    """The echo of a small hall: the same for the same music, since its noise has a fixed seed."""
    noise = np.random.default_rng(1685).standard_normal((int(_ROOM_SECONDS * rate), 2))
    time = np.arange(len(noise))[:, None] / rate
    # Smoothing takes the hiss out of the noise; the first 12 ms are left to the direct sound.
    answer = np.apply_along_axis(np.convolve, 0, noise * np.exp(-7 * time) * (time > 0.012), np.ones(8) / 8, "same")
    answer *= _ROOM_SHARE / np.sqrt((answer**2).sum(axis=0))
    size = 1 << int(len(dry) + len(answer)).bit_length()
    wet = np.fft.irfft(np.fft.rfft(dry, size, axis=0) * np.fft.rfft(answer, size, axis=0), size, axis=0)
    return np.asarray(wet[: len(dry)])
