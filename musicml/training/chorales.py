"""The chorales as a training task for the Transformer: which pieces, in which keys, with what hidden."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicml.encoding.listening import Context, contexts
from musicml.encoding.raster import transpositions
from musicml.encoding.symbols import SILENCE, Frames, to_symbols
from musicml.models.transformer import ChoraleTransformer, Heard, Network
from musicml.training.pieces import Pieces, voice_ranges
from musicml.training.recipe import Recipe


class ChoraleTask:
    """Teaches a Transformer the chorales: batches of pieces in random keys, with some of the past hidden.

    Args:
        model: the model to be trained, in place.
        pieces: the chorales.
        recipe: batch, window and noise.
    """

    def __init__(self, model: ChoraleTransformer, pieces: Pieces, recipe: Recipe) -> None:
        self.network: Network = model.network
        self._noise = model.settings
        self._recipe = recipe
        self._train, self._valid = pieces.train, sorted(pieces.valid, key=len)
        ranges = voice_ranges(pieces.train)
        self._shifts = [transpositions(piece, ranges) for piece in pieces.train]
        self._known = contexts(pieces.train)  # listening once is enough: a transposed past is known transposed

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Mean negative log-likelihood per token of a batch of pieces, each in a key of its own."""
        count = min(self._recipe.batch, len(self._train))
        rows = rng.choice(len(self._train), count, replace=False)
        longest = min(self._recipe.window, max(len(self._train[row]) for row in rows))
        starts = [int(rng.integers(0, max(0, len(self._train[row]) - longest) + 1)) for row in rows]
        keys = [int(rng.choice(self._shifts[row])) for row in rows]
        known, frames, real = self._crop(rows, starts, keys, longest)
        heard = Heard.of(known, keep=self._keep(real.shape))
        logits = self.network(heard, torch.from_numpy(frames)).float()
        return cross_entropy(logits, frames, real)

    @torch.no_grad()
    def validate(self, network: nn.Module) -> float:
        """Nats per token of the valid pieces, whole, in their own keys, at the temperature that suits them best.

        The network keeps that temperature.
        """
        assert isinstance(network, Network)
        network.heads.temperature.fill_(1.0)
        logits, targets = [], []
        for start in range(0, len(self._valid), 8):
            batch = self._valid[start : start + 8]
            longest = max(len(piece) for piece in batch)
            frames = np.stack([_padded(piece, longest) for piece in batch])
            real = np.arange(longest) < np.array([len(piece) for piece in batch])[:, None]
            heard = network(Heard.of(contexts(batch)), torch.from_numpy(frames))
            logits.append(heard[torch.from_numpy(real)].flatten(0, 1))
            targets.append(torch.from_numpy(to_symbols(frames[real])).flatten())
        temperature, loss = best_temperature(torch.cat(logits), torch.cat(targets))
        network.heads.temperature.fill_(temperature)
        return loss

    def _crop(
        self, rows: Frames, starts: list[int], keys: list[int], longest: int
    ) -> tuple[Context, Frames, np.ndarray]:
        """Windows of `longest` frames in new keys: what is known, the frames, and which of them are real (B, T)."""
        known, frames, real = [], [], []
        for row, start, key in zip(rows, starts, keys, strict=True):
            piece = self._train[row][start : start + longest]
            known.append(self._known[row, start : start + longest].transposed(key))
            frames.append(_padded(np.where(piece >= 0, piece + key, piece), longest))
            real.append(np.arange(longest) < len(piece))
        return _stack(known), np.stack(frames), np.stack(real)

    def _keep(self, shape: tuple[int, ...]) -> Tensor:
        """Which notes of the past may be seen, (B, T, 4): single notes and whole voices are hidden at random."""
        batch, time = shape
        notes = torch.rand(batch, time, 4) >= self._noise.note_noise
        voices = torch.rand(batch, 1, 4) >= self._noise.voice_noise
        return notes & voices


def best_temperature(logits: Tensor, targets: Tensor, rounds: int = 20) -> tuple[float, float]:
    """The number by which logits (n, classes) must be divided to foresee targets (n,) best, and the loss it gives.

    The loss is convex in 1 / temperature, so a search that keeps the better two thirds of an interval finds it.

    >>> sure = torch.tensor([[4.0, 0.0]]).repeat(4, 1)  # says 98 % for the first class, which is right 3 times in 4
    >>> temperature, _ = best_temperature(sure, torch.tensor([0, 0, 0, 1]))
    >>> round(float((sure[0] / temperature).softmax(-1)[0]), 2)
    0.75
    """

    def loss(inverse: float) -> float:
        return float(F.cross_entropy(logits * inverse, targets))

    low, high = 0.2, 2.0
    for _ in range(rounds):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    inverse = (low + high) / 2
    return 1 / inverse, loss(inverse)


def cross_entropy(logits: Tensor, frames: Frames, real: np.ndarray) -> Tensor:
    """Mean of -log P(true pitch) in nats over the real frames: logits (B, T, 4, 47), frames (B, T, 4), real (B, T)."""
    target, mask = torch.from_numpy(to_symbols(frames)), torch.from_numpy(real)
    return F.cross_entropy(logits[mask].flatten(0, 1), target[mask].flatten())


def _padded(piece: Frames, length: int) -> Frames:
    return np.pad(piece, ((0, length - len(piece)), (0, 0)), constant_values=SILENCE)


def _stack(known: Sequence[Context]) -> Context:
    return Context(**{name: np.stack([getattr(piece, name) for piece in known]) for name in vars(known[0])})
