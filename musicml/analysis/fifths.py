"""Spelling on the line of fifths: every note name is a whole number, and transposing is adding.

... Bb = -2, F = -1, C = 0, G = 1, D = 2, ... F# = 6. Interval qualities become differences: a perfect fifth is 1, a
major third 4, a leading tone lies 5 above its tonic, and a diminished interval is the negative of an augmented one.

Source: D. Temperley, The Cognition of Basic Musical Structures (MIT Press 2001), chapter 5.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

UNSPELLED = -99
"""The fifths of a note whose spelling is not known."""

_LETTERS = "FCGDAEB"
_STEP_FIFTHS = {letter: place - 1 for place, letter in enumerate(_LETTERS)}


def note_fifths(notes: pd.DataFrame) -> np.ndarray:
    """The place of every note on the line of fifths, `UNSPELLED` where step or alter is missing.

    >>> note_fifths(pd.DataFrame({"step": ["F", "B", None], "alter": [1, -1, None]})).tolist()
    [6, -2, -99]
    """
    steps = np.array([_STEP_FIFTHS.get(step, UNSPELLED) for step in notes["step"].tolist()], dtype=int)
    alters = notes["alter"].to_numpy(dtype=float, na_value=np.nan)
    known = (steps != UNSPELLED) & np.isfinite(alters)
    return np.where(known, steps + 7 * np.nan_to_num(alters).astype(int), UNSPELLED)


def pitch_class(fifths: Any) -> Any:
    """The pitch class 0..11 of a place on the line of fifths (a number or an array).

    >>> pitch_class(6), pitch_class(-6)
    (6, 6)
    """
    return fifths * 7 % 12


def nearest(pitch_classes: Any, centre: int) -> Any:
    """Spell pitch classes as near as possible to `centre`: from five fifths below it to six above.

    >>> nearest(np.array([6, 10, 1]), centre=2).tolist(), nearest(6, centre=-5)
    ([6, -2, 7], -6)
    """
    return (pitch_classes * 7 - (centre - 5)) % 12 + centre - 5


def name(fifths: int) -> str:
    """The note name, flats written "b" and sharps "#".

    >>> name(6), name(-3), name(-9), name(13)
    ('F#', 'Eb', 'Bbb', 'F##')
    """
    alter, place = divmod(fifths + 1, 7)
    return _LETTERS[place] + ("#" * alter if alter >= 0 else "b" * -alter)


def pitch_name(pitch: int, fifths: int = UNSPELLED) -> str:
    """The note name with its octave (C4 is middle C), spelled as near to C major as possible where nothing is known.

    >>> pitch_name(60), pitch_name(59, -7), pitch_name(60, 12)
    ('C4', 'Cb4', 'B#3')
    """
    place = int(nearest(pitch % 12, 0)) if fifths == UNSPELLED else int(fifths)
    alter = (place + 1) // 7
    return f"{name(place)}{(int(pitch) - alter) // 12 - 1}"


def key_signature(score_keys: pd.DataFrame) -> int | None:
    """The fifths of the first key signature, or None where the score has none.

    >>> key_signature(pd.DataFrame({"onset": [0.0], "fifths": [3], "mode": [None]}))
    3
    """
    return int(score_keys["fifths"].iloc[0]) if len(score_keys) else None
