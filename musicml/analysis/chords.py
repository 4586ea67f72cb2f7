"""The chords a Roman numeral can name: their roots and tones on the line of fifths, and how one leads to the next.

A figure here is written as in "V65/V", "viio7", "iiø65", "IVmaj7", "I64": numeral (lower case for minor and
diminished), quality mark (o diminished, ø half-diminished, + augmented, maj for a major seventh), figured bass (7 65 43
2, 6 64), and after a slash the degree to which an applied chord belongs.

The progressions that are rewarded are those of the harmony textbooks: tonic to pre-dominant to dominant to tonic, roots
falling by fifths, applied chords to their goal (E. Aldwell and C. Schachter, Harmony and Voice Leading, units 6-15
and 25; D. Tymoczko, "Root Motion, Function, Scale-Degree", Musurgia 10 (2003)).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

QUALITIES: dict[str, tuple[int, ...]] = {
    "M": (0, 4, 1),
    "m": (0, -3, 1),
    "d": (0, -3, -6),
    "+": (0, 4, 8),
    "7": (0, 4, 1, -2),
    "maj7": (0, 4, 1, 5),
    "m7": (0, -3, 1, -2),
    "ø7": (0, -3, -6, -2),
    "o7": (0, -3, -6, -9),
    "+maj7": (0, 4, 8, 5),
}
"""The tones of each quality above its root (root, third, fifth, seventh), in fifths."""

QUALITY_NAMES = {
    "M": "major", "m": "minor", "d": "diminished", "+": "augmented", "7": "dominant seventh", "maj7": "major seventh",
    "m7": "minor seventh", "ø7": "half-diminished seventh", "o7": "diminished seventh",
    "+maj7": "augmented major seventh",
}  # fmt: skip

_MARKS = {"d": "o", "ø7": "ø", "o7": "o", "+": "+", "maj7": "maj", "+maj7": "+maj"}
_TRIAD_FIGURES, _SEVENTH_FIGURES = ("", "6", "64"), ("7", "65", "43", "2")
_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")

# degree, fifths of the root above the tonic, quality, what it costs to call on this chord
_MAJOR = [
    (1, 0, "M", 0.0), (1, 0, "maj7", 0.5), (2, 2, "m", 0.1), (2, 2, "m7", 0.1), (3, 4, "m", 0.3), (3, 4, "m7", 0.7),
    (4, -1, "M", 0.0), (4, -1, "maj7", 0.3), (5, 1, "M", 0.0), (5, 1, "7", 0.0), (6, 3, "m", 0.1), (6, 3, "m7", 0.4),
    (7, 5, "d", 0.1), (7, 5, "ø7", 0.3), (7, 5, "o7", 0.7), (4, -1, "m", 1.2), (2, 2, "ø7", 0.9),
]  # fmt: skip
_MINOR = [
    (1, 0, "m", 0.0), (1, 0, "m7", 0.6), (2, 2, "d", 0.2), (2, 2, "ø7", 0.1), (2, 2, "m", 0.8), (2, 2, "m7", 0.9),
    (3, -3, "M", 0.2), (3, -3, "maj7", 0.8), (3, -3, "+", 0.6), (3, -3, "+maj7", 1.0), (4, -1, "m", 0.0),
    (4, -1, "m7", 0.3), (4, -1, "M", 0.4), (4, -1, "7", 0.8), (5, 1, "M", 0.0), (5, 1, "7", 0.0), (5, 1, "m", 0.2),
    (5, 1, "m7", 0.9), (6, -4, "M", 0.1), (6, -4, "maj7", 0.4), (6, 3, "d", 0.8), (6, 3, "ø7", 0.7), (7, -2, "M",
    0.4), (7, 5, "d", 0.1), (7, 5, "o7", 0.1), (1, 0, "M", 0.8),
]  # fmt: skip
_APPLIED = [("V", 1, "M", 1.0), ("V", 1, "7", 0.7), ("vii", 5, "d", 0.9), ("vii", 5, "o7", 0.9), ("vii", 5, "ø7", 1.2)]
_TARGETS = {
    "major": [(5, 1, "M"), (4, -1, "M"), (6, 3, "m"), (2, 2, "m"), (3, 4, "m")],
    "minor": [(5, 1, "M"), (4, -1, "m"), (3, -3, "M"), (6, -4, "M"), (7, -2, "M")],
}
_NEAPOLITAN = (2, -5, "M", 1.2)

_FUNCTION = {1: "T", 2: "P", 3: "T", 4: "P", 5: "D", 6: "T", 7: "D"}
_FALLING_FIFTH = 0.3


@dataclass(frozen=True)
class Chord:
    """A chord within a key.

    Attributes:
        numeral: the figure without its figured bass and goal, such as "V", "viio", "IVmaj".
        degree: scale degree 1..7 of the root (of the goal's key, for an applied chord).
        root: fifths of the root above the key's tonic.
        quality: a key of `QUALITIES`.
        target: scale degree to which an applied chord belongs, 0 for the others.
        target_name: that degree as it is written, such as "V" or "ii"; "" for the others.
        target_root: fifths of that degree above the key's tonic.
        cost: how reluctantly the chord is called on when others fit as well.
    """

    numeral: str
    degree: int
    root: int
    quality: str
    target: int = 0
    target_name: str = ""
    target_root: int = 0
    cost: float = 0.0

    @property
    def tones(self) -> tuple[int, ...]:
        """The tones, root first, in fifths above the key's tonic."""
        return tuple(self.root + tone for tone in QUALITIES[self.quality])

    def figure(self, inversion: int) -> str:
        """The figure as it is written under the staff.

        >>> next(chord for chord in vocabulary("major") if chord.quality == "7").figure(1)
        'V65'
        """
        inversions = _SEVENTH_FIGURES if len(self.tones) == 4 else _TRIAD_FIGURES
        goal = f"/{self.target_name}" if self.target else ""
        return f"{self.numeral}{inversions[inversion]}{goal}"


@cache
def vocabulary(mode: str) -> tuple[Chord, ...]:
    """All chords that a key of this mode is heard to use.

    >>> [chord.figure(0) for chord in vocabulary("minor")][:3]
    ['i', 'i7', 'iio']
    """
    chords = [_plain(*row) for row in (_MAJOR if mode == "major" else _MINOR)]
    if mode == "minor":
        degree, root, quality, cost = _NEAPOLITAN
        chords.append(Chord("N", degree, root, quality, cost=cost))
    for target, target_root, target_quality in _TARGETS[mode]:
        target_name = _numeral(target, target_quality)
        for numeral, above, quality, cost in _APPLIED:
            if quality == "ø7" and target_quality == "m":
                continue
            if (target_root + above, quality) in {(chord.root, chord.quality) for chord in chords}:
                continue
            degree = 5 if numeral == "V" else 7
            name = numeral + _MARKS.get(quality, "")
            chords.append(Chord(name, degree, target_root + above, quality, target, target_name, target_root, cost))
    return tuple(chords)


@cache
def progressions(mode: str) -> np.ndarray:
    """(C, C) how much each chord of the vocabulary is expected after each other one; 0 is neutral.

    >>> chords = [chord.figure(0) for chord in vocabulary("major")]
    >>> table = progressions("major")
    >>> bool(table[chords.index("V"), chords.index("I")] > table[chords.index("V"), chords.index("IV")])
    True
    """
    chords = vocabulary(mode)
    return np.array([[_progression(before, after) for after in chords] for before in chords])


def _plain(degree: int, root: int, quality: str, cost: float) -> Chord:
    return Chord(_numeral(degree, quality), degree, root, quality, cost=cost)


def _numeral(degree: int, quality: str) -> str:
    letters = _NUMERALS[degree - 1]
    upper = quality in ("M", "7", "maj7", "+", "+maj7")
    return (letters if upper else letters.lower()) + _MARKS.get(quality, "")


def _progression(before: Chord, after: Chord) -> float:
    if before.target:
        return _after_applied(before, after)
    if after.target:
        return -0.1
    if before.degree == after.degree:
        return 0.1
    falls = _FALLING_FIFTH if before.root - after.root == 1 else 0.0
    functions = _FUNCTION[before.degree] + _FUNCTION[after.degree]
    if functions == "DT":
        return falls + {1: 0.4, 6: 0.1, 3: -0.5}[after.degree]
    if functions == "DP":
        return falls - 0.5
    if functions == "TD" and before.degree == 1:
        return 0.1
    return falls + {"PD": 0.3, "DD": 0.0, "TP": 0.0, "PT": 0.1 if before.degree == 4 else -0.2}.get(functions, 0.0)


def _after_applied(before: Chord, after: Chord) -> float:
    if after.target:
        return 0.1 if after.target == before.target else -0.4
    if after.root == before.target_root and (after.degree == before.target):
        return 0.8
    return -0.9
