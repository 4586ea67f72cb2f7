"""Everything at once gives the same as each function alone, on real and on awkward scores, and quickly."""

from __future__ import annotations

import time

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import musicml
from musicml.analysis import analyse, cadences, global_key, local_keys, phrases, roman_numerals, voice_leading
from musicml.score import Score

NOTES = st.tuples(st.integers(0, 40), st.integers(1, 16), st.integers(0, 127), st.integers(0, 5), st.booleans())


def test_the_report_is_what_the_functions_return() -> None:
    score = musicml.load("bach/bwv66.6")
    found = analyse(score)
    assert found.global_key == global_key(score)
    for function in (local_keys, roman_numerals, phrases, cadences, voice_leading):
        pd.testing.assert_frame_equal(getattr(found, function.__name__), function(score))


@settings(max_examples=25, deadline=None)
@given(st.lists(NOTES, max_size=20))
def test_no_score_crashes_it(rows: list[tuple[int, int, int, int, bool]]) -> None:
    table = pd.DataFrame(rows, columns=["onset", "duration", "pitch", "part", "fermata"])
    table[["onset", "duration"]] /= 4
    found = analyse(Score.from_table(table))
    assert 0 <= found.global_key.confidence <= 1
    assert found.cadences["type"].isin(["PAC", "IAC", "HC", "DC", "PC"]).all()


def test_a_transposed_score_has_transposed_keys_and_the_same_figures() -> None:
    score = musicml.load("bach/bwv269")
    bare = score.notes[["onset", "duration", "pitch", "part", "fermata"]]
    tables = [
        roman_numerals(Score.from_table(bare.assign(pitch=bare["pitch"] + shift), score.measures)) for shift in (0, 2)
    ]
    assert tables[0]["figure"].tolist() == tables[1]["figure"].tolist()
    assert (tables[0]["key"].iloc[-1], tables[1]["key"].iloc[-1]) == ("G", "A")


def test_a_chorale_takes_a_moment() -> None:
    score = musicml.load("bach/bwv269")
    analyse(score)
    times = []
    for _ in range(5):
        start = time.process_time()
        analyse(score)
        times.append(time.process_time() - start)
    assert min(times) < 0.1
