"""The chorale raster: four voices as four rows of numbers, one column for each sixteenth.

The encoding of Boulanger-Lewandowski et al. (2012) and of DeepBach (Hadjeres et al., 2017), with one departure: a
flag marks where a note begins, so that a repeated note is not taken for a long one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicml.encoding.symbols import HIGHEST, LOWEST, SILENCE, VOICES
from musicml.errors import ScoreError
from musicml.score import Score
from musicml.score.spelling import spell
from musicml.score.transpose import nearest_fifths

FRAMES_PER_QUARTER = 4

#: Lowest and highest MIDI pitch of each voice in the train chorales of the benchmark, from `Corpus("jsb")`.
VOICE_RANGES: dict[str, tuple[int, int]] = {
    "soprano": (57, 81),
    "alto": (53, 74),
    "tenor": (48, 69),
    "bass": (36, 64),
}


@dataclass(frozen=True, eq=False)
class ChoraleRaster:
    """Four voices in frames of a sixteenth note.

    Attributes:
        pitches: int, shape (T, 4): the MIDI pitch (36..81) of soprano, alto, tenor and bass; -1 is silence.
        onsets: bool, shape (T, 4): a note begins in this frame. Where it is False, the pitch is held from before.
        fermatas: bool, shape (T,): some voice sounds a note with a fermata.
        measures: the measure table of the score (onsets and lengths in quarter notes).
        fifths: the key signature: sharps positive, flats negative.
        meta: title, composer, ...; "mode" of the key signature; "notes_lost" counts the notes that the raster
            cannot hold (shorter than a frame, out of range, or a second note of one voice).
    """

    pitches: NDArray[np.int64]
    onsets: NDArray[np.bool_]
    fermatas: NDArray[np.bool_]
    measures: pd.DataFrame
    fifths: int = 0
    meta: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pitches = np.asarray(self.pitches)
        if pitches.ndim != 2 or pitches.shape[1] != len(VOICES):
            raise ScoreError(f"raster: pitches have the shape {pitches.shape}. Give (frames, 4): S, A, T, B.")
        if np.shape(self.onsets) != pitches.shape or np.shape(self.fermatas) != pitches.shape[:1]:
            raise ScoreError("raster: onsets or fermatas do not fit the pitches. Give (frames, 4) and (frames,).")
        wrong = (pitches != SILENCE) & ((pitches < LOWEST) | (pitches > HIGHEST))
        if wrong.any():
            raise ScoreError(f"raster: pitch {pitches[wrong][0]} is out of range. Use {LOWEST} to {HIGHEST}, or -1.")

    def __len__(self) -> int:
        return len(self.pitches)


def to_raster(score: Score) -> ChoraleRaster:
    """Write a four-voice score as frames of a sixteenth.

    A frame sounds the note that covers its start. The voices are the parts called soprano, alto, tenor and bass;
    else the four parts, or the four voices of fewer parts, from the top down.

    Args:
        score: four voices, with or without instruments beside parts that are named as voices.

    Returns:
        The raster; its `meta["notes_lost"]` counts notes that it cannot hold.

    Raises:
        ScoreError: the score has no four voices that can be told apart.

    >>> chord = {"onset": [0] * 4, "duration": [1] * 4, "pitch": [72, 67, 64, 48], "part": range(4)}
    >>> to_raster(Score.from_table(chord)).pitches[0].tolist()
    [72, 67, 64, 48]
    """
    count = int(np.ceil(score.end * FRAMES_PER_QUARTER - 1e-6))
    pitches = np.full((count, len(VOICES)), SILENCE, dtype=np.int64)
    onsets = np.zeros((count, len(VOICES)), dtype=bool)
    fermatas = np.zeros(count, dtype=bool)
    lost = 0
    for voice, rows in enumerate(four_voices(score)):
        lost += _fill_voice(rows, pitches[:, voice], onsets[:, voice], fermatas, lowest_wins=voice == 3)
    fifths, mode = _first_key(score)
    meta = score.meta | {"notes_lost": lost} | ({"mode": mode} if mode else {})
    return ChoraleRaster(pitches, onsets, fermatas, score.measures, fifths, meta)


def four_voices(score: Score) -> list[pd.DataFrame]:
    """The notes of soprano, alto, tenor and bass.

    Raises:
        ScoreError: no four voices can be told apart.
    """
    notes = score.notes
    named = [_named_part(score, voice) for voice in VOICES]
    if None not in named:
        return [notes[notes["part"] == part] for part in named]
    parts = sorted(notes["part"].unique())
    if len(parts) == len(VOICES):
        return [notes[notes["part"] == part] for part in parts]
    voices = sorted(set(zip(notes["part"].tolist(), notes["voice"].tolist(), strict=True)))
    if len(voices) == len(VOICES):
        return [notes[(notes["part"] == part) & (notes["voice"] == voice)] for part, voice in voices]
    raise ScoreError(
        f"{score.title}: {len(parts)} parts and {len(voices)} voices have notes; a chorale raster needs four voices. "
        "Name four parts Soprano, Alto, Tenor and Bass, or choose another piece."
    )


def _named_part(score: Score, voice: str) -> int | None:
    """The row of the one part whose name has the word `voice`."""
    rows = [row for row, name in enumerate(score.parts["name"]) if re.search(rf"\b{voice}\b", str(name).lower())]
    return rows[0] if len(rows) == 1 else None


def _fill_voice(
    rows: pd.DataFrame,
    pitches: NDArray[np.int64],
    onsets: NDArray[np.bool_],
    fermatas: NDArray[np.bool_],
    *,
    lowest_wins: bool,
) -> int:
    """Write the notes of one voice into its column; returns how many are lost. What is written later wins."""
    ordered = rows.sort_values(["onset", "pitch"], ascending=[True, not lowest_wins], kind="stable")
    owner = np.full(len(pitches), -1)
    inside = ordered["pitch"].between(LOWEST, HIGHEST).to_numpy()
    first = _frame(ordered["onset"].to_numpy(float))
    last = _frame((ordered["onset"] + ordered["duration"]).to_numpy(float))
    numbers = ordered["pitch"].to_numpy()
    marked = ordered["fermata"].to_numpy(bool)
    for note in np.flatnonzero(inside):
        owner[first[note] : last[note]] = note
    sounding = owner >= 0
    pitches[sounding] = numbers[owner[sounding]]
    onsets[:] = sounding & (owner != np.concatenate(([-1], owner[:-1])))
    fermatas[sounding] |= marked[owner[sounding]]
    return len(ordered) - len(np.unique(owner[sounding]))


def _frame(times: NDArray[np.float64]) -> NDArray[np.int64]:
    """The first frame that starts at `times` (quarter notes) or later."""
    return np.ceil(times * FRAMES_PER_QUARTER - 1e-6).astype(np.int64)


def _first_key(score: Score) -> tuple[int, str | None]:
    if not len(score.keys):
        return 0, None
    mode = score.keys["mode"].iloc[0]
    return int(score.keys["fifths"].iloc[0]), None if pd.isna(mode) else str(mode)


def to_score(raster: ChoraleRaster) -> Score:
    """Read a raster back: held frames become notes, in four parts, spelled in the raster's key signature.

    A note begins where its flag stands or where the pitch changes. A fermata goes to the notes that end together
    with a run of fermata frames and lie wholly in it.

    >>> empty = np.zeros((4, 4), dtype=bool)
    >>> from musicml.score import tables
    >>> raster = ChoraleRaster(np.full((4, 4), 60), empty, empty[:, 0], tables.bars(1))
    >>> to_score(raster).notes["duration"].tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    mode = raster.meta.get("mode")
    voices = [_voice_notes(raster, voice) for voice in range(len(VOICES))]
    notes = pd.concat(voices, ignore_index=True)
    notes["step"], notes["alter"], notes["octave"] = spell(
        notes["pitch"].to_numpy(np.int64), raster.fifths, minor=mode == "minor"
    )
    meta = {name: value for name, value in raster.meta.items() if name not in ("mode", "notes_lost")}
    return Score.from_table(
        notes,
        raster.measures,
        keys=pd.DataFrame({"onset": [0.0], "fifths": [raster.fifths], "mode": [mode]}),
        parts=[(voice.capitalize(), "Choir Aahs") for voice in VOICES],
        **meta,
    )


