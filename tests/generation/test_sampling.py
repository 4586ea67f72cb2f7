"""Drawing from probabilities: what temperature, nucleus and masks do to any distribution whatsoever."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from musicml.errors import ModelError
from musicml.generation.sampling import check_taste, draw, sharpen

Distribution = np.ndarray


@st.composite
def distributions(draw: st.DrawFn) -> Distribution:
    """(batch, symbols) probabilities, some of them zero."""
    shape = draw(st.tuples(st.integers(1, 4), st.integers(2, 12)))
    raw = draw(arrays(np.float64, shape, elements=st.floats(0, 1, allow_subnormal=False)))
    raw = np.where(raw < 1e-6, 0.0, raw)
    raw[:, 0] += 1e-3
    return raw / raw.sum(-1, keepdims=True)


@settings(max_examples=60, deadline=None)
@given(distributions(), st.floats(0.05, 10), st.floats(0.01, 1))
def test_sharpened_probabilities_are_probabilities(p: Distribution, temperature: float, top_p: float) -> None:
    final = sharpen(p, temperature, top_p)
    assert final.shape == p.shape and (final >= 0).all()
    assert final.sum(-1) == pytest.approx(1)
    assert (final[np.arange(len(p)), p.argmax(-1)] > 0).all()  # the likeliest always stays


@settings(max_examples=60, deadline=None)
@given(distributions(), st.floats(0.05, 0.999))
def test_the_nucleus_is_the_smallest_set_that_suffices(p: Distribution, top_p: float) -> None:
    final = sharpen(p, top_p=top_p)
    for row, kept in zip(p, final > 0, strict=True):
        assert row[kept].sum() >= top_p - 1e-9
        assert row[kept].sum() - row[kept].min() < top_p + 1e-9  # without its least, it would not suffice
        assert (~kept).sum() == 0 or row[kept].min() >= row[~kept].max()  # and it holds the likeliest
        assert final[0][final[0] > 0].sum() == pytest.approx(1)


@settings(max_examples=40, deadline=None)
@given(distributions(), st.floats(0.1, 5))
def test_temperature_keeps_the_order(p: Distribution, temperature: float) -> None:
    p = np.maximum(p, 1e-6) / np.maximum(p, 1e-6).sum(-1, keepdims=True)
    final = sharpen(p, temperature)
    ratio = np.log(final[:, 0] / final[:, 1]) * temperature
    assert ratio == pytest.approx(np.log(p[:, 0] / p[:, 1]), abs=1e-6)


def test_temperature_one_and_top_p_one_change_nothing() -> None:
    p = np.array([[0.5, 0.3, 0.2]])
    assert np.array_equal(sharpen(p), p)
    cold, hot = sharpen(p, 0.05)[0], sharpen(p, 10.0)[0]
    assert cold[0] > 0.999 and hot.max() - hot.min() < 0.05


@settings(max_examples=60, deadline=None)
@given(distributions(), st.integers(0, 2**32), st.floats(0.2, 3), st.floats(0.1, 1), st.data())
def test_only_what_is_allowed_is_drawn(
    p: Distribution, seed: int, temperature: float, top_p: float, data: st.DataObject
) -> None:
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=p.shape[1], max_size=p.shape[1])))
    allowed[data.draw(st.integers(0, p.shape[1] - 1))] = True
    symbols, weights = draw(p, np.random.default_rng(seed), temperature=temperature, top_p=top_p, allowed=allowed)
    assert allowed[symbols].all()
    mass = p[:, allowed].sum(-1)
    possible = mass > 0
    assert weights[possible] == pytest.approx(np.log(np.minimum(mass[possible], 1)), abs=1e-9)
    assert (p[np.arange(len(p)), symbols][possible] > 0).all()
    assert (weights[~possible] < -20).all()  # what the model rules out costs a draft its life, but breaks nothing


def test_each_draft_may_have_a_mask_of_its_own() -> None:
    p = np.full((2, 3), 1 / 3)
    allowed = np.array([[True, False, False], [False, False, True]])
    symbols, weights = draw(p, np.random.default_rng(0), allowed=allowed)
    assert symbols.tolist() == [0, 2] and weights == pytest.approx([-np.log(3)] * 2)


def test_draws_follow_the_probabilities() -> None:
    p = np.tile([0.5, 0.3, 0.2, 0.0], (20_000, 1))
    symbols, weights = draw(p, np.random.default_rng(7))
    assert np.bincount(symbols, minlength=4) / 20_000 == pytest.approx([0.5, 0.3, 0.2, 0], abs=0.015)
    assert not weights.any()
    again, _ = draw(p, np.random.default_rng(7))
    assert np.array_equal(symbols, again)


@pytest.mark.parametrize("temperature", [0, -1, 0.01, 11, float("nan"), float("inf")])
def test_impossible_temperatures(temperature: float) -> None:
    with pytest.raises(ModelError, match=r"temperature .* is out of range") as error:
        check_taste(temperature, 0.9)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("top_p", [0, -0.5, 1.01, float("nan")])
def test_impossible_nuclei(top_p: float) -> None:
    with pytest.raises(ModelError, match=r"top-p .* is out of range"):
        check_taste(1.0, top_p)


@pytest.mark.parametrize(("temperature", "top_p"), [(0.05, 1e-9), (10, 1.0)])
def test_the_edges_are_possible(temperature: float, top_p: float) -> None:
    check_taste(temperature, top_p)
    assert sharpen(np.array([0.7, 0.2, 0.1]), temperature, top_p).sum() == pytest.approx(1)
