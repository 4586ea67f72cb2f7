"""Keys: of whole chorales that everybody knows, of short progressions, and of music without spelling."""

from __future__ import annotations

import pytest

import musicml
from musicml.analysis import global_key, local_keys
from musicml.analysis.profiles import key_name, key_number, spelled_tonics
from musicml.errors import ScoreError
from musicml.score import Score

KNOWN = {
    "bach/bwv66.6": "f#",
    "bach/bwv269": "G",
    "bach/bwv347": "A",
    "bach/bwv302": "D",
    "bach/bwv227.1": "e",
}


@pytest.mark.parametrize(("name", "key"), KNOWN.items())
def test_the_key_of_well_known_chorales(name: str, key: str) -> None:
    found = global_key(musicml.load(name))
    assert found.name == key
    assert found.confidence > 0.5
    assert "profile" in found.evidence


@pytest.mark.parametrize("fifths", range(-6, 7))
def test_a_cadence_is_found_in_every_major_key_and_spelled_by_its_signature(fifths: int) -> None:
    tonic = fifths * 7 % 12
    steps = [(0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)]
    rows = [(place, 1, 48 + tonic + step) for place, chord in enumerate(steps) for step in chord]
    columns = dict(zip(("onset", "duration", "pitch"), zip(*rows, strict=True), strict=True))
    names = ["Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#"]
    key = global_key(Score.from_table(columns, keys=[(0.0, fifths, None)]))
    assert (key.name, key.tonic, key.mode) == (names[fifths + 6], tonic, "major")


def test_minor_without_spelling_or_signature(choir) -> None:
    score = choir("A4 E4 C4 A3 | G#4 E4 B3 E3 | A4 F4 C4 D3 | A4 E4 C4 A2", fifths=None, spelled=False)
    assert global_key(score).name == "a"


def test_a_modulation_to_the_dominant_is_a_second_local_key(choir) -> None:
    home = "C5 G4 E4 C3 | C5 A4 F4 F3 | B4 G4 D4 G3 | C5 G4 E4 C3 |"
    away = "B4 G4 D4 G3 | C5 A4 E4 A3 | A4 F#4 D4 D3 | B4 G4 D4 G3 | C5 A4 E4 C3 | A4 F#4 D4 D3 | G4 G4 D4 G2"
    keys = local_keys(choir(home + away, fermatas=[3, 10]))
    assert keys["key"].tolist() == ["C", "G"]
    assert keys["onset"].tolist()[0] == 0
    assert keys["end"].tolist()[-1] == 11
    assert keys["confidence"].between(0, 1).all()


def test_names_and_numbers_of_keys() -> None:
    for name, fifths in [("Eb", -3), ("f#", 3), ("bb", -5)]:
        assert key_name(key_number(name), spelled_tonics(fifths)) == name
    with pytest.raises(ScoreError, match="'X'"):
        key_number("X")


def test_an_empty_score_has_no_key() -> None:
    empty = Score.from_table({"onset": [], "duration": [], "pitch": []})
    assert global_key(empty).confidence == 0
    assert list(local_keys(empty).columns) == ["onset", "end", "measure", "beat", "key", "confidence", "evidence"]
