"""How pairs of voices move: parallel and hidden perfect intervals, crossing, overlap and wide spacing.

Every function takes a `Setting` and returns faults as `Fault` tuples.

Source of the rules: E. Aldwell and C. Schachter, Harmony and Voice Leading (units 4 and 5); W. Piston, Harmony
(chapter 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from musicml.analysis.fifths import UNSPELLED, pitch_name
from musicml.analysis.slices import Grid


class Fault(NamedTuple):
    """A fault: the slice where it is heard, its name, the lanes concerned, and the evidence in words."""

    where: int
    name: str
    lanes: tuple[int, ...]
    evidence: str


@dataclass(frozen=True)
class Setting:
    """What the rules look at.

    Attributes:
        cut: the score as slices.
        linked: (N - 1,) whether slice n + 1 continues the phrase of slice n.
        new_chord: (N - 1,) whether slice n + 1 belongs to another harmony than slice n.
        doubled: pairs of lanes that double each other in octaves or unisons all along.
    """

    cut: Grid
    linked: np.ndarray
    new_chord: np.ndarray
    doubled: frozenset[tuple[int, int]]

    def moves(self, where: int, lane: int) -> str:
        """The two notes of a lane on either side of slice `where`'s end, such as "D4-E4"."""
        return "-".join(self.note(place, lane) for place in (where, where + 1))

    def note(self, where: int, lane: int) -> str:
        """The name of the note that a lane sounds in a slice."""
        return pitch_name(int(self.cut.pitches[where, lane]), int(self.cut.fifths[where, lane]))


def doubled_lanes(cut: Grid) -> frozenset[tuple[int, int]]:
    """Pairs of lanes most of whose common moves (and at least eight) are parallel octaves or unisons: a doubling."""
    pairs = set()
    for upper, lower in combinations(range(cut.pitches.shape[1]), 2):
        together = _both_move(cut, upper, lower)
        distance = np.abs(cut.pitches[:, upper] - cut.pitches[:, lower]) % 12 == 0
        parallel = together & distance[:-1] & distance[1:]
        if parallel.sum() >= 8 and parallel.sum() > together.sum() / 2:
            pairs.add((upper, lower))
    return frozenset(pairs)


def parallels(setting: Setting) -> list[Fault]:
    """Perfect fifths, octaves or unisons followed by the same interval, both voices moving in the same direction."""
    cut, faults = setting.cut, []
    for upper, lower in combinations(range(cut.pitches.shape[1]), 2):
        if (upper, lower) in setting.doubled:
            continue
        moving = _both_move(cut, upper, lower) & setting.linked & _same_direction(cut, upper, lower)
        kinds = _perfect(cut, upper, lower)
        for where in np.flatnonzero(moving & (kinds[:-1] > 0) & (kinds[:-1] == kinds[1:])).tolist():
            faults.append(_parallel(setting, where, upper, lower, int(kinds[where])))
    return faults


def _parallel(setting: Setting, where: int, upper: int, lower: int, kind: int) -> Fault:
    heights = setting.cut.pitches[where : where + 2]
    unison = kind == 8 and (heights[:, upper] == heights[:, lower]).all()
    name = "fifths" if kind == 5 else "unisons" if unison else "octaves"
    words = f"{setting.moves(where, upper)} over {setting.moves(where, lower)}"
    return Fault(where + 1, f"parallel {name}", (upper, lower), words)


def hidden(setting: Setting) -> list[Fault]:
    """Outer voices that move in the same direction into a perfect fifth or octave, the upper one by a leap.

    A step in the upper voice, and motion inside one harmony, are allowed.
    """
    cut = setting.cut
    upper, lower = 0, cut.pitches.shape[1] - 1
    if lower < 1 or (upper, lower) in setting.doubled:
        return []
    moving = _both_move(cut, upper, lower) & setting.linked & _same_direction(cut, upper, lower) & setting.new_chord
    leaps = np.abs(np.diff(cut.pitches[:, upper])) > 2
    kinds = _perfect(cut, upper, lower)
    found = np.flatnonzero(moving & leaps & (kinds[1:] > 0) & (kinds[1:] != kinds[:-1]))
    return [
        Fault(
            where + 1,
            "hidden fifths" if kinds[where + 1] == 5 else "hidden octaves",
            (upper, lower),
            f"{setting.moves(where, upper)} over {setting.moves(where, lower)}, the upper voice leaps",
        )
        for where in found.tolist()
    ]


