"""Spelling and transposition against what every harmony book says."""

from __future__ import annotations

import numpy as np
import pytest

from musicml.errors import ScoreError
from musicml.score import Score
from musicml.score.general_midi import NAMES
from musicml.score.spelling import key_fifths, midi_number, spell
from musicml.score.transpose import transpose


def names(score: Score) -> list[str]:
    signs = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}
    return [f"{row.step}{signs[row.alter]}{row.octave}" for row in score.notes.itertuples()]


def test_keys_have_the_signatures_of_the_circle_of_fifths() -> None:
    major = ["Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"]
    assert [key_fifths(name) for name in major] == list(range(-7, 8))
    minor = ["ab", "eb", "bb", "f", "c", "g", "d", "a", "e", "b", "f#", "c#", "g#", "d#", "a#"]
    assert [key_fifths(name) for name in minor] == list(range(-7, 8))


@pytest.mark.parametrize("name", ["H", "", "G#", "Fb", "C major", "c##"])
def test_impossible_keys_are_refused(name: str) -> None:
    with pytest.raises(ScoreError, match="key "):
        key_fifths(name)


@pytest.mark.parametrize("fifths", range(-7, 8))
@pytest.mark.parametrize("minor", [False, True])
def test_a_spelling_sounds_as_the_pitch_and_keeps_the_scale(fifths: int, minor: bool) -> None:
    pitches = np.arange(128)
    steps, alters, octaves = spell(pitches, fifths, minor=minor)
    sounding = [midi_number(*note) for note in zip(steps, alters.tolist(), octaves.tolist(), strict=True)]
    assert sounding == pitches.tolist()
    scale = [(7 * place) % 12 for place in range(fifths - 1, fifths + 6)]
    assert {str(step) for step, pitch in zip(steps, pitches, strict=True) if pitch % 12 in scale} == set("ABCDEFG")


def test_leading_notes_of_minor_keys() -> None:
    for name, pitch, leading in [("a", 68, "G#"), ("c", 59, "B"), ("f#", 65, "E#"), ("d", 61, "C#"), ("g", 66, "F#")]:
        steps, alters, _ = spell([pitch], key_fifths(name), minor=True)
        assert steps[0] + "#" * int(alters[0]) == leading


@pytest.fixture
def motif() -> Score:
    table = {"onset": [0, 1, 2], "duration": [1, 1, 1], "pitch": [60, 66, 67]}
    spelling = {"step": list("CFG"), "alter": [0, 1, 0], "octave": [4, 4, 4]}
    return Score.from_table(table | spelling, keys=[(0.0, 0, "major")])


@pytest.mark.parametrize(
    ("interval", "expected", "fifths"),
    [
        ("M3", ["E4", "A#4", "B4"], 4),
        ("-m3", ["A3", "D#4", "E4"], 3),
        ("P8", ["C5", "F#5", "G5"], 0),
        ("A4", ["F#4", "B#4", "C#5"], 6),
        ("d5", ["Gb4", "C5", "Db5"], -6),
        ("m10", ["Eb5", "A5", "Bb5"], -3),
        (3, ["Eb4", "A4", "Bb4"], -3),
        (-1, ["B3", "E#4", "F#4"], 5),
        (0, ["C4", "F#4", "G4"], 0),
    ],
)
def test_transposition_is_spelled(motif: Score, interval: str | int, expected: list[str], fifths: int) -> None:
    moved = transpose(motif, interval)
    assert names(moved) == expected
    assert moved.keys["fifths"].tolist() == [fifths]
    sounding = [midi_number(row.step, row.alter, row.octave) for row in moved.notes.itertuples()]
    assert sounding == moved.notes["pitch"].tolist()


def test_there_and_back_again(chorale: Score) -> None:
    back = transpose(transpose(chorale, "m3"), "-m3")
    assert back.notes.equals(chorale.notes) and back.keys.equals(chorale.keys)


@pytest.mark.parametrize("interval", ["M5", "P3", "X2", "", "P0", "-", "P30", 100])
def test_impossible_intervals_are_refused(motif: Score, interval: str | int) -> None:
    with pytest.raises(ScoreError, match="interval "):
        transpose(motif, interval)


def test_general_midi_has_128_sounds() -> None:
    assert len(NAMES) == len(set(NAMES)) == 128
    assert (NAMES[0], NAMES[40], NAMES[52], NAMES[73]) == ("Acoustic Grand Piano", "Violin", "Choir Aahs", "Flute")
