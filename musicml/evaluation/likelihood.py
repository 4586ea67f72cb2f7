"""How well a model foresees music it has never seen: negative log-likelihood in nats, the fewer the better.

The protocol of the JSB-16 benchmark: every token of every piece is charged, first frames and silences included, in
raster order; the mean is over all tokens of all pieces. Because three tokens in four merely hold what sounded a
sixteenth before, the figure is also split into *held* and *changed* tokens: the second is where the music happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from tqdm.auto import tqdm

from musicml.encoding.symbols import check_frames
from musicml.errors import ScoreError


class HasLogProb(Protocol):
    """Any model that can charge a piece token by token."""

    def log_prob(self, frames: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Natural-log probability (T, 4) of frames (T, 4)."""
        ...


@dataclass(frozen=True)
class Likelihood:
    """What a model is charged for some pieces, in nats.

    Attributes:
        per_token: mean over all tokens; per_frame: four times that.
        held, changed: mean over tokens equal to, and different from, the same voice a sixteenth before.
        held_share: share of held tokens.
        interval: 95 % bootstrap interval of per_token, resampling pieces.
        tokens, pieces: how many were charged.
    """

    per_token: float
    per_frame: float
    held: float
    changed: float
    held_share: float
    interval: tuple[float, float]
    tokens: int
    pieces: int


def likelihood(model: HasLogProb, pieces: Sequence[npt.ArrayLike], *, show_progress: bool = False) -> Likelihood:
    """Charge `model` for whole `pieces`, each (T, 4) MIDI pitches per sixteenth, -1 for silence.

    Raises:
        ScoreError: there are no frames to charge, or a piece is not on the raster.

    >>> class Uniform:
    ...     def log_prob(self, frames):
    ...         return np.full(np.shape(frames), -np.log(47))
    >>> round(likelihood(Uniform(), [[[60, 60, 60, 60]]]).per_token, 3)
    3.85
    """
    rasters = [check_frames(piece) for piece in pieces]
    if not sum(len(piece) for piece in rasters):
        raise ScoreError("pieces: there is nothing to charge. Give at least one piece with one frame.")
    costs = [-model.log_prob(piece) for piece in tqdm(rasters, unit="piece", disable=not show_progress)]
    held = np.concatenate([held_tokens(piece) for piece in rasters])
    cost = np.concatenate(costs)
    return Likelihood(
        per_token=float(cost.mean()),
        per_frame=float(4 * cost.mean()),
        held=_mean(cost[held]),
        changed=_mean(cost[~held]),
        held_share=float(held.mean()),
        interval=_bootstrap(costs),
        tokens=int(cost.size),
        pieces=len(rasters),
    )


def held_tokens(piece: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which tokens (T, 4) equal the same voice one sixteenth before; none in the first frame."""
    frames = np.asarray(piece)
    held = np.zeros(frames.shape, dtype=bool)
    held[1:] = frames[1:] == frames[:-1]
    return held


def _mean(values: npt.NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else float("nan")


def _bootstrap(costs: Sequence[npt.NDArray[np.float64]], rounds: int = 2000) -> tuple[float, float]:
    """Efron's (1979) percentile interval; pieces, not tokens, are drawn, because tokens of a piece hang together."""
    sums, sizes = np.array([cost.sum() for cost in costs]), np.array([cost.size for cost in costs])
    draws = np.random.default_rng(0).integers(0, len(costs), (rounds, len(costs)))
    means = sums[draws].sum(1) / np.maximum(sizes[draws].sum(1), 1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)
