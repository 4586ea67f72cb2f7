"""What a chorale must do: how its phrases are laid out, where they rest, and which notes belong to its key.

A model that only continues has no reason to breathe or to end. A plan gives it the outline of a hymn: phrases of two
bars from upbeat to a resting chord under a fermata on the third beat; the last one a perfect authentic cadence, from
the dominant in the bass to the tonic in bass and soprano (Caplin 1998, ch. 2). Between these points a few habits are
only encouraged: notes of the key, and long chords that begin on strong beats (Lerdahl & Jackendoff 1983, metrical
preference rule 5). The notes are the model's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from musicml.encoding.raster import FRAMES_PER_QUARTER
from musicml.encoding.symbols import HIGHEST, LOWEST, SILENCE, SYMBOLS, Frames, to_symbols
from musicml.errors import ModelError
from musicml.generation.sampling import Mask
from musicml.score.spelling import key_fifths

MOST_BARS = 200
BAR = 4 * FRAMES_PER_QUARTER
"""Frames in a bar: compositions are in 4/4 and begin with a quarter-note upbeat, as most of Bach's chorales do."""
PHRASE = 2
"""Bars in a phrase; of an odd number of bars, the last phrase has one more."""

_MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
_MINOR_SCALE = (0, 2, 3, 5, 7, 8, 9, 10, 11)
# Where phrases may rest, as (root, third, fifth) above the tonic: the tonic, the dominant and their nearest kin.
_MAJOR_RESTS = ((0, 4, 7), (7, 11, 2), (9, 0, 4), (5, 9, 0))
_MINOR_RESTS = ((0, 3, 7), (0, 4, 7), (7, 11, 2), (3, 7, 10), (5, 8, 0))


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
        return self.bars * BAR

    @property
    def rests(self) -> list[int]:
        """The frames at which the chords that end the phrases begin, each on a third beat and a quarter long.

        >>> Plan.of(5, "G").rests  # after two bars, and after the other three
        [28, 76]
        """
        ends = [*range(PHRASE, self.bars - PHRASE + 1, PHRASE), self.bars]
        return [end * BAR - FRAMES_PER_QUARTER for end in ends]

    def holds(self, time: int) -> bool:
        """Whether every voice holds its pitch in frame `time`, because a phrase rests."""
        return any(rest < time < rest + FRAMES_PER_QUARTER for rest in self.rests)

    def allowed(self, time: int, chosen: Frames) -> Mask | None:
        """Which symbols (batch, 47) the next voice may take in frame `time`, or None where the model is free.

        Args:
            chosen: (batch, 0..3) pitches already chosen in this frame.
        """
        planned = self._planned(time, chosen)
        if planned is None or not chosen.shape[1]:
            return planned
        # A voice stays below the one above it, or the bass would not be what the ear takes for the bass.
        below = planned & (np.arange(SYMBOLS) <= to_symbols(chosen[:, -1:]))
        return np.where(below.any(-1, keepdims=True), below, planned)

    def _planned(self, time: int, chosen: Frames) -> Mask | None:
        last, voice = self.rests[-1], chosen.shape[1]
        home = ((0, 3, 7), (0, 4, 7)) if self.minor else ((0, 4, 7),)
        if time == 0:
            return self._of_chords(home[:1], chosen)
        if time == last - 1:
            return self._of_classes([(11, 2), (7, 11, 2, 5), (7, 11, 2, 5), (7,)][voice], len(chosen))
        if time == last:  # the soprano closes on the tonic; a minor piece may end in major (tierce de Picardie)
            return self._of_classes((0,), len(chosen)) if voice == 0 else self._of_chords(home, chosen)
        if time in self.rests:
            return self._of_chords(_MINOR_RESTS if self.minor else _MAJOR_RESTS, chosen)
        return None

    def strangers(self, frames: Frames, before: Frames) -> npt.NDArray[np.int64]:
        """How many voices of each draft (batch, 4) have moved to a note outside the key since the frame `before`.

        The key of a minor piece has both sixth and both seventh degrees.
        """
        scale = _MINOR_SCALE if self.minor else _MAJOR_SCALE
        inside = np.isin((frames - self.tonic) % 12, scale) | (frames == SILENCE)
        return (~inside & (frames != before)).sum(-1)

    def stalls(self, pieces: Frames, time: int) -> npt.NDArray[np.bool_]:
        """Which drafts (batch, T, 4) have, at the end of frame `time`, a chord of two beats begun on a weak one."""
        start = time + 1 - 2 * FRAMES_PER_QUARTER
        beat = start // FRAMES_PER_QUARTER + 3  # the upbeat is a fourth beat, counted from 0
        if start < 0 or start % FRAMES_PER_QUARTER or beat % 2 == 0:
            return np.zeros(len(pieces), dtype=bool)
        still = (pieces[:, start : time + 1] == pieces[:, start : start + 1]).all((1, 2))
        return still & (pieces[:, start] != pieces[:, start - 1]).any(-1) if start else still

    def _of_chords(self, chords: tuple[tuple[int, int, int], ...], chosen: Frames) -> Mask:
        """Symbols of those chords that hold all `chosen` pitches: any note above, the root in the bass."""
        above = (chosen - self.tonic) % 12
        mask = np.zeros((len(chosen), SYMBOLS), dtype=bool)
        for chord in chords:
            fits = np.isin(above, chord).all(-1)
            mask[fits] |= self._of_classes(chord[:1] if chosen.shape[1] == 3 else chord, 1)[0]
        return mask

    def _of_classes(self, classes: tuple[int, ...], batch: int) -> Mask:
        """Symbols (batch, 47) of pitch classes above the tonic."""
        row = np.zeros(SYMBOLS, dtype=bool)
        row[1:] = np.isin((np.arange(LOWEST, HIGHEST + 1) - self.tonic) % 12, classes)
        return np.tile(row, (batch, 1))
