"""The alphabet of the chorale raster: silence and the pitches 36..81, 47 symbols in all (the JSB-16 benchmark's)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from musicml.errors import ScoreError

Frames = npt.NDArray[np.int64]

VOICES = ("soprano", "alto", "tenor", "bass")
SILENCE = -1
LOWEST, HIGHEST = 36, 81
SYMBOLS = HIGHEST - LOWEST + 2


def check_frames(frames: Any, *, name: str = "frames") -> Frames:
    """Frames as a checked (T, 4) array of MIDI pitches, soprano first, one row per sixteenth, -1 for silence.

    Raises:
        ScoreError: the shape is not (T, 4), or a pitch lies outside 36..81.

    >>> check_frames([[74, 70, 65, 58]]).shape
    (1, 4)
    >>> check_frames([[74, 70, 65, 30]])
    Traceback (most recent call last):
    ...
    musicml.errors.ScoreError: frames: frame 0, bass is 30. Use pitches 36 to 81, or -1 for silence.
    """
    array = np.asarray(frames)
    if array.ndim != 2 or array.shape[1] != len(VOICES):
        raise ScoreError(f"{name}: shape {array.shape} is not (frames, 4). Give S, A, T, B per sixteenth.")
    if array.size and not np.issubdtype(array.dtype, np.number):
        raise ScoreError(f"{name}: values of type {array.dtype} are not pitches. Give whole numbers.")
    wrong = np.argwhere(((array < LOWEST) | (array > HIGHEST) | (array % 1 != 0)) & (array != SILENCE))
    if len(wrong):
        time, voice = wrong[0]
        raise ScoreError(
            f"{name}: frame {time}, {VOICES[voice]} is {array[time, voice]:g}. "
            f"Use pitches {LOWEST} to {HIGHEST}, or {SILENCE} for silence."
        )
    return array.astype(np.int64)


def to_symbols(pitches: npt.ArrayLike) -> Frames:
    """Symbol numbers 0..46 of pitches: 0 for silence, then 36..81.

    >>> to_symbols([-1, 36, 81]).tolist()
    [0, 1, 46]
    """
    array = np.asarray(pitches, dtype=np.int64)
    return np.where(array == SILENCE, 0, array - LOWEST + 1)


def to_pitches(symbols: npt.ArrayLike) -> Frames:
    """The pitches of symbol numbers: the inverse of `to_symbols`.

    >>> to_pitches([0, 1, 46]).tolist()
    [-1, 36, 81]
    """
    array = np.asarray(symbols, dtype=np.int64)
    return np.where(array == 0, SILENCE, array + LOWEST - 1)
