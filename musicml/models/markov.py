"""Feature Markov model: count what voices do in situations like this one, and back off when a situation is new.

A Markov chain predicts the next event from the last few. For four voices the last few *events* say little; what
matters is the *situation*: how long has this voice been holding, where in the beat are we, did the soprano just
move, which interval does the bass make with me, which degree of the key am I on? We write a situation as a tuple of
such facts and count, over all of Bach's training chorales, what the voice did next:

    P(move | situation) = count(situation, move) / count(situation)

Rich situations are informative but rare, poor ones are frequent but vague. Two classical remedies are combined:

1. *Back-off by absolute discounting* (Ney, Essen & Kneser 1994): take D off every count and give the saved mass to
   the next poorer situation, so that a move never seen here keeps the probability it has there.
2. *Deleted interpolation* (Jelinek & Mercer 1980): no single level is trusted; the final answer is a weighted
   mean of all levels, whose weights are learned by expectation maximisation on pieces left out of the counting.

Departures from the textbook: moves are relative to the voice's last pitch, so one table serves all keys; the
situations are of our own choice (Conklin & Witten 1995 call such descriptions viewpoints).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from musicml.encoding.listening import KEY_MEMORY, Context, Listener, contexts, likeliest_key
from musicml.encoding.symbols import HIGHEST, LOWEST, SILENCE, Frames, check_frames
from musicml.models.chorale import ChoraleModel, Decoder, Probabilities, log_prob_of

# A voice's next event is a move in semitones from its last pitch (-45..45, stored as 0..90) or silence (91).
WIDEST, REST = 45, 91
MOVES = 92

# Two ways of listening, each from the poorest description to the richest; the names are explained in `situation`.
_WHO_MOVED = ("voice", "moved_s", "moved_a", "moved_t")
_RHYTHM = (*_WHO_MOVED, "held", "beat")
VIEWS: tuple[tuple[tuple[str, ...], ...], ...] = (
    (  # a melody in a key
        _WHO_MOVED,
        _RHYTHM,
        (*_RHYTHM, "degree"),
        (*_RHYTHM, "degree", "last_move"),
        (*_RHYTHM, "degree", "last_move", "others_held", "move_s", "move_a", "move_t"),
    ),
    (  # a voice in a chord
        _WHO_MOVED,
        _RHYTHM,
        (*_RHYTHM, "class_b", "class_s"),
        (*_RHYTHM, "class_b", "class_s", "class_a", "class_t"),
        (*_RHYTHM, "class_b", "class_s", "class_a", "class_t", "degree"),
        (*_RHYTHM, "class_b", "class_s", "class_a", "class_t", "degree", "others_held", "move_s", "move_a", "move_t"),
    ),
)
LEVELS = ["+".join(level) for view in VIEWS for level in view]

_LONG = np.array([0, 1, 2, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7])


@dataclass(frozen=True)
class Level:
    """Counts of one kind of situation: sorted situation keys, and for each a run of (move, count).

    Attributes:
        keys: (K,) hashed situations, ascending.
        starts: (K + 1,) where the run of each situation begins in `moves` and `counts`.
        moves, counts: (N,) the moves seen there and how often.
    """

    keys: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int32]
    moves: npt.NDArray[np.uint8]
    counts: npt.NDArray[np.uint16]

    def __post_init__(self) -> None:
        situations, events = len(self.keys), len(self.moves)
        shapes = (self.keys.shape, self.starts.shape, self.moves.shape, self.counts.shape)
        if shapes != ((situations,), (situations + 1,), (events,), (events,)) or self.starts[-1] != events:
            raise ValueError("a level of counts whose arrays do not fit each other")

    @classmethod
    def count(cls, keys: npt.NDArray[np.int64], moves: Frames) -> Level:
        """Count moves (n,) by situation key (n,)."""
        situations, rows = np.unique(keys, return_inverse=True)
        pairs, counts = np.unique(rows * MOVES + moves, return_counts=True)
        starts = np.searchsorted(pairs // MOVES, np.arange(len(situations) + 1))
        return cls(
            situations,
            starts.astype(np.int32),
            (pairs % MOVES).astype(np.uint8),
            np.minimum(counts, 65535).astype(np.uint16),
        )

    def discounted(self, keys: npt.NDArray[np.int64], poorer: Probabilities, discount: float) -> Probabilities:
        """P(move | situation) (n, 92), with the discounted mass spread like `poorer` (n, 92).

        P(m | s) = max(c(s, m) - D, 0) / c(s)  +  D * distinct(s) / c(s) * P_poorer(m)
        """
        rows = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = np.flatnonzero(self.keys[rows] == keys)
        result = poorer.copy()
        if not len(known):
            return result
        first, last = self.starts[rows[known]], self.starts[rows[known] + 1]
        distinct = (last - first).astype(np.int64)
        # Spread the runs of (move, count) over one flat index: row r of `known` owns `distinct[r]` entries.
        owner = np.repeat(np.arange(len(known)), distinct)
        entry = np.arange(distinct.sum()) - np.repeat(np.cumsum(distinct) - distinct, distinct) + first[owner]
        counts = self.counts[entry].astype(np.float64)
        total = np.bincount(owner, weights=counts, minlength=len(known))
        result[known] *= (discount * distinct / total)[:, None]
        result[known[owner], self.moves[entry]] += (counts - discount) / total[owner]
        return result


class FeatureMarkov(ChoraleModel):
    """The feature Markov model of chorales.

    Args:
        levels: one `Level` for each description in `VIEWS`, in order.
        weights: the share of each level in the final answer; they sum to one.
        discount: D, what is taken off every count.
    """

    family = "markov"

    def __init__(self, levels: Sequence[Level], weights: Probabilities, discount: float = 0.8) -> None:
        self.levels = list(levels)
        self.weights = weights
        self.discount = discount
        self.card: dict[str, Any] = {}

    @classmethod
    def train(cls, pieces: Sequence[Frames], *, discount: float = 0.8) -> FeatureMarkov:
        """Count `pieces`, each (T, 4) frames; weights come from pieces left out in turn (two halves)."""
        tables = [_observe(piece) for piece in pieces]
        even, odd = tables[::2], tables[1::2]
        crossed = [_level_probabilities(_count(a), b, discount) for a, b in ((even, odd), (odd, even)) if a and b]
        count = sum(len(view) for view in VIEWS)
        weights = _interpolation_weights(np.concatenate(crossed, axis=1)) if crossed else np.full(count, 1 / count)
        return cls(_count(tables), weights, discount)

    def log_prob(self, frames: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Natural-log probabilities (T, 4); see `ChoraleModel.log_prob`."""
        piece = check_frames(frames)
        if not len(piece):
            return np.zeros((0, 4))
        known = contexts([piece])[0]
        time = np.arange(len(piece))
        by_voice = [self._distribution(known, time, piece[:, :voice]) for voice in range(4)]
        return log_prob_of(np.log(np.stack(by_voice, axis=1)), piece)

    def decoder(self, batch: int = 1) -> Decoder:
        """A decoder that listens; a Markov model needs no other memory."""
        return _MarkovDecoder(self, batch)

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The counts of all levels and their weights."""
        parts = {f"{row}.{name}": array for row, level in enumerate(self.levels) for name, array in vars(level).items()}
        return {**parts, "weights": self.weights}

    def config(self) -> dict[str, Any]:
        """The discount and the names of the facts that each level describes a situation by."""
        return {"discount": self.discount, "levels": LEVELS}

    @classmethod
    def restore(cls, config: dict[str, Any], tensors: dict[str, npt.NDArray[Any]]) -> FeatureMarkov:
        """The model with these counts."""
        if config["levels"] != LEVELS:
            raise ValueError("these counts are of other situations than this version describes")
        names = ("keys", "starts", "moves", "counts")
        levels = [Level(*(tensors[f"{row}.{name}"] for name in names)) for row in range(len(config["levels"]))]
        if tensors["weights"].shape != (len(levels),):
            raise ValueError("there are not as many weights as levels")
        return cls(levels, tensors["weights"], float(config["discount"]))

    def _distribution(self, known: Context, time: Frames, chosen: Frames) -> Probabilities:
        """Probabilities (n, 47) of voice number `chosen.shape[1]` in n contexts at frame numbers `time` (n,)."""
        voice = chosen.shape[1]
        facts = situation(known, time, chosen)
        levels = level_distributions(self.levels, facts, self.discount)
        moves = sum(weight * level for weight, level in zip(self.weights, levels, strict=True))
        # From moves back to pitches; moves that would leave the raster's range are impossible, the rest share theirs.
        reference = known.reference[:, voice]
        pitch_moves = np.arange(LOWEST, HIGHEST + 1) - reference[:, None] + WIDEST
        inside = (pitch_moves >= 0) & (pitch_moves < REST)
        pitches = np.where(inside, np.take_along_axis(moves, np.clip(pitch_moves, 0, REST - 1), axis=1), 0.0)
        both: Probabilities = np.concatenate([moves[:, REST:], pitches], axis=1)
        return both / both.sum(1, keepdims=True)


class _MarkovDecoder:
    def __init__(self, model: FeatureMarkov, batch: int) -> None:
        self._model, self._batch, self._listener = model, batch, Listener(batch)

    def distribution(self, voices: Frames) -> Probabilities:
        time = np.full(self._batch, self._listener.time)
        return self._model._distribution(self._listener.context(), time, voices)

    def advance(self, frames: Frames) -> None:
        self._listener.hear(np.asarray(frames, dtype=np.int64))

    def select(self, rows: Frames) -> None:
        self._listener.select(rows)


def situation(known: Context, time: Frames, chosen: Frames) -> dict[str, Frames]:
    """The facts, each an array (n,) of small numbers, by which situations of one voice are described.

    Args:
        known: what is known before n frames, leading axis (n,).
        time: (n,) frame numbers.
        chosen: (n, v) pitches already chosen in the frame; the facts are those of voice v.

    Returns:
        voice; beat (place in the beat and whether the piece has begun); held and others_held (how long this voice
        and the most recently moved other have held, coarser with time); degree (this voice's last pitch above the
        tonic of the likeliest key, with the mode); last_move; for s, a, t: moved_* (no, yes, not yet chosen) and
        move_* (where to); for each voice class_* (pitch class above this voice's last pitch).
    """
    voice, n = chosen.shape[1], len(time)
    reference = known.reference[:, voice]
    tonic, mode = likeliest_key(known.memory[:, KEY_MEMORY])
    others = [v for v in range(4) if v != voice]
    facts = {
        "voice": np.full(n, voice),
        "beat": time % 4,
        "held": _LONG[np.minimum(known.hold[:, voice], 16)],
        "others_held": _LONG[np.minimum(known.hold[:, others].min(1), 16)],
        "degree": ((reference - tonic) % 12) * 3 + mode,
        "last_move": np.clip(known.move[:, voice], -8, 8) + 8,
    }
    for v, name in enumerate("satb"):
        decided = v < voice
        pitch = chosen[:, v] if decided else known.previous[:, v]
        facts[f"class_{name}"] = np.where(pitch >= 0, (pitch - reference) % 12, 12)
        if name != "b":
            moved = pitch != known.previous[:, v]
            leap = np.where(pitch < 0, 30, np.clip(pitch - known.reference[:, v], -12, 12) + 12)
            facts[f"moved_{name}"] = moved.astype(np.int64) if decided else np.full(n, 2)
            facts[f"move_{name}"] = leap if decided else np.full(n, 31)
    return facts


def level_distributions(levels: Sequence[Level], facts: dict[str, Frames], discount: float) -> list[Probabilities]:
    """The distributions (n, 92) over moves of every level of every view, each backing off to the one before it."""
    result: list[Probabilities] = []
    remaining = iter(levels)
    for view in VIEWS:
        poorer = np.full((len(facts["voice"]), MOVES), 1 / MOVES)
        for names in view:
            poorer = next(remaining).discounted(_keys(facts, names), poorer, discount)
            result.append(poorer)
    return result


def _observe(piece: Frames) -> dict[str, Frames]:
    """The facts of every situation in a piece, and the move that followed it, voices one after the other."""
    known, time = contexts([piece])[0], np.arange(len(piece))
    rows = [situation(known, time, piece[:, :voice]) for voice in range(4)]
    facts = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    leaps = np.clip(piece - known.reference, -WIDEST, WIDEST) + WIDEST
    facts["move"] = np.where(piece == SILENCE, REST, leaps).T.reshape(-1)
    return facts


def _count(tables: Sequence[dict[str, Frames]]) -> list[Level]:
    facts = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    return [Level.count(_keys(facts, names), facts["move"]) for view in VIEWS for names in view]


def _level_probabilities(
    levels: Sequence[Level], tables: Sequence[dict[str, Frames]], discount: float
) -> Probabilities:
    """Probability (levels, n) that each level gives to each move of pieces it has not counted."""
    pieces = []
    for facts in tables:
        rows = np.arange(len(facts["move"]))
        pieces.append(np.stack([p[rows, facts["move"]] for p in level_distributions(levels, facts, discount)]))
    return np.concatenate(pieces, axis=1)


def _interpolation_weights(probabilities: Probabilities, rounds: int = 100) -> Probabilities:
    """Expectation maximisation for the shares of a mixture, given each component's probability of each event.

    E step: how much of the event was each component's doing?  r[k, i] = w[k] p[k, i] / sum_j w[j] p[j, i]
    M step: a component's share is its mean responsibility.      w[k]    = mean_i r[k, i]
    """
    weights = np.full(len(probabilities), 1 / len(probabilities))
    for _ in range(rounds):
        responsibility = weights[:, None] * probabilities
        responsibility /= responsibility.sum(0)
        weights = responsibility.mean(1)
    return weights


def _keys(facts: dict[str, Frames], names: Sequence[str]) -> npt.NDArray[np.int64]:
    """One number for each tuple of facts: FNV-1a hashing, whose collisions are too rare among these to matter."""
    key = np.full(len(facts["voice"]), 0xCBF29CE484222325, dtype=np.uint64)
    for name in names:
        key = (key ^ (facts[name].astype(np.uint64) + np.uint64(1))) * np.uint64(0x100000001B3)
        key ^= key >> np.uint64(29)
    return (key >> np.uint64(1)).astype(np.int64)
