"""Roman numerals: textbook progressions, ornaments, given keys, and Bach."""

from __future__ import annotations

import pandas as pd
import pytest

import musicml
from musicml.analysis import roman_numerals
from musicml.analysis.chords import vocabulary
from musicml.analysis.harmony import COLUMNS
from musicml.errors import ScoreError
from musicml.score import Score

PROGRESSIONS = {
    "inversions": ("C5 G4 E4 C3 | D5 G4 F4 B2 | E5 G4 C4 C3 | C5 G4 C4 E3", 0, ["I", "V65", "I", "I6"]),
    "cadential six-four": (
        "C5 G4 E4 C3 | C5 A4 F4 F3 | C5 G4 E4 G3 | B4 G4 D4 G3 | C5 G4 E4 C3", 0, ["I", "IV", "I64", "V", "I"],
    ),
    "applied dominant": (
        "C5 G4 E4 C3 | C5 A4 F4 F3 | C5 A4 D4 F#3 | B4 G4 D4 G3 | D5 G4 F4 B2 | C5 G4 E4 C3", 0,
        ["I", "IV", "V65/V", "V", "V65", "I"],
    ),
    "minor with Picardy third": (
        "A4 E4 C4 A3 | A4 F4 D4 D3 | G#4 E4 B3 E3 | A4 E4 C#4 A2", 0, ["i", "iv", "V", "I"],
    ),
    "diminished seventh": ("A4 E4 C4 A3 | B4 F4 D4 G#3 | C5 E4 C4 A3", 0, ["i", "viio7", "i"]),
    "half-diminished second degree": (
        "C5 E4 A3 A3 | B4 F4 A3 D3 | B4 E4 G#3 E3 | C5 E4 A3 A2", 0, ["i", "iiø65", "V", "i"],
    ),
    "flat key": ("Eb5 Bb4 G4 Eb3 | Eb5 C5 Ab4 Ab3 | D5 Bb4 F4 Bb3 | Eb5 Bb4 G4 Eb3", -3, ["I", "IV", "V", "I"]),
}  # fmt: skip


@pytest.mark.parametrize(("chords", "fifths", "figures"), PROGRESSIONS.values(), ids=PROGRESSIONS.keys())
def test_textbook_progressions(choir, chords: str, fifths: int, figures: list[str]) -> None:
    assert roman_numerals(choir(chords, fifths=fifths))["figure"].tolist() == figures


@pytest.mark.parametrize(("chords", "fifths", "figures"), PROGRESSIONS.values(), ids=PROGRESSIONS.keys())
def test_spelling_is_not_needed(choir, chords: str, fifths: int, figures: list[str]) -> None:
    assert roman_numerals(choir(chords, fifths=fifths, spelled=False))["figure"].tolist() == figures


def test_a_passing_note_is_set_aside() -> None:
    notes = [(0, 1, 48), (0, 1, 64), (0, 1, 67), (0, 1, 72), (1, 1, 52), (1, 1, 64), (1, 1, 67), (1, 1, 72)]
    notes = [note for note in notes if note != (0, 1, 48)] + [(0, 0.5, 48), (0.5, 0.5, 50)]
    parts = [{72: 0, 67: 1, 64: 2}.get(pitch, 3) for _, _, pitch in notes]
    table = pd.DataFrame(notes, columns=["onset", "duration", "pitch"]).assign(part=parts)
    numerals = roman_numerals(Score.from_table(table))
    assert numerals["figure"].tolist() == ["I", "I6"]
    assert "D3 passing or neighbour" in numerals["evidence"].iloc[0]


def test_a_given_key_is_kept(choir) -> None:
    score = choir("C5 G4 E4 C3 | D5 B4 G4 G3 | C5 G4 E4 C3")
    keys = pd.DataFrame({"onset": [0.0], "end": [3.0], "key": ["G"]})
    numerals = roman_numerals(score, keys)
    assert set(numerals["key"]) == {"G"}
    assert numerals["figure"].tolist() == ["IV", "I", "IV"]
    with pytest.raises(ScoreError, match="'H'"):
        roman_numerals(score, keys.assign(key="H"))


def test_the_table_covers_the_chorale_without_gaps() -> None:
    score = musicml.load("bach/bwv269")
    numerals = roman_numerals(score)
    assert list(numerals.columns) == COLUMNS
    assert numerals["onset"].iloc[0] == 0
    assert numerals["end"].iloc[-1] == score.end
    assert (numerals["end"].to_numpy()[:-1] == numerals["onset"].to_numpy()[1:]).all()
    assert numerals["confidence"].between(0, 1).all()
    assert numerals["key"].iloc[-1] == "G"
    at = numerals.set_index("onset")["figure"]
    assert at[[0.0, 2.0, 4.0, 6.0, 10.0]].tolist() == ["I", "IV6", "I", "vi", "V"]


def test_bwv_66_6_ends_with_a_picardy_third() -> None:
    last = roman_numerals(musicml.load("bach/bwv66.6")).iloc[-1]
    assert (last["key"], last["figure"], last["root"], last["quality"]) == ("f#", "I", "F#", "major")


def test_every_figure_names_one_chord() -> None:
    for mode in ("major", "minor"):
        figures = [chord.figure(place) for chord in vocabulary(mode) for place in range(len(chord.tones))]
        assert len(figures) == len(set(figures))


def test_one_voice_two_voices_and_silence() -> None:
    melody = Score.from_table({"onset": [0, 1, 2, 6], "duration": [1, 1, 1, 1], "pitch": [60, 64, 67, 72]})
    assert set(roman_numerals(melody)["key"]) == {"C"}
    duet = Score.from_table({"onset": [0, 0], "duration": [4, 4], "pitch": [48, 64], "part": [1, 0]})
    assert roman_numerals(duet)["figure"].tolist() == ["I"]
    empty = roman_numerals(Score.from_table({"onset": [], "duration": [], "pitch": []}))
    assert list(empty.columns) == COLUMNS
    assert not len(empty)
