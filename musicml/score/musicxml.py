"""MusicXML in and out, through music21."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

from musicml.errors import ScoreError
from musicml.score.music21_io import from_music21, to_music21
from musicml.score.score import Score


def to_musicxml(score: Score) -> str:
    """The score as a MusicXML document (partwise, 4.0); note ids stand in it, dates and program versions do not.

    >>> "<step>E</step>" in to_musicxml(Score.from_table({"onset": [0], "duration": [1], "pitch": [64]}))
    True
    """
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exporter = GeneralObjectExporter(to_music21(score))
        exporter.makeNotation = False  # to_music21 has decided everything; music21 would fill short measures with rests
        text: str = exporter.parse().decode("utf-8")
    # music21 signs what it writes with its own name as the composer and with the date of the day.
    text = re.sub(r"\s*<creator type=\"composer\">(Music21)?</creator>", "", text)
    text = re.sub(r"\s*<creator type=\"composer\" ?/>", "", text)
    return re.sub(r"\s*<encoding-date>.*?</encoding-date>", "", text)


def read_musicxml(path: str | Path) -> Score:
    """Read a MusicXML file (.musicxml, .xml or compressed .mxl).

    Raises:
        ScoreError: the file is missing, empty, cut short or not MusicXML.
    """
    return read_notation(path, "musicxml")


def read_notation(path: str | Path, format_name: str | None = None) -> Score:
    """Read a file of any score format that music21 knows (MusicXML, Humdrum, ABC, MEI, ...).

    Args:
        path: the file.
        format_name: music21's name of the format; by default judged from the suffix.

    Raises:
        ScoreError: the file is missing, or music21 cannot make a score of it.
    """
    path = Path(path)
    if not path.is_file():
        raise ScoreError(f"{path}: no such file. Check the path, or give a catalogue name such as 'bach/bwv66.6'.")
    if path.stat().st_size == 0:
        raise ScoreError(f"{path}: the file is empty. Save or download it again.")
    try:
        stream = _parse(path, format_name)
    except Exception as error:  # music21 and the XML parser raise errors of many kinds for a damaged file
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise ScoreError(f"{path}: not a score that can be read ({reason}). Save or download it again.") from error
    return from_music21(stream, source=str(path))


def _parse(path: Path, format_name: str | None) -> Any:
    """Parse without music21's own cache, which keeps pickles in the temporary folder."""
    from music21.converter import Converter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        converter = Converter()
        converter.parseFileNoPickle(path, format=format_name)
    return converter.stream
