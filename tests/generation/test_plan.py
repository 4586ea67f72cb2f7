"""The outline of a composition: keys, bars, first and last chords, and the habits that cost a draft its weight."""

from __future__ import annotations

import numpy as np
import pytest

from musicml.encoding.symbols import to_pitches
from musicml.errors import ModelError, ScoreError
from musicml.generation.habits import crossings, parallels
from musicml.generation.plan import Plan

# The circle of fifths as every textbook prints it: name, sharps (or flats below zero), pitch class of the tonic.
MAJOR = [
    ("Cb", -7, 11), ("Gb", -6, 6), ("Db", -5, 1), ("Ab", -4, 8), ("Eb", -3, 3), ("Bb", -2, 10), ("F", -1, 5),
    ("C", 0, 0), ("G", 1, 7), ("D", 2, 2), ("A", 3, 9), ("E", 4, 4), ("B", 5, 11), ("F#", 6, 6), ("C#", 7, 1),
]  # fmt: skip
MINOR = [
    ("ab", -7, 8), ("eb", -6, 3), ("bb", -5, 10), ("f", -4, 5), ("c", -3, 0), ("g", -2, 7), ("d", -1, 2),
    ("a", 0, 9), ("e", 1, 4), ("b", 2, 11), ("f#", 3, 6), ("c#", 4, 1), ("g#", 5, 8), ("d#", 6, 3), ("a#", 7, 10),
]  # fmt: skip


def classes(plan: Plan, time: int, chosen: list[int]) -> set[int]:
    """Pitch classes above the tonic that the next voice may take."""
    mask = plan.allowed(time, np.array([chosen], dtype=np.int64).reshape(1, -1))
    assert mask is not None
    return {int(pitch - plan.tonic) % 12 for pitch in to_pitches(np.flatnonzero(mask[0]))}


@pytest.mark.parametrize(("key", "fifths", "tonic"), MAJOR + MINOR)
def test_every_key_has_its_signature_and_tonic(key: str, fifths: int, tonic: int) -> None:
    plan = Plan.of(8, key)
    assert (plan.fifths, plan.tonic, plan.minor) == (fifths, tonic, key[0].islower())
    assert classes(plan, 0, []) == ({0, 3, 7} if plan.minor else {0, 4, 7})


@pytest.mark.parametrize("bars", [1, 0, -3, 201])
def test_bars_out_of_range(bars: int) -> None:
    with pytest.raises(ModelError, match=f"bars: {bars} is out of range. Ask for 2 to 200") as error:
        Plan.of(bars, "G")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("key", ["H", "", "G major", "fb", "G#", "E##", "g b", "1"])
def test_impossible_keys(key: str) -> None:
    with pytest.raises(ScoreError, match="key") as error:
        Plan.of(8, key)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("bars", [2, 3, 4, 7, 8, 200])
def test_phrases_rest_on_third_beats_and_the_last_one_ends_the_piece(bars: int) -> None:
    plan = Plan.of(bars, "D")
    assert plan.frames == 16 * bars and plan.rests[-1] == plan.frames - 4
    assert all((rest - 4) % 16 == 8 for rest in plan.rests)  # counted from the first bar line, after the upbeat
    lengths = np.diff([-4, *plan.rests]) // 16
    assert set(lengths[:-1].tolist()) <= {2} and lengths[-1] in (2, 3)
    assert [time for time in range(plan.frames) if plan.holds(time)] == [
        rest + frame for rest in plan.rests for frame in (1, 2, 3)
    ]


def test_the_end_is_a_perfect_authentic_cadence() -> None:
    plan = Plan.of(4, "D")
    last = plan.frames - 4
    assert classes(plan, last - 1, []) == {11, 2}  # leading note or second degree in the soprano
    assert classes(plan, last - 1, [73, 69, 64]) == {7}  # A in the bass
    assert classes(plan, last, []) == {0} == classes(plan, last, [74, 69, 66])  # D on top and at the bottom
    assert classes(plan, last, [74]) == {0, 4, 7}


def test_a_minor_piece_may_end_in_major_but_not_in_both() -> None:
    plan = Plan.of(4, "a")
    last = plan.frames - 4
    assert classes(plan, last, [81]) == {0, 3, 4, 7}
    assert classes(plan, last, [81, 73]) == {0, 4, 7}  # the alto took C sharp: no C natural beside it
    assert classes(plan, 0, [81]) == {0, 3, 7}  # but it begins in minor


def test_phrases_rest_on_a_chord_with_its_root_in_the_bass() -> None:
    plan = Plan.of(4, "C")
    rest = plan.rests[0]
    assert classes(plan, rest, [67, 62, 59]) == {7}  # G, D, B: only the dominant has them all
    assert classes(plan, rest, [72, 64, 60]) == {0, 9}  # C, E, C: the tonic or its relative
    assert plan.allowed(rest - 1, np.zeros((1, 0), dtype=int)) is None  # between the rests the model is free


def test_planned_voices_do_not_cross() -> None:
    plan = Plan.of(4, "C")
    mask = plan.allowed(plan.frames - 4, np.array([[72, 67, 60], [72, 67, 52]]))
    assert mask is not None
    assert [to_pitches(np.flatnonzero(row)).max() for row in mask] == [60, 48]
    low = plan.allowed(plan.frames - 5, np.array([[72, 67, 41]]))  # no G below this tenor: crossing is the lesser evil
    assert low is not None and low.any()


def test_notes_outside_the_key_are_counted_as_they_enter() -> None:
    chords = np.array([[74, 69, 66, 50], [74, 69, 65, 50], [73, 70, 65, 50]])
    assert Plan.of(4, "D").strangers(chords[1:], chords[:-1]).tolist() == [1, 1]  # F natural, then B flat
    assert Plan.of(4, "d").strangers(chords[1:], chords[:-1]).tolist() == [0, 0]  # both sevenths belong to D minor


def test_a_long_chord_may_begin_on_a_strong_beat_only() -> None:
    plan, chord, other = Plan.of(4, "C"), [72, 67, 64, 48], [71, 67, 62, 55]
    for beats, stalls in (([other, chord, chord], False), ([other, other, chord, chord], True)):
        # Beats: the upbeat, then the first of the bar (strong), the second (weak).
        piece = np.repeat(np.array([beats]), 4, axis=1)
        assert plan.stalls(piece, piece.shape[1] - 1).tolist() == [stalls]


def test_parallels_of_the_textbook() -> None:
    fifths = np.array([[72, 67, 64, 48]]), np.array([[74, 69, 65, 50]])  # soprano and bass in octaves, alto in fifths
    assert parallels(fifths[1], fifths[0]).tolist() == [2]
    contrary = np.array([[72, 67, 64, 48]]), np.array([[71, 67, 62, 55]])
    assert parallels(contrary[1], contrary[0]).tolist() == [0]
    assert parallels(fifths[0], fifths[0]).tolist() == [0]  # repeated is not parallel
    rest = np.array([[72, -1, -1, 48]]), np.array([[74, -1, -1, 62]])
    assert parallels(rest[1], rest[0]).tolist() == [1]  # silence makes no intervals


def test_crossings_count_when_they_begin() -> None:
    before, after = np.array([[72, 67, 64, 48]]), np.array([[65, 67, 64, 48]])
    assert crossings(after, before).tolist() == [1]
    assert crossings(after, after).tolist() == [0]
