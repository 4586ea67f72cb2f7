"""From music21's objects to the tables of a Score; the way back is in `music21_build`.

music21 reads every score format that scholars use, so its stream is the door through which notation comes in. A
stream is a tree (score, part, measure, voice, note); a Score is that tree walked once, with tied notes joined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from musicml.errors import ScoreError
from musicml.score import tables
from musicml.score.music21_build import to_music21
from musicml.score.score import Score

if TYPE_CHECKING:
    import music21

__all__ = ["from_music21", "to_music21"]

_Row = dict[str, Any]


def from_music21(stream: music21.stream.Stream, **meta: Any) -> Score:
    """Read a music21 stream: parts, voices, ties, spelling, fermatas, measures, key signatures and tempos.

    Tied notes become one row. Grace notes have no duration of their own and unpitched percussion has no pitch: both
    are left out, and `meta["grace_notes_left_out"]` and `meta["unpitched_left_out"]` count them. Transposing
    instruments are read at sounding pitch. Music between repeat signs is read once, as it is written;
    `meta["repeats"]` lists where those signs stand: (onset of the first, onset of the last) in quarter notes.

    Args:
        stream: a music21 Score, Part, Measure or any stream of notes; it is not changed.
        meta: title, composer, source, ... that take the place of what the stream says.

    Returns:
        The score, with onsets and durations in quarter notes.

    Raises:
        ScoreError: an Opus holds several pieces, or a note lies outside the MIDI range.

    >>> from music21 import converter
    >>> from_music21(converter.parse("tinyNotation: 3/4 c4 d8 e~ e4"), title="Tie").notes["duration"].tolist()
    [1.0, 0.5, 1.5]
    """
    from music21.stream import Opus

    if isinstance(stream, Opus):
        raise ScoreError(f"music21 Opus: it holds {len(stream.scores)} pieces. Choose one, as in opus.scores[0].")
    stream = _at_sounding_pitch(stream)
    parts = list(stream.parts) if hasattr(stream, "parts") else []
    parts = parts or [stream]
    left_out = {"grace_notes_left_out": 0, "unpitched_left_out": 0}
    rows = [row for index, part in enumerate(parts) for row in _part_rows(stream, part, index, left_out)]
    notes = pd.DataFrame(rows) if rows else pd.DataFrame(columns=["onset", "duration", "pitch"])
    leader = max(parts, key=lambda part: len(part.getElementsByClass("Measure")))
    found = _meta(stream) | {"repeats": _repeats(leader)} | left_out
    return Score.from_table(
        notes,
        _measures(leader, parts, notes),
        keys=_keys(leader),
        tempos=_tempos(parts),
        parts=[_part_name(part, index) for index, part in enumerate(parts)],
        **({name: value for name, value in found.items() if value} | meta),
    )


def _at_sounding_pitch(stream: Any) -> Any:
    """A copy at sounding pitch when an instrument transposes; otherwise the stream itself, since copying is slow."""
    instruments = stream.recurse().getElementsByClass("Instrument")
    if any(instrument.transposition is not None for instrument in instruments):
        return stream.toSoundingPitch()
    return stream


def _part_rows(stream: Any, part: Any, index: int, left_out: dict[str, int]) -> list[_Row]:
    """The note rows of one part, tied notes joined."""
    start = float(stream.elementOffset(part)) if part is not stream else 0.0
    elements = sorted(_sounding(part, start, None), key=lambda found: found[0])
    # The lower staff of a piano numbers its voices from 5; a voice that only rests counts as well.
    numbers = [str(voice.id) for voice in part.recurse().getElementsByClass("Voice")]
    first_voice = min((int(number) for number in numbers if number.isdigit()), default=1)
    rows: list[_Row] = []
    held: dict[int, list[_Row]] = {}
    for onset, voice, element in elements:
        if element.duration.isGrace or element.duration.quarterLength == 0:
            left_out["grace_notes_left_out"] += 1
        elif not hasattr(element, "pitches") or not element.pitches or "Percussion" in element.classes[0]:
            left_out["unpitched_left_out"] += 1
        else:
            for member in getattr(element, "notes", (element,)):
                row = _note_row(onset, element, member)
                row |= {"part": index, "voice": int(voice) - first_voice + 1 if voice else 1}
                _append_or_extend(rows, held, row, member.tie.type if member.tie else "")
    return rows


def _sounding(stream: Any, start: float, voice: str | None) -> Iterator[tuple[float, str | None, Any]]:
    """Walk the tree: (onset, voice id, note or chord), chord symbols left out."""
    from music21.harmony import Harmony
    from music21.note import NotRest
    from music21.stream import Measure, Voice

    for element in stream.getElementsByClass([NotRest, Measure, Voice]):
        onset = start + float(stream.elementOffset(element))
        if isinstance(element, Voice):
            position = str(list(stream.voices).index(element) + 1)
            yield from _sounding(element, onset, str(element.id) if str(element.id).isdigit() else position)
        elif isinstance(element, Measure):
            yield from _sounding(element, onset, voice)
        elif not isinstance(element, Harmony):
            yield onset, voice, element


def _note_row(onset: float, element: Any, member: Any) -> _Row:
    pitch = member.pitch
    velocity = element.volume.velocity if element.hasVolumeInformation() else None
    return {
        "onset": onset,
        "duration": float(element.duration.quarterLength),
        "pitch": pitch.midi,
        "step": pitch.step,
        "alter": round(pitch.alter),
        "octave": pitch.implicitOctave,
        "velocity": velocity,
        "fermata": any("Fermata" in mark.classes for mark in (*element.expressions, *member.expressions)),
    }


def _append_or_extend(rows: list[_Row], held: dict[int, list[_Row]], row: _Row, tie: str) -> None:
    """Add a note, or lengthen the tied one that it continues (in the same voice if there is a choice)."""
    open_rows = held.setdefault(row["pitch"], [])
    target = row
    if tie in ("stop", "continue"):
        before = [each for each in open_rows if abs(each["onset"] + each["duration"] - row["onset"]) < 1e-6]
        before.sort(key=lambda each: each["voice"] != row["voice"])
        if before:
            target = before[0]
            target["duration"] = row["onset"] + row["duration"] - target["onset"]
            target["fermata"] = target["fermata"] or row["fermata"]
            open_rows[:] = [each for each in open_rows if each is not target]
    if target is row:
        rows.append(row)
    if tie in ("start", "continue"):
        open_rows.append(target)


def _measures(leader: Any, parts: list[Any], notes: pd.DataFrame) -> Any:
    """The measure table of the part with most measures; bars by time signature where the stream has no measures."""
    found = list(leader.getElementsByClass("Measure"))
    signatures = _signatures(leader) or [each for part in parts for each in _signatures(part)]
    if not found:
        end = float((notes["onset"] + notes["duration"]).max()) if len(notes) else 0.0
        return tables.bars_from_signatures(signatures, end)
    rows = []
    starts = [float(leader.elementOffset(measure)) for measure in found]
    for row, (measure, start) in enumerate(zip(found, starts, strict=True)):
        signature = next((text for onset, text in reversed(signatures) if onset <= start + 1e-6), "4/4")
        # The last measure is as long as the part that sounds longest.
        end = starts[row + 1] if row + 1 < len(starts) else max(float(part.highestTime) for part in parts)
        length = end - start
        rows.append((measure.number, start, length or tables.bar_length(signature), signature))
    return rows


def _repeats(leader: Any) -> list[list[float]]:
    """Where repeated music begins and ends; without a sign it begins at the start or at the last repeat's end."""
    found, start = [], 0.0
    for measure in leader.getElementsByClass("Measure"):
        onset = float(leader.elementOffset(measure))
        if getattr(measure.leftBarline, "direction", "") == "start":
            start = onset
        if getattr(measure.rightBarline, "direction", "") == "end":
            end = onset + float(measure.highestTime)
            found.append([start, end])
            start = end
    return found


