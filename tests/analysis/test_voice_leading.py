"""Voice leading: one deliberate fault at a time, what is allowed, and how rarely Bach does it."""

from __future__ import annotations

import pytest

import musicml
from musicml.analysis import voice_leading
from musicml.analysis.voice_leading import COLUMNS
from musicml.score import Score

FAULTS = {
    "parallel fifths": ("E5 G4 G4 C3 | F5 A4 A4 D3", "alto, bass"),
    "parallel octaves": ("C5 G4 E4 C3 | D5 G4 B3 D3", "soprano, bass"),
    "parallel unisons": ("E5 G4 G4 C3 | C5 A4 A4 F3", "alto, tenor"),
    "hidden fifths": ("C5 G4 E4 C3 | A4 G4 E4 C3 | E5 C5 E4 A3", "soprano, bass"),
    "hidden octaves": ("E5 C5 G4 C3 | A5 C5 F4 A3", "soprano, bass"),
    "crossing": ("C5 G4 E4 C3 | C5 G4 A4 F3", "alto, tenor"),
    "overlap": ("C5 G4 E4 C3 | D5 B4 A4 G3", "alto, tenor"),
    "wide spacing": ("G5 E4 C4 C3 | G5 E4 C4 E3", "soprano, alto"),
    "augmented leap": ("C5 F4 A3 F3 | B4 G#4 B3 E3", "alto"),
    "leap of a seventh": ("C5 G4 E4 C3 | B5 G4 D4 G3", "soprano"),
    "leap beyond an octave": ("C5 G4 E4 C3 | C5 G4 E4 E4", "bass"),
    "range": ("C5 G4 E4 C3 | D5 G4 D4 B1", "bass"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_where_it_is(choir, fault: str) -> None:
    chords, voices = FAULTS[fault]
    found = voice_leading(choir(chords))
    mine = found[found["fault"] == fault]
    assert voices in mine["voices"].tolist()
    assert mine["evidence"].str.len().min() > 0


def test_the_evidence_names_the_notes(choir) -> None:
    found = voice_leading(choir("E5 G4 C4 C3 | F5 A4 C4 D3"))
    row = found[found["fault"] == "parallel fifths"].iloc[0]
    assert row["evidence"] == "G4-A4 over C3-D3"
    assert (row["onset"], row["measure"], row["beat"]) == (1, 1, 2)


CLEAN = {
    "a textbook cadence": "C5 G4 E4 C3 | C5 A4 F4 F3 | B4 G4 D4 G3 | C5 G4 E4 C3",
    "a repeated fifth": "E5 C5 G4 C3 | E5 C5 G4 C3 | E5 C5 G4 C3",
    "a diminished fifth after a perfect one": "C5 G4 E4 C3 | B4 F4 D4 D3",
    "a step into an octave": "D5 B4 G4 G3 | C5 C5 E4 C3",
}


@pytest.mark.parametrize("chords", CLEAN.values(), ids=CLEAN.keys())
def test_what_is_allowed(choir, chords: str) -> None:
    faults = voice_leading(choir(chords))["fault"]
    assert not [fault for fault in faults if fault.startswith(("parallel", "hidden", "unresolved", "augmented"))]


def test_the_end_of_a_phrase_excuses_parallels(choir) -> None:
    chords = "E5 C5 G4 C3 | F5 C5 A4 D3"
    assert "parallel fifths" in voice_leading(choir(chords))["fault"].tolist()
    assert "parallel fifths" not in voice_leading(choir(chords, fermatas=[0]))["fault"].tolist()


def test_a_leading_tone_must_rise_in_the_soprano_but_may_fall_inside(choir) -> None:
    outer = voice_leading(choir("C5 G4 E4 C3 | C5 A4 F4 F3 | B4 G4 D4 G3 | G4 E4 C4 C3", fermatas=[3]))
    assert "unresolved leading tone" in outer["fault"].tolist()
    inner = voice_leading(choir("C5 G4 E4 C3 | C5 A4 F4 F3 | D5 B4 G4 G3 | C5 G4 E4 C3", fermatas=[3]))
    assert "unresolved leading tone" not in inner["fault"].tolist()


def test_a_seventh_wants_to_fall(choir) -> None:
    falls = voice_leading(choir("C5 G4 E4 C3 | B4 F4 D4 G3 | C5 E4 C4 C3"))
    assert "unresolved seventh" not in falls["fault"].tolist()
    leaps = voice_leading(choir("C5 G4 E4 C3 | D5 F4 B3 G3 | C5 C5 G3 C3"))
    assert "unresolved seventh" in leaps["fault"].tolist()


def test_octave_doubling_of_a_whole_line_is_no_fault() -> None:
    line = [60, 62, 64, 65, 67, 65, 64, 62, 60, 62, 64]
    count = len(line)
    table = {
        "onset": list(range(count)) * 2, "duration": [1] * (2 * count), "pitch": line + [pitch - 12 for pitch in line],
        "part": [0] * count + [1] * count,
    }  # fmt: skip
    assert "parallel octaves" not in voice_leading(Score.from_table(table))["fault"].tolist()


@pytest.mark.parametrize("name", ["bach/bwv66.6", "bach/bwv269", "bach/bwv347", "bach/bwv302", "bach/bwv227.1"])
def test_bach_writes_hardly_any_parallels(name: str) -> None:
    found = voice_leading(musicml.load(name))
    assert found["fault"].str.startswith("parallel").sum() <= 1
    assert set(found["voices"].str.split(", ").explode()) <= {"soprano", "alto", "tenor", "bass"}


def test_a_single_line_and_an_empty_score() -> None:
    melody = Score.from_table({"onset": [0, 1], "duration": [1, 1], "pitch": [60, 62]})
    assert not len(voice_leading(melody))
    empty = voice_leading(Score.from_table({"onset": [], "duration": [], "pitch": []}))
    assert list(empty.columns) == COLUMNS
