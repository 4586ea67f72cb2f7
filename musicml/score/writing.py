"""Saving a score: the suffix says in which format."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from musicml.errors import ScoreError
from musicml.files import write_bytes
from musicml.score.score import Score

_CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container><rootfiles><rootfile full-path="score.musicxml"/></rootfiles></container>
"""


def save(score: Score, path: str | Path) -> Path:
    """Write a score as MusicXML (.musicxml, .xml, compressed .mxl) or MIDI (.mid, .midi), whole or not at all.

    Returns:
        The path that was written.

    Raises:
        ScoreError: the suffix names no format that a score can be written in.
        MusicmlError: the folder cannot be written, or the disk is full.

    >>> import tempfile
    >>> score = Score.from_table({"onset": [0], "duration": [1], "pitch": [60]})
    >>> save(score, Path(tempfile.mkdtemp()) / "c.mid").stat().st_size > 0
    True
    >>> save(score, "c.doc")
    Traceback (most recent call last):
    ...
    musicml.errors.ScoreError: c.doc: no score format is called '.doc'. Use .musicxml, .xml, .mxl, .mid or .midi.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in (".mid", ".midi"):
        from musicml.score.midi_io import write_midi

        return write_midi(score, path)
    if suffix not in (".musicxml", ".xml", ".mxl"):
        raise ScoreError(f"{path}: no score format is called {suffix!r}. Use .musicxml, .xml, .mxl, .mid or .midi.")
    from musicml.score.musicxml import to_musicxml

    document = to_musicxml(score).encode("utf-8")
    write_bytes(path, _compressed(document) if suffix == ".mxl" else document)
    return path


def _compressed(document: bytes) -> bytes:
    """The MusicXML container: a zip archive whose first file says where the score is."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (("META-INF/container.xml", _CONTAINER.encode()), ("score.musicxml", document)):
            # A fixed date: the same score gives the same bytes on any day.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()
