"""What sounds in each slot of a score, and how much each note counts for the harmony.

A slot begins wherever a note begins, on a grid of half quarter notes. Inside it every note has a weight: its
duration, less if it behaves like an ornament (passing and neighbouring notes, suspensions, anticipations), because
such notes belong to the melody rather than to the chord (E. Aldwell and C. Schachter, Harmony and Voice Leading, units
20 and 21).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musicml.analysis.fifths import UNSPELLED
from musicml.analysis.slices import Grid
from musicml.score import Score
from musicml.score.tables import place

STEP = 0.5
SPELLINGS = 41
"""Places on the line of fifths that are counted, with C in the middle."""

NO_ORNAMENT, PASSING, ACCENTED, SUSPENSION, ANTICIPATION = range(5)
ORNAMENT_NAMES = ("", "passing or neighbour", "accented passing", "suspension", "anticipation")


@dataclass(frozen=True)
class Slots:
    """S slots as arrays.

    Attributes:
        onsets, ends, measures, beats: (S,).
        tones: (S, 12) the weight of each pitch class, summing to 1 (0 in silence).
        presence: (S, 12) how firmly each pitch class is there, 0..1, however many voices sing it.
        bass: (S, 12) the weight of each pitch class in the lowest voice, summing to 1.
        spelled: (S, SPELLINGS) the weight of each spelling; all 0 where spelling is unknown.
        fermata: (S,) whether a note with a fermata begins here.
        fresh: (S,) whether a phrase begins here (the first slot after a fermata, and the first of all).
        slice_slot: (N,) the slot to which each slice of the grid belongs.
        ornaments: (N, L) the kind of ornament of each sounding note in the grid.
    """

    onsets: np.ndarray
    ends: np.ndarray
    measures: np.ndarray
    beats: np.ndarray
    tones: np.ndarray
    presence: np.ndarray
    bass: np.ndarray
    spelled: np.ndarray
    fermata: np.ndarray
    fresh: np.ndarray
    slice_slot: np.ndarray
    ornaments: np.ndarray


def make_slots(score: Score, cut: Grid, ornament_weights: tuple[float, ...]) -> Slots:
    """Weigh the notes of each slot; `ornament_weights` says how much each kind of ornament counts (0..1)."""
    onsets, slice_slot = _slot_onsets(cut)
    ends = np.concatenate([onsets[1:], cut.ends[-1:]])
    measures, beats = place(onsets, score.measures)
    ornaments = _ornaments(score, cut, onsets, slice_slot)
    where, lanes = np.nonzero(cut.pitches >= 0)
    slots, classes = slice_slot[where], cut.pitches[where, lanes] % 12
    length = (cut.ends - cut.onsets)[where] / (ends - onsets)[slots]
    weights = length * np.asarray(ornament_weights)[ornaments[where, lanes]]
    count = len(onsets)
    presence = np.zeros((count, 12, cut.rows.shape[1]))
    np.add.at(presence, (slots, classes, lanes), weights)
    low = lanes == cut.bass[where]
    places = cut.fifths[where, lanes] + SPELLINGS // 2
    known = (places >= 0) & (places < SPELLINGS)
    tones = presence.sum(axis=2)
    fermata = np.zeros(count, bool)
    rows = cut.rows[where, lanes]
    marked = score.notes["fermata"].to_numpy(bool)[rows] & cut.struck[where, lanes]
    fermata[slots[marked]] = True
    return Slots(
        onsets=onsets, ends=ends, measures=measures, beats=beats,
        tones=_normalise(tones),
        presence=np.minimum(1.0, 1.5 * presence.max(axis=2)),
        bass=_normalise(_sum(slots[low], classes[low], weights[low], (count, 12))),
        spelled=_sum(slots[known], places[known], weights[known], (count, SPELLINGS))
        / np.maximum(1e-9, tones.sum(axis=1, keepdims=True)),
        fermata=fermata,
        fresh=np.concatenate([[True], fermata[:-1]]),
        slice_slot=slice_slot,
        ornaments=ornaments,
    )  # fmt: skip


def _slot_onsets(cut: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Slots begin with the first slice of each half quarter note in which some note is struck."""
    cells = np.floor(cut.onsets / STEP + 1e-3).astype(int)
    begins = np.asarray(cut.struck.any(axis=1) | (np.arange(len(cells)) == 0))
    first = begins & np.concatenate([[True], np.diff(_last_begin(cells, begins)) > 0])
    return cut.onsets[first], np.cumsum(first) - 1


def _last_begin(cells: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """The grid cell of the latest slice that began a note, up to and including each slice."""
    return np.maximum.accumulate(np.where(begins, cells, -1))


def _ornaments(score: Score, cut: Grid, onsets: np.ndarray, slice_slot: np.ndarray) -> np.ndarray:
    """The kind of ornament of each note in each slice (0 where it is none, or silence)."""
    before, after = neighbours(cut, cut.pitches)
    pitches = cut.pitches
    stepwise_in = (before >= 0) & np.isin(np.abs(pitches - before), (1, 2))
    stepwise_out = (after >= 0) & np.isin(np.abs(after - pitches), (1, 2))
    down_out = (after >= 0) & np.isin(pitches - after, (1, 2))
    starts = score.notes["onset"].to_numpy(float)[cut.rows]
    short = score.notes["duration"].to_numpy(float)[cut.rows] <= 0.5 + 1e-6
    beats = score.notes["beat"].to_numpy(float)[cut.rows]
    on_beat = np.abs(beats - np.round(beats)) < 1e-3
    held = starts < onsets[slice_slot][:, None] - 1e-6
    kinds = np.zeros(pitches.shape, int)
    kinds[stepwise_in & stepwise_out & short & on_beat] = ACCENTED
    kinds[stepwise_in & stepwise_out & short & ~on_beat] = PASSING
    kinds[(after == pitches) & short & ~on_beat] = ANTICIPATION
    kinds[(held | ((before == pitches) & on_beat)) & down_out & (kinds == 0)] = SUSPENSION
    kinds[pitches < 0] = 0
    return kinds


def neighbours(cut: Grid, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, L) the value of the note before and after the one that sounds, in its lane; -1 where nothing follows.

    Args:
        cut: the score as slices.
        values: (N, L) what is asked of the notes, such as `cut.pitches` (a rest is a value too).
    """
    before, after = np.full(values.shape, -1), np.full(values.shape, -1)
    for lane in range(values.shape[1]):
        rows = cut.rows[:, lane]
        changes = np.flatnonzero(np.diff(rows) != 0) + 1
        runs = np.diff(np.concatenate([[0], changes, [len(rows)]]))
        notes = values[np.concatenate([[0], changes]), lane]
        before[:, lane] = np.repeat(np.concatenate([[-1], notes[:-1]]), runs)
        after[:, lane] = np.repeat(np.concatenate([notes[1:], [-1]]), runs)
    return before, after


def _sum(rows: np.ndarray, columns: np.ndarray, weights: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    flat = np.bincount(rows * shape[1] + columns, weights=weights, minlength=shape[0] * shape[1])
    return flat.reshape(shape)


def _normalise(weights: np.ndarray) -> np.ndarray:
    totals = weights.sum(axis=1, keepdims=True)
    return np.asarray(weights / np.where(totals > 1e-9, totals, 1.0))


def spelling_places(fifths: np.ndarray) -> np.ndarray:
    """The column of `Slots.spelled` of places on the line of fifths, -1 beyond its ends or for `UNSPELLED`."""
    places = fifths + SPELLINGS // 2
    return np.where((fifths != UNSPELLED) & (places >= 0) & (places < SPELLINGS), places, -1)
