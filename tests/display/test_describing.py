from __future__ import annotations

import pandas as pd
import pytest

from musicml.display import describe
from musicml.display.describing import key_words
from musicml.errors import MusicmlError
from musicml.score import Score


def test_a_reader_learns_key_metre_and_parts_first(chorale: Score) -> None:
    first = describe(chorale).splitlines()[0]
    for fact in ("by J. S. Bach", "10 bars in 4/4", "F sharp minor", "Soprano, Alto, Tenor, Bass"):
        assert fact in first


def test_every_bar_is_told_with_spelled_notes(chorale: Score, labels: pd.DataFrame) -> None:
    lines = describe(chorale, labels).splitlines()[1:]
    assert len(lines) == len(chorale.measures)
    assert lines[0].startswith("Bar 0 (pickup). Soprano: C sharp 5 eighth, B4 eighth. Alto: E4 quarter.")
    assert "C sharp 5 quarter with fermata" in lines[1]
    assert "E sharp" in " ".join(lines), "the leading tone of F sharp minor is E sharp, not F"
    assert "F sharp 4 held over quarter" in lines[9], "a tied note is not struck again"
    assert "V65 on beat 1, viio7/V on beat 2.5" in lines[1]
    assert "i PAC on beat 1" in lines[3]


def test_rests_and_chords_are_told() -> None:
    score = Score.from_table({"onset": [1, 1, 3], "duration": [1, 1, 0.5], "pitch": [60, 64, 66]})
    assert describe(score).splitlines()[1] == (
        "Bar 1. Part 1: rest quarter, C4 with E4 quarter, rest quarter, F sharp 4 eighth."
    )


def test_a_second_voice_is_told_only_where_it_sounds() -> None:
    notes = {"onset": [0, 4, 4], "duration": [4, 4, 4], "pitch": [72, 72, 60], "voice": [1, 1, 2]}
    first, second = describe(Score.from_table(notes)).splitlines()[1:]
    assert first == "Bar 1. Part 1, voice 1: C5 whole."
    assert second == "Bar 2. Part 1, voice 1: C5 whole. Part 1, voice 2: C4 whole."


def test_a_change_of_metre_is_told() -> None:
    bars = [(1, 0, 4, "4/4"), (2, 4, 3, "3/4")]
    score = Score.from_table({"onset": [0, 4], "duration": [4, 3], "pitch": [60, 62]}, bars)
    assert "Bar 2. Now in 3/4. Part 1: D4 dotted half." in describe(score)


@pytest.mark.parametrize(("fifths", "mode", "words"), [(0, "major", "C major"), (-3, "minor", "C minor"),
                                                       (6, "major", "F sharp major"), (2, None, "2 sharps")])
def test_keys_have_their_names(fifths: int, mode: str | None, words: str) -> None:
    assert key_words(fifths, mode) == words


@pytest.mark.parametrize("table", [{"onset": [0]}, {"onset": [-1], "label": ["I"]}, {"onset": [99], "label": ["I"]}])
def test_labels_that_cannot_stand_anywhere_are_refused(chorale: Score, table: dict[str, list[object]]) -> None:
    with pytest.raises(MusicmlError, match="labels: "):
        describe(chorale, table)