def _voice_notes(raster: ChoraleRaster, voice: int) -> pd.DataFrame:
    pitches = raster.pitches[:, voice]
    before = np.concatenate(([SILENCE], pitches[:-1]))
    starts = np.flatnonzero((pitches != before) | (raster.onsets[:, voice] & (pitches != SILENCE)))
    ends = np.append(starts[1:], len(pitches))[: len(starts)]
    kept = pitches[starts] != SILENCE
    starts, ends = starts[kept], ends[kept]
    flags = raster.fermatas
    run_ends = np.flatnonzero(flags & ~np.append(flags[1:], False)) + 1
    whole = np.array([flags[start:end].all() for start, end in zip(starts, ends, strict=True)], dtype=bool)
    return pd.DataFrame(
        {
            "onset": starts / FRAMES_PER_QUARTER,
            "duration": (ends - starts) / FRAMES_PER_QUARTER,
            "pitch": pitches[starts],
            "part": voice,
            "fermata": whole & np.isin(ends, run_ends),
        }
    )


def transpositions(
    pitches: NDArray[np.int64], ranges: Mapping[str, tuple[int, int]] = VOICE_RANGES, *, widest: int = 12
) -> list[int]:
    """The semitones, up to `widest` each way, by which frames (T, 4) can move with every voice within its range.

    0 is always among them, even for a piece that leaves the ranges already.

    >>> transpositions(np.array([[78, 72, 67, 60]]))
    [-12, -11, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2]
    """
    up, down = widest, -widest
    for voice, (lowest, highest) in enumerate(ranges.values()):
        sung = pitches[pitches[:, voice] != SILENCE, voice]
        if len(sung):
            down, up = max(down, lowest - int(sung.min())), min(up, highest - int(sung.max()))
    return [shift for shift in range(-widest, widest + 1) if down <= shift <= up or shift == 0]


def transpose(raster: ChoraleRaster, semitones: int) -> ChoraleRaster:
    """Move all voices by semitones; of the two key signatures that fit, the one with fewer accidentals is taken.

    Raises:
        ScoreError: a voice leaves the range 36..81 of the raster.
    """
    pitches = np.where(raster.pitches == SILENCE, SILENCE, raster.pitches + semitones)
    return replace(raster, pitches=pitches, fifths=nearest_fifths(raster.fifths + 7 * semitones))
