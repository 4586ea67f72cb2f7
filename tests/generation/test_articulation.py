"""Where held pitches are sung again: the shares in the code are Bach's, counted here once more."""

from __future__ import annotations

import numpy as np
import pytest

from musicml.corpus import Corpus
from musicml.encoding import ChoraleRaster, to_raster
from musicml.errors import ScoreError
from musicml.generation.articulation import ALONE, AT_BAR_LINE, WITHIN_BAR, articulate

ENOUGH = 25
"""A share of fewer cases than this says little: the standard error of 25 is up to a tenth."""


def beats(raster: ChoraleRaster) -> list[tuple[int, bool]]:
    """The frames of all beats after the first, and whether each begins a bar; an upbeat counts towards its bar line."""
    found = []
    for measure in raster.measures.itertuples():
        start, length = round(measure.onset * 4), round(measure.length * 4)
        early = length % 4 if start == 0 else 0
        found += [(time, time == start) for time in range(start + early, min(start + length, len(raster)), 4) if time]
    return found


def count(raster: ChoraleRaster, voices: np.ndarray, together: np.ndarray) -> None:
    """Add to voices[bar line?, voice, beats held] and together[beats held] the (cases, sung again) of one chorale."""
    pitches, onsets = raster.pitches, raster.onsets
    begun = np.maximum.accumulate(np.where(onsets, np.arange(len(pitches))[:, None], 0), axis=0)
    for time, bar_line in beats(raster):
        kept = (pitches[time] == pitches[time - 1]) & (pitches[time] >= 0)
        held = np.clip((time - begun[time - 1]) // 4, 1, 3) - 1
        if kept.all():
            together[held.min()] += 1, onsets[time].all()
        for voice in np.flatnonzero(kept) if not kept.all() else ():
            voices[int(bar_line), voice, held[voice]] += 1, onsets[time, voice]


def test_bach_sings_again_as_often_as_the_code_says() -> None:
    voices, together, chorales = np.zeros((2, 4, 3, 2)), np.zeros((3, 2)), 0
    for score in Corpus("jsb").split("train"):
        try:
            count(to_raster(score), voices, together)
            chorales += 1
        except ScoreError:  # five voices
            continue
    assert chorales == 223
    for (cases, again), claimed in zip(
        [*voices[1].reshape(-1, 2), *voices[0].reshape(-1, 2), *together],
        [*AT_BAR_LINE.ravel(), *WITHIN_BAR.ravel(), *ALONE],
        strict=True,
    ):
        assert cases > 5
        if cases >= ENOUGH:
            assert again / cases == pytest.approx(claimed, abs=0.06)
    # What the shares mean: the bass may hold where the upper voices sing, and bar lines are sung.
    assert voices[0, 3, 0, 1] / voices[0, 3, 0, 0] < 0.3 < 0.9 < voices[1, 0, 0, 1] / voices[1, 0, 0, 0]


def test_what_is_drawn_has_those_shares() -> None:
    """Many bars in which only the bass moves on the second beat: the soprano sings again as often as the table says."""
    pitches = np.tile([72, 67, 64, 48], (16, 1))
    pitches[4:, 3] = 50
    rng = np.random.default_rng(0)
    drawn = np.array([articulate(pitches, rng) for _ in range(3000)])
    assert drawn[:, 4, :3].mean(0) == pytest.approx(WITHIN_BAR[:3, 0], abs=0.03)
    at_bar = np.array([articulate(pitches, rng, bars=[4]) for _ in range(3000)])
    assert at_bar[:, 4, :3].mean(0) == pytest.approx(AT_BAR_LINE[:3, 0], abs=0.03)


def test_every_new_pitch_begins_a_note_and_silence_none() -> None:
    rng = np.random.default_rng(1)
    pitches = rng.choice([-1, 60, 62], (64, 4))
    onsets = articulate(pitches, rng, phrases=[16, 32, 64])
    changed = np.concatenate([pitches[:1] >= 0, (pitches[1:] != pitches[:-1]) & (pitches[1:] >= 0)])
    assert onsets[changed].all() and not onsets[pitches < 0].any()
    again = onsets & ~changed
    assert not again[np.arange(64) % 4 != 0].any()  # between beats nothing is struck again
    assert onsets[[16, 32]][pitches[[16, 32]] >= 0].all()  # a new phrase, a new breath
