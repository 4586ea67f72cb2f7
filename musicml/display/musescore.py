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
_BELOW = 330  # room for stems and two lines of labels, in MuseScore's units of 1/360 inch


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
        One SVG for each page, on white. MuseScore keeps no note ids.

    Raises:
        MusicmlError: MuseScore is missing or failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        _run(score, labels, colours, Path(folder), "page.svg")
        pages = sorted(Path(folder).glob("page*.svg"), key=lambda path: int(re.sub(r"\D", "", path.stem) or 0))
        return [_fit_page(page.read_text(encoding="utf-8")) for page in pages]


def musescore_pdf(score: Score, labels: pd.DataFrame, colours: Mapping[str, str]) -> bytes:
    """All pages of a score as one PDF (arguments and errors as in `musescore_pages`)."""
    with tempfile.TemporaryDirectory() as folder:
        return _run(score, labels, colours, Path(folder), "score.pdf").read_bytes()


def _run(score: Score, labels: pd.DataFrame, colours: Mapping[str, str], folder: Path, name: str) -> Path:
    program = find_musescore()
    if program is None:
        raise MusicmlError(f"MuseScore was not found on this machine. {_remedy()}")
    source = folder / "score.musicxml"
    _write_musicxml(score, labels, colours, source)
    command = [str(program), "-o", str(folder / name), str(source)]
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
    _part_voices(stream)
    _hang_labels(stream.parts[-1], labels)
    path.write_bytes(GeneralObjectExporter(stream).parse())


def _part_voices(stream: Any) -> None:
    """Stems of two voices point apart, the upper one's fermatas and the tempo stand above, a pickup has no number."""
    from music21.stream.enums import ShowNumber

    for measure in stream.recurse().getElementsByClass("Measure"):
        voices = list(measure.voices)
        for number, voice in enumerate(voices if len(voices) > 1 else []):
            for note in voice.notes:
                note.stemDirection = "down" if number % 2 else "up"
                for sign in note.expressions:
                    if "Fermata" in sign.classes and number == 0:
                        sign.type = "upright"
                        sign.placement = "above"
        if measure.number == 0:
            measure.showNumber = ShowNumber.NEVER  # else MuseScore counts the pickup as the first bar
    for mark in stream.recurse().getElementsByClass("MetronomeMark"):
        mark.placement = "above"


def _hang_labels(part: Any, labels: pd.DataFrame) -> None:
    from music21 import expressions

    first: dict[float, Any] = {}
    for note in part.recurse().notes:
        first[round(float(note.getOffsetInHierarchy(part)), 4)] = note
    measures = list(part.getElementsByClass("Measure"))
    for onset, label in zip(labels["onset"], labels["label"], strict=True):
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


def _fit_page(svg: str) -> str:
    """White ground, the width of whatever holds the page, and no empty paper below the last staff."""
    start = svg.index("<svg")
    end = svg.index(">", start)
    head = re.sub(r'\s(width|height)="[^"]*"', "", svg[start:end])
    lines = re.findall(r'class="StaffLines"[^>]* points="([^"]*)"', svg)
    lowest = max((float(y) for line in lines for y in re.findall(r",([\d.]+)", line)), default=float("inf"))
    head = re.sub(r'(viewBox="0 0 [\d.]+) ([\d.]+)"', lambda box: _shorter(box, lowest), head)
    return f'{head} style="background:#fff"{svg[end:]}'


def _shorter(box: re.Match[str], lowest: float) -> str:
    return f'{box[1]} {min(float(box[2]), lowest + _BELOW):.1f}"'
