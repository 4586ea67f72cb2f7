"""Cadences: how each phrase closes.

The types are those of the textbooks (E. Aldwell and C. Schachter, Harmony and Voice Leading, units 6, 10, 13 and 16;
W. E. Caplin, "The Classical Cadence", Journal of the American Musicological Society 57 (2004)):

- PAC, perfect authentic: dominant to tonic, both in root position, the tonic on top;
- IAC, imperfect authentic: dominant (or leading-tone chord) to tonic, with another tone on top or an inversion;
- HC, half: the phrase ends on a dominant triad;
- DC, deceptive: dominant to the sixth degree where the tonic was due;
- PC, plagal: subdominant to tonic.

Only ends of phrases are judged: a progression from dominant to tonic inside a phrase closes nothing. A major third in
the last chord of a minor phrase (Picardy) does not change the type. An applied dominant that closes a phrase makes an
authentic cadence on its goal, except that a phrase closing on the dominant is a half cadence however it is reached.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from musicml.analysis.harmony import roman_numerals
from musicml.analysis.phrases import phrases
from musicml.analysis.profiles import key_number
from musicml.analysis.slices import Grid, grid
from musicml.score import Score

COLUMNS = ["onset", "measure", "beat", "type", "probability", "evidence"]
NAMES = {
    "PAC": "perfect authentic cadence", "IAC": "imperfect authentic cadence", "HC": "half cadence",
    "DC": "deceptive cadence", "PC": "plagal cadence",
}  # fmt: skip

_DEGREES = {0: "1", 1: "b2", 2: "2", 3: "b3", 4: "3", 5: "4", 6: "#4", 7: "5", 8: "b6", 9: "6", 10: "b7", 11: "7"}
_DOMINANTS = ("V", "viio", "viiø")
_MINOR_FIFTHS = {"IV": "VII", "VII": "III", "III": "VI", "I": "iv"}
"""Major chords of minor keys that are dominants of other degrees without any note of their own to show it."""


@dataclass(frozen=True)
class Chord:
    """What the rules ask of a chord at a cadence: its figure split up, and the notes of its last slice."""

    onset: float
    key: str
    figure: str
    numeral: str
    target: str
    root: int
    inversion: int
    confidence: float
    pitches: np.ndarray

    @property
    def is_dominant(self) -> bool:
        """V, or the leading-tone chord that stands for it."""
        return self.numeral in _DOMINANTS and not self.target

    @property
    def is_tonic(self) -> bool:
        """I or i, also with a Picardy third."""
        return self.numeral in ("I", "i") and not self.figure.endswith("64")

    def leads_to(self, arrival: Chord) -> bool:
        """Whether this chord is a dominant, plain or applied, that closes on `arrival` as its tonic."""
        if self.key != arrival.key or arrival.target or arrival.figure.endswith("64"):
            return False
        if self.is_dominant:
            return arrival.is_tonic
        if self.target:
            return self.numeral in _DOMINANTS and self.target == arrival.numeral
        return arrival.numeral == _MINOR_FIFTHS.get(self.numeral) and arrival.key[0].islower()


def cadences(
    score: Score, numerals: pd.DataFrame | None = None, ends: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Name the cadence at the end of each phrase, where there is one.

    Args:
        score: any score.
        numerals: what `roman_numerals` returns for it; found here by default.
        ends: what `phrases` returns for it; found here by default.

    Returns:
        onset (quarter notes, of the chord of arrival), measure, beat, type (PAC, IAC, HC, DC, PC), probability 0..1
        and the evidence in words.

    >>> table = {"onset": [0] * 4 + [1] * 4, "duration": [1] * 4 + [3] * 4,
    ...          "pitch": [43, 62, 67, 71, 48, 60, 67, 72], "part": [3, 2, 1, 0] * 2}
    >>> cadences(Score.from_table(table))["type"].tolist()
    ['PAC']
    """
    cut = grid(score)
    if not len(cut.onsets):
        return pd.DataFrame(columns=COLUMNS)
    numerals = roman_numerals(score) if numerals is None else numerals
    ends = phrases(score) if ends is None else ends
    names = ("onset", "end", "key", "figure", "root", "inversion", "confidence", "measure", "beat")
    columns = {name: numerals[name].tolist() for name in names}
    rows = []
    for onset, end, evidence in zip(*(ends[name].tolist() for name in ("onset", "end", "evidence")), strict=True):
        found = _judge(_chords(cut, columns, onset, end), evidence)
        if found:
            arrival, kind, probability, words = found
            row = columns["onset"].index(arrival.onset)
            rows.append([arrival.onset, columns["measure"][row], columns["beat"][row], kind, probability, words])
    return pd.DataFrame(rows, columns=COLUMNS)


