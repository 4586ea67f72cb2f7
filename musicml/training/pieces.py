"""The music that chorale models learn from: pieces split once and for all, and the keys each can be sung in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from musicml.encoding.symbols import HIGHEST, SILENCE, VOICES, Frames, check_frames
from musicml.errors import ScoreError

LEFT_OUT = ("bach/bwv27.6", "bach/bwv227.3", "bach/bwv79.3")
"""In music21's corpus the first two are in five voices, and in the last the voices wait while horns play between the
lines of the hymn: waiting that the benchmark leaves out."""


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


def benchmark_pieces() -> Pieces:
    """The benchmark's pieces as music21's corpus prints them, repeats written out: no file is needed.

    The edition differs from the benchmark's in details; 7 of its 382 pieces are not in the corpus, one is there in
    two splits and counts as valid, and three are left out (see `LEFT_OUT`).
    """
    splits = {split: _rasters(split) for split in ("train", "valid", "test")}
    source = f"the JSB benchmark's pieces in music21's corpus, {len(splits['train'])} train pieces"
    return Pieces(**splits, source=source)


def _rasters(split: str) -> list[Frames]:
    from musicml.corpus import Corpus
    from musicml.encoding import to_raster, unfold

    corpus = Corpus("jsb").split(split)
    kept = Corpus(corpus.name, pieces=tuple(piece for piece in corpus.pieces if piece.name not in LEFT_OUT))
    return [unfold(to_raster(score)).pitches for score in kept]


def voice_ranges(pieces: Sequence[Frames]) -> dict[str, tuple[int, int]]:
    """The lowest and highest pitch that each voice sings anywhere in `pieces`.

    >>> voice_ranges([np.array([[71, 66, 60, 52], [74, 66, 60, -1]])])["soprano"]
    (71, 74)
    """
    everything = np.concatenate(list(pieces))
    lowest = np.where(everything == SILENCE, HIGHEST, everything).min(0)
    return {name: (int(low), int(high)) for name, low, high in zip(VOICES, lowest, everything.max(0), strict=True)}


def _frames(piece: object) -> Frames:
    return check_frames(piece, name="a piece of the benchmark")
