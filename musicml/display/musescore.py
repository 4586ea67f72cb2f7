"""Pages by MuseScore: music21 writes MusicXML, the MuseScore program draws it as SVG or PDF.

music21 could start MuseScore itself, but only through a settings file in the user's home and only as PNG.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from musicml.display.labelling import typeset
from musicml.errors import MusicmlError
from musicml.score import Score

_NAMES = ("mscore4portable", "musescore4", "mscore4", "MuseScore4", "mscore3", "musescore3", "mscore", "musescore",
          "MuseScore3", "MuseScore")
_PLACES = (
    "/Applications/MuseScore 4.app/Contents/MacOS/mscore",
    "/Applications/MuseScore 3.app/Contents/MacOS/mscore",
    "C:/Program Files/MuseScore 4/bin/MuseScore4.exe",
    "C:/Program Files/MuseScore 3/bin/MuseScore3.exe",
)
_SECONDS = 180


def find_musescore() -> Path | None:
    """Where MuseScore is installed: on the path, or where its macOS and Windows installers put it; None if nowhere."""
    for name in _NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    return next((Path(place) for place in _PLACES if Path(place).exists()), None)


def musescore_pages(score: Score, labels: pd.DataFrame, colours: Mapping[str, str]) -> list[str]:
    """Draw a score with MuseScore (arguments as in `musicml.display.mei.verovio_pages`).

    Returns:
        One SVG for each page, cut to its content, on white. MuseScore keeps no note ids.

    Raises:
        MusicmlError: MuseScore is missing or failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        _run(score, labels, colours, Path(folder), "page.svg", "--trim-image", "40")
        pages = sorted(Path(folder).glob("page*.svg"), key=lambda path: int(re.sub(r"\D", "", path.stem) or 0))
        return [_on_white(page.read_text(encoding="utf-8")) for page in pages]


def musescore_pdf(score: Score, labels: pd.DataFrame, colours: Mapping[str, str]) -> bytes:
    """All pages of a score as one PDF (arguments and errors as in `musescore_pages`)."""
    with tempfile.TemporaryDirectory() as folder:
        return _run(score, labels, colours, Path(folder), "score.pdf").read_bytes()


def _run(score: Score, labels: pd.DataFrame, colours: Mapping[str, str], folder: Path, name: str, *extra: str) -> Path:
    program = find_musescore()
    if program is None:
        raise MusicmlError(f"MuseScore was not found on this machine. {_remedy()}")
    source = folder / "score.musicxml"
    _write_musicxml(score, labels, colours, source)
    command = [str(program), "-o", str(folder / name), *extra, str(source)]
    # MuseScore is a window program; the offscreen platform lets it draw on a machine without a screen.
    surroundings = {**os.environ, "QT_QPA_PLATFORM": "offscreen"} if sys.platform.startswith("linux") else None
    try:
        done = subprocess.run(command, env=surroundings, capture_output=True, timeout=_SECONDS, check=False, cwd=folder)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MusicmlError(f"{program}: MuseScore did not finish ({error}). Try engraver='verovio'.") from error
    if not any(folder.glob(f"{Path(name).stem}*{Path(name).suffix}")):
        reason = (done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise MusicmlError(f"{program}: MuseScore drew nothing ({reason}). Try engraver='verovio'.")
    return folder / name


def _remedy() -> str:
    how = {"darwin": "brew install --cask musescore", "win32": "winget install Musescore.Musescore"}
    command = how.get(sys.platform, "sudo apt-get install musescore3")
    return f"Install it ({command}), or use engraver='verovio', which needs no installation."


def _write_musicxml(score: Score, labels: pd.DataFrame, colours: Mapping[str, str], path: Path) -> None:
    """MusicXML with the labels as lyrics of the lowest part, or as words where none of its notes begins."""
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    stream = score.to_music21()
    notes = [note for part in stream.parts for note in part.recurse().notes]
    for note in notes:
        for head in getattr(note, "notes", [note]):
            colour = colours.get(str(head.id).split("-")[0])
            if colour:
                head.style.color = _hex(colour)
    _hang_labels(stream.parts[-1], labels)
    path.write_bytes(GeneralObjectExporter(stream).parse())


def _hang_labels(part: Any, labels: pd.DataFrame) -> None:
    from music21 import expressions

    first: dict[float, Any] = {}
    for note in part.recurse().notes:
        first[round(float(note.getOffsetInHierarchy(part)), 4)] = note
    measures = list(part.getElementsByClass("Measure"))
    for onset, label in labels.itertuples(index=False):
        lines = [typeset(line) for line in str(label).split("\n")]
        note = first.get(round(float(onset), 4))
        if note is not None:
            for line in lines:
                note.addLyric(line, applyRaw=True)
            continue
        words = expressions.TextExpression(" ".join(lines))
        words.placement = "below"
        home = [measure for measure in measures if measure.offset <= onset + 1e-6][-1]
        home.insert(onset - home.offset, words)


def _hex(colour: str) -> str:
    """MusicXML knows colours as #RRGGBB only."""
    from matplotlib.colors import to_hex

    return str(to_hex(colour)).upper()


def _on_white(svg: str) -> str:
    start = svg.index("<svg")
    end = svg.index(">", start)
    return f'{svg[start:end]} style="background:#fff"{svg[end:]}'
