"""The face that every model of four-part chorales shares, whatever family it belongs to.

A chorale is a grid: one row (frame) per sixteenth, one column per voice, soprano first. A model of this grid answers
one question: *given everything before, how probable is each pitch for the next voice?* Asked again and again in
raster order (S A T B, then the next sixteenth), the answers multiply to the probability of the whole piece:

    P(piece) = product over t and v of P(x[t, v] | all earlier frames, the voices already chosen in this frame)

So the same question scores Bach (`log_prob`) and composes (`decoder`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from musicml.encoding.symbols import Frames, check_frames, to_symbols
from musicml.errors import ModelError

Probabilities = npt.NDArray[np.float64]


class Decoder(Protocol):
    """Composes several pieces side by side and remembers what it needs of their past."""

    def distribution(self, voices: Frames) -> Probabilities:
        """Probabilities (batch, 47) of the next voice, given the (batch, 0..3) pitches already chosen in this frame."""
        ...

    def advance(self, frames: Frames) -> None:
        """Take the finished frame, (batch, 4) pitches, of each piece and move on to the next sixteenth."""
        ...

    def select(self, rows: Frames) -> None:
        """Between frames: go on with the pieces in these rows, (batch,) of them, some perhaps several times."""
        ...


class ChoraleModel(ABC):
    """A model over the chorale raster.

    Attributes:
        family: the name of the model's family, as its card and recipe call it.
        card: what the model was trained on, how, by which licence, and how well it does.
    """

    family: ClassVar[str]
    card: dict[str, Any]

    @abstractmethod
    def log_prob(self, frames: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Natural-log probability (T, 4) of each pitch of `frames` (T, 4) given everything before it.

        Nothing is left uncharged: the first frame and silences count.

        Raises:
            ScoreError: `frames` has another shape, or a pitch outside 36..81 that is not -1 (silence).
        """

    @abstractmethod
    def decoder(self, batch: int = 1) -> Decoder:
        """Something that composes `batch` pieces from the beginning, quickly."""

    @abstractmethod
    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """Everything learned, as arrays by name, for a safetensors file."""

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """The sizes and settings from which an untrained model of the same shape can be made."""

    @classmethod
    @abstractmethod
    def restore(cls, config: dict[str, Any], tensors: dict[str, npt.NDArray[Any]]) -> ChoraleModel:
        """The model that `config` and `tensors` describe: the inverse of the two methods above."""

    def next_distribution(self, frames: npt.ArrayLike, voices: Sequence[int] = ()) -> Probabilities:
        """Probabilities (47,) of the next voice: silence, then pitches 36..81.

        Args:
            frames: (T, 4) whole frames so far; may be empty.
            voices: pitches already chosen in the next frame, soprano first (0 to 3 of them).

        Raises:
            ScoreError: frames or voices are not pitches of the raster.
        """
        past, chosen = check_question(frames, voices)
        decoder = self.decoder()
        for frame in past:
            decoder.advance(frame[None])
        return decoder.distribution(chosen[None])[0]


def check_question(frames: npt.ArrayLike, voices: Sequence[int]) -> tuple[Frames, Frames]:
    """The past and the chosen voices of `next_distribution`, checked, as arrays (T, 4) and (0..3,)."""
    array = np.asarray(frames)
    past = check_frames(array if array.size else np.zeros((0, 4), dtype=np.int64))
    if len(voices) > 3:
        raise ModelError(f"voices: {len(voices)} given. At most three voices can precede the next one in a frame.")
    padded = np.full((1, 4), -1, dtype=np.int64)
    padded[0, : len(voices)] = list(voices)
    return past, check_frames(padded, name="voices")[0, : len(voices)]


def log_prob_of(log_distribution: npt.NDArray[np.float64], frames: Frames) -> npt.NDArray[np.float64]:
    """Pick from log-probabilities (..., 4, 47) those of the pitches (..., 4) that did sound."""
    chosen: npt.NDArray[np.float64] = np.take_along_axis(log_distribution, to_symbols(frames)[..., None], axis=-1)
    return chosen[..., 0]
