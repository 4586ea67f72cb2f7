"""The alphabet of the raster: silence and the pitches 36 to 81."""

from __future__ import annotations

import numpy as np
import pytest

from musicml.encoding.symbols import HIGHEST, LOWEST, SILENCE, SYMBOLS, check_frames, to_pitches, to_symbols
from musicml.errors import ScoreError
from musicml.training import Pieces


def test_there_are_47_symbols_from_silence_up_to_the_highest_a() -> None:
    pitches = [SILENCE, *range(LOWEST, HIGHEST + 1)]
    assert to_symbols(pitches).tolist() == list(range(SYMBOLS)) == list(range(47))
    assert to_pitches(range(SYMBOLS)).tolist() == pitches
    assert to_symbols(60) == 25  # middle C is two octaves above 36


def test_bach_stays_within_the_alphabet_and_uses_its_edges(benchmark: Pieces) -> None:
    everything = np.concatenate([*benchmark.train, *benchmark.valid, *benchmark.test])
    assert np.array_equal(to_pitches(to_symbols(everything)), everything)
    assert (everything.min(), everything[everything >= 0].min(), everything.max()) == (SILENCE, LOWEST, HIGHEST)


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ([60, 60, 60, 60], r"frames: shape \(4,\) is not \(frames, 4\)"),
        ([[60, 60, 60]], r"shape \(1, 3\)"),
        ([[[60] * 4]], r"shape \(1, 1, 4\)"),
        ([["C4", "A3", "F3", "F2"]], "are not pitches"),
        ([[82, 60, 60, 60]], "frame 0, soprano is 82"),
        ([[72, 60, 60, 48], [72, 60, 60, 35]], "frame 1, bass is 35"),
        ([[72, 60.5, 60, 48]], "alto is 60.5"),
        ([[72, 60, float("nan"), 48]], "tenor is nan"),
        ([[72, 60, -2, 48]], "tenor is -2"),
    ],
)
def test_what_is_no_frame_is_answered_in_one_line(frames: object, words: str) -> None:
    with pytest.raises(ScoreError, match=words) as error:
        check_frames(frames)
    assert "\n" not in str(error.value)


def test_whole_numbers_of_any_type_are_frames() -> None:
    for kind in (np.int8, np.uint8, np.int32, np.float32):
        frames = check_frames(np.full((2, 4), 60, dtype=kind))
        assert frames.dtype == np.int64 and frames.tolist() == [[60] * 4] * 2
    assert check_frames(np.zeros((0, 4))).shape == (0, 4)
