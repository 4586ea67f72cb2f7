"""What a listener remembers before each sixteenth of a chorale: the context that every chorale model reads.

A model of music may use anything that has *already sounded*. This file turns the past of four voices into a few
small facts a musician would name: the pitches just heard, how long each has been held, where each voice last moved,
which pitch classes are about (the key, in other words), and whether the last moments have been heard before (an
echo) and how they went on then.

There is one definition, the `Listener`, which hears one frame at a time. A whole piece is a loop over its frames
(`contexts`), and composing is the same loop with frames that a model chose, so the two can never disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from musicml.encoding.symbols import SILENCE, Frames

START = -2
"""The pitch "before the first frame": neither silence nor a note."""

USUAL_PITCH = np.array([71, 66, 60, 52])
"""Where a voice is imagined before its first note: about the middle of soprano, alto, tenor and bass."""

MEMORIES = ((0.70, "all"), (0.93, "all"), (0.985, "all"), (0.96, "bass"))
"""How much of each pitch-class memory survives a sixteenth, and which voices it hears: the chord, the bar, the key,
and what the bass has been doing."""

KEY_MEMORY = 2
"""The memory that tells the key."""

LONGEST_ECHO = 63

# How strongly each degree above the tonic speaks for a major and a minor key: tonic and fifth most, then the third,
# then the other notes of the scale. Only the order of the weights matters here.
_MAJOR = np.array([5, 2, 3.5, 2, 4.5, 4, 2, 4.5, 2, 3.5, 1.5, 4])
_MINOR = np.array([5, 2, 3.5, 4.5, 2, 4, 2, 4.5, 3.5, 2, 1.5, 4])

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Context:
    """What is known before a frame; every array has the same leading axes (batch, or batch and time).

    Attributes:
        previous: (..., 4) pitches one sixteenth before; -1 silence, -2 before the start.
        before: (..., 4) pitches two sixteenths before.
        reference: (..., 4) the last pitch that each voice sounded.
        move: (..., 4) semitones of each voice's last change of pitch.
        hold: (..., 4) sixteenths since each voice last changed; 0 at the start.
        memory: (..., 4, 12) share of each pitch class in four fading memories (see `MEMORIES`), times 3.
        echo: (..., 2, 4) the frame that followed the most recent longest match of the past with itself, matching
            all four voices [0] or the soprano alone [1]; -1 when there is none.
        echo_length: (..., 2) for how many sixteenths the past matched, at most 63.
    """

    previous: Frames
    before: Frames
    reference: Frames
    move: Frames
    hold: Frames
    memory: Floats
    echo: Frames
    echo_length: Frames

    def __getitem__(self, index: object) -> Context:
        """The same facts for some of the pieces or moments, by any NumPy index of the leading axes."""
        return Context(**{item.name: getattr(self, item.name)[index] for item in fields(self)})

    def transposed(self, semitones: int) -> Context:
        """What the listener would know had everything sounded `semitones` higher."""
        return Context(
            previous=np.where(self.previous >= 0, self.previous + semitones, self.previous),
            before=np.where(self.before >= 0, self.before + semitones, self.before),
            reference=self.reference + semitones,
            move=self.move,
            hold=self.hold,
            memory=np.roll(self.memory, semitones, axis=-1),
            echo=np.where(self.echo >= 0, self.echo + semitones, self.echo),
            echo_length=self.echo_length,
        )


class Listener:
    """Hears several pieces at once, frame by frame, and tells what is known before the next frame of each.

    Args:
        batch: how many pieces are heard side by side.

    >>> listener = Listener(batch=1)
    >>> for _ in range(3):
    ...     listener.hear(np.array([[67, 62, 59, 43]]))
    >>> context = listener.context()
    >>> context.previous.tolist(), context.hold.tolist()
    ([[67, 62, 59, 43]], [[3, 3, 3, 3]])
    """

    def __init__(self, batch: int) -> None:
        self._heard = np.full((batch, 64, 4), START, dtype=np.int64)
        # matches[..., s]: for how many frames the past up to s equals the past up to now
        self._matches = np.zeros((batch, 2, 65), dtype=np.int64)
        self._time = 0
        self._previous = np.full((batch, 4), START, dtype=np.int64)
        self._before = self._previous.copy()
        self._reference = np.tile(USUAL_PITCH, (batch, 1))
        self._move = np.zeros((batch, 4), dtype=np.int64)
        self._hold = np.zeros((batch, 4), dtype=np.int64)
        self._memory = np.zeros((batch, len(MEMORIES), 12), dtype=np.float32)

    @property
    def time(self) -> int:
        """How many frames have been heard."""
        return self._time

    def hear(self, frames: Frames) -> None:
        """Take in the next frame, (batch, 4) pitches, of each piece."""
        changed = frames != self._previous
        sounding = frames != SILENCE
        moved = changed & sounding
        self._move = np.where(moved, frames - self._reference, self._move)
        self._reference = np.where(sounding, frames, self._reference)
        self._hold = np.where(changed, 1, self._hold + 1)
        self._before, self._previous = self._previous, frames.astype(np.int64)
        self._remember_pitch_classes(frames, sounding)
        self._extend_matches(frames)
        self._time += 1

    def select(self, rows: Frames) -> None:
        """Go on with the pieces in these rows, (batch,) of them, some perhaps several times."""
        for name in ("heard", "matches", "previous", "before", "reference", "move", "hold", "memory"):
            setattr(self, f"_{name}", getattr(self, f"_{name}")[rows])

    def context(self) -> Context:
        """What is known now, with leading axis (batch,)."""
        echo, echo_length = self._echoes()
        total = self._memory.sum(-1, keepdims=True)
        return Context(
            previous=self._previous.copy(),
            before=self._before.copy(),
            reference=self._reference.copy(),
            move=self._move.copy(),
            hold=self._hold.copy(),
            memory=3 * self._memory / (total + 1e-3),
            echo=echo,
            echo_length=echo_length,
        )

    def _remember_pitch_classes(self, frames: Frames, sounding: npt.NDArray[np.bool_]) -> None:
        classes = (np.arange(12) == (frames % 12)[..., None]) & sounding[..., None]  # (batch, 4, 12)
        heard = {"all": classes.sum(1), "bass": classes[:, 3]}
        for row, (survival, voices) in enumerate(MEMORIES):
            self._memory[:, row] = survival * self._memory[:, row] + heard[voices]

    def _extend_matches(self, frames: Frames) -> None:
        """Matching lengths grow by one where the new frame equals an old one, and fall to zero elsewhere."""
        time = self._time
        if time == self._heard.shape[1]:
            self._heard = np.concatenate([self._heard, np.full_like(self._heard, START)], axis=1)
            self._matches = np.concatenate([self._matches, np.zeros_like(self._matches)], axis=2)
        equal = self._heard[:, :time] == frames[:, None]  # (batch, time, 4)
        for row, same in enumerate((equal.all(-1), equal[..., 0])):
            self._matches[:, row, 1 : time + 1] = np.where(same, self._matches[:, row, :time] + 1, 0)
        self._heard[:, time] = frames

    def _echoes(self) -> tuple[Frames, Frames]:
        batch, time = len(self._heard), self._time
        if time < 2:
            return np.full((batch, 2, 4), SILENCE), np.zeros((batch, 2), dtype=np.int64)
        lengths = self._matches[:, :, :time]
        latest = time - 1 - np.argmax(lengths[:, :, ::-1], axis=2)  # of equally long matches, the most recent
        best = np.take_along_axis(lengths, latest[..., None], axis=2)[..., 0]
        follower = np.take_along_axis(self._heard[:, None], latest[..., None, None], axis=2)[:, :, 0]
        return np.where(best[..., None] > 0, follower, SILENCE), np.minimum(best, LONGEST_ECHO)


def contexts(pieces: Sequence[Frames]) -> Context:
    """What is known before each frame of each piece: a `Context` with leading axes (pieces, longest T).

    Shorter pieces are continued with silence; what stands beyond their end means nothing.

    >>> known = contexts([np.array([[67, 62, 59, 43], [69, 62, 57, 50]])])
    >>> known.previous[0].tolist()
    [[-2, -2, -2, -2], [67, 62, 59, 43]]
    """
    longest = max((len(piece) for piece in pieces), default=0)
    padded = np.full((len(pieces), longest, 4), SILENCE, dtype=np.int64)
    for row, piece in enumerate(pieces):
        padded[row, : len(piece)] = piece
    listener, moments = Listener(len(pieces)), []
    for time in range(longest):
        moments.append(listener.context())
        listener.hear(padded[:, time])
    return Context(**{
        item.name: np.stack([getattr(moment, item.name) for moment in moments], axis=1) for item in fields(Context)
    })


def likeliest_key(memory: Floats) -> tuple[Frames, Frames]:
    """The key that a memory (..., 12) of pitch classes speaks for, by correlation with key profiles (Krumhansl 1990).

    Returns:
        Tonic (...,) 0..11 and mode (...,): 0 major, 1 minor, 2 nothing heard yet.

    >>> c_major_scale = np.array([[3, 0, 1, 0, 2, 1, 0, 2, 0, 1, 0, 1]], dtype=np.float32)
    >>> [found.tolist() for found in likeliest_key(c_major_scale)]
    [[0], [0]]
    """
    profiles = np.stack([np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)])
    profiles = (profiles - profiles.mean(1, keepdims=True)) / profiles.std(1, keepdims=True)
    best = (memory @ profiles.T).argmax(-1)
    silent = memory.sum(-1) == 0
    return np.where(silent, 0, best % 12), np.where(silent, 2, best // 12)
