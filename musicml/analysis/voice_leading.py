"""Voice leading: where a score departs from the rules of four-part writing.

Conventions, with the textbooks that state the rules (E. Aldwell and C. Schachter, Harmony and Voice Leading, units 4
to 8; W. Piston, Harmony, chapter 2):

- Consecutive notes are compared as they sound, so that parallels are those that the ear meets directly; two fifths with
  a note between them are not counted.
- The end of a phrase (a fermata) is a breath: nothing is asked of the step across it.
- Two lines that double each other in octaves all along count as one.
- Faults are what the textbooks warn of, not errors: crossings and overlaps, for instance, are frequent in Bach.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from musicml.analysis.cadences import cadences
from musicml.analysis.harmony import roman_numerals
from musicml.analysis.lines import leaps, out_of_range, unresolved_leading_tones, unresolved_sevenths
from musicml.analysis.motion import (
    Fault,
    Setting,
    crossings,
    doubled_lanes,
    hidden,
    overlaps,
    parallels,
    wide_spacing,
)  # fmt: skip
from musicml.analysis.phrases import fermata_ends
from musicml.analysis.slices import Grid, grid
from musicml.score import Score
from musicml.score.tables import place

COLUMNS = ["onset", "measure", "beat", "fault", "voices", "evidence"]
CHOIR = ("soprano", "alto", "tenor", "bass")


def voice_leading(
    score: Score, numerals: pd.DataFrame | None = None, closes: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Find the voice-leading faults of a score.

    Args:
        score: any score of two or more voices.
        numerals: what `roman_numerals` returns for it; found here by default.
        closes: what `cadences` returns for it; found here by default.

    Returns:
        onset (quarter notes, where the fault is heard), measure, beat, fault ("parallel fifths", "parallel octaves",
        "parallel unisons", "hidden fifths", "hidden octaves", "crossing", "overlap", "wide spacing", "augmented leap",
        "leap of a seventh", "leap beyond an octave", "range", "unresolved leading tone", "unresolved seventh"), voices
        ("soprano, bass"; part names unless there are four lines) and the evidence in words.

    >>> table = {"onset": [0, 0, 1, 1], "duration": [1] * 4, "pitch": [48, 67, 50, 69], "part": [1, 0, 1, 0]}
    >>> voice_leading(Score.from_table(table))["fault"].tolist()
    ['parallel fifths']
    """
    cut = grid(score)
    if not len(cut.onsets):
        return pd.DataFrame(columns=COLUMNS)
    numerals = roman_numerals(score) if numerals is None else numerals
    closes = cadences(score, numerals) if closes is None else closes
    setting = _setting(score, cut, numerals)
    faults = [fault for rule in (parallels, hidden, crossings, overlaps, wide_spacing) for fault in rule(setting)]
    faults += leaps(setting) + out_of_range(setting)
    faults += unresolved_leading_tones(setting, numerals, closes) + unresolved_sevenths(setting, numerals)
    return _table(score, cut, faults)


def _setting(score: Score, cut: Grid, numerals: pd.DataFrame) -> Setting:
    ends = np.array(fermata_ends(score, cut))
    breaths = np.isin(np.round(cut.onsets[1:], 4), np.round(ends, 4))
    chords = np.searchsorted(numerals["onset"].to_numpy(float), cut.onsets + 1e-6, side="right")
    names = (numerals["root"] + " " + numerals["quality"]).to_numpy(str)[np.maximum(chords - 1, 0)]
    return Setting(cut, ~breaths, names[1:] != names[:-1], doubled_lanes(cut))


def _table(score: Score, cut: Grid, faults: list[Fault]) -> pd.DataFrame:
    faults = sorted(faults, key=lambda fault: (fault.where, fault.name, fault.lanes))
    rows = np.array([fault.where for fault in faults], dtype=int)
    measures, beats = place(cut.onsets[rows], score.measures)
    names = lane_names(score, cut)
    return pd.DataFrame({
        "onset": cut.onsets[rows], "measure": measures, "beat": beats,
        "fault": pd.Series([fault.name for fault in faults], dtype="str"),
        "voices": pd.Series([", ".join(names[lane] for lane in fault.lanes) for fault in faults], dtype="str"),
        "evidence": pd.Series([fault.evidence for fault in faults], dtype="str"),
    }, columns=COLUMNS)  # fmt: skip


def lane_names(score: Score, cut: Grid) -> list[str]:
    """What to call each lane: soprano to bass where there are four, else its part's name, numbered where it has
    several.

    >>> duet = Score.from_table({"onset": [0, 0], "duration": [1, 1], "pitch": [48, 67], "part": [1, 0]})
    >>> lane_names(duet, grid(duet))
    ['Part 1', 'Part 2']
    """
    parts = cut.parts.tolist()
    if len(parts) == len(CHOIR):
        return list(CHOIR)
    names = [str(score.parts["name"].iloc[part] or f"Part {part + 1}") for part in parts]
    return [
        f"{name} (line {parts[:lane].count(part) + 1})" if parts.count(part) > 1 else name
        for lane, (part, name) in enumerate(zip(parts, names, strict=True))
    ]
