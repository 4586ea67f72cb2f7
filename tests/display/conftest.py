"""Real music for the tests of pages, sound and players."""

from __future__ import annotations

import pandas as pd
import pytest

from musicml.score import Score


@pytest.fixture(scope="session")
def chorale() -> Score:
    """BWV 66.6 in F sharp minor: a pickup, ten bars, fermatas, notes tied over the bar line."""
    from music21 import corpus

    return Score.from_music21(corpus.parse("bach/bwv66.6"), title="Christ ist <erstanden>", composer="J. S. Bach")


@pytest.fixture(scope="session")
def labels() -> pd.DataFrame:
    """Labels on beats, between beats, on a held note, and two at one moment."""
    return pd.DataFrame({"onset": [0, 1, 2.5, 9, 9, 33], "label": ["i", "V65", "viio7/V", "i", "PAC", "iv6"]})
