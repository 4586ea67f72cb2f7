"""From the tables of a Score to music21's objects: notation decided from the measure table, nothing guessed twice.

A note that crosses a bar line is cut there and tied; notes of one voice that start and end together make a chord;
rests fill what is left. Notation cannot write overlap in one voice: where it is short, the notes become chords with
ties; where it is long, additional voices take what overlaps.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from musicml.score import tables
from musicml.score.general_midi import program_of
from musicml.score.score import Score
from musicml.score.spelling import spell
from musicml.score.written_time import exact, note_values_between, settled, shortest

if TYPE_CHECKING:
    import music21

@dataclass
class _Bar:
    number: int
    start: Fraction
    end: Fraction
    signature: str


@dataclass
class _Chord:
    """Notes of one voice that start and end together."""

    start: Fraction
    end: Fraction
    notes: list[Any]


def to_music21(score: Score) -> music21.stream.Score:
    """Build a music21 score: parts, measures, voices, chords, rests, ties, clefs, key and time signatures.

    Each music21 note carries the `id` of its row; what a tie adds to it carries that id and "-1", "-2", ... Times
    that no notation has (performed music) move to the nearest 24th of a quarter note. Pitches without a spelling are
    spelled in the key signature in force.

    Args:
        score: any score; its tables are not changed.

    Returns:
        A well-formed score with one part for each row of `score.parts`.

    >>> piece = Score.from_table({"onset": [3], "duration": [2], "pitch": [61]}, keys=[(0.0, 2, "major")])
    >>> [(note.id, note.nameWithOctave, note.tie.type) for note in to_music21(piece).recurse().notes]
    [('n0', 'C#4', 'start'), ('n0-1', 'C#4', 'stop')]
    """
    from music21 import layout, metadata, stream

    bars = _bars(score)
    notes = spelled(score)
    result = stream.Score()
    result.metadata = metadata.Metadata(title=score.title, composer=str(score.meta.get("composer") or ""))
    parts = []
    for index, description in enumerate(tables.rows(score.parts)):
        rows = notes[notes["part"] == index]
        part = _part(rows, bars, index, str(description.name), str(description.instrument))
        _insert_barlines(part, score.meta.get("repeats", []))
        _insert_keys(part, score.keys, bars)
        parts.append(part)
        result.insert(0, part)
    if parts:
        _insert_tempos(parts[0], score.tempos, bars)
    for part in parts:
        _decide_signs(part)
    if len(parts) > 1:
        result.insert(0, layout.StaffGroup(parts, symbol="bracket"))
    return result


def spelled(score: Score) -> pd.DataFrame:
    """The note table with every pitch spelled; those without a spelling get one from the key signature in force."""
    notes = score.notes
    missing = (notes["step"].isna() | notes["alter"].isna() | notes["octave"].isna()).to_numpy()
    if not missing.any():
        return notes
    notes = notes.copy()
    starts = score.keys["onset"].tolist()
    signatures = [(0, False), *((row.fifths, row.mode == "minor") for row in tables.rows(score.keys))]
    in_force = pd.Series(starts, dtype=float).searchsorted(notes["onset"] + 1e-6, side="right")
    for number, (fifths, minor) in enumerate(signatures):
        chosen = missing & (in_force == number)
        steps, alters, octaves = spell(notes.loc[chosen, "pitch"].to_numpy(), fifths, minor=minor)
        notes.loc[chosen, "step"] = steps
        notes.loc[chosen, "alter"] = alters
        notes.loc[chosen, "octave"] = octaves
    return notes


def _bars(score: Score) -> list[_Bar]:
    """The measures from time zero on without gaps, continued until the last note has ended."""
    table = score.measures
    starts = [exact(onset) for onset in table["onset"]]
    rows = list(tables.rows(table))
    ends = [*starts[1:], starts[-1] + exact(rows[-1].length)] if rows else []
    bars = [
        _Bar(int(row.number), start, end, row.time_signature)
        for row, start, end in zip(rows, starts, ends, strict=True)
        if end > start
    ]
    if not bars:
        bars = [_Bar(1, Fraction(0), Fraction(4), "4/4")]
    if bars[0].start > 0:
        bars.insert(0, _Bar(bars[0].number - 1, Fraction(0), bars[0].start, bars[0].signature))
    length = exact(tables.bar_length(bars[-1].signature))
    while bars[-1].end < exact(score.end):
        last = bars[-1]
        bars.append(_Bar(last.number + 1, last.end, last.end + length, last.signature))
    return bars


def _voices(rows: pd.DataFrame) -> dict[int, list[_Chord]]:
    """The chords of each voice, none overlapping another; overflow goes to voices that are added at the end."""
    chords: dict[tuple[int, Fraction, Fraction], list[Any]] = defaultdict(list)
    written = settled([*rows["onset"], *(rows["onset"] + rows["duration"])])
    for row in tables.rows(rows):
        start, end = written[row.onset], written[row.onset + row.duration]
        if end <= start:  # too short to write
            end = start + shortest(start)
        chords[row.voice, start, end].append(row)
    result: dict[int, list[_Chord]] = defaultdict(list)
    last_voice = max((voice for voice, _, _ in chords), default=1)
    for voice in sorted({voice for voice, _, _ in chords}):
        found = [_Chord(start, end, members) for (each, start, end), members in chords.items() if each == voice]
        for chord in _sliced(sorted(found, key=lambda chord: (chord.start, -chord.end))):
            choices = [voice, *range(last_voice + 1, last_voice + 1 + len(chords))]
            free = next(each for each in choices if not result[each] or result[each][-1].end <= chord.start)
            result[free].append(chord)
    return {voice: found for voice, found in sorted(result.items()) if found}


def _sliced(chords: list[_Chord]) -> list[_Chord]:
    """Where chords overlap within a quarter note, cut them into chords whose held notes are tied."""
    result: list[_Chord] = []
    while chords:
        end, count = chords[0].end, 1
        while count < len(chords) and chords[count].start < end:
            end, count = max(end, chords[count].end), count + 1
        cluster, chords = chords[:count], chords[count:]
        if count == 1 or end - cluster[0].start > 1:
            result += cluster
            continue
        times = sorted({time for chord in cluster for time in (chord.start, chord.end)})
        for start, stop in pairwise(times):
            sounding = [row for chord in cluster if chord.start <= start and chord.end >= stop for row in chord.notes]
            result.append(_Chord(start, stop, sounding))
    return result


def _part(rows: pd.DataFrame, bars: list[_Bar], index: int, name: str, instrument_name: str) -> Any:
    from music21 import meter, stream

    part = stream.Part(id=f"P{index + 1}")
    part.partName = name
    part.insert(0, _instrument(index, name, instrument_name))
    content = [_content(bar, found) for bar, found in zip(bars, _in_bars(_voices(rows), bars), strict=True)]
    for position, (bar, measure) in enumerate(zip(bars, content, strict=True)):
        measure.number = bar.number
        if position == 0:
            measure.clef = _clef(rows, name)
            short = exact(tables.bar_length(bar.signature)) - (bar.end - bar.start)
            measure.paddingLeft = max(short, 0)
        if position == 0 or bar.signature != bars[position - 1].signature:
            measure.timeSignature = meter.TimeSignature(bar.signature)
        part.insert(bar.start, measure)
    return part


def _instrument(index: int, name: str, instrument_name: str) -> Any:
    """An instrument with ids of its own: music21 would draw them at random, and no two files would be equal."""
    from music21 import instrument

    sound = instrument.Instrument(instrument_name)
    sound.partId, sound.instrumentId = f"P{index + 1}", f"P{index + 1}-I1"
    sound.partName, sound.midiProgram = name, program_of(instrument_name)
    return sound


def _decide_signs(part: Any) -> None:
    """Let music21 decide which accidentals are printed, how beams join notes and where tuplet brackets stand."""
    from music21.stream.makeNotation import makeTupletBrackets

    part.makeAccidentals(inPlace=True)
    part.makeBeams(inPlace=True)
    for measure in part.getElementsByClass("Measure"):
        for container in measure.voices or [measure]:
            makeTupletBrackets(container, inPlace=True)


def _in_bars(voices: dict[int, list[_Chord]], bars: list[_Bar]) -> list[dict[int, list[tuple[Fraction, Any]]]]:
    """For each bar and voice: (offset in the bar, music21 note or chord), cut at bar lines and tied."""
    result: list[dict[int, list[tuple[Fraction, Any]]]] = [defaultdict(list) for _ in bars]
    for voice, chords in voices.items():
        slots = [(number, at, length, chord.notes) for chord in chords for number, at, length in _pieces(chord, bars)]
        pieces = Counter(row.Index for *_, rows in slots for row in rows)
        done: Counter[int] = Counter()
        for number, at, length, rows in slots:
            result[number][voice].append((at - bars[number].start, _element(rows, length, done, pieces)))
            done.update(row.Index for row in rows)
    return result


def _pieces(chord: _Chord, bars: list[_Bar]) -> Iterator[tuple[int, Fraction, Fraction]]:
    """Bar, onset and length of each note value that a chord is written with."""
    first = bisect_right(bars, chord.start, key=lambda bar: bar.end)
    for number in range(first, len(bars)):
        start, end = max(chord.start, bars[number].start), min(chord.end, bars[number].end)
        if end <= start:
            return
        for at, length in note_values_between(start, end):
            yield number, at, length


def _element(rows: list[Any], length: Fraction, done: Counter[int], pieces: Counter[int]) -> Any:
    """A note or chord; `done` of the `pieces` that each row is written with stand before it, tied."""
    from music21 import chord, expressions, note, tie

    members = []
    for row in rows:
        count, total = done[row.Index], pieces[row.Index]
        member = note.Note(_pitch(row.step, int(row.alter), int(row.octave)), quarterLength=length)
        member.id = f"{row.id}-{count}" if count else str(row.id)
        if total > 1:
            member.tie = tie.Tie("start" if count == 0 else "stop" if count == total - 1 else "continue")
        members.append(member)
    element = members[0] if len(members) == 1 else chord.Chord(members, quarterLength=length)
    element.volume.velocity = int(rows[0].velocity)
    if any(row.fermata and done[row.Index] == pieces[row.Index] - 1 for row in rows):
        element.expressions.append(expressions.Fermata())
    return element


def _pitch(step: str, alter: int, octave: int) -> Any:
    from music21 import pitch

    made = pitch.Pitch(step + ("#" * alter if alter > 0 else "-" * -alter))
    made.octave = octave
    return made


def _content(bar: _Bar, voices: dict[int, list[tuple[Fraction, Any]]]) -> Any:
    """A measure with its notes and rests; voices are made only where a second one sounds."""
    from music21 import stream

    measure = stream.Measure()
    if set(voices) <= {1}:
        _fill(measure, voices.get(1, []), bar)
        return measure
    for voice in sorted({1, *voices}):
        container = stream.Voice(id=str(voice))
        _fill(container, voices.get(voice, []), bar)
        measure.insert(0, container)
    return measure


def _fill(container: Any, elements: list[tuple[Fraction, Any]], bar: _Bar) -> None:
    """Insert notes and, between and after them, rests."""
    from music21 import note

    position = bar.start
    for offset, element in [*elements, (bar.end - bar.start, None)]:
        start = bar.start + offset
        if start > position:
            whole_bar = position == bar.start and start == bar.end
            for at, value in [(position, start - position)] if whole_bar else note_values_between(position, start):
                container.insert(at - bar.start, note.Rest(quarterLength=value))
        if element is not None:
            container.insert(offset, element)
            position = start + Fraction(element.quarterLength)


def _clef(rows: pd.DataFrame, name: str) -> Any:
    """Treble, bass or the tenor's octave-down treble clef, by the middle of the part's pitches."""
    from music21 import clef

    median = float(rows["pitch"].median()) if len(rows) else 60.0
    if "tenor" in name.lower() and median >= 52:
        return clef.Treble8vbClef()
    return clef.TrebleClef() if median >= 60 else clef.BassClef()


def _measure_at(part: Any, onset: float, bars: list[_Bar]) -> tuple[Any, Fraction]:
    """The measure that holds `onset`, and the offset in it."""
    time = exact(onset)
    number = max((index for index, bar in enumerate(bars) if bar.start <= time), default=0)
    return part.getElementsByClass("Measure")[number], min(time, bars[number].end) - bars[number].start


def _insert_barlines(part: Any, repeats: list[list[float]]) -> None:
    """A final bar line, and repeat signs where both ends of the repeated music fall on bar lines."""
    from music21 import bar as barlines

    measures = {exact(float(part.elementOffset(measure))): measure for measure in part.getElementsByClass("Measure")}
    starts = sorted(measures)
    before = dict(zip([*starts[1:], None], starts, strict=True))
    measures[starts[-1]].rightBarline = barlines.Barline("final")
    for start, end in repeats:
        first, last = exact(start), before.get(exact(end), starts[-1])
        if first in measures and first > 0:
            measures[first].leftBarline = barlines.Repeat(direction="start")
        measures[last].rightBarline = barlines.Repeat(direction="end")


def _insert_keys(part: Any, keys: pd.DataFrame, bars: list[_Bar]) -> None:
    from music21 import key

    for row in tables.rows(keys):
        measure, offset = _measure_at(part, row.onset, bars)
        signature = key.KeySignature(int(row.fifths))
        measure.insert(offset, signature.asKey(row.mode) if row.mode in ("major", "minor") else signature)


def _insert_tempos(part: Any, tempos: pd.DataFrame, bars: list[_Bar]) -> None:
    from music21 import tempo

    for row in tables.rows(tempos):
        measure, offset = _measure_at(part, row.onset, bars)
        measure.insert(offset, tempo.MetronomeMark(number=round(row.bpm, 2)))
