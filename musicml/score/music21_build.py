"""From the tables of a Score to music21's objects: notation decided from the measure table, nothing guessed twice.

A note that crosses a bar line is cut there and tied; notes of one voice that start and end together make a chord;
rests fill what is left; a voice whose notes overlap gets company in additional voices, because notation cannot
write overlap in one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from musicml.score import tables
from musicml.score.general_midi import program_of
from musicml.score.score import Score
from musicml.score.spelling import spell

if TYPE_CHECKING:
    import music21

_GRIDS = (64, 48, 40, 56, 72)  # notes to a quarter: binary values, triplets, quintuplets, septuplets, nonuplets
_TUPLETS = {1: Fraction(1), 3: Fraction(2, 3), 5: Fraction(4, 5), 7: Fraction(4, 7), 9: Fraction(8, 9)}
_PERFORMED_GRID = 24  # for times that no notation has: thirty-seconds and triplets alike


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


@cache
def _exact(time: float) -> Fraction:
    """The written time nearest to a sounding one."""
    for grid in _GRIDS:
        nearest = Fraction(round(time * grid), grid)
        if abs(nearest - Fraction(time)) < 1e-4:
            return nearest
    return _performed(Fraction(time))


def _performed(time: Fraction) -> Fraction:
    return Fraction(round(time * _PERFORMED_GRID), _PERFORMED_GRID)


def _odd(time: Fraction) -> int:
    """The odd factor of a denominator: 3 for triplets, 5 for quintuplets, 1 for what needs no tuplet."""
    return time.denominator // (time.denominator & -time.denominator)


def _settled(times: Iterable[float]) -> dict[float, Fraction]:
    """The written time for each sounding one, with one kind of tuplet in each quarter note at most."""
    written = {time: _exact(time) for time in times}
    kinds: dict[int, set[int]] = defaultdict(set)
    for time in written.values():
        kinds[int(time)].add(_odd(time))
    mixed = {beat for beat, found in kinds.items() if any(max(found) % odd for odd in found)}
    return {sounding: _performed(time) if int(time) in mixed else time for sounding, time in written.items()}


def _bars(score: Score) -> list[_Bar]:
    """The measures from time zero on without gaps, continued until the last note has ended."""
    table = score.measures
    starts = [_exact(onset) for onset in table["onset"]]
    rows = list(tables.rows(table))
    ends = [*starts[1:], starts[-1] + _exact(rows[-1].length)] if rows else []
    bars = [
        _Bar(int(row.number), start, end, row.time_signature)
        for row, start, end in zip(rows, starts, ends, strict=True)
        if end > start
    ]
    if not bars:
        bars = [_Bar(1, Fraction(0), Fraction(4), "4/4")]
    if bars[0].start > 0:
        bars.insert(0, _Bar(bars[0].number - 1, Fraction(0), bars[0].start, bars[0].signature))
    length = _exact(tables.bar_length(bars[-1].signature))
    while bars[-1].end < _exact(score.end):
        last = bars[-1]
        bars.append(_Bar(last.number + 1, last.end, last.end + length, last.signature))
    return bars


def _voices(rows: pd.DataFrame) -> dict[int, list[_Chord]]:
    """The chords of each voice, none overlapping another; overflow goes to voices that are added at the end."""
    chords: dict[tuple[int, Fraction, Fraction], list[Any]] = defaultdict(list)
    written = _settled([*rows["onset"], *(rows["onset"] + rows["duration"])])
    for row in tables.rows(rows):
        start, end = written[row.onset], written[row.onset + row.duration]
        if end <= start:  # too short to write
            end = start + Fraction(1, _PERFORMED_GRID if _odd(start) > 1 else _GRIDS[0])
        chords[row.voice, start, end].append(row)
    voices: dict[int, list[_Chord]] = defaultdict(list)
    last_voice = max((voice for voice, _, _ in chords), default=1)
    for (voice, start, end), members in sorted(chords.items(), key=lambda item: (item[0][1], item[0][0], -item[0][2])):
        choices = [voice, *range(last_voice + 1, last_voice + 1 + len(chords))]
        free = next(each for each in choices if not voices[each] or voices[each][-1].end <= start)
        voices[free].append(_Chord(start, end, members))
    return {voice: found for voice, found in sorted(voices.items()) if found}


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
            short = _exact(tables.bar_length(bar.signature)) - (bar.end - bar.start)
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
        first = 0
        for chord in chords:
            while bars[first].end <= chord.start:
                first += 1
            pieces = []
            for number in range(first, len(bars)):
                start, end = max(chord.start, bars[number].start), min(chord.end, bars[number].end)
                if end <= start:
                    break
                pieces += [(number, at - bars[number].start, length) for at, length in _written(start, end)]
            for count, (number, offset, length) in enumerate(pieces):
                element = _element(chord.notes, length, count, len(pieces))
                result[number][voice].append((offset, element))
    return result


def _written(start: Fraction, end: Fraction) -> list[tuple[Fraction, Fraction]]:
    """Cut a span that no single note value has (five eighths) into (onset, length) of tied ones."""
    if _odd(end - start) not in _TUPLETS:  # from one kind of tuplet into another: cut at the beat between them
        beat = Fraction(int(start) + 1)
        return [*_written(start, beat), *_written(beat, end)]
    lengths = _note_values(end - start)
    return [(start + sum(lengths[:count], Fraction(0)), length) for count, length in enumerate(lengths)]


@cache
def _note_values(length: Fraction) -> tuple[Fraction, ...]:
    """The fewest note values, dotted up to twice and longest first, that add up to `length`."""
    ratio = _TUPLETS[_odd(length)]
    rest, values = length / ratio, []
    while rest > 0:
        plain = Fraction(8)
        while plain > rest:
            plain /= 2
        dotted = next((plain * dots for dots in (Fraction(7, 4), Fraction(3, 2)) if plain * dots == rest), plain)
        values.append(dotted * ratio)
        rest -= dotted
    return tuple(values)


def _element(rows: list[Any], length: Fraction, count: int, pieces: int) -> Any:
    """A note or chord for piece `count` of `pieces` that are tied together."""
    from music21 import chord, expressions, note, tie

    members = []
    for row in rows:
        member = note.Note(_pitch(row.step, int(row.alter), int(row.octave)), quarterLength=length)
        member.id = f"{row.id}-{count}" if count else str(row.id)
        if pieces > 1:
            member.tie = tie.Tie("start" if count == 0 else "stop" if count == pieces - 1 else "continue")
        members.append(member)
    element = members[0] if len(members) == 1 else chord.Chord(members, quarterLength=length)
    element.volume.velocity = int(rows[0].velocity)
    if count == pieces - 1 and any(row.fermata for row in rows):
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
            for at, value in [(position, start - position)] if whole_bar else _written(position, start):
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
    time = _exact(onset)
    number = max((index for index, bar in enumerate(bars) if bar.start <= time), default=0)
    return part.getElementsByClass("Measure")[number], min(time, bars[number].end) - bars[number].start


def _insert_barlines(part: Any, repeats: list[list[float]]) -> None:
    """A final bar line, and repeat signs where both ends of the repeated music fall on bar lines."""
    from music21 import bar as barlines

    measures = {_exact(float(part.elementOffset(measure))): measure for measure in part.getElementsByClass("Measure")}
    starts = sorted(measures)
    before = dict(zip([*starts[1:], None], starts, strict=True))
    measures[starts[-1]].rightBarline = barlines.Barline("final")
    for start, end in repeats:
        first, last = _exact(start), before.get(_exact(end), starts[-1])
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
