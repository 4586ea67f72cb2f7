"""Where a held pitch is sung again: the raster's pitches do not say, so Bach's habits do.

A chorale gives most syllables a beat, so a pitch that lasts beyond a beat is often struck anew, above all on the
first beat of a bar and when other voices move. The shares below were counted over the train chorales of
`Corpus("jsb")`, at beats where a voice keeps its pitch; `tests/generation/test_articulation.py` counts them again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from musicml.encoding.raster import FRAMES_PER_QUARTER
from musicml.encoding.symbols import SILENCE, Frames

AT_BAR_LINE = np.array(
    [
        [0.96, 0.93, 0.88],  # soprano, after holding for one beat, two, three or more
        [0.83, 0.88, 0.93],  # alto
        [0.90, 0.92, 0.91],  # tenor
        [0.56, 0.89, 0.94],  # bass
    ]
)
WITHIN_BAR = np.array([[0.51, 0.72, 0.62], [0.70, 0.79, 0.90], [0.69, 0.83, 0.90], [0.21, 0.52, 0.80]])
"""Share of voices that sing again when some voice moves: on the first beat of a bar, and on the other beats."""

ALONE = np.array([0.09, 0.07, 0.20])
"""Share of beats at which everyone sings again although nobody moves."""


def articulate(
    pitches: Frames, rng: np.random.Generator, *, bars: Sequence[int] = (), phrases: Sequence[int] = ()
) -> npt.NDArray[np.bool_]:
    """Where notes begin, (T, 4) flags for frames (T, 4): at every new pitch, and at some beats within a held one.

    Args:
        bars: frames at which a bar begins.
        phrases: frames at which a phrase begins; everyone sings again there.

    >>> held = np.full((8, 4), 60)
    >>> articulate(held, np.random.default_rng(0), phrases=[4])[:, 0].tolist()
    [True, False, False, False, True, False, False, False]
    """
    sounding = pitches != SILENCE
    onsets = sounding.copy()
    onsets[1:] &= pitches[1:] != pitches[:-1]
    onsets[[frame for frame in phrases if frame < len(pitches)]] = True
    onsets &= sounding
    for time in range(FRAMES_PER_QUARTER, len(pitches), FRAMES_PER_QUARTER):
        kept = sounding[time] & ~onsets[time]
        beats = np.array([_beats_held(onsets[:time, voice]) for voice in range(4)])
        if kept.all() and not onsets[time].any():
            onsets[time] = rng.random() < ALONE[beats.min() - 1]
        else:
            shares = AT_BAR_LINE if time in bars else WITHIN_BAR
            onsets[time] |= kept & (rng.random(4) < shares[np.arange(4), beats - 1])
    return onsets


def _beats_held(onsets: npt.NDArray[np.bool_]) -> int:
    """Beats since the last onset: 1, 2, or 3 for longer."""
    begun = np.flatnonzero(onsets)
    frames = len(onsets) - (begun[-1] if len(begun) else 0)
    return int(np.clip(frames // FRAMES_PER_QUARTER, 1, 3))
