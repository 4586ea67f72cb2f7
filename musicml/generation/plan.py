"""What a chorale must do: where it begins, how it ends, and which notes belong to its key.

A model that only continues has no reason to end. A plan gives it one: begin on the tonic, approach the end over the
dominant in the bass, and hold a tonic chord to the last bar line (a perfect authentic cadence: dominant to tonic in
root position, tonic in the soprano; Caplin 1998, ch. 2). Between, every note outside the key costs a draft some of
its weight: pieces may visit other keys, but those that come home are favoured. The notes are the model's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from musicml.encoding.raster import FRAMES_PER_QUARTER
from musicml.encoding.symbols import HIGHEST, LOWEST, SILENCE, SYMBOLS, Frames
from musicml.errors import ModelError
from musicml.generation.sampling import Mask
from musicml.score.spelling import key_fifths

MOST_BARS = 200
BEATS = 4
"""Beats in a bar: compositions are in 4/4 and begin with a quarter-note upbeat, as most of Bach's chorales do."""

_MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
_MINOR_SCALE = (0, 2, 3, 5, 7, 8, 9, 10, 11)


@dataclass(frozen=True)
class Plan:
    """The outline of a composition of `bars` bars in a key.

    Attributes:
        bars: bars in 4/4, the upbeat and the shortened last bar counting as one together.
        fifths: the key signature. tonic: its pitch class. minor: the mode.
    """

    bars: int
    fifths: int
    tonic: int
    minor: bool

    @classmethod
    def of(cls, bars: int, key: str) -> Plan:
        """A plan for `bars` bars in the key of that name.

        Raises:
            ScoreError: there is no such key.
            ModelError: fewer than two bars, or more than 200.

        >>> Plan.of(8, "f#").tonic
        6
        >>> Plan.of(0, "G")
        Traceback (most recent call last):
        ...
        musicml.errors.ModelError: bars: 0 is out of range. Ask for 2 to 200 bars.
        """
        if not 2 <= bars <= MOST_BARS:
            raise ModelError(f"bars: {bars} is out of range. Ask for 2 to {MOST_BARS} bars.")
        fifths, minor = key_fifths(key), key[0].islower()
        return cls(bars, fifths, (7 * fifths + (9 if minor else 0)) % 12, minor)

    @property
    def frames(self) -> int:
        """Sixteenths from the upbeat to the end of the last chord."""
        return self.bars * BEATS * FRAMES_PER_QUARTER

    @property
    def last_chord(self) -> int:
        """The frame at which the last chord begins: one beat before the end."""
        return self.frames - FRAMES_PER_QUARTER

    def allowed(self, time: int) -> npt.NDArray[np.bool_] | None:
        """Which symbols (4, 47) the voices may take in frame `time`, or None where the model is free."""
        third = 3 if self.minor else 4
        if time == 0:
            return self._voices(upper={0, third, 7}, bass={0})
        if time == self.last_chord:  # a minor piece may end on a major chord (tierce de Picardie)
            return self._voices(upper={0, third, 4, 7}, bass={0}, soprano={0})
        if time == self.last_chord - 1:
            return self._voices(upper={7, 11, 2, 5}, bass={7}, soprano={11, 2})
        return None

    def strangers(self, frames: Frames, before: Frames) -> npt.NDArray[np.int64]:
        """How many voices of each draft (batch, 4) have moved to a note outside the key since the frame `before`.

        The key of a minor piece has both sixth and both seventh degrees.
        """
        scale = _MINOR_SCALE if self.minor else _MAJOR_SCALE
        inside = np.isin((frames - self.tonic) % 12, scale) | (frames == SILENCE)
        return (~inside & (frames != before)).sum(-1)

    def holds(self, time: int) -> bool:
        """Whether every voice holds its pitch in frame `time`: the last chord stands still."""
        return time > self.last_chord

    def _voices(self, upper: set[int], bass: set[int], soprano: set[int] | None = None) -> Mask:
        """Masks from pitch classes above the tonic."""
        rows = (soprano or upper, upper, upper, bass)
        return np.stack([_symbols({(self.tonic + degree) % 12 for degree in row}) for row in rows])


def _symbols(classes: set[int]) -> Mask:
    mask = np.zeros(SYMBOLS, dtype=bool)
    mask[1:] = np.isin(np.arange(LOWEST, HIGHEST + 1) % 12, list(classes))
    return mask
