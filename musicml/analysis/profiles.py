"""The 24 keys, numbered 0..11 (major, by tonic pitch class) and 12..23 (minor), and how well notes fit them.

Source of the profiles: J. Albrecht and D. Shanahan, "The Use of Large Corpora to Train a New Type of Key-Finding
Algorithm", Music Perception 31 (2013).
"""

from __future__ import annotations

import numpy as np

from musicml.analysis import fifths as lof
from musicml.errors import ScoreError

MAJOR = np.array([0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081])
MINOR = np.array([0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052])


def _all_keys() -> np.ndarray:
    rows = [np.roll(MAJOR, tonic) for tonic in range(12)] + [np.roll(MINOR, tonic) for tonic in range(12)]
    centred = np.array(rows) - np.mean(rows, axis=1, keepdims=True)
    return np.asarray(centred / np.linalg.norm(centred, axis=1, keepdims=True))


UNIT_PROFILES = _all_keys()
"""(24, 12) the profiles, centred and of length one, so that a product with them is a correlation."""


def correlate(histograms: np.ndarray) -> np.ndarray:
    """Correlate pitch-class weights (..., 12) with the 24 profiles: (..., 24), 0 for silence.

    >>> int(correlate(MINOR).argmax())
    12
    """
    centred = histograms - histograms.mean(axis=-1, keepdims=True)
    norms = np.linalg.norm(centred, axis=-1, keepdims=True)
    return np.asarray(centred / np.where(norms > 1e-9, norms, 1.0) @ UNIT_PROFILES.T)


def spelled_tonics(signature: int | None) -> np.ndarray:
    """The fifths of the 24 tonics, spelled as near as possible to a key signature (C major where there is none).

    >>> lof.name(spelled_tonics(3)[12 + 6]), lof.name(spelled_tonics(-4)[8])
    ('F#', 'Ab')
    """
    centre = signature or 0
    classes = np.arange(12)
    return np.concatenate([lof.nearest(classes, centre), lof.nearest(classes, centre + 3)])


def key_name(key: int, tonics: np.ndarray) -> str:
    """The name of key 0..23: "Eb" is E flat major, "f#" is F sharp minor.

    >>> key_name(18, spelled_tonics(3))
    'f#'
    """
    tonic = lof.name(int(tonics[key]))
    return tonic if key < 12 else tonic[0].lower() + tonic[1:]


def key_number(name: str) -> int:
    """The number 0..23 of a key name.

    Raises:
        ScoreError: the name is not a key.

    >>> key_number("Eb"), key_number("f#")
    (3, 18)
    >>> key_number("H")
    Traceback (most recent call last):
    ...
    musicml.errors.ScoreError: key 'H' is not known. Write a letter and # or b: 'Eb' is major, 'f#' is minor.
    """
    letter, alters = name[:1], name[1:].replace("-", "b")
    if letter.upper() not in tuple("CDEFGAB") or alters not in ("", "#", "##", "b", "bb"):
        raise ScoreError(f"key {name!r} is not known. Write a letter and # or b: 'Eb' is major, 'f#' is minor.")
    tonic = ("C D EF G A B".index(letter.upper()) + alters.count("#") - alters.count("b")) % 12
    return tonic + (0 if letter.isupper() else 12)


def signature_of(key: int, tonics: np.ndarray) -> int:
    """The fifths of a key's signature: its tonic's place, less three in minor.

    >>> signature_of(18, spelled_tonics(3))
    3
    """
    return int(tonics[key]) - (3 if key >= 12 else 0)
