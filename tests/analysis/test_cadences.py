"""Phrases and cadences: each type written by hand, and the ends of known chorales."""

from __future__ import annotations

import pytest

import musicml
from musicml.analysis import cadences, phrases
from musicml.analysis.cadences import COLUMNS
from musicml.score import Score

OPENING = "C5 G4 E4 C3 | C5 A4 F4 F3 |"
CLOSES = {
    "PAC": OPENING + "D5 G4 B3 G3 | C5 G4 C4 C3",
    "IAC": OPENING + "D5 G4 B3 G3 | E5 G4 C4 C3",
    "HC": OPENING + "C5 G4 E4 C3 | B4 G4 D4 G3",
    "DC": OPENING + "B4 G4 D4 G3 | C5 E4 C4 A3",
    "PC": "C5 G4 E4 C3 | B4 G4 D4 G3 | C5 G4 E4 C3 | C5 A4 F4 F3 | C5 G4 E4 C3",
}


@pytest.mark.parametrize(("kind", "chords"), CLOSES.items(), ids=CLOSES.keys())
def test_each_type(choir, kind: str, chords: str) -> None:
    last = chords.count("|")
    found = cadences(choir(chords, fermatas=[last]))
    assert found["type"].tolist() == [kind]
    assert found["onset"].tolist() == [last]
    assert 0.5 < found["probability"].iloc[0] < 1


def test_the_evidence_is_in_words(choir) -> None:
    evidence = cadences(choir(CLOSES["PAC"], fermatas=[3]))["evidence"].iloc[0]
    for words in ("V-I in C", "bass 5-1", "leading tone resolves", "soprano 2-1", "fermata"):
        assert words in evidence


def test_an_inverted_dominant_is_imperfect(choir) -> None:
    assert cadences(choir(OPENING + "D5 G4 G4 B2 | C5 G4 E4 C3", fermatas=[3]))["type"].tolist() == ["IAC"]


def test_dominant_to_tonic_inside_a_phrase_closes_nothing(choir) -> None:
    found = cadences(choir("C5 G4 E4 C3 | B4 G4 D4 G3 | C5 G4 E4 C3 | C5 A4 F4 F3 | B4 G4 D4 G3", fermatas=[4]))
    assert found["type"].tolist() == ["HC"]


def test_the_chorales_end_as_they_are_known_to() -> None:
    last = cadences(musicml.load("bach/bwv269")).iloc[-1]
    assert last["type"] == "PAC"
    assert last["measure"] == 21
    assert "Picardy third" in cadences(musicml.load("bach/bwv66.6"))["evidence"].iloc[-1]


def test_the_first_fermatas_of_aus_meines_herzens_grunde() -> None:
    score = musicml.load("bach/bwv269")
    assert cadences(score)["type"].tolist()[:2] == ["HC", "PAC"]
    found = phrases(score)
    assert found["end"].tolist() == [12, 21, 30, 42, 54, 63]
    assert set(found["evidence"]) == {"fermata"}
    assert found["label"].iloc[1] == found["label"].iloc[5]


def test_phrases_without_fermatas_end_at_rests_and_long_notes() -> None:
    onsets, lengths = [0, 1, 2, 3, 5, 6, 7, 8], [1, 1, 1, 2, 1, 1, 1, 2]
    long = Score.from_table({"onset": onsets, "duration": lengths, "pitch": [60, 62, 64, 65, 60, 62, 64, 65]})
    found = phrases(long)
    assert found["end"].tolist() == [5, 10]
    assert found["label"].tolist() == ["a", "a"]
    rest = Score.from_table({"onset": [0, 1, 2, 4, 5, 6], "duration": [1] * 6, "pitch": [60, 62, 64, 60, 62, 67]})
    assert phrases(rest)["evidence"].tolist() == ["rest in the top voice", "end of the piece"]


def test_an_empty_score() -> None:
    empty = Score.from_table({"onset": [], "duration": [], "pitch": []})
    assert list(cadences(empty).columns) == COLUMNS
    assert not len(cadences(empty))
    assert not len(phrases(empty))