def _chords(cut: Grid, columns: dict[str, list[Any]], onset: float, end: float) -> list[Chord]:
    """The chords of a phrase, each with the notes that sound at its end, when every suspension has resolved."""
    chords = []
    for row in range(bisect_right(columns["end"], onset + 1e-6), bisect_left(columns["onset"], end - 1e-6)):
        start, stop, key, figure, root, inversion, confidence, *_ = (column[row] for column in columns.values())
        numeral, _, target = figure.partition("/")
        pitches = cut.pitches[cut.at(min(stop, end) - 1e-3)]
        place = (numeral.rstrip("0123456789"), target, key_number(root) % 12)
        chords.append(Chord(start, key, figure, *place, inversion, confidence, pitches))
    return chords


def _judge(chords: list[Chord], ending: str) -> tuple[Chord, str, float, str] | None:
    """The arrival, type, probability and evidence of the cadence that ends a phrase."""
    arrival, before = _approach(chords)
    if arrival is None or before is None:
        return None
    kind = _kind(arrival, before)
    if kind is None:
        return None
    words = [f"{before.figure}-{arrival.figure} in {arrival.key}", *_voice_evidence(arrival, before), ending]
    points = 4 * (arrival.confidence + before.confidence - 1) + (0.5 if ending == "fermata" else -0.5)
    points += 0.5 if "leading tone resolves" in words else 0.0
    return arrival, kind, float(1 / (1 + np.exp(-points))), ", ".join(words)


def _approach(chords: list[Chord]) -> tuple[Chord | None, Chord | None]:
    """The chord a phrase ends on, and the one that leads to it.

    Inversions of one chord count as one harmony, which is heard in root position if it ever is. A mediant between
    dominant and tonic is the dominant still sounding in a suspension.
    """
    if not chords:
        return None, None
    place = len(chords) - 1
    while place and _same(chords[place - 1], chords[place]):
        place -= 1
    arrival = next((chord for chord in chords[place:] if not chord.inversion), chords[place])
    if place >= 2 and chords[place - 1].numeral.startswith(("iii", "III")) and chords[place - 2].leads_to(arrival):
        place -= 1
    return arrival, chords[place - 1] if place else None


def _same(before: Chord, after: Chord) -> bool:
    """Whether two chords are one harmony: the same degree of the same key, with or without a seventh."""
    return (_plain(before), before.target, before.key) == (_plain(after), after.target, after.key)


def _plain(chord: Chord) -> str:
    return chord.numeral.removesuffix("maj")


def _kind(arrival: Chord, before: Chord) -> str | None:
    sounding = arrival.pitches[arrival.pitches >= 0]
    half = arrival.numeral == "V" and (bool(arrival.target) or arrival.figure in ("V", "V6", "V7"))
    if half or not len(sounding):
        return "HC" if half else None
    if before.leads_to(arrival):
        rooted = not arrival.inversion and not before.inversion and before.numeral not in ("viio", "viiø")
        return "PAC" if rooted and int(sounding.max()) % 12 == arrival.root else "IAC"
    if before.key != arrival.key:
        return None
    if before.is_dominant and arrival.numeral in ("vi", "VI"):
        return "DC"
    plagal = arrival.is_tonic and not arrival.inversion and before.numeral in ("IV", "iv", "ii", "iio", "iiø")
    return "PC" if plagal and not before.target else None


def _voice_evidence(arrival: Chord, before: Chord) -> list[str]:
    """What bass, leading tone and soprano do, in scale degrees of the key."""
    tonic = key_number(arrival.key) % 12
    goal = arrival.root if before.leads_to(arrival) else tonic
    both = (before.pitches >= 0) & (arrival.pitches >= 0)
    if not both.any():
        return []
    lanes = np.flatnonzero(both)
    first, last = before.pitches[lanes], arrival.pitches[lanes]
    words = [f"bass {_degree(first[first.argmin()], tonic)}-{_degree(last[last.argmin()], tonic)}"]
    leading = first % 12 == (goal + 11) % 12
    if leading.any() and (last[leading] % 12 == goal).any():
        words.append("leading tone resolves")
    words.append(f"soprano {_degree(first[0], tonic)}-{_degree(last[0], tonic)}")
    if arrival.figure == "I" and arrival.key[0].islower():
        words.append("Picardy third")
    return words


def _degree(pitch: int, tonic: int) -> str:
    return _DEGREES[int(pitch - tonic) % 12]