def _signatures(part: Any) -> list[tuple[float, str]]:
    found = part.recurse().getElementsByClass("TimeSignature")
    return [(float(each.getOffsetInHierarchy(part)), f"{each.numerator}/{each.denominator}") for each in found]


def _keys(part: Any) -> list[tuple[float, int, str | None]]:
    """Key signatures where they change."""
    rows: list[tuple[float, int, str | None]] = []
    for found in part.recurse().getElementsByClass("KeySignature"):
        row = (float(found.getOffsetInHierarchy(part)), int(found.sharps or 0), getattr(found, "mode", None))
        if not rows or rows[-1][1:] != row[1:]:
            rows.append(row)
    return rows


def _tempos(parts: list[Any]) -> list[tuple[float, float]] | None:
    """Metronome marks of the first part that has any, in quarter notes a minute; None when there are none."""
    for part in parts:
        marks = part.recurse().getElementsByClass("MetronomeMark")
        rows = {float(mark.getOffsetInHierarchy(part)): mark.getQuarterBPM() for mark in marks}
        known = [(onset, float(bpm)) for onset, bpm in rows.items() if bpm]
        if known:
            return known
    return None


def _part_name(part: Any, index: int) -> tuple[str, str]:
    instrument = part.getInstrument(returnDefault=False)
    name = getattr(part, "partName", None) or (instrument and instrument.partName) or f"Part {index + 1}"
    sound = (instrument and instrument.instrumentName) or ""
    return str(name), str(sound if sound and not sound.startswith("Instrument ") else name)


def _meta(stream: Any) -> dict[str, Any]:
    """Title, composer and the like; a file name in the place of a title is no title."""
    data = getattr(stream, "metadata", None)
    if data is None:
        return {}
    title = data.bestTitle or ""
    if title in ("Music21 Fragment", "Untitled") or re.search(r"\.(mxl|musicxml|xml|midi?|krn|abc)$", title.lower()):
        title = ""
    known = {"title": title, "composer": data.composer, "copyright": data.copyright}
    return {name: str(value) for name, value in known.items() if value and str(value) != "Music21"}
