"""Small scores written by hand, a chord at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest

from musicml.score import Score

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
Choir = Callable[..., Score]


def _write(
    chords: str, *, fifths: int | None = 0, fermatas: Sequence[int] = (), long_last: float = 1.0, spelled: bool = True
) -> Score:
    notes = []
    columns = chords.split("|")
    for place, column in enumerate(columns):
        for part, name in enumerate(column.split()):
            if name == "-":
                continue
            match = re.fullmatch(r"([A-G])([#b]*)(\d)", name)
            assert match, name
            step, octave = match[1], int(match[3])
            alter = match[2].count("#") - match[2].count("b")
            note = {
                "onset": float(place), "duration": long_last if place == len(columns) - 1 else 1.0, "part": part,
                "pitch": 12 * (octave + 1) + STEPS[step] + alter, "fermata": place in fermatas,
            }  # fmt: skip
            if spelled:
                note |= {"step": step, "alter": alter, "octave": octave}
            notes.append(note)
    keys = None if fifths is None else [(0.0, fifths, None)]
    return Score.from_table(notes, keys=keys)


@pytest.fixture
def choir() -> Choir:
    """Write chords as "soprano alto tenor bass | ...", one quarter note each: `choir("C5 G4 E4 C3 | B4 G4 D4 G3")`."""
    return _write
