"""Habits of the style that a draft is encouraged to keep: what breaking one costs it, in log-weight.

The model has these habits from Bach, but not as firmly as he. A cost of c makes a draft that breaks the habit once
exp(c) times less likely to be gone on with than one that does not.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from musicml.encoding.raster import VOICE_RANGES
from musicml.encoding.symbols import SILENCE, Frames
from musicml.generation.plan import Plan

STRANGER = 0.7
"""Cost of each move to a note outside the planned key."""
PARALLEL = 5.0
"""Cost of each pair of voices that moves in parallel fifths, octaves or unisons."""
OUT_OF_RANGE = 2.0
"""Cost of each move to a note that the voice sings nowhere in Bach's train chorales."""
CROSSING = 0.5
"""Cost of each pair of neighbouring voices that begins to cross."""
STALL = 3.0
"""Cost of a long chord that begins on a weak beat."""


def cost(plan: Plan, pieces: Frames, time: int) -> npt.NDArray[np.float64]:
    """What the newest frame costs each draft (batch,).

    Args:
        pieces: (batch, T, 4) pitches, of which frames 0 to `time` are composed.
    """
    if time == 0:
        return np.zeros(len(pieces))
    frames, before = pieces[:, time], pieces[:, time - 1]
    return (
        STRANGER * plan.strangers(frames, before)
        + PARALLEL * parallels(frames, before)
        + OUT_OF_RANGE * out_of_range(frames, before)
        + CROSSING * crossings(frames, before)
        + STALL * plan.stalls(pieces, time)
    )


def parallels(frames: Frames, before: Frames) -> npt.NDArray[np.int64]:
    """How many of the six pairs of voices go from one perfect fifth, octave or unison to another of its kind.

    Args:
        frames, before: (batch, 4) pitches of a frame and of the one before it.

    >>> parallels(np.array([[74, 67, 62, 55]]), np.array([[72, 65, 60, 53]])).tolist()  # everything a step up
    [5]
    """
    upper, lower = np.triu_indices(4, 1)
    sounding = (frames >= 0) & (before >= 0)
    moved = sounding & (frames != before)
    now, then = (chord[:, upper] - chord[:, lower] for chord in (frames, before))
    same = (now % 12 == then % 12) & np.isin(now % 12, (0, 7))
    return (same & moved[:, upper] & moved[:, lower]).sum(-1)


def out_of_range(frames: Frames, before: Frames) -> npt.NDArray[np.int64]:
    """How many voices have moved to a note outside their range (`VOICE_RANGES`) since the frame `before`."""
    lowest, highest = np.array(list(VOICE_RANGES.values())).T
    outside = ((frames < lowest) | (frames > highest)) & (frames != SILENCE)
    return (outside & (frames != before)).sum(-1)


def crossings(frames: Frames, before: Frames) -> npt.NDArray[np.int64]:
    """How many of the three pairs of neighbouring voices cross in `frames` (batch, 4) and did not in `before`."""
    crossed, already = ((chord[:, :-1] < chord[:, 1:]) & (chord[:, :-1] >= 0) for chord in (frames, before))
    return (crossed & ~already).sum(-1)
