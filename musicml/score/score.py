"""The Score: five small tables that stand in the middle of everything.

A score is data, not behaviour: tables that any tool for tables can filter, join and count. What can be *done* with
a score (drawing, sounding, analysing, learning) lives in other rooms that read it. The conversions that define it
live beside this file: `music21_io` (and through it MusicXML) and `midi_io`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from musicml.score import tables

if TYPE_CHECKING:
    import music21


@dataclass(frozen=True, eq=False, repr=False)
class Score:
    """A piece of music as tables; onsets, durations and lengths are in quarter notes throughout.

    Attributes:
        notes: one row per sounding note (ties merged), sorted by onset, then pitch: onset, duration, pitch (MIDI
            number), step ("A".."G"), alter (semitones), octave (these three missing until spelled), part (row of
            `parts`), voice (1, 2, ... within the part), measure (printed number), beat (1-based; dotted beats in
            compound metres), velocity (0..127), fermata, id ("n0", "n1", ...: the id of the engraved note).
        measures: number (printed; 0 is a pickup), onset, length, time_signature ("4/4").
        keys: onset, fifths (sharps positive, flats negative), mode ("major", "minor" or missing): key signatures.
        tempos: onset, bpm (quarter notes per minute).
        parts: name, instrument; row i describes part i.
        meta: title, composer, source, licence and whatever else is known.

    >>> score = Score.from_table({"onset": [0, 1], "duration": [1, 1], "pitch": [60, 64]}, title="A third")
    >>> score
    <Score 'A third': 2 notes, 1 part, 1 measure, 4 quarter notes>
    """

    notes: pd.DataFrame
    measures: pd.DataFrame
    keys: pd.DataFrame
    tempos: pd.DataFrame
    parts: pd.DataFrame
    meta: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_table(
        cls,
        notes: Any,
        measures: Any = None,
        *,
        keys: Any = None,
        tempos: Any = None,
        parts: Any = None,
        **meta: Any,
    ) -> Score:
        """Make a score from tables; only onset, duration and pitch of each note are required.

        Args:
            notes: anything `pandas.DataFrame` accepts, with columns onset, duration (quarter notes) and pitch (MIDI).
            measures: columns number, onset, length, time_signature; by default 4/4 from the first beat.
            keys, tempos, parts: the other tables; empty, 100 quarter notes a minute and one part for each part number.
            meta: title, composer, source, licence, ...

        Returns:
            A score whose tables are complete, typed and sorted.

        Raises:
            ScoreError: a column is missing, or a value cannot be music (NaN onset, negative duration, pitch over 127).

        >>> Score.from_table({"onset": [0], "duration": [1], "pitch": [200]})
        Traceback (most recent call last):
        ...
        musicml.errors.ScoreError: notes: pitch 200 in row 0 is not a MIDI number. Use 0 to 127 (60 is middle C).
        """
        measure_table = tables.complete_measures(measures, notes)
        note_table = tables.complete_notes(notes, measure_table)
        part_count = int(note_table["part"].max()) + 1 if len(note_table) else 1
        return cls(
            notes=note_table,
            measures=measure_table,
            keys=tables.complete(keys, tables.KEYS),
            tempos=tables.complete(tempos if tempos is not None else [(0.0, 100.0)], tables.TEMPOS),
            parts=tables.complete_parts(parts, part_count),
            meta=meta,
        )

    @classmethod
    def from_music21(cls, stream: music21.stream.Stream, **meta: Any) -> Score:
        """Read a music21 stream (see `musicml.score.music21_io.from_music21`)."""
        from musicml.score.music21_io import from_music21

        return from_music21(stream, **meta)

    def to_music21(self) -> music21.stream.Score:
        """Build a music21 score with measures, ties, clefs and note ids (see `musicml.score.music21_io`)."""
        from musicml.score.music21_io import to_music21

        return to_music21(self)

    def save(self, path: str | Path) -> Path:
        """Write MusicXML (.musicxml, .xml, .mxl) or MIDI (.mid, .midi), whole or not at all.

        Raises:
            ScoreError: the suffix names no format that a score can be written in.
            MusicmlError: the folder cannot be written.
        """
        from musicml.score.writing import save

        return save(self, Path(path))

    @property
    def end(self) -> float:
        """Where the last measure or note ends, in quarter notes from the start.

        >>> Score.from_table({"onset": [0], "duration": [1], "pitch": [60]}).end
        4.0
        """
        last_measure = (self.measures["onset"] + self.measures["length"]).max() if len(self.measures) else 0.0
        last_note = (self.notes["onset"] + self.notes["duration"]).max() if len(self.notes) else 0.0
        return float(max(last_measure, last_note))

    @property
    def title(self) -> str:
        """The title, or "Untitled"."""
        return str(self.meta.get("title") or "Untitled")

    def __len__(self) -> int:
        return len(self.notes)

    def __repr__(self) -> str:
        counts = [
            _count(len(self.notes), "note"),
            _count(len(self.parts), "part"),
            _count(len(self.measures), "measure"),
            _count(self.end, "quarter note"),
        ]
        return f"<Score {self.title!r}: {', '.join(counts)}>"


def _count(number: float, noun: str) -> str:
    return f"{number:g} {noun}{'' if number == 1 else 's'}"
