"""How much faster the Transformer composes because it keeps the keys and values of the past.

    python -m benchmarks.decoding [--frames 256] [--pairs 5]

Cached: one decoder goes through the whole piece. Uncached: `next_distribution` recomputes the whole past for every
token. Its cost is measured at some lengths of the past and summed over all tokens by the trapezoid rule, because to
measure every token would take minutes and tell the same. Processor time on one thread is counted, and each pair is
measured in turn in one go, so that other work on the machine changes little; the ratio is the median of pairs. The past
is Bach's, from the valid pieces.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from benchmarks import common
from musicml import models
from musicml.encoding.symbols import SYMBOLS, VOICES, Frames
from musicml.models.chorale import ChoraleModel

SAMPLES = 9
"""Lengths of the past at which uncached decoding is measured."""


def measure(data: Path, *, name: str = "chorale-transformer", frames: int = 256, pairs: int = 5) -> dict[str, Any]:
    """Time cached against uncached decoding of `frames` frames, `pairs` times in turn, and compare their answers.

    Returns:
        tokens, the median seconds of both ways, the median ratio with its smallest and largest, and the largest
        difference between two probabilities that should be equal.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _measure(models.load(name), data, frames, pairs)
    finally:
        torch.set_num_threads(threads)


def _measure(model: ChoraleModel, data: Path, frames: int, pairs: int) -> dict[str, Any]:
    piece = np.concatenate(common.pieces(data).valid)[:frames]
    lengths = np.unique(np.linspace(0, len(piece) - 1, SAMPLES).round().astype(int))
    _cached(model, piece[:8]), _uncached(model, piece, lengths[:2])  # the first calls also load libraries
    cached, uncached, difference = [], [], 0.0
    for _ in range(pairs):
        seconds, quick = _cached(model, piece)
        cached.append(seconds)
        seconds, slow = _uncached(model, piece, lengths)
        uncached.append(seconds)
        difference = max(difference, float(np.abs(quick[lengths] - slow).max()))
    ratios = [slow / quick for slow, quick in zip(uncached, cached, strict=True)]
    return {
        "model": model.card["name"], "tokens": piece.size, "pairs": pairs,
        "cached_s": statistics.median(cached), "uncached_s": statistics.median(uncached),
        "ratio": statistics.median(ratios), "ratio_range": [min(ratios), max(ratios)],
        "largest_difference": difference,
    }  # fmt: skip


def _cached(model: ChoraleModel, piece: Frames) -> tuple[float, npt.NDArray[np.float64]]:
    """Seconds for the whole piece, and the probabilities (T, 4, 47) of everything that might have come."""
    start = time.process_time()
    decoder = model.decoder()
    probabilities = np.empty((len(piece), len(VOICES), SYMBOLS))
    for row, frame in enumerate(piece):
        for voice in range(len(VOICES)):
            probabilities[row, voice] = decoder.distribution(frame[None, :voice])[0]
        decoder.advance(frame[None])
    return time.process_time() - start, probabilities


def _uncached(
    model: ChoraleModel, piece: Frames, lengths: npt.NDArray[np.int64]
) -> tuple[float, npt.NDArray[np.float64]]:
    """Seconds for the whole piece, estimated from frames after `lengths` frames, and those frames' probabilities."""
    seconds, found = [], []
    for length in lengths:
        start = time.process_time()
        past = piece[:length]
        found.append([model.next_distribution(past, piece[length, :voice].tolist()) for voice in range(len(VOICES))])
        seconds.append(time.process_time() - start)
    return float(np.interp(np.arange(len(piece)), lengths, seconds).sum()), np.array(found)


def table(found: dict[str, Any]) -> str:
    """The measurement as Markdown."""
    low, high = found["ratio_range"]
    return common.markdown(
        [f"decoding {found['tokens']:,} tokens with `{found['model']}`", "CPU seconds"],
        [
            ["past recomputed for every token", f"{found['uncached_s']:.1f}"],
            ["keys and values kept", f"{found['cached_s']:.2f}"],
            [f"**ratio** (median of {found['pairs']} pairs; {low:.0f} to {high:.0f})", f"**{found['ratio']:.0f}**"],
            ["largest difference between two probabilities", f"{found['largest_difference']:.0e}"],
        ],
    )


def main() -> None:
    """Print what `measure` finds."""
    parser = common.parser(__doc__)
    parser.add_argument("--frames", type=int, default=256, help="length of the piece in sixteenths")
    parser.add_argument("--pairs", type=int, default=5, help="how often to measure both ways")
    arguments = parser.parse_args()
    print(table(measure(arguments.data, frames=arguments.frames, pairs=arguments.pairs)))


if __name__ == "__main__":
    main()
