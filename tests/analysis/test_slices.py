"""Slices: what sounds, what is struck, and how notes are dealt to lanes."""

from __future__ import annotations

from musicml.analysis import slices
from musicml.analysis.slices import COLUMNS, grid
from musicml.score import Score


def test_a_slice_begins_wherever_a_note_begins_or_ends() -> None:
    score = Score.from_table({"onset": [0, 1, 0], "duration": [1, 1.5, 4], "pitch": [72, 74, 48], "part": [0, 0, 1]})
    cut = grid(score)
    assert cut.onsets.tolist() == [0, 1, 2.5]
    assert cut.pitches.tolist() == [[72, 48], [74, 48], [-1, 48]]
    assert cut.struck.tolist() == [[True, True], [True, False], [False, False]]


def test_a_piano_chord_is_dealt_to_lanes_from_the_top() -> None:
    score = Score.from_table({"onset": [0, 0, 0, 1, 1, 1], "duration": [1] * 6, "pitch": [60, 64, 67, 59, 62, 67]})
    assert grid(score).pitches.tolist() == [[67, 64, 60], [67, 62, 59]]


def test_names_are_spelled_as_the_score_spells_them(choir) -> None:
    table = slices(choir("Cb5 F#4 B#3"))
    assert table["name"].tolist() == ["Cb5", "F#4", "B#3"]
    assert table["struck"].all()


def test_a_score_without_spelling_has_no_names(choir) -> None:
    assert slices(choir("C5 F#4", spelled=False))["name"].tolist() == ["", ""]


def test_an_empty_score_gives_an_empty_table() -> None:
    table = slices(Score.from_table({"onset": [], "duration": [], "pitch": []}))
    assert list(table.columns) == COLUMNS
    assert not len(table)
