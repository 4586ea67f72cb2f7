"""How single voices move: leaps, range, and notes that want to resolve.

Source of the rules: E. Aldwell and C. Schachter, Harmony and Voice Leading (units 4, 5, 6 and 8); W. Piston, Harmony
(chapter 2).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from musicml.analysis import fifths as lof
from musicml.analysis.motion import Fault, Setting
from musicml.analysis.profiles import key_number
from musicml.analysis.slices import Grid
from musicml.analysis.slots import neighbours

RANGES = ((60, 81), (53, 76), (48, 69), (36, 64))
"""The lowest and highest pitch of soprano, alto, tenor and bass in a choir."""

SURE = 0.4
"""Resolutions are only asked of chords that are named with at least this confidence."""


def leaps(setting: Setting) -> list[Fault]:
    """Augmented intervals, sevenths, and leaps beyond an octave between successive notes of a voice in one phrase.

    Augmented intervals need spelling. A diminished interval is allowed, and so is an octave.
    """
    cut, faults = setting.cut, []
    for lane in range(cut.pitches.shape[1]):
        pitches, fifths = cut.pitches[:, lane], cut.fifths[:, lane]
        linked = (pitches[:-1] >= 0) & (pitches[1:] >= 0) & cut.struck[1:, lane] & setting.linked
        size = np.diff(pitches)
        spelled = (fifths[:-1] != lof.UNSPELLED) & (fifths[1:] != lof.UNSPELLED)
        written = np.diff(fifths) * np.sign(size)
        semitones = np.abs(size)
        augmented = spelled & (written >= 6) & (semitones > 1)
        names = np.select(
            [augmented, semitones > 12, (semitones == 10) | (semitones == 11)],
            ["augmented leap", "leap beyond an octave", "leap of a seventh"],
            "",
        )
        for where in np.flatnonzero(linked & (names != "")).tolist():
            words = f"{setting.moves(where, lane)}, {int(semitones[where])} semitones"
            faults.append(Fault(where + 1, str(names[where]), (lane,), words))
    return faults


def out_of_range(setting: Setting) -> list[Fault]:
    """Notes that a choir's soprano, alto, tenor or bass cannot be expected to sing; for four voices only."""
    cut, faults = setting.cut, []
    if cut.pitches.shape[1] != len(RANGES):
        return []
    for lane, (low, high) in enumerate(RANGES):
        pitches = cut.pitches[:, lane]
        beyond = cut.struck[:, lane] & ((pitches < low) | (pitches > high))
        for where in np.flatnonzero(beyond).tolist():
            limit = f"below {lof.pitch_name(low)}" if pitches[where] < low else f"above {lof.pitch_name(high)}"
            faults.append(Fault(where, "range", (lane,), f"{setting.note(where, lane)} is {limit}"))
    return faults


def unresolved_leading_tones(setting: Setting, numerals: pd.DataFrame, cadences: pd.DataFrame) -> list[Fault]:
    """Leading tones of the dominant that do not rise to the tonic where an authentic or deceptive cadence arrives.

    An inner voice may fall from the leading tone to the fifth (or, in a deceptive cadence, to the sixth degree).
    """
    faults: list[Fault] = []
    if not len(cadences):
        return faults
    cut = setting.cut
    after, spelled = (neighbours(cut, values)[1] for values in (cut.pitches, cut.fifths))
    arrivals = cadences[cadences["type"].isin(["PAC", "IAC", "DC"])]
    keys = _key_at(numerals, arrivals["onset"].to_numpy(float))
    for onset, key in zip(arrivals["onset"].tolist(), keys, strict=True):
        where, tonic = cut.at(onset - 1e-3), key_number(key) % 12
        for lane in np.flatnonzero(cut.pitches[where] % 12 == (tonic + 11) % 12).tolist():
            pitch, goal = int(cut.pitches[where, lane]), int(after[where, lane])
            inner = 0 < lane < cut.pitches.shape[1] - 1
            allowed = {tonic, (tonic + 7) % 12, (tonic + 9) % 12, (tonic + 8) % 12} if inner else {tonic}
            if pitch >= 0 and goal >= 0 and goal % 12 not in allowed:
                reached = lof.pitch_name(goal, int(spelled[where, lane]))
                words = f"{setting.note(where, lane)} goes to {reached}, not to the tonic of {key}"
                faults.append(Fault(min(where + 1, len(cut.onsets) - 1), "unresolved leading tone", (lane,), words))
    return faults


def unresolved_sevenths(setting: Setting, numerals: pd.DataFrame) -> list[Fault]:
    """Sevenths of chords that do not fall by step when the harmony changes.

    Allowed: to stay, to pass on the resolution to another voice, to rise by step in parallel with the bass (as in
    V43 to I6), and any course across the end of a phrase.
    """
    cut, faults = setting.cut, []
    after, spelled = (neighbours(cut, values)[1] for values in (cut.pitches, cut.fifths))
    columns = [numerals[name].tolist() for name in ("end", "root", "quality", "figure", "confidence")]
    for end, root, quality, figure, confidence in zip(*columns, strict=True):
        if "seventh" not in quality or confidence < SURE:
            continue
        where = cut.at(end - 1e-3)
        if where + 1 >= len(cut.onsets) or not setting.linked[where]:
            continue
        seventh = _seventh(root, quality)
        for lane in np.flatnonzero((cut.pitches[where] >= 0) & (cut.pitches[where] % 12 == seventh)).tolist():
            if not _resolves(cut, where, lane, int(after[where, lane])):
                words = f"{setting.note(where, lane)}, the seventh of {figure}, goes to "
                words += lof.pitch_name(int(after[where, lane]), int(spelled[where, lane]))
                faults.append(Fault(where + 1, "unresolved seventh", (lane,), words))
    return faults


def _resolves(cut: Grid, where: int, lane: int, goal: int) -> bool:
    pitch = int(cut.pitches[where, lane])
    if goal < 0 or -2 <= goal - pitch <= 0 or cut.rows[where, lane] == cut.rows[where + 1, lane]:
        return True
    following = cut.pitches[where + 1][cut.pitches[where + 1] >= 0] % 12
    if ((pitch - following) % 12 <= 2).any():
        return True
    return 0 < goal - pitch <= 2


def _seventh(root: str, quality: str) -> int:
    above = 11 if "major seventh" in quality else 9 if quality == "diminished seventh" else 10
    return (key_number(root) + above) % 12


def _key_at(numerals: pd.DataFrame, onsets: np.ndarray) -> list[str]:
    rows = np.searchsorted(numerals["onset"].to_numpy(float), onsets + 1e-6, side="right") - 1
    return [str(key) for key in numerals["key"].iloc[np.maximum(rows, 0)]]