def crossings(setting: Setting) -> list[Fault]:
    """Neighbouring voices of which the lower one sounds above the upper one; one fault for each such passage."""
    cut, faults = setting.cut, []
    for upper, lower in _neighbours(cut, setting):
        crossed = _sound(cut, upper, lower) & (cut.pitches[:, upper] < cut.pitches[:, lower])
        for where, _ in _runs(crossed):
            words = f"{setting.note(where, lower)} above {setting.note(where, upper)}"
            faults.append(Fault(where, "crossing", (upper, lower), words))
    return faults


def overlaps(setting: Setting) -> list[Fault]:
    """A voice that moves beyond the note its neighbour has just left, without crossing; allowed inside one harmony."""
    cut, faults = setting.cut, []
    for upper, lower in _neighbours(cut, setting):
        high, low = cut.pitches[:, upper], cut.pitches[:, lower]
        sound = _sound(cut, upper, lower)
        ordered = sound & (high >= low)
        both = ordered[:-1] & ordered[1:] & setting.linked & setting.new_chord
        rises, falls = low[1:] > high[:-1], high[1:] < low[:-1]
        for where in np.flatnonzero(both & (rises | falls)).tolist():
            mover, left = (lower, upper) if rises[where] else (upper, lower)
            side = "above" if rises[where] else "below"
            words = f"{setting.note(where + 1, mover)} {side} the {setting.note(where, left)} just left"
            faults.append(Fault(where + 1, "overlap", (upper, lower), words))
    return faults


def wide_spacing(setting: Setting) -> list[Fault]:
    """Neighbouring voices above the bass more than an octave apart for at least a quarter note."""
    cut, faults = setting.cut, []
    for upper, lower in _neighbours(cut, setting)[:-1]:
        wide = _sound(cut, upper, lower) & (cut.pitches[:, upper] - cut.pitches[:, lower] > 12)
        for start, stop in _runs(wide):
            if cut.ends[stop - 1] - cut.onsets[start] >= 1 - 1e-6:
                words = f"{setting.note(start, upper)} over {setting.note(start, lower)}, more than an octave"
                faults.append(Fault(start, "wide spacing", (upper, lower), words))
    return faults


def _neighbours(cut: Grid, setting: Setting) -> list[tuple[int, int]]:
    pairs = [(lane, lane + 1) for lane in range(cut.pitches.shape[1] - 1)]
    return [pair for pair in pairs if pair not in setting.doubled]


def _sound(cut: Grid, upper: int, lower: int) -> np.ndarray:
    return np.asarray((cut.pitches[:, upper] >= 0) & (cut.pitches[:, lower] >= 0))


def _both_move(cut: Grid, upper: int, lower: int) -> np.ndarray:
    """(N - 1,) both voices sound in slice n and strike other pitches in slice n + 1."""
    sound = _sound(cut, upper, lower)
    change = (np.diff(cut.pitches[:, upper]) != 0) & (np.diff(cut.pitches[:, lower]) != 0)
    return np.asarray(sound[:-1] & sound[1:] & cut.struck[1:, upper] & cut.struck[1:, lower] & change)


def _same_direction(cut: Grid, upper: int, lower: int) -> np.ndarray:
    return np.asarray(np.diff(cut.pitches[:, upper]) * np.diff(cut.pitches[:, lower]) > 0)


def _perfect(cut: Grid, upper: int, lower: int) -> np.ndarray:
    """(N,) 5 for a perfect fifth, 8 for an octave or unison (compounds included), 0 for any other interval."""
    distance = cut.pitches[:, upper] - cut.pitches[:, lower]
    kinds = np.select([np.abs(distance) % 12 == 7, distance % 12 == 0], [5, 8], 0)
    spelled = (cut.fifths[:, upper] != UNSPELLED) & (cut.fifths[:, lower] != UNSPELLED)
    written = np.abs(cut.fifths[:, upper] - cut.fifths[:, lower])
    kinds[spelled & (kinds == 5) & (written != 1)] = 0
    kinds[~_sound(cut, upper, lower)] = 0
    return kinds


def _runs(true: np.ndarray) -> list[tuple[int, int]]:
    """Start and stop of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], true, [False]]).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
