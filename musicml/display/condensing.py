"""Four voices on two staves, as every chorale book prints them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from musicml.score import Score
from musicml.score.tables import rows

_SINGERS = {"soprano", "alto", "tenor", "tenore", "bass", "basso", "canto", "cantus", "voice", "choir", "vocal",
            "vocals", "vocalist", "part", "descant"}


def is_four_voice(score: Score) -> bool:
    """Whether a score can stand on two staves: four singing parts, high to low, each with one note at a time.

    >>> is_four_voice(Score.from_table({"onset": [0], "duration": [1], "pitch": [60]}))
    False
    """
    if len(score.parts) != 4 or score.notes["part"].nunique() != 4:
        return False
    words = [
        set(f"{part.name} {part.instrument}".lower().replace(".", " ").split()) for part in rows(score.parts.fillna(""))
    ]
    centres = score.notes.groupby("part")["pitch"].mean().to_numpy()
    return all(_SINGERS & names for names in words) and bool((np.diff(centres) < 0).all()) and _single_notes(score)


def closed_score(score: Score) -> Score:
    """The same notes, ids and all, on a treble staff (soprano and alto) and a bass staff (tenor and bass).

    Only the soprano keeps its fermata where all voices have one: printed four times it would crowd two staves.
    """
    notes = score.notes.copy()
    top = notes["part"] == 0
    held = set(notes.loc[top & notes["fermata"], "measure"])
    notes["fermata"] &= top | ~notes["measure"].isin(held)
    notes["voice"] = notes["part"] % 2 + 1
    notes["part"] = notes["part"] // 2
    parts = pd.DataFrame({"name": ["", ""], "instrument": [score.parts["instrument"].iloc[0]] * 2}).astype("str")
    return replace(score, notes=notes, parts=parts)


def _single_notes(score: Score) -> bool:
    for _, part in score.notes.groupby("part"):
        ends = (part["onset"] + part["duration"]).to_numpy()
        if (ends[:-1] > part["onset"].to_numpy()[1:] + 1e-6).any():
            return False
    return True
