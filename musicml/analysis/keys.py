"""The key of a whole piece, and the keys it passes through.

The key of the piece rests on three kinds of evidence, each of which a musician would name: how well its notes fit the
key (profiles of Albrecht and Shanahan 2013), the chord and bass note it ends on, and the key signature (with the
custom of Bach's time to write minor keys with one flat fewer, and mixolydian tunes with one sharp fewer).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musicml.analysis import fifths as lof
from musicml.analysis.profiles import correlate, key_name, signature_of, spelled_tonics
from musicml.analysis.slices import Grid, grid
from musicml.score import Score

# Weights of the evidence, chosen by hand and checked on the odd-numbered chorales of Riemenschneider's edition.
PROFILE, LAST_BASS, LAST_CHORD, SIGNATURE = 1.0, 0.16, 0.05, 0.175
SHARPNESS = 20.0


@dataclass(frozen=True)
class Key:
    """A key: its tonic's pitch class 0..11, mode ("major" or "minor"), name, confidence 0..1 and evidence in words.

    The name is upper case in major and lower case in minor, spelled as the score spells it: "Eb", "f#".

    >>> Key(6, "minor", "f#")
    Key(tonic=6, mode='minor', name='f#', confidence=1.0, evidence='')
    """

    tonic: int
    mode: str
    name: str
    confidence: float = 1.0
    evidence: str = ""

    def __str__(self) -> str:
        return f"{self.name[0].upper()}{self.name[1:]} {self.mode}"


def global_key(score: Score) -> Key:
    """Find the key of a piece.

    Args:
        score: any score; spelling and key signature help, but are not needed.

    Returns:
        The key, with the probability the evidence gives it among the 24. An empty score has none: C major, confidence
        0.

    >>> table = {"onset": [0, 1, 2, 3], "duration": [1, 1, 1, 1], "pitch": [67, 66, 69, 67]}
    >>> global_key(Score.from_table(table)).name
    'G'
    """
    cut = grid(score)
    if not len(cut.onsets):
        return Key(0, "major", "C", 0.0, "no notes")
    evidence = key_evidence(score, cut)
    total = sum(evidence.values(), np.zeros(24))
    likelihoods = np.exp(SHARPNESS * (total - total.max()))
    best = int(total.argmax())
    tonics = spelled_tonics(centre(score, cut))
    return Key(
        tonic=best % 12,
        mode="major" if best < 12 else "minor",
        name=key_name(best, tonics),
        confidence=float(likelihoods[best] / likelihoods.sum()),
        evidence=_in_words(best, evidence),
    )


def key_evidence(score: Score, cut: Grid) -> dict[str, np.ndarray]:
    """What speaks for each of the 24 keys, by kind: "profile", "last chord" and "signature"."""
    lengths = np.maximum(cut.ends - cut.onsets, 0)
    sounding = cut.pitches >= 0
    weights = (sounding * lengths[:, None])[sounding]
    histogram = np.bincount(cut.pitches[sounding] % 12, weights=weights, minlength=12)
    filled = np.flatnonzero(sounding.any(axis=1))
    return {
        "profile": PROFILE * correlate(histogram),
        "last chord": _last_chord(cut.pitches[filled[-1]]),
        "signature": SIGNATURE * _signature_fit(lof.key_signature(score.keys)),
    }


def _last_chord(pitches: np.ndarray) -> np.ndarray:
    """A piece tends to end on its tonic: the bass names it, the third hints at its mode (major may be Picardy)."""
    sounding = pitches[pitches >= 0]
    classes, root = set((sounding % 12).tolist()), int(sounding.min()) % 12
    fit = np.zeros(24)
    fit[[root, root + 12]] += LAST_BASS
    if (root + 3) % 12 in classes:
        fit[root + 12] += LAST_CHORD
    elif (root + 4) % 12 in classes:
        fit[root] += LAST_CHORD
    return fit


def _signature_fit(signature: int | None) -> np.ndarray:
    """1 for the two keys of a signature, less for the modal customs, negative for keys far from it; 0 without one."""
    if signature is None:
        return np.zeros(24)
    tonics = spelled_tonics(signature)
    distances = np.array([signature_of(key, tonics) - signature for key in range(24)])
    fit = 0.5 - 0.25 * np.minimum(np.abs(distances), 6)
    fit[distances == 0] = 1.0
    fit[12:][distances[12:] == -1] = 0.7
    fit[:12][distances[:12] == 1] = 0.6
    return np.asarray(fit)


def centre(score: Score, cut: Grid) -> int:
    """Where a piece lies on the line of fifths: its signature, or else its spelling, whose middle is 2 above it."""
    signature = lof.key_signature(score.keys)
    if signature is not None:
        return signature
    known = cut.fifths[cut.fifths != lof.UNSPELLED]
    return int(np.round(np.median(known))) - 2 if len(known) else 0


def _in_words(best: int, evidence: dict[str, np.ndarray]) -> str:
    """Which kinds of evidence put this key first or speak for it, the strongest first."""
    mine = {kind: float(values[best]) for kind, values in evidence.items() if values[best] > 0}
    first = {kind for kind, values in evidence.items() if values[best] >= values.max() - 1e-9}
    ordered = sorted(mine, key=lambda kind: -mine[kind])
    return ", ".join(f"{kind} {'fits best' if kind in first else 'allows it'}" for kind in ordered)
