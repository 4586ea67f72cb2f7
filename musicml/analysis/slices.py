"""Salami slices: a score cut wherever a note begins or ends, so that inside a slice nothing happens.

The notes are dealt to lanes, each carrying one note at a time. A part that sings one line is one lane; a voice
that plays chords (a piano, or a MIDI track with all four singers) is dealt to as many lanes as it sounds notes at
once, the highest first.

Source: C. W. White and I. Quinn, "The Yale-Classical Archives Corpus", Empirical Musicology Review 11 (2016), for the
name and the use of slices in corpus study.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from musicml.analysis.fifths import UNSPELLED, note_fifths, pitch_name
from musicml.score import Score
from musicml.score.tables import place

COLUMNS = ["slice", "onset", "end", "measure", "beat", "part", "voice", "pitch", "name", "struck", "id"]
_TICK = 1e-5


@dataclass(frozen=True)
class Grid:
    """A score as arrays: N slices by L lanes, the lanes from the highest on average to the lowest.

    Attributes:
        onsets, ends: (N,) quarter notes.
        rows: (N, L) row of the note table that sounds, -1 for silence.
        struck: (N, L) whether the note begins in this slice.
        pitches: (N, L) MIDI numbers, -1 for silence.
        fifths: (N, L) spelling on the line of fifths, `UNSPELLED` for silence or where it is not known.
        parts: (L,) the part of each lane.
    """

    onsets: np.ndarray
    ends: np.ndarray
    rows: np.ndarray
    struck: np.ndarray
    pitches: np.ndarray
    fifths: np.ndarray
    parts: np.ndarray

    @property
    def bass(self) -> np.ndarray:
        """(N,) the lane of the lowest sounding note in each slice, -1 in silence."""
        heights = np.where(self.pitches >= 0, self.pitches, 999)
        lanes = heights.argmin(axis=1) if heights.shape[1] else np.zeros(len(heights), int)
        return np.where((self.pitches >= 0).any(axis=1), lanes, -1)

    def at(self, onset: float) -> int:
        """The slice that sounds at `onset` (the first or last one outside the piece)."""
        return int(np.clip(np.searchsorted(self.onsets, onset + _TICK, side="right") - 1, 0, len(self.onsets) - 1))


def grid(score: Score) -> Grid:
    """Cut a score into slices and deal its notes to lanes.

    >>> two = Score.from_table({"onset": [0, 0, 1], "duration": [2, 1, 1], "pitch": [48, 64, 65]})
    >>> grid(two).pitches.tolist()
    [[64, 48], [65, 48]]
    """
    notes = score.notes
    onsets = np.round(notes["onset"].to_numpy(float), 5)
    offsets = np.round(onsets + notes["duration"].to_numpy(float), 5)
    pitches = notes["pitch"].to_numpy(int)
    times = _merge(np.unique(np.concatenate([onsets, offsets])))
    first, last = np.searchsorted(times, onsets - 2 * _TICK), np.searchsorted(times, offsets - 2 * _TICK)
    lanes, parts = _deal(score, first, last, pitches)
    rows = np.full((max(0, len(times) - 1), len(parts)), -1)
    struck = np.zeros(rows.shape, bool)
    for row, (start, end, lane) in enumerate(zip(first.tolist(), last.tolist(), lanes.tolist(), strict=True)):
        rows[start:end, lane] = row
        struck[start, lane] = True
    spelling = note_fifths(notes)
    sounding = rows >= 0
    return Grid(
        onsets=times[:-1],
        ends=times[1:],
        rows=rows,
        struck=struck & sounding,
        pitches=np.where(sounding, pitches[rows], -1) if len(notes) else rows,
        fifths=np.where(sounding, spelling[rows], UNSPELLED) if len(notes) else rows,
        parts=parts,
    )


def slices(score: Score) -> pd.DataFrame:
    """One row for each note that sounds in each slice, from the top lane to the bottom one.

    Args:
        score: any score.

    Returns:
        slice (0, 1, ...), onset and end (quarter notes), measure, beat, part, voice, pitch (MIDI), name ("F#4", or ""
        without spelling), struck (whether it begins here rather than being held) and id of the note.

    >>> slices(Score.from_table({"onset": [0, 0, 1], "duration": [2, 1, 1], "pitch": [48, 64, 65]}))["struck"].tolist()
    [True, True, True, False]
    """
    cut = grid(score)
    where, lanes = np.nonzero(cut.rows >= 0)
    rows = cut.rows[where, lanes]
    measures, beats = place(cut.onsets, score.measures)
    notes = score.notes.iloc[rows].reset_index(drop=True)
    names = [
        pitch_name(pitch, place) if place != UNSPELLED else ""
        for pitch, place in zip(cut.pitches[where, lanes].tolist(), cut.fifths[where, lanes].tolist(), strict=True)
    ]
    columns = {
        "slice": where, "onset": cut.onsets[where], "end": cut.ends[where], "measure": measures[where],
        "beat": beats[where], "part": notes["part"], "voice": notes["voice"], "pitch": notes["pitch"],
        "name": pd.Series(names, dtype="str"), "struck": cut.struck[where, lanes], "id": notes["id"],
    }  # fmt: skip
    return pd.DataFrame(columns, columns=COLUMNS)


def _merge(times: np.ndarray) -> np.ndarray:
    """Drop times that differ from the one before by rounding only (thirds of a beat written as decimals)."""
    return times[np.concatenate([[True], np.diff(times) > 2 * _TICK])] if len(times) else np.zeros(1)


def _deal(score: Score, first: np.ndarray, last: np.ndarray, pitches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lane of each note, and the part of each lane; lanes are ordered by mean pitch, the highest first."""
    voices = list(zip(score.notes["part"].tolist(), score.notes["voice"].tolist(), strict=True))
    free: dict[tuple[int, int], list[list[int]]] = {}
    keys: list[tuple[int, int]] = []
    lanes = np.zeros(len(pitches), int)
    for row in np.lexsort((-pitches, first)).tolist():
        mine = free.setdefault(voices[row], [])
        open_lane = next((lane for lane in mine if lane[1] <= first[row]), None)
        if open_lane is None:
            open_lane = [len(keys), 0]
            mine.append(open_lane)
            keys.append(voices[row])
        open_lane[1] = int(last[row])
        lanes[row] = open_lane[0]
    counts = np.bincount(lanes, minlength=len(keys))
    means = np.bincount(lanes, weights=pitches, minlength=len(keys)) / np.maximum(1, counts)
    order = np.argsort(-means[: len(keys)], kind="stable")
    rank = np.argsort(order)
    parts = np.array([keys[lane][0] for lane in order], dtype=int)
    return (rank[lanes] if len(keys) else lanes), parts
