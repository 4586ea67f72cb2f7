"""Keys and chords heard together: the likeliest path through all chords of all keys.

A state is a chord in a key. In every slot a state is worth what the notes say (chord tones present, strangers and
missing tones, the bass, the spelling, how well the notes fit the key), and each step from slot to slot is worth what
the textbooks say of the progression; changes of chord and of key cost. The best path is found by dynamic programming
(Viterbi) over the most promising states of each slot.

Sources: C. Raphael and J. Stoddard, "Functional Harmonic Analysis Using Probabilistic Models", Computer Music Journal
28 (2004), for keys and chords as one hidden state; B. Pardo and W. Birmingham, "Algorithms for Chordal Analysis",
Computer Music Journal 26 (2002), for templates scored by weighted notes. Departures: no probabilities are learned; the
handful of weights below was adjusted by coordinate search on the odd-numbered chorales of Riemenschneider's edition.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from musicml.analysis.chords import QUALITIES, Chord, progressions, vocabulary
from musicml.analysis.fifths import pitch_class
from musicml.analysis.profiles import correlate, spelled_tonics
from musicml.analysis.slots import SPELLINGS, Slots, spelling_places

WIDTH = max(len(vocabulary("major")), len(vocabulary("minor")))
"""States are numbered key * WIDTH + place of the chord in its mode's vocabulary."""

_NEVER = -1e6


@dataclass(frozen=True)
class Weights:
    """How much each kind of evidence counts; all in the same arbitrary unit."""

    ornaments: tuple[float, ...] = (1.0, 0.8, 0.8, 0.35, 0.55)
    tones: float = 11.0
    missing: tuple[float, ...] = (1.0, 0.9, 1.1, 0.8)
    bass: tuple[float, ...] = (0.6, 0.4, 0.0, 0.3)
    misspelled: float = 2.0
    cost: float = 2.0
    key_fit: float = 0.2
    key_context: float = 0.7
    home: float = 0.2
    length_power: float = 0.36
    change: tuple[float, float] = (0.42, 0.5)
    added_seventh: float = 0.8
    progression: float = 0.5
    key_change: float = 0.9
    key_distance: float = 0.3
    fresh: float = 1.0
    final_tonic: float = 0.26
    final_dominant: float = 0.6
    last_tonic: float = 0.5
    beam: int = 48
    sharpness: float = 1.5


DEFAULT = Weights()


@dataclass(frozen=True)
class Reading:
    """The likeliest path: for each of S slots a key 0..23, the chord's place in its vocabulary, and a confidence."""

    keys: np.ndarray
    chords: np.ndarray
    confidence: np.ndarray
    tonics: np.ndarray

    def chord(self, slot: int) -> Chord:
        """The chord heard in a slot."""
        return vocabulary("major" if self.keys[slot] < 12 else "minor")[int(self.chords[slot])]


