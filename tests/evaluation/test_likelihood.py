"""What a model is charged: known figures for models that know nothing, and for Bach's own habit of holding notes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from musicml import models
from musicml.encoding.symbols import Frames
from musicml.errors import ScoreError
from musicml.evaluation import held_tokens, likelihood
from musicml.training import Pieces


class Uniform:
    """Knows nothing: each of the 47 symbols is as likely as any other."""

    def log_prob(self, frames: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return np.full(np.shape(frames), -np.log(47))


class Sluggish:
    """Gives half of everything to holding, and shares the rest among the other 46 symbols."""

    def log_prob(self, frames: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return np.where(held_tokens(frames), np.log(0.5), np.log(0.5 / 46))


@pytest.fixture(scope="module")
def valid(benchmark: Pieces) -> list[Frames]:
    return benchmark.valid


def test_knowing_nothing_costs_log_47_per_token(valid: list[Frames]) -> None:
    figures = likelihood(Uniform(), valid)
    assert figures.per_token == pytest.approx(np.log(47)) == pytest.approx(3.850, abs=1e-3)
    assert figures.per_frame == pytest.approx(4 * np.log(47))
    assert figures.interval == pytest.approx((np.log(47), np.log(47)))
    assert figures.tokens == sum(piece.size for piece in valid) and figures.pieces == len(valid)


def test_three_tokens_in_four_hold_what_sounded_before(benchmark: Pieces) -> None:
    for pieces, known in ((benchmark.valid, 0.78), (benchmark.test, 0.77)):
        share = likelihood(Uniform(), pieces).held_share
        counted = sum(int((piece[1:] == piece[:-1]).sum()) for piece in pieces) / sum(piece.size for piece in pieces)
        assert share == pytest.approx(counted) == pytest.approx(known, abs=0.01)


def test_held_and_changed_tokens_are_told_apart(valid: list[Frames]) -> None:
    figures = likelihood(Sluggish(), valid)
    assert figures.held == pytest.approx(np.log(2)) and figures.changed == pytest.approx(np.log(2 * 46))
    mean = figures.held_share * figures.held + (1 - figures.held_share) * figures.changed
    assert figures.per_token == pytest.approx(mean)


def test_the_first_frame_is_charged_as_changed() -> None:
    piece = [[72, 67, 64, 48], [72, 67, 64, 48], [74, 67, 64, 48], [-1, -1, -1, -1], [-1, -1, -1, -1]]
    assert held_tokens(piece).sum(1).tolist() == [0, 4, 3, 0, 4]
    assert likelihood(Sluggish(), [piece]).tokens == 20


def test_the_mean_is_over_tokens_so_long_pieces_count_more() -> None:
    still, moving = np.full((90, 4), 60), np.tile([[60], [62]], (5, 4))
    figures = likelihood(Sluggish(), [still, moving])
    costs = [-Sluggish().log_prob(piece).mean() for piece in (still, moving)]
    assert figures.per_token == pytest.approx(0.9 * costs[0] + 0.1 * costs[1])
    assert figures.per_token < np.mean(costs)


def test_the_interval_is_that_of_pieces(valid: list[Frames]) -> None:
    """It holds the mean, is the same each time, and shrinks as pieces are added."""
    model = models.load("chorale-markov")
    figures = likelihood(model, [piece[:64] for piece in valid[:24]])
    low, high = figures.interval
    assert low < figures.per_token < high
    assert likelihood(Sluggish(), valid) == likelihood(Sluggish(), valid)
    few, many = (likelihood(Sluggish(), valid[:20] * copies).interval for copies in (1, 4))
    assert many[1] - many[0] == pytest.approx((few[1] - few[0]) / 2, rel=0.1)  # four times the pieces
    # Near the normal approximation: 2 x 1.96 standard errors of the pieces' means, whose lengths are all the same here.
    means = [-model.log_prob(piece[:64]).mean() for piece in valid[:24]]
    assert high - low == pytest.approx(2 * 1.96 * np.std(means) / np.sqrt(24), rel=0.15)


def test_models_are_charged_for_what_they_say(valid: list[Frames]) -> None:
    """The figure is the mean of `log_prob`; knowing Bach is worth more than knowing that notes are held."""
    model, pieces = models.load("chorale-markov"), [piece[:96] for piece in valid[:6]]
    figures = likelihood(model, pieces)
    assert figures.per_token == pytest.approx(-np.concatenate([model.log_prob(piece) for piece in pieces]).mean())
    plain = likelihood(Sluggish(), pieces)
    assert figures.per_token < 0.5 * plain.per_token and figures.changed < plain.changed


def test_there_is_no_mean_of_nothing() -> None:
    for pieces in ([], [np.zeros((0, 4), dtype=int)]):
        with pytest.raises(ScoreError, match="nothing to charge"):
            likelihood(Uniform(), pieces)
    with pytest.raises(ScoreError, match="bass is 20"):
        likelihood(Uniform(), [[[60, 60, 60, 20]]])
    figures = likelihood(Uniform(), [[[60, 60, 60, 60]], np.zeros((0, 4), dtype=int)])
    assert np.isnan(figures.held) and figures.changed == pytest.approx(np.log(47))
