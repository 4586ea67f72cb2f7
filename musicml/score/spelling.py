"""Names for sounding pitches: which of C#, Db (or B##) is meant, judged by the key.

A key covers twelve neighbouring places on the line of fifths (... Bb F C G D A E B F# ...): its seven notes and the
five chromatic ones that its music uses most. Each pitch class has exactly one place in that window. The line of
fifths as the home of spelling is Longuet-Higgins's (1976); Temperley, The Cognition of Basic Musical Structures
(2001), chapter 5.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musicml.errors import ScoreError

_LINE = "FCGDAEB"  # steps in the order of fifths; F natural stands at -1, C at 0
_STEP_PITCH_CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def spell(
    pitches: ArrayLike, fifths: int = 0, *, minor: bool = False
) -> tuple[NDArray[np.str_], NDArray[np.int64], NDArray[np.int64]]:
    """Spell MIDI pitches in a key.

    A major key's window reaches from its lowered third to its raised fifth (C major: Eb to G#); a minor key's lies one
    fifth higher, so that the raised fourth of its dominant's dominant is in it (a minor: Bb to D#).

    Args:
        pitches: MIDI numbers, shape (n,).
        fifths: sharps (positive) or flats (negative) of the key signature.
        minor: the key is the minor one of that signature.

    Returns:
        Steps ("A".."G"), alterations (semitones) and octaves (middle C is in octave 4), each of shape (n,).

    >>> spell([61, 66], fifths=3)
    (array(['C', 'F'], dtype='<U1'), array([1, 1]), array([4, 4]))
    >>> [array.tolist() for array in spell([60, 63], fifths=-4)]
    [['C', 'E'], [0, -1], [4, 4]]
    """
    numbers = np.atleast_1d(np.asarray(pitches, dtype=np.int64))
    lowest = fifths - 3 + minor
    # A pitch class p lies at every place congruent to 7p modulo 12; one of those is in the window.
    return spell_positions(lowest + (numbers * 7 - lowest) % 12, numbers)


def spell_positions(
    positions: NDArray[np.int64], pitches: NDArray[np.int64]
) -> tuple[NDArray[np.str_], NDArray[np.int64], NDArray[np.int64]]:
    """Steps, alterations and octaves of pitches whose places on the line of fifths are known (C is 0, G is 1).

    >>> spell_positions(np.array([7]), np.array([61]))
    (array(['C'], dtype='<U1'), array([1]), array([4]))
    """
    steps = np.array(list(_LINE))[(positions + 1) % 7]
    alters = (positions + 1) // 7
    naturals = np.array([_STEP_PITCH_CLASSES[step] for step in steps], dtype=np.int64)
    return steps, alters, (pitches - alters - naturals) // 12 - 1


def line_position(steps: list[str], alters: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places on the line of fifths of spelled notes.

    >>> line_position(["F", "C", "F"], np.array([0, 0, 1])).tolist()
    [-1, 0, 6]
    """
    return np.array([_LINE.index(step) - 1 for step in steps], dtype=np.int64) + 7 * alters


def key_fifths(name: str) -> int:
    """The key signature of a key: sharps positive, flats negative. Upper case is major, lower case minor.

    Args:
        name: a letter and accidentals: "G", "Eb" (or "E-"), "f#".

    Raises:
        ScoreError: the name is not a key, or the key would need more than seven sharps or flats.

    >>> key_fifths("Eb"), key_fifths("f#"), key_fifths("C")
    (-3, 3, 0)
    >>> key_fifths("H")
    Traceback (most recent call last):
    ...
    musicml.errors.ScoreError: key 'H' is not known. Write a letter A to G with # or b; lower case is minor: 'Eb', 'f#'.
    """
    match = re.fullmatch(r"([A-Ga-g])(#{0,2}|b{0,2}|-{0,2})", str(name))
    if not match:
        remedy = "Write a letter A to G with # or b; lower case is minor: 'Eb', 'f#'."
        raise ScoreError(f"key {name!r} is not known. {remedy}")
    letter, accidentals = match.groups()
    alter = len(accidentals) if accidentals.startswith("#") else -len(accidentals)
    fifths = _LINE.index(letter.upper()) - 1 + 7 * alter - (3 if letter.islower() else 0)
    if not -7 <= fifths <= 7:
        raise ScoreError(f"key {name!r} would need {abs(fifths)} accidentals. Choose its enharmonic twin.")
    return fifths


def midi_number(step: str, alter: int, octave: int) -> int:
    """The MIDI number of a spelled pitch.

    >>> midi_number("B", 1, 3)
    60
    """
    return 12 * (octave + 1) + _STEP_PITCH_CLASSES[step] + alter
