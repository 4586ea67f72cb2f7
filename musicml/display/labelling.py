"""Labels under the music: checking the table of labels, and writing Roman numerals as a textbook does."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from musicml.errors import MusicmlError
from musicml.score import Score

_FIGURE = re.compile(
    r"^(?P<key>[A-Ga-g][#b-]?: ?)?(?P<root>[#b]*(?:[iv]+|[IV]+|It|Ger|Fr|N|Cad))"
    r"(?P<kind>[o°ø+%]?(?:maj)?)(?P<digits>[2-9]{0,3})(?P<rest>(?:\[.*\])?(?:/[#b]*[ivIV]+)?)$"
)
_UP = str.maketrans("23456789", "²³⁴⁵⁶⁷⁸⁹")
_DOWN = str.maketrans("23456789", "₂₃₄₅₆₇₈₉")


def tidy_labels(score: Score, labels: Any) -> pd.DataFrame:
    """Check a table of labels; those at one moment share a row, in their order, separated by a line break.

    Args:
        score: the piece that the labels belong to.
        labels: anything `pandas.DataFrame` accepts, with columns onset (quarter notes) and label (text), or None.

    Returns:
        Columns onset and label, sorted by onset; missing and empty labels are left out.

    Raises:
        MusicmlError: a column is missing, or a label stands outside the piece.

    >>> score = Score.from_table({"onset": [0], "duration": [4], "pitch": [60]})
    >>> tidy_labels(score, {"onset": [2, 0, 0], "label": ["V", "C:", "I"]})["label"].tolist()
    ['C:\\nI', 'V']
    """
    frame = pd.DataFrame(labels if labels is not None else {"onset": [], "label": []})
    for name in ("onset", "label"):
        if name not in frame.columns:
            raise MusicmlError(f"labels: no column {name!r}. Give a table with the columns onset and label.")
    frame = frame[["onset", "label"]].dropna().astype({"onset": "float64", "label": "str"})
    frame = frame[frame["label"].str.strip() != ""]
    outside = frame[(frame["onset"] < 0) | (frame["onset"] > score.end)]
    if len(outside):
        raise MusicmlError(f"labels: onset {outside['onset'].iloc[0]:g} is outside the piece, "
                           f"which lasts {score.end:g} quarter notes. Count onsets from its start.")
    return frame.groupby("onset", sort=True)["label"].agg("\n".join).reset_index()


def typeset(label: str) -> str:
    """Write a Roman numeral's figures raised and lowered; leave every other text as it is.

    >>> typeset("V65/ii"), typeset("viio7"), typeset("i64"), typeset("IVmaj7"), typeset("PAC 7")
    ('V⁶₅/ii', 'vii°⁷', 'i⁶₄', 'IVmaj⁷', 'PAC 7')
    """
    found = _FIGURE.match(label)
    if not found:
        return label
    digits = found["digits"]
    figures = digits[:1].translate(_UP) + digits[1:].translate(_DOWN)
    kind = found["kind"].replace("o", "°").replace("%", "ø")
    return f"{found['key'] or ''}{found['root']}{kind}{figures}{found['rest']}"