def decode(
    slots: Slots, centre: int, home: np.ndarray, allowed: np.ndarray | None = None, weights: Weights = DEFAULT
) -> Reading:
    """Find the likeliest keys and chords.

    Args:
        slots: what sounds.
        centre: the key signature in fifths, which decides how tonics are spelled.
        home: (24,) evidence for each key as that of the whole piece.
        allowed: (S, 24) bool, the keys that each slot may be in; all of them by default.
        weights: how much each kind of evidence counts.
    """
    tonics = spelled_tonics(centre)
    values = _emissions(slots, centre, home, weights)
    if allowed is not None:
        values = values + np.where(np.repeat(allowed, WIDTH, axis=1), 0.0, -1e4)
    beam = np.argpartition(-values, weights.beam, axis=1)[:, : weights.beam]
    local = np.take_along_axis(values, beam, axis=1)
    steps = _steps(slots, beam, weights)
    path = _viterbi(local, steps)
    states = beam[np.arange(len(beam)), path]
    return Reading(states // WIDTH, states % WIDTH, _confidence(local, steps, path, weights.sharpness), tonics)


def _emissions(slots: Slots, centre: int, home: np.ndarray, weights: Weights) -> np.ndarray:
    """(S, 24 * WIDTH) the value of each state in each slot, from its own notes."""
    templates = _templates(centre, weights)
    features = np.concatenate([slots.tones, slots.presence, slots.bass, slots.spelled], axis=1)
    chords = features @ templates.notes + templates.constant
    power = np.minimum(slots.ends - slots.onsets, 2.0)[:, None] ** weights.length_power
    keys = weights.key_fit * correlate(slots.tones) + weights.home * (home - home.max())
    keys += power * weights.key_context * correlate(_surroundings(slots))
    values = (power * chords)[:, templates.chord_of] - power * templates.cost
    values += np.repeat(keys, WIDTH, axis=1)
    values[slots.fermata] += templates.final
    values[-1] += weights.last_tonic * templates.tonic
    return np.asarray(values)


def _surroundings(slots: Slots) -> np.ndarray:
    """(S, 12) the pitch classes of a slot and its neighbourhood, fading over about four quarter notes."""
    middles = (slots.onsets + slots.ends) / 2
    weights = np.exp(-np.abs(middles[:, None] - middles[None, :]) / 3.0) * (slots.ends - slots.onsets)[None, :]
    return np.asarray(weights @ slots.tones)


@dataclass(frozen=True)
class _Templates:
    """What speaks for each of U spelled chords, and which of them each of the 24 * WIDTH states is.

    Attributes:
        notes: (36 + SPELLINGS, U) what each pitch class (as tone, as present, as bass) and each spelling adds.
        constant: (U,) what every chord starts from.
        chord_of: (24 * WIDTH,) the chord of each state.
        cost, final: (24 * WIDTH,) what calling on the state costs, and what it is worth at the end of a phrase.
        tonic: (24 * WIDTH,) 1 for the tonic triads, on which a piece ends.
    """

    notes: np.ndarray
    constant: np.ndarray
    chord_of: np.ndarray
    cost: np.ndarray
    final: np.ndarray
    tonic: np.ndarray


@lru_cache(maxsize=32)
def _templates(centre: int, weights: Weights) -> _Templates:
    tonics = spelled_tonics(centre)
    chord_of = np.zeros(24 * WIDTH, int)
    cost, final, tonic = np.full(24 * WIDTH, -_NEVER), np.zeros(24 * WIDTH), np.zeros(24 * WIDTH)
    numbers: dict[tuple[int, str], int] = {}
    for state, key, chord in _states():
        spelled = (int(tonics[key]) + chord.root, chord.quality)
        chord_of[state] = numbers.setdefault(spelled, len(numbers))
        cost[state] = weights.cost * chord.cost
        final[state] = _final_value(chord, weights)
        tonic[state] = float(chord.degree == 1 and chord.quality in ("M", "m") and not chord.target)
    columns = [_chord_column(root, quality, weights) for root, quality in numbers]
    constant = np.array([-weights.tones - sum(weights.missing[: len(QUALITIES[quality])]) for _, quality in numbers])
    return _Templates(np.array(columns).T, constant, chord_of, cost, final, tonic)


def _chord_column(root: int, quality: str, weights: Weights) -> np.ndarray:
    """(36 + SPELLINGS,) what each pitch class and spelling in a slot says for a chord with this spelled root."""
    tones = root + np.array(QUALITIES[quality])
    classes = pitch_class(tones)
    column = np.zeros(36 + SPELLINGS + 1)
    column[classes] = weights.tones
    column[12 + classes] = weights.missing[: len(tones)]
    column[24 + classes] = weights.bass[: len(tones)]
    for enharmonic in (-12, 12):
        places = spelling_places(tones + enharmonic)
        column[36 + np.where(places >= 0, places, SPELLINGS)] = -weights.misspelled
    return column[:-1]


def _final_value(chord: Chord, weights: Weights) -> float:
    """Phrases end on the tonic (in minor also on the Picardy third) or on the dominant."""
    if chord.target or len(chord.tones) == 4:
        return 0.0
    if chord.degree == 1:
        return weights.final_tonic + weights.cost * chord.cost
    return weights.final_dominant if chord.degree == 5 and chord.quality == "M" else 0.0


def _steps(slots: Slots, beam: np.ndarray, weights: Weights) -> np.ndarray:
    """(S - 1, B, B) the value of going from each state of a slot's beam to each of the next one's."""
    table = _transitions(weights)
    before, after = beam[:-1, :, None], beam[1:, None, :]
    values = table[before, after]
    on_beat = np.abs(slots.beats - np.round(slots.beats)) < 1e-3
    price = np.where(on_beat, weights.change[0], weights.change[1])[1:, None, None]
    moved = before != after
    values = values - price * moved
    changed = before // WIDTH != after // WIDTH
    return np.asarray(values + weights.fresh * (slots.fresh[1:, None, None] & changed))


@lru_cache(maxsize=4)
def _transitions(weights: Weights) -> np.ndarray:
    """(24 * WIDTH, 24 * WIDTH) the value of each progression, within a key or into another one."""
    table = np.full((24, WIDTH, 24, WIDTH), _NEVER, dtype=np.float32)
    for from_mode, to_mode in ((0, 0), (0, 1), (1, 0), (1, 1)):
        for tonic in range(12):
            block = _block(from_mode, to_mode, tonic, weights)
            for start in range(12):
                key, goal = start + 12 * from_mode, (start + tonic) % 12 + 12 * to_mode
                table[key, : block.shape[0], goal, : block.shape[1]] = block
    return table.reshape(24 * WIDTH, 24 * WIDTH)


def _block(from_mode: int, to_mode: int, tonic: int, weights: Weights) -> np.ndarray:
    """Progressions from chords of a key to chords of one whose tonic lies `tonic` semitones higher.

    A chord left behind is heard again as a chord of the new key (a pivot) where that key has it.
    """
    modes = ("major", "minor")
    before, within = vocabulary(modes[from_mode]), _within(modes[to_mode], weights)
    if tonic == 0 and from_mode == to_mode:
        return np.asarray(within)
    after = vocabulary(modes[to_mode])
    places = {(int(pitch_class(chord.root) + tonic) % 12, chord.quality): place for place, chord in enumerate(after)}
    distance = _signature_distance(from_mode, to_mode, tonic)
    rows = []
    for chord in before:
        pivot = places.get((int(pitch_class(chord.root)), chord.quality))
        entry = within[pivot] if pivot is not None else np.full(len(after), -0.3 * weights.progression)
        rows.append(entry - weights.key_change - weights.key_distance * distance)
    return np.asarray(np.array(rows) - [0.5 if chord.target else 0.0 for chord in after])


def _within(mode: str, weights: Weights) -> np.ndarray:
    """Progressions inside a key; staying is neutral, and a triad may take on its seventh for less than a new chord."""
    table = weights.progression * progressions(mode)
    chords = vocabulary(mode)
    for row, before in enumerate(chords):
        table[row, row] = 0.0
        for column, after in enumerate(chords):
            if len(before.tones) == 3 and after.tones[:3] == before.tones and len(after.tones) == 4:
                table[row, column] = weights.added_seventh
    return np.asarray(table)


def _signature_distance(from_mode: int, to_mode: int, tonic: int) -> int:
    shift = (tonic * 7 - 3 * to_mode + 3 * from_mode) % 12
    return int(min(shift, 12 - shift))


def _viterbi(local: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """(S,) the place in each slot's beam on the path with the greatest total value."""
    best, back = local[0], np.zeros(local.shape, int)
    for slot in range(1, len(local)):
        totals = best[:, None] + steps[slot - 1]
        back[slot] = totals.argmax(axis=0)
        best = totals[back[slot], np.arange(totals.shape[1])] + local[slot]
    path = np.zeros(len(local), int)
    path[-1] = int(best.argmax())
    for slot in range(len(local) - 1, 0, -1):
        path[slot - 1] = back[slot, path[slot]]
    return path


def _confidence(local: np.ndarray, steps: np.ndarray, path: np.ndarray, sharpness: float) -> np.ndarray:
    """(S,) the share of the chosen state among all of its beam, its neighbours on the path being given."""
    totals = local.copy()
    here = np.arange(len(path))
    if len(path) > 1:
        totals[1:] += steps[here[:-1], path[:-1], :]
        totals[:-1] += steps[here[:-1], :, path[1:]]
    shares = np.exp(sharpness * (totals - totals.max(axis=1, keepdims=True)))
    return np.asarray(shares[here, path] / shares.sum(axis=1))


@cache
def _states() -> tuple[tuple[int, int, Chord], ...]:
    """Every state as (number, key, chord)."""
    return tuple(
        (key * WIDTH + place, key, chord)
        for key in range(24)
        for place, chord in enumerate(vocabulary("major" if key < 12 else "minor"))
    )
