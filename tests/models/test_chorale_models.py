"""What every model of chorales promises, tried on each shipped model and on a shrunken one of each family."""

from __future__ import annotations

import numpy as np
import pytest

from musicml.encoding.symbols import SILENCE, SYMBOLS, Frames
from musicml.errors import ModelError, ScoreError
from musicml.models.chorale import ChoraleModel

CLOSE = 1e-5


@pytest.fixture(scope="module")
def by_itself(model: ChoraleModel, gaps: Frames) -> np.ndarray:
    """The chain rule spelled out: every token asked for by itself, given nothing but what came before."""
    answers = np.zeros((*gaps.shape, SYMBOLS))
    for time, frame in enumerate(gaps):
        for voice in range(4):
            answers[time, voice] = model.next_distribution(gaps[:time], frame[:voice].tolist())
    return answers


def test_probabilities_are_positive_and_sum_to_one(by_itself: np.ndarray) -> None:
    assert by_itself.sum(-1) == pytest.approx(1, abs=1e-9)
    assert (by_itself > 0).all()


def test_the_chain_rule_gives_the_probability_of_the_piece(
    model: ChoraleModel, gaps: Frames, by_itself: np.ndarray
) -> None:
    symbols = np.where(gaps == SILENCE, 0, gaps - 35)
    asked = np.log(np.take_along_axis(by_itself, symbols[..., None], axis=-1)[..., 0])
    charged = model.log_prob(gaps)
    assert charged.shape == gaps.shape and (charged < 0).all()
    assert np.abs(charged - asked).max() < CLOSE  # the first frame and the silences are charged as well


def test_nothing_depends_on_what_comes_later(model: ChoraleModel, pieces: list[Frames]) -> None:
    piece, other = pieces[1], pieces[2]
    before = model.log_prob(piece)
    for time, voice in ((0, 0), (1, 2), (17, 3), (30, 1)):
        changed = piece.copy()
        changed[time, voice:] = np.where(piece[time, voice:] == SILENCE, 60, piece[time, voice:] - 1)
        changed[time + 1 :] = other[time + 1 :]
        after = model.log_prob(changed)
        assert np.abs(after[:time] - before[:time]).max(initial=0) < CLOSE
        assert np.abs(after[time, :voice] - before[time, :voice]).max(initial=0) < CLOSE
        assert after[time, voice] != before[time, voice]


def test_the_past_and_the_voices_above_are_heard(model: ChoraleModel, pieces: list[Frames]) -> None:
    piece = pieces[1][:20]
    other = piece.copy()
    other[-1] -= 1
    assert np.abs(model.next_distribution(piece) - model.next_distribution(other)).max() > CLOSE
    soprano = int(piece[-1, 0])
    answers = [model.next_distribution(piece, [soprano + step]) for step in (0, 1)]
    assert np.abs(answers[0] - answers[1]).max() > CLOSE


def test_drafts_side_by_side_are_told_what_each_would_be_told_alone(model: ChoraleModel, pieces: list[Frames]) -> None:
    """The decoder, which remembers, agrees with the model asked afresh: for batches, and after drafts are exchanged."""
    drafts = np.stack(pieces[:3])[:, :24]
    decoder = model.decoder(batch=3)
    for time in range(24):
        if time == 14:  # draft 1 dies, draft 2 lives on twice
            rows = np.array([2, 0, 2])
            decoder.select(rows)
            drafts[:, :14] = drafts[rows, :14]
        for voice in range(4) if time in (0, 1, 9, 14, 15, 23) else ():
            told = decoder.distribution(drafts[:, time, :voice])
            afresh = [model.next_distribution(draft[:time], draft[time, :voice].tolist()) for draft in drafts]
            assert np.abs(told - np.stack(afresh)).max() < CLOSE
        decoder.advance(drafts[:, time])


def test_a_decoder_that_was_not_asked_still_listens(model: ChoraleModel, pieces: list[Frames]) -> None:
    decoder = model.decoder()
    for frame in pieces[3][:12]:
        decoder.advance(frame[None])
    told = decoder.distribution(np.zeros((1, 0), dtype=np.int64))[0]
    assert told == pytest.approx(model.next_distribution(pieces[3][:12]), abs=CLOSE)


def test_the_same_question_has_the_same_answer(model: ChoraleModel, pieces: list[Frames]) -> None:
    assert np.array_equal(model.log_prob(pieces[0]), model.log_prob(pieces[0].tolist()))
    assert model.log_prob(np.zeros((0, 4), dtype=int)).shape == (0, 4)
    assert np.array_equal(model.next_distribution([]), model.next_distribution(np.zeros((0, 4))))


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ([60, 60, 60, 60], "shape"),
        ([[60, 60, 60]], "shape"),
        ([[60, 60, 60, 20]], "bass is 20"),
        ([[90, 60, 60, 50]], "soprano is 90"),
        ([[60, 60.5, 60, 50]], "alto is 60.5"),
        ([["c", "a", "f", "d"]], "not pitches"),
    ],
)
def test_what_is_no_chorale_is_refused(model: ChoraleModel, frames: object, words: str) -> None:
    for ask in (model.log_prob, model.next_distribution):
        with pytest.raises(ScoreError, match=words) as error:
            ask(frames)
        assert "\n" not in str(error.value)


def test_impossible_voices_are_refused(model: ChoraleModel) -> None:
    with pytest.raises(ScoreError, match="alto is 99"):
        model.next_distribution([], [72, 99])
    with pytest.raises(ModelError, match="4 given"):
        model.next_distribution([], [72, 67, 60, 48])
