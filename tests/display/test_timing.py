from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicml.display.timing import seconds
from musicml.score import Score


def make(tempos: list[tuple[float, float]]) -> Score:
    return Score.from_table({"onset": [0], "duration": [16], "pitch": [60]}, tempos=tempos)


def test_sixty_quarters_a_minute_are_seconds() -> None:
    assert seconds(make([(0, 60)]), [0, 1, 2.5]).tolist() == [0, 1, 2.5]


def test_a_slower_tempo_counts_from_its_mark_on() -> None:
    assert seconds(make([(0, 120), (4, 60), (6, 30)]), [2, 4, 5, 6, 7]).tolist() == [1, 2, 3, 4, 6]


def test_music_before_a_late_first_mark_goes_at_its_pace() -> None:
    assert seconds(make([(4, 60)]), [2, 4, 8]).tolist() == [2, 4, 8]


def test_without_any_mark_there_is_still_a_clock() -> None:
    assert seconds(make([]), [0, 10])[1] == pytest.approx(6)


@given(st.lists(st.tuples(st.floats(0, 60), st.floats(20, 300)), min_size=1, max_size=6))
def test_later_notes_never_sound_earlier(tempos: list[tuple[float, float]]) -> None:
    clock = seconds(make(tempos), np.linspace(0, 64, 200))
    assert clock[0] == 0 and (np.diff(clock) > 0).all()
