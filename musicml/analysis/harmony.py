"""Chords and their Roman numerals, with ornaments set aside.

Keys and chords are found together (see `musicml.analysis.decoding`); the inversion is then read from the bass.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from musicml.analysis import fifths as lof
from musicml.analysis.chords import QUALITY_NAMES, Chord
from musicml.analysis.decoding import DEFAULT, Reading, Weights, decode
from musicml.analysis.keys import centre, key_evidence
from musicml.analysis.profiles import key_name, key_number
from musicml.analysis.slices import Grid, grid
from musicml.analysis.slots import ORNAMENT_NAMES, Slots, make_slots
from musicml.score import Score

COLUMNS = [
    "onset", "end", "measure", "beat", "key", "figure", "root", "quality", "inversion", "confidence", "evidence",
]  # fmt: skip
LOCAL_KEY_COLUMNS = ["onset", "end", "measure", "beat", "key", "confidence", "evidence"]


def roman_numerals(score: Score, keys: pd.DataFrame | None = None, weights: Weights = DEFAULT) -> pd.DataFrame:
    """Name every chord of a score in its key.

    Args:
        score: any score.
        keys: onset, end (quarter notes) and key, such as `local_keys` returns; found with the chords by default.
        weights: how much each kind of evidence counts.

    Returns:
        One row per chord and inversion: onset, end (quarter notes), measure, beat, key ("Eb", "f#"), figure ("V65/V"),
        root (note name), quality ("major", "dominant seventh", ...), inversion (0 = root position), confidence 0..1,
        and the evidence in words.

    Raises:
        ScoreError: `keys` holds a name that is not a key.

    >>> table = {"onset": [0, 0, 0, 1, 1, 1], "duration": [1] * 6, "pitch": [59, 62, 67, 60, 64, 67]}
    >>> roman_numerals(Score.from_table(table))["figure"].tolist()
    ['V6', 'I']
    """
    cut = grid(score)
    if not len(cut.onsets):
        return pd.DataFrame(columns=COLUMNS)
    slots, reading = read(score, cut, keys, weights)
    return _table(cut, slots, reading)


def local_keys(score: Score, weights: Weights = DEFAULT) -> pd.DataFrame:
    """Find the keys that a score passes through, one row each.

    Args:
        score: any score.
        weights: how much each kind of evidence counts.

    Returns:
        onset, end (quarter notes), measure, beat, key ("Eb", "f#"), confidence 0..1 (of its chords, on average), and
        the evidence in words.

    >>> table = {"onset": [0, 0, 0, 1, 1, 1], "duration": [1] * 6, "pitch": [59, 62, 67, 60, 64, 67]}
    >>> local_keys(Score.from_table(table))["key"].tolist()
    ['C']
    """
    return keys_of(roman_numerals(score, weights=weights))


def keys_of(numerals: pd.DataFrame) -> pd.DataFrame:
    """Gather consecutive chords of one key: the table of `local_keys` from that of `roman_numerals`."""
    if not len(numerals):
        return pd.DataFrame(columns=LOCAL_KEY_COLUMNS)
    columns = [numerals[name].tolist() for name in ("onset", "end", "measure", "beat", "key", "confidence", "figure")]
    onsets, ends, measures, beats, names, confidences, figures = columns
    starts = [row for row in range(len(names)) if row == 0 or names[row] != names[row - 1]]
    rows = []
    for start, stop in zip(starts, [*starts[1:], len(names)], strict=True):
        lengths = np.subtract(ends[start:stop], onsets[start:stop])
        confidence = float(np.average(confidences[start:stop], weights=lengths))
        words = "chords " + " ".join(figures[start : min(stop, start + 6)]) + (" ..." if stop > start + 6 else "")
        rows.append([onsets[start], ends[stop - 1], measures[start], beats[start], names[start], confidence, words])
    return pd.DataFrame(rows, columns=LOCAL_KEY_COLUMNS)


def read(score: Score, cut: Grid, keys: pd.DataFrame | None, weights: Weights) -> tuple[Slots, Reading]:
    """The slots of a score that is not empty, and the keys and chords heard in them."""
    slots = make_slots(score, cut, weights.ornaments)
    home = sum(key_evidence(score, cut).values(), np.zeros(24))
    allowed = None if keys is None else _allowed(slots, keys)
    return slots, decode(slots, centre(score, cut), home, allowed, weights)


def _allowed(slots: Slots, keys: pd.DataFrame) -> np.ndarray:
    """(S, 24) the key that the table gives each slot; every key where the table says nothing."""
    allowed = np.zeros((len(slots.onsets), 24), bool)
    for onset, end, key in zip(keys["onset"], keys["end"], keys["key"], strict=True):
        inside = (slots.onsets >= onset - 1e-6) & (slots.onsets < end - 1e-6)
        allowed[inside, key_number(str(key))] = True
    allowed[~allowed.any(axis=1)] = True
    return allowed


def _table(cut: Grid, slots: Slots, reading: Reading) -> pd.DataFrame:
    inversions = _inversions(slots, reading)
    same = np.diff(reading.keys * 10000 + reading.chords * 10 + inversions) == 0
    starts = np.flatnonzero(np.concatenate([[True], ~same]))
    stops = np.concatenate([starts[1:], [len(slots.onsets)]])
    rows = []
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        chord, key, inversion = reading.chord(start), int(reading.keys[start]), int(inversions[start])
        tonic = int(reading.tonics[key])
        rows.append([
            slots.onsets[start], slots.ends[stop - 1], slots.measures[start], slots.beats[start],
            key_name(key, reading.tonics), chord.figure(inversion), lof.name(tonic + chord.root),
            QUALITY_NAMES[chord.quality], inversion, float(reading.confidence[start:stop].mean()),
            _in_words(cut, slots, chord, tonic, inversion, start, stop),
        ])  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def _inversions(slots: Slots, reading: Reading) -> np.ndarray:
    """(S,) which chord tone is in the bass; where the bass is an ornament, that of the same chord just before."""
    inversions = np.zeros(len(slots.onsets), int)
    before, bass = None, slots.bass.tolist()
    for slot, state in enumerate(zip(reading.keys.tolist(), reading.chords.tolist(), strict=True)):
        classes = [(state[0] + lof.pitch_class(tone)) % 12 for tone in reading.chord(slot).tones]
        weights = [bass[slot][place] for place in classes]
        if max(weights) > 0:
            inversions[slot] = weights.index(max(weights))
        elif state == before:
            inversions[slot] = inversions[slot - 1]
        before = state
    return inversions


def _in_words(
    cut: Grid, slots: Slots, chord: Chord, tonic: int, inversion: int, start: int, stop: int
) -> str:
    """Which tones the chord has, its bass, what is missing, and which notes were set aside as ornaments."""
    tones = [tonic + tone for tone in chord.tones]
    names = [lof.name(tone) for tone in tones]
    classes = [int(lof.pitch_class(tone)) for tone in tones]
    there = slots.presence[start:stop].max(axis=0)
    heard = [name for name, place in zip(names, classes, strict=True) if there[place] > 0]
    missing = [name for name, place in zip(names, classes, strict=True) if there[place] <= 0]
    words = [f"{' '.join(heard)} over {names[inversion]}"]
    words += [f"without {' '.join(missing)}"] if missing else []
    return "; ".join(words + _set_aside(cut, slots, classes, start, stop))


def _set_aside(cut: Grid, slots: Slots, classes: list[int], start: int, stop: int) -> list[str]:
    low, high = np.searchsorted(slots.slice_slot, [start, stop])
    belongs = np.zeros(13, bool)
    belongs[[*classes, 12]] = True
    pitches = cut.pitches[low:high]
    strangers = np.nonzero(~belongs[np.where(pitches >= 0, pitches % 12, 12)])
    kinds, places = slots.ornaments[low:high][strangers], cut.fifths[low:high][strangers]
    found = dict.fromkeys(zip(pitches[strangers].tolist(), kinds.tolist(), places.tolist(), strict=True))
    return [
        f"{lof.pitch_name(pitch, place)} {ORNAMENT_NAMES[kind] or 'not in the chord'}" for pitch, kind, place in found
    ]
