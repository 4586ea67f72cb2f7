"""Transposition that keeps spelling: every note moves by the same number of places on the line of fifths."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from musicml.errors import ScoreError
from musicml.score.music21_build import spelled
from musicml.score.score import Score
from musicml.score.spelling import line_position, spell, spell_positions

# Places on the line of fifths of the perfect and major intervals from the unison to the seventh.
_GENERIC = {1: 0, 2: 2, 3: 4, 4: -1, 5: 1, 6: 3, 7: 5}
_PERFECT = {1, 4, 5}


def transpose(score: Score, interval: str | int) -> Score:
    """Transpose a score; notes and key signatures are spelled as the interval asks.

    Args:
        score: any score; notes without a spelling are spelled first.
        interval: a name such as "M3" (major third up), "-m3" (minor third down), "P5", "A4", "d5", "M9"; or a number
            of semitones, for which the spelling is chosen that gives the key signature fewest accidentals.

    Returns:
        A new score.

    Raises:
        ScoreError: the interval is not known, a pitch leaves the MIDI range, or a key has over seven accidentals.

    >>> piece = Score.from_table({"onset": [0], "duration": [1], "pitch": [60]}, keys=[(0.0, 0, "major")])
    >>> transpose(piece, "m3").keys["fifths"].tolist(), transpose(piece, 1).notes["step"].tolist()
    ([-3], ['D'])
    >>> transpose(piece, "H3")
    Traceback (most recent call last):
    ...
    musicml.errors.ScoreError: interval 'H3' is not known. Write P, M, m, A or d and a number: 'M3' up, '-m3' down.
    """
    fifths, semitones = _named(interval) if isinstance(interval, str) else _semitones(interval, score)
    keys = score.keys.assign(fifths=score.keys["fifths"] + fifths)
    if len(keys) and keys["fifths"].abs().max() > 7:
        raise ScoreError(f"interval {interval!r}: a key would have more than seven accidentals. Use semitones.")
    notes = spelled(score)
    pitches = notes["pitch"].to_numpy(np.int64) + semitones
    if len(pitches) and not (pitches.min() >= 0 and pitches.max() <= 127):
        raise ScoreError(f"interval {interval!r}: a note would leave the MIDI range 0..127. Choose a smaller one.")
    positions = line_position(notes["step"].tolist(), notes["alter"].to_numpy(np.int64)) + fifths
    steps, alters, octaves = spell_positions(positions, pitches)
    # Three sharps on one note are no help to any reader: such notes are spelled anew.
    strange = np.abs(alters) > 2
    if strange.any():
        steps[strange], alters[strange], octaves[strange] = spell(pitches[strange])
    moved = notes.assign(pitch=pitches, step=steps.tolist(), alter=alters, octave=octaves)
    return replace(score, notes=moved.astype(score.notes.dtypes.to_dict()), keys=keys)


def nearest_fifths(fifths: int) -> int:
    """The enharmonically equal key signature with fewest accidentals (-5 to 6).

    >>> nearest_fifths(7), nearest_fifths(-6), nearest_fifths(3)
    (-5, 6, 3)
    """
    return (fifths + 5) % 12 - 5


def _semitones(semitones: int, score: Score) -> tuple[int, int]:
    start = int(score.keys["fifths"].iloc[0]) if len(score.keys) else 0
    return nearest_fifths(start + 7 * semitones) - start, semitones


def _named(interval: str) -> tuple[int, int]:
    """Places on the line of fifths and semitones of an interval's name."""
    match = re.fullmatch(r"([+-]?)(P|M|m|A{1,2}|d{1,2})([1-9]\d?)", interval)
    number = int(match.group(3)) if match else 0
    generic = (number - 1) % 7 + 1
    quality = match.group(2) if match else ""
    if not match or (quality == "P") > (generic in _PERFECT) or (quality in "Mm") > (generic not in _PERFECT):
        remedy = "Write P, M, m, A or d and a number: 'M3' up, '-m3' down."
        raise ScoreError(f"interval {interval!r} is not known. {remedy}")
    lowered = {"P": 0, "M": 0, "m": 1}.get(quality, 0)
    if quality[0] == "A":
        lowered = -len(quality)
    elif quality[0] == "d":
        lowered = len(quality) + (generic not in _PERFECT)
    fifths = _GENERIC[generic] - 7 * lowered
    semitones = (0, 2, 4, 5, 7, 9, 11)[generic - 1] - lowered + 12 * ((number - 1) // 7)
    sign = -1 if match.group(1) == "-" else 1
    return sign * fifths, sign * semitones
