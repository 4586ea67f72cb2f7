"""When each quarter note of a score sounds, in seconds: the one clock of sound, highlight and seek bar."""

from __future__ import annotations

from typing import Any

import numpy as np

from musicml.score import Score


def seconds(score: Score, onsets: Any) -> np.ndarray:
    """Where the given moments of a score lie in time, by its tempo table.

    Args:
        score: its `tempos` say from which onset (quarter notes) on how many quarter notes last a minute.
        onsets: any shape, in quarter notes from the start.

    Returns:
        Seconds from the start, same shape.

    >>> score = Score.from_table({"onset": [0], "duration": [8], "pitch": [60]}, tempos=[(0, 60), (2, 120)])
    >>> seconds(score, [0, 2, 4]).tolist()
    [0.0, 2.0, 3.0]
    """
    tempos = score.tempos.dropna().query("bpm > 0").sort_values("onset").drop_duplicates("onset", keep="last")
    starts, pace = tempos["onset"].to_numpy(float), 60 / tempos["bpm"].to_numpy(float)
    if not len(starts):
        starts, pace = np.zeros(1), np.full(1, 0.6)
    starts = np.append(0.0, starts[1:])  # what stands before the first mark goes at its pace
    clock = np.append(0.0, np.cumsum(np.diff(starts) * pace[:-1]))
    moments = np.asarray(onsets, dtype=float)
    rows = np.clip(np.searchsorted(starts, moments, side="right") - 1, 0, None)
    return np.asarray(clock[rows] + (moments - starts[rows]) * pace[rows])
