"""MIDI in and out, through symusic.

MIDI knows when a key goes down and comes up, and nothing of spelling, voices or staves. Times are read as they
stand: a performance stays a performance, and nothing is moved to a grid behind the reader's back.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from musicml.errors import ScoreError
from musicml.files import replacing
from musicml.score import tables
from musicml.score.general_midi import NAMES, program_of
from musicml.score.score import Score

_TICKS = 10080  # to a quarter note: binary values down to the 128th, triplets, quintuplets and septuplets are exact


def read_midi(path: str | Path) -> Score:
    """Read a MIDI file: one part for each track; pitches stay unspelled, onsets and durations exact.

    Measures come from the time signatures (4/4 where there is none). Drum tracks have no pitch: they are left out, and
    `meta["unpitched_left_out"]` counts their notes; notes without a length are counted in `meta["empty_left_out"]`.

    Raises:
        ScoreError: the file is missing, empty or not MIDI.
    """
    import symusic

    path = Path(path)
    if not path.is_file():
        raise ScoreError(f"{path}: no such file. Check the path.")
    try:
        content = path.read_bytes()
        _check_chunks(content)
        midi = symusic.Score.from_midi(content)
    except (RuntimeError, ValueError, OSError) as error:
        reason = " ".join(str(error).split())[:100]
        raise ScoreError(f"{path}: not a MIDI file that can be read ({reason}). Save or download it again.") from error
    return _score(midi, path)


def _check_chunks(content: bytes) -> None:
    """A MIDI file says how long each of its chunks is; symusic reads what is left of a file that is cut short."""
    position = 0
    while content.startswith(b"MThd") and position < len(content):
        position += 8 + int.from_bytes(content[position + 4 : position + 8])
    if position > len(content):
        raise ValueError("it breaks off in the middle")


def _score(midi: Any, path: Path) -> Score:
    ticks = midi.ticks_per_quarter
    tracks = [track for track in midi.tracks if not track.is_drum and len(track.notes)]
    notes = pd.concat([_notes(track, ticks, part) for part, track in enumerate(tracks)] or [_no_notes()])
    empty = int((notes["duration"] <= 0).sum())
    notes = notes[notes["duration"] > 0]
    drums = sum(len(track.notes) for track in midi.tracks if track.is_drum)
    end = float((notes["onset"] + notes["duration"]).max()) if len(notes) else 0.0
    signatures = [(mark.time / ticks, f"{mark.numerator}/{mark.denominator}") for mark in midi.time_signatures]
    left_out = {"unpitched_left_out": drums, "empty_left_out": empty}
    return Score.from_table(
        notes,
        _with_pickup(tables.bars_from_signatures(signatures, end)),
        keys=[(mark.time / ticks, mark.key, "minor" if mark.tonality else "major") for mark in midi.key_signatures],
        tempos=[(mark.time / ticks, mark.qpm) for mark in midi.tempos] or None,
        parts=[(track.name or NAMES[track.program], NAMES[track.program]) for track in tracks] or None,
        source=str(path),
        **{name: count for name, count in left_out.items() if count},
    )


def _with_pickup(measures: pd.DataFrame) -> pd.DataFrame:
    """A single first bar in a metre of its own, shorter than the next, is how MIDI files write a pickup."""
    if len(measures) < 2 or measures["length"].iloc[0] >= measures["length"].iloc[1]:
        return measures
    signatures = measures["time_signature"].where(measures.index > 0, measures["time_signature"].iloc[1])
    return measures.assign(number=measures["number"] - 1, time_signature=signatures)


def _notes(track: Any, ticks: int, part: int) -> pd.DataFrame:
    columns = track.notes.numpy()
    return pd.DataFrame(
        {
            "onset": columns["time"] / ticks,
            "duration": columns["duration"] / ticks,
            "pitch": columns["pitch"].astype("int64"),
            "velocity": columns["velocity"].astype("int64"),
            "part": part,
        }
    )


def _no_notes() -> pd.DataFrame:
    return pd.DataFrame({"onset": [], "duration": [], "pitch": [], "velocity": [], "part": []}, dtype="float64")


def write_midi(score: Score, path: str | Path) -> Path:
    """Write a MIDI file, one track for each part, with its instrument, the tempos and the time and key signatures.

    Returns:
        The path that was written.

    Raises:
        MusicmlError: the folder cannot be written, or the disk is full.
    """
    path = Path(path)
    with replacing(path) as temporary:
        to_symusic(score).dump_midi(temporary)
    return path


def to_symusic(score: Score) -> Any:
    """The score as a symusic Score in ticks (10,080 to the quarter note)."""
    import symusic

    midi = symusic.Score(_TICKS)
    midi.time_signatures.extend(
        symusic.TimeSignature(_tick(onset), *(int(word) for word in signature.split("/")))
        for onset, signature in _changes(score.measures)
    )
    midi.key_signatures.extend(
        symusic.KeySignature(_tick(row.onset), int(row.fifths), int(row.mode == "minor"))
        for row in tables.rows(score.keys)
    )
    midi.tempos.extend(symusic.Tempo(_tick(row.onset), qpm=float(row.bpm)) for row in tables.rows(score.tempos))
    for index, part in enumerate(tables.rows(score.parts)):
        track = symusic.Track(str(part.name), program_of(str(part.instrument)), False)
        track.notes.extend(
            symusic.Note(_tick(row.onset), _tick(row.duration), int(row.pitch), int(row.velocity))
            for row in tables.rows(score.notes[score.notes["part"] == index])
        )
        midi.tracks.append(track)
    return midi


def _tick(time: float) -> int:
    return round(time * _TICKS)


def _changes(measures: pd.DataFrame) -> list[tuple[float, str]]:
    """Where the metre changes. A first measure that is shorter than its metre is a pickup: MIDI counts it as a bar of
    its own length, so that every bar line after it falls where it is written."""
    rows = [(float(row.onset), str(row.time_signature), float(row.length)) for row in tables.rows(measures)]
    changes: list[tuple[float, str]] = []
    for onset, signature, length in rows:
        shown = signature if length >= tables.bar_length(signature) else _short(length, signature)
        if not changes or changes[-1][1] != shown:
            changes.append((onset, shown))
    return changes


def _short(length: float, signature: str) -> str:
    """The metre of a bar that is cut short, in the unit of its time signature or smaller ones."""
    unit = int(signature.split("/")[1])
    while unit < 64 and (length * unit / 4) % 1:
        unit *= 2
    return f"{max(1, round(length * unit / 4))}/{unit}"
