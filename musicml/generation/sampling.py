"""Choosing a pitch from probabilities: temperature, nucleus, and what is allowed at this place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from musicml.errors import ModelError
from musicml.models.chorale import Probabilities

Mask = npt.NDArray[np.bool_]


def check_taste(temperature: float, top_p: float) -> None:
    """See that temperature and top-p make sense.

    Raises:
        ModelError: temperature is not above 0 (up to 10), or top-p is not in (0, 1].

    >>> check_taste(0.0, 0.9)
    Traceback (most recent call last):
    ...
    musicml.errors.ModelError: temperature 0 is out of range. Use 0.05 to 10; 1 keeps the model's own probabilities.
    """
    if not 0.05 <= temperature <= 10:
        raise ModelError(
            f"temperature {temperature:g} is out of range. Use 0.05 to 10; 1 keeps the model's own probabilities."
        )
    if not 0 < top_p <= 1:
        raise ModelError(f"top-p {top_p:g} is out of range. Use a share above 0 and up to 1, such as 0.95.")


def sharpen(probabilities: Probabilities, temperature: float = 1.0, top_p: float = 1.0) -> Probabilities:
    """Distributions (..., n) made more or less daring.

    Temperature takes every probability to the power 1/temperature: below 1 the likely grows likelier. Top-p (the
    nucleus of Holtzman et al. 2020) then keeps the likeliest symbols that together reach probability `top_p`.

    >>> sharpen(np.array([0.5, 0.3, 0.2]), top_p=0.7).round(3).tolist()
    [0.625, 0.375, 0.0]
    >>> sharpen(np.array([0.8, 0.2]), temperature=0.5).round(3).tolist()
    [0.941, 0.059]
    """
    if temperature != 1.0:
        logs = np.log(np.maximum(probabilities, 1e-300)) / temperature
        probabilities = np.exp(logs - logs.max(-1, keepdims=True))
        probabilities /= probabilities.sum(-1, keepdims=True)
    if top_p < 1.0:
        order = np.argsort(-probabilities, axis=-1, kind="stable")
        ranked = np.take_along_axis(probabilities, order, axis=-1)
        kept = np.cumsum(ranked, axis=-1) - ranked < top_p  # keep a symbol when those before it do not yet suffice
        inside = np.zeros_like(kept)
        np.put_along_axis(inside, order, kept, axis=-1)
        probabilities = np.where(inside, probabilities, 0.0)
        probabilities /= probabilities.sum(-1, keepdims=True)
    return probabilities


def draw(
    probabilities: Probabilities,
    rng: np.random.Generator,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
    allowed: Mask | None = None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Draw one symbol for each row of distributions (batch, n), among those `allowed` (batch, n) or (n,).

    Returns:
        The symbols (batch,), and for each the log of the probability that the allowed symbols had together before
        the others were ruled out (0 where everything is allowed): what a particle's weight is multiplied by.

    >>> rng = np.random.default_rng(0)
    >>> symbols, weights = draw(np.array([[0.5, 0.25, 0.25]]), rng, allowed=np.array([False, True, True]))
    >>> symbols.tolist()[0] in (1, 2), weights.round(3).tolist()
    (True, [-0.693])
    """
    weights = np.zeros(len(probabilities))
    if allowed is not None:
        masked = np.where(allowed, probabilities, 0.0)
        mass = masked.sum(-1)
        if (mass <= 0).any():  # the model rules out what the plan demands: then the plan decides alone
            masked = np.where((mass <= 0)[:, None], np.where(allowed, 1e-12, 0.0), masked)
            mass = masked.sum(-1)
        weights = np.log(np.minimum(mass, 1.0))
        probabilities = masked / masked.sum(-1, keepdims=True)
    final = sharpen(probabilities, temperature, top_p)
    points = rng.random(len(final))[:, None]
    symbols = (np.cumsum(final, axis=-1) < points * final.sum(-1, keepdims=True)).sum(-1)
    return np.minimum(symbols, final.shape[-1] - 1), weights
