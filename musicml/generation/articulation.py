"""Where a held pitch is sung again: the raster's pitches do not say, so Bach's habits do.

A chorale gives most syllables a beat, so a pitch that lasts beyond a beat is often struck anew, above all when other
voices move. The shares below were counted over the train chorales of `Corpus("jsb")`, at beats where a voice keeps
its pitch; `tests/generation/test_articulation.py` counts them again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from musicml.encoding.raster import FRAMES_PER_QUARTER
from musicml.encoding.symbols import SILENCE, Frames

WITH_OTHERS = np.array(
    [
        [0.58, 0.75, 0.81],  # soprano, after holding for one beat, two, three or more
        [0.74, 0.82, 0.91],  # alto
        [0.76, 0.86, 0.90],  # tenor
        [0.27, 0.67, 0.89],  # bass
    ]
)
"""Share of voices that sing again when some other voice moves at the beat."""

ALONE = np.array([0.09, 0.07, 0.20])
"""Share of beats at which everyone sings again although nobody moves."""


def articulate(pitches: Frames, rng: np.random.Generator, *, phrases: Sequence[int] = ()) -> npt.NDArray[np.bool_]:
    """Where notes begin, (T, 4) flags for frames (T, 4): at every new pitch, and at some beats within a held one.

    Args:
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
            onsets[time] |= kept & (rng.random(4) < WITH_OTHERS[np.arange(4), beats - 1])
    return onsets


def _beats_held(onsets: npt.NDArray[np.bool_]) -> int:
    """Beats since the last onset: 1, 2, or 3 for longer."""
    begun = np.flatnonzero(onsets)
    frames = len(onsets) - (begun[-1] if len(begun) else 0)
    return int(np.clip(frames // FRAMES_PER_QUARTER, 1, 3))
