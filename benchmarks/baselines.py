"""The simplest models of chorales: each voice by itself, from nothing but its own last pitch.

A figure means little alone. These say what a machine reaches that knows only how often each pitch occurs, that most
notes go on, or which pitch likes to follow which; everything below their figures is what a model has understood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from musicml.encoding.symbols import SYMBOLS, VOICES, Frames, check_frames, to_symbols

START = SYMBOLS
"""Stands for the last symbol where nothing has sounded yet."""
VOICE = np.arange(len(VOICES))


@dataclass(frozen=True)
class OwnVoice:
    """P(symbol | voice, last symbol of the voice).

    Attributes:
        table: probabilities, (4 voices, 47 last symbols and START, 47 symbols).
        parameters: how many numbers were learned.
    """

    table: npt.NDArray[np.float64]
    parameters: int

    def log_prob(self, frames: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Natural-log probability (T, 4) of frames (T, 4)."""
        symbols, last = _steps(check_frames(frames))
        return np.log(self.table[VOICE, last, symbols])


def unigram(pieces: Sequence[Frames]) -> OwnVoice:
    """How often each voice sings each pitch; every symbol is counted once more than it occurs."""
    table = _counts(pieces).sum(1) + 1
    table /= table.sum(-1, keepdims=True)
    return OwnVoice(np.repeat(table[:, None], SYMBOLS + 1, axis=1), table.size)


def copying(pieces: Sequence[Frames]) -> OwnVoice:
    """Copy what sounded a sixteenth before as often as Bach does; otherwise another pitch, by the unigram.

    One holding and one changing note are counted more than occur, so that nothing is impossible.
    """
    counts, other = _counts(pieces), unigram(pieces)
    held = (np.einsum("vss->v", counts[:, :SYMBOLS]) + 1) / (counts[:, :SYMBOLS].sum((1, 2)) + 2)
    table = other.table.copy()
    same = np.arange(SYMBOLS)
    table[:, same, same] = 0
    table *= ((1 - held)[:, None] / table.sum(-1))[..., None]
    table[:, same, same] = held[:, None]
    table[:, START] = other.table[:, START]
    return OwnVoice(table, other.parameters + len(held))


def bigram(pieces: Sequence[Frames]) -> OwnVoice:
    """Which pitch follows which in each voice; the unigram counts as one more observation of everything."""
    counts, vague = _counts(pieces), unigram(pieces).table
    table = (counts + vague) / (counts.sum(-1, keepdims=True) + 1)
    return OwnVoice(table, table.size)


def _counts(pieces: Sequence[Frames]) -> npt.NDArray[np.float64]:
    """How often (voice, last symbol, symbol) occurs."""
    counts = np.zeros((len(VOICES), SYMBOLS + 1, SYMBOLS))
    for piece in pieces:
        symbols, last = _steps(piece)
        np.add.at(counts, (np.broadcast_to(VOICE, symbols.shape), last, symbols), 1)
    return counts


def _steps(frames: Frames) -> tuple[Frames, Frames]:
    """Symbols (T, 4), and the symbol of the same voice one frame before."""
    symbols = to_symbols(frames)
    return symbols, np.concatenate([np.full((1, len(VOICES)), START), symbols[:-1]])
