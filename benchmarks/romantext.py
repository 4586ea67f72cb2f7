"""Expert analyses in RomanText, as tables that can be laid beside a score.

Source of the format: D. Tymoczko, M. Gotham, M. S. Cuthbert and C. Ariza, "The RomanText Format", ISMIR 2019.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

from musicml.analysis import fifths as lof
from musicml.analysis.chords import Chord, vocabulary
from musicml.analysis.profiles import key_name, key_number, spelled_tonics
from musicml.analysis.slices import grid
from musicml.score import Score
from musicml.score.tables import bar_length, beat_length

KEY = re.compile(r"([A-Ga-g][b#-]*):$")
BEAT = re.compile(r"b(\d+(?:\.\d+)?)$")
MEASURE = re.compile(r"m(\d+)$")


def catalogue(folder: Path) -> pd.DataFrame:
    """number (Riemenschneider), path (RomanText) and score (music21 corpus) of every expert analysis in `folder`."""
    with (folder / "scores.csv").open(encoding="utf-8") as file:
        rows = [(row["riemenschneider"], json.loads(row["remote"])) for row in csv.DictReader(file)]
    facts = [(number, remote["remote_score_music21"]) for number, remote in rows]
    table = pd.DataFrame(facts, columns=["number", "score"])
    return table.assign(path=[str(folder / f"{number}.rntxt") for number in table["number"]])


def read_romantext(path: Path) -> pd.DataFrame:
    """measure, beat, key, figure and phrase_end of each label; variant readings are left out."""
    rows: list[tuple[int, float, str, str, bool]] = []
    key = ""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split()
        if not words or not MEASURE.match(words[0]):
            continue
        measure, beat = int(words[0][1:]), 1.0
        for word in words[1:]:
            if match := KEY.match(word):
                key = match[1].replace("-", "b")
            elif match := BEAT.match(word):
                beat = float(match[1])
            elif word in ("||", ":||"):
                rows[-1:] = [(*row[:4], True) for row in rows[-1:]]
            elif word[0] in "IViv#bNGF" and key:
                rows.append((measure, beat, key, canonical(word), False))
    return pd.DataFrame(rows, columns=["measure", "beat", "key", "figure", "phrase_end"])


def canonical(figure: str) -> str:
    """Write a figure as musicml does.

    >>> canonical("V6/5/V"), canonical("vii/o7"), canonical("IVmaj6/5"), canonical("I6/4")
    ('V65/V', 'viiø7', 'IVmaj65', 'I64')
    """
    return re.sub(r"(\d)/(?=\d)", r"\1", figure.replace("/o", "ø")).replace("42", "2")


def align(labels: pd.DataFrame, score: Score) -> tuple[pd.DataFrame, float]:
    """Place labels on a score by measure and beat, and in the score's key where the editions are transposed.

    Returns:
        The labels with their onset, without those whose measure the score lacks; and the share of sounding notes that
        belong to the labelled chords (low where score and analysis are of different pieces or barred differently).
    """
    found = [_align(labels, score, measures) for measures in (score.measures, _whole_bars(score.measures))]
    return max(found, key=lambda one: one[1])


def _align(labels: pd.DataFrame, score: Score, measures: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    first = measures.drop_duplicates("number").set_index("number")
    labels = labels[labels["measure"].isin(first.index)].copy()
    rows = first.loc[labels["measure"]]
    signatures = rows["time_signature"].tolist()
    shift = np.zeros(len(labels))
    opening = labels["measure"].to_numpy() == measures["number"].iloc[0]
    shift[opening] = max(0.0, bar_length(str(measures["time_signature"].iloc[0])) - float(measures["length"].iloc[0]))
    units = np.array([beat_length(str(signature)) for signature in signatures])
    labels["onset"] = rows["onset"].to_numpy() + (labels["beat"].to_numpy() - 1) * units - shift
    labels = labels[labels["onset"] >= -1e-6].sort_values("onset", kind="stable")
    semitones, agreement = _transposition(labels, score)
    tonics = spelled_tonics(lof.key_signature(score.keys))
    numbers = [key_number(key) for key in labels["key"]]
    labels["key"] = [key_name((key + semitones) % 12 + 12 * (key >= 12), tonics) for key in numbers]
    return labels, agreement


def _whole_bars(measures: pd.DataFrame) -> pd.DataFrame:
    """Number the bars anew, a bar that is broken by a repeat sign or a double bar counting once."""
    numbers, number, filled = [], int(measures["number"].iloc[0]), 0.0
    for row, (length, signature) in enumerate(zip(measures["length"], measures["time_signature"], strict=True)):
        full = bar_length(str(signature))
        if row and (filled >= full - 1e-6 or row == 1):
            number, filled = number + 1, 0.0
        numbers.append(number)
        filled += float(length)
    return measures.assign(number=numbers)


def _transposition(labels: pd.DataFrame, score: Score) -> tuple[int, float]:
    cut = grid(score)
    fits = np.zeros(12)
    count = 0
    for onset, key, figure in zip(labels["onset"], labels["key"], labels["figure"], strict=True):
        classes = _classes(key_number(key), figure)
        pitches = cut.pitches[cut.at(onset)]
        if classes is None or not (pitches >= 0).any():
            continue
        sounding = pitches[pitches >= 0]
        fits += [np.isin((sounding - semitones) % 12, classes).mean() for semitones in range(12)]
        count += 1
    fits[0] += 0.02 * count
    best = int(fits.argmax())
    return best, float(fits[best] / max(1, count))


def _classes(key: int, figure: str) -> list[int] | None:
    chord = _find(key, figure)
    return None if chord is None else [int(lof.pitch_class(tone) + key) % 12 for tone in chord.tones]


def chord_root(key: str, figure: str) -> str:
    """The note name of a figure's root, "" for a figure that the vocabulary lacks.

    >>> chord_root("G", "V65"), chord_root("f#", "iv6"), chord_root("C", "V9")
    ('D', 'B', '')
    """
    number = key_number(key)
    chord = _find(number, figure)
    return "" if chord is None else lof.name(int(lof.nearest(number % 12, 0)) + chord.root)


def _find(key: int, figure: str) -> Chord | None:
    for chord in vocabulary("major" if key < 12 else "minor"):
        if any(chord.figure(inversion) == figure for inversion in range(len(chord.tones))):
            return chord
    return None
