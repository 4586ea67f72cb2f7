"""The whole first analysis of a score at once, so that what one table needs of another is found only once."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from musicml.analysis.cadences import cadences
from musicml.analysis.harmony import keys_of, roman_numerals
from musicml.analysis.keys import Key, global_key
from musicml.analysis.phrases import phrases
from musicml.analysis.voice_leading import voice_leading
from musicml.score import Score


@dataclass(frozen=True)
class Analysis:
    """All tables of the first analysis; each attribute is what the function of that name returns."""

    global_key: Key
    local_keys: pd.DataFrame
    roman_numerals: pd.DataFrame
    phrases: pd.DataFrame
    cadences: pd.DataFrame
    voice_leading: pd.DataFrame


def analyse(score: Score) -> Analysis:
    """Find keys, chords, phrases, cadences and voice-leading faults of a score.

    >>> chord = {"onset": [0] * 4, "duration": [4] * 4, "pitch": [43, 59, 62, 67], "part": [3, 2, 1, 0]}
    >>> found = analyse(Score.from_table(chord))
    >>> found.global_key.name, found.roman_numerals["figure"].tolist(), len(found.voice_leading)
    ('G', ['I'], 0)
    """
    numerals = roman_numerals(score)
    ends = phrases(score)
    closes = cadences(score, numerals, ends)
    return Analysis(
        global_key=global_key(score),
        local_keys=keys_of(numerals),
        roman_numerals=numerals,
        phrases=ends,
        cadences=closes,
        voice_leading=voice_leading(score, numerals, closes),
    )
