"""The chorales as training data: which pieces, in which keys, in which batches, with what hidden."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicml.encoding.listening import Context, contexts
from musicml.encoding.symbols import SILENCE, Frames, check_frames, to_symbols
from musicml.errors import ScoreError
from musicml.models.transformer import ChoraleTransformer, Heard, Network
from musicml.training.recipe import Recipe

WIDEST_SHIFT = 12
"""Pieces are moved by an octave at most, and only so far that no voice leaves its range."""


@dataclass(frozen=True)
class Pieces:
    """Chorales as frames, split by piece.

    Attributes:
        train, valid, test: arrays (T, 4) of MIDI pitches per sixteenth, -1 for silence.
        source: what the card says about where they come from.
    """

    train: list[Frames]
    valid: list[Frames]
    test: list[Frames]
    source: str


def read_benchmark(path: str | Path) -> Pieces:
    """The JSB-16 benchmark from its JSON file (Boulanger-Lewandowski et al. 2012; frames by C.-Z. A. Huang).

    Raises:
        ScoreError: the file is missing, is not JSON, or does not hold train, valid and test pieces of frames.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text("utf-8"))
        splits = {split: [_frames(piece) for piece in content[split]] for split in ("train", "valid", "test")}
    except FileNotFoundError as error:
        raise ScoreError(f"{path}: there is no such file. Give the path of Jsb16thSeparated.json.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ScoreError(f"{path}: not a JSB-16 file ({error}). Give the path of Jsb16thSeparated.json.") from error
    return Pieces(**splits, source=f"JSB-16 benchmark ({path.name}), {len(splits['train'])} train pieces")


def voice_ranges(pieces: Sequence[Frames]) -> tuple[Frames, Frames]:
    """The lowest and highest pitch (4,) that each voice sings anywhere in `pieces`."""
    everything = np.concatenate(list(pieces))
    lowest = np.where(everything == SILENCE, 127, everything).min(0)
    return lowest, everything.max(0)


def shifts(piece: Frames, lowest: Frames, highest: Frames) -> list[int]:
    """The transpositions in semitones, up to an octave each way, that keep every voice within its range.

    >>> piece = np.array([[71, 66, 60, 52]])
    >>> shifts(piece, piece[0] - 1, piece[0] + 2)
    [-1, 0, 1, 2]
    """
    low, high = voice_ranges([piece])
    down, up = int((lowest - low).max()), int((highest - high).min())
    return list(range(max(-WIDEST_SHIFT, min(down, 0)), min(WIDEST_SHIFT, max(up, 0)) + 1))


class ChoraleTask:
    """Teaches a Transformer the chorales: batches of pieces in random keys, with some of the past hidden.

    Args:
        model: the model to be trained, in place.
        pieces: the chorales.
        recipe: batch, window and noise.
    """

    def __init__(self, model: ChoraleTransformer, pieces: Pieces, recipe: Recipe) -> None:
        if not pieces.train or not pieces.valid:
            raise ScoreError("training music: no train or no valid pieces. Give a corpus with some of each.")
        self.network: Network = model.network
        self._noise = model.settings
        self._recipe = recipe
        self._train, self._valid = pieces.train, sorted(pieces.valid, key=len)
        lowest, highest = voice_ranges(pieces.train)
        self._shifts = [shifts(piece, lowest, highest) for piece in pieces.train]
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

    @torch.inference_mode()
    def validate(self, network: nn.Module) -> float:
        """Nats per token of the valid pieces, whole, in their own keys."""
        total = tokens = 0.0
        for start in range(0, len(self._valid), 8):
            batch = self._valid[start : start + 8]
            longest = max(len(piece) for piece in batch)
            frames = np.stack([_padded(piece, longest) for piece in batch])
            real = np.arange(longest) < np.array([len(piece) for piece in batch])[:, None]
            loss = cross_entropy(network(Heard.of(contexts(batch)), torch.from_numpy(frames)), frames, real)
            total, tokens = total + float(loss) * real.sum() * 4, tokens + real.sum() * 4
        return float(total / tokens)

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


def cross_entropy(logits: Tensor, frames: Frames, real: np.ndarray) -> Tensor:
    """Mean of -log P(true pitch) in nats over the real frames: logits (B, T, 4, 47), frames (B, T, 4), real (B, T)."""
    target, mask = torch.from_numpy(to_symbols(frames)), torch.from_numpy(real)
    return F.cross_entropy(logits[mask].flatten(0, 1), target[mask].flatten())


def _padded(piece: Frames, length: int) -> Frames:
    return np.pad(piece, ((0, length - len(piece)), (0, 0)), constant_values=SILENCE)


def _stack(known: Sequence[Context]) -> Context:
    return Context(**{name: np.stack([getattr(piece, name) for piece in known]) for name in vars(known[0])})


def _frames(piece: object) -> Frames:
    return check_frames(piece, name="a piece of the benchmark")
