"""A page of music in words, for those who cannot see it: what a reader would say aloud, bar by bar."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import pandas as pd

from musicml.display.labelling import tidy_labels
from musicml.score import Score
from musicml.score.tables import place, rows

_NAMES = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
_ALTERS = {-2: " double flat", -1: " flat", 0: "", 1: " sharp", 2: " double sharp"}
_LENGTHS = {8.0: "double whole", 6.0: "dotted whole", 4.0: "whole", 3.0: "dotted half", 2.0: "half",
            1.5: "dotted quarter", 1.0: "quarter", 0.75: "dotted eighth", 0.5: "eighth", 0.375: "dotted sixteenth",
            0.25: "sixteenth", 0.125: "thirty-second"}
_MAJORS = ("C flat", "G flat", "D flat", "A flat", "E flat", "B flat", "F", "C", "G", "D", "A", "E", "B", "F sharp",
           "C sharp")
_MINORS = ("A flat", "E flat", "B flat", "F", "C", "G", "D", "A", "E", "B", "F sharp", "C sharp", "G sharp",
           "D sharp", "A sharp")


def describe(score: Score, labels: Any = None) -> str:
    """Tell a score in plain words: title, key, metre, tempo and parts, then the notes and labels of each bar.

    Args:
        score: any score; notes without spelling are named in the usual way (E flat rather than D sharp).
        labels: a table with columns onset (quarter notes) and label, told in the bar where they stand.

    Returns:
        Lines of text: one of summary, then one for each bar.

    Raises:
        MusicmlError: the table of labels lacks a column or reaches outside the piece.

    >>> third = Score.from_table({"onset": [0, 1], "duration": [1, 3], "pitch": [60, 64]}, title="A third")
    >>> print(describe(third, {"onset": [0], "label": ["I"]}))
    A third. 1 bar in 4/4, 100 quarter notes a minute. Part 1.
    Bar 1. Part 1: C4 quarter, E4 dotted half. Labels: I on beat 1.
    """
    table = tidy_labels(score, labels)
    voices = _voices(score)
    lines = [summary(score)]
    signatures = score.measures["time_signature"]
    for row, bar in enumerate(rows(score.measures)):
        start, end = float(bar.onset), float(bar.onset + bar.length)
        words = [f"Bar {bar_name(score, row)}."]
        if row and signatures.iloc[row] != signatures.iloc[row - 1]:
            words.append(f"Now in {bar.time_signature}.")
        told = [(name, first, _voice_words(notes, start, end)) for name, first, notes in voices]
        words += [f"{name}: {heard}." for name, first, heard in told if first or heard != "rest"]
        words += _label_words(score, table, start, end)
        lines.append(" ".join(words))
    return "\n".join(lines)


def summary(score: Score) -> str:
    """One line about a score: title, composer, length, key signature, metre, tempo and parts."""
    composer = f" by {score.meta['composer']}" if score.meta.get("composer") else ""
    count = len(score.measures)
    words = f"{score.title}{composer}. {count} bar{'' if count == 1 else 's'}"
    if len(score.measures):
        words += f" in {score.measures['time_signature'].iloc[0]}"
    if len(score.keys):
        words += f", {key_words(int(score.keys['fifths'].iloc[0]), score.keys['mode'].iloc[0])}"
    if len(score.tempos):
        words += f", {score.tempos['bpm'].iloc[0]:g} quarter notes a minute"
    return f"{words}. {', '.join(_part_name(score, row) for row in range(len(score.parts)))}."


def bar_name(score: Score, row: int) -> str:
    """The printed number of a measure (a row of `score.measures`); a pickup is called one."""
    number = int(score.measures["number"].iloc[row])
    return f"{number} (pickup)" if number == 0 and row == 0 else str(number)


def key_words(fifths: int, mode: Any) -> str:
    """A key signature in words.

    >>> key_words(3, "minor"), key_words(-1, None)
    ('F sharp minor', '1 flat')
    """
    if mode in ("major", "minor") and -7 <= fifths <= 7:
        return f"{(_MAJORS if mode == 'major' else _MINORS)[fifths + 7]} {mode}"
    kind = "sharp" if fifths > 0 else "flat"
    return "no sharps or flats" if fifths == 0 else f"{abs(fifths)} {kind}{'' if abs(fifths) == 1 else 's'}"


def note_name(note: Any) -> str:
    """The name of a row of `score.notes`: its spelling, or the usual name of its MIDI number ("C sharp 5")."""
    if pd.isna(note.step) or pd.isna(note.alter) or pd.isna(note.octave):
        name, octave = _NAMES[int(note.pitch) % 12], int(note.pitch) // 12 - 1
    else:
        name, octave = f"{note.step}{_ALTERS.get(int(note.alter), '')}", int(note.octave)
    return f"{name}{' ' if len(name) > 1 else ''}{octave}"


def _part_name(score: Score, row: int) -> str:
    name = score.parts["name"].iloc[row] if row < len(score.parts) else None
    return str(name) if isinstance(name, str) and name else f"Part {row + 1}"


class _Struck(NamedTuple):
    """A note, or the notes of a chord that begin together, of one voice; in quarter notes."""

    onset: float
    stop: float
    names: str
    fermata: bool


def _voices(score: Score) -> list[tuple[str, bool, list[_Struck]]]:
    """Each voice with its name, whether it is the first of its part, and its notes, from the top of the page down."""
    result = []
    several = score.notes.groupby("part")["voice"].nunique()
    groups: Any = score.notes.groupby(["part", "voice"])
    for (part, voice), notes in groups:
        chords: dict[float, list[Any]] = {}
        for note in rows(notes):
            chords.setdefault(note.onset, []).append(note)
        name = _part_name(score, part)
        struck = [
            _Struck(onset, max(onset + note.duration for note in chord), " with ".join(map(note_name, chord)),
                    any(note.fermata for note in chord))
            for onset, chord in sorted(chords.items())
        ]
        first = voice == score.notes.loc[score.notes["part"] == part, "voice"].min()
        result.append((f"{name}, voice {voice}" if several[part] > 1 else name, first, struck))
    return result


def _voice_words(notes: list[_Struck], start: float, end: float) -> str:
    """The notes, chords and rests of one voice between two moments (quarter notes)."""
    words, now = [], start
    for note in notes:
        if note.onset > end - 1e-6 or note.stop < start + 1e-6:
            continue
        begin, stop = max(note.onset, start), min(note.stop, end)
        if begin > now + 1e-6:
            words.append(f"rest {_length(begin - now)}")
        held = " held over" if note.onset < start - 1e-6 else ""
        fermata = " with fermata" if note.fermata and note.stop <= end + 1e-6 else ""
        words.append(f"{note.names}{held} {_length(stop - begin)}{fermata}")
        now = max(now, stop)
    return ", ".join(words) or "rest"


def _length(quarters: float) -> str:
    exact = Fraction(quarters).limit_denominator(48)
    if float(exact) in _LENGTHS:
        return _LENGTHS[float(exact)]
    return f"{exact} of a quarter" if exact < 1 else f"{float(exact):.4g} quarters"


def _label_words(score: Score, table: pd.DataFrame, start: float, end: float) -> list[str]:
    inside = table[(table["onset"] >= start - 1e-6) & (table["onset"] < end - 1e-6)]
    if not len(inside):
        return []
    _, beats = place(inside["onset"].to_numpy(float), score.measures)
    told = [f"{label.replace(chr(10), ' ')} on beat {beat:.4g}" for label, beat in zip(inside["label"], beats,
                                                                                       strict=True)]
    return [f"Labels: {', '.join(told)}."]
