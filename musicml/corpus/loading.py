"""Loading one piece, by path or by catalogue name."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from musicml.corpus import cache, catalogue
from musicml.corpus.pieces import titles
from musicml.score import Score

_MIDI = {".mid", ".midi", ".smf"}


def load(name: str | Path) -> Score:
    """Load a score file, or a piece of the corpus by its catalogue name; parsed once, then kept in a cache.

    Args:
        name: a path (MusicXML, .mxl, MIDI and whatever else music21 reads), or a name such as "bach/bwv66.6".

    Returns:
        The score; `meta["source"]` says where it comes from.

    Raises:
        ScoreError: there is no such file or piece, or the file is damaged.

    >>> load("bach/bwv66.6").parts["name"].tolist()
    ['Soprano', 'Alto', 'Tenor', 'Bass']
    """
    path = Path(name)
    known: dict[str, str] = {}
    if not path.exists():
        path = catalogue.find(str(name))
        known = _known(path)
    score = cache.through(path, read)
    return replace(score, meta=known | score.meta | {"source": str(name)})


def _known(path: Path) -> dict[str, str]:
    """Title and composer of a piece of the corpus, for files that do not say them."""
    folder, work = path.parent.name, path.stem
    if folder != "bach":
        return {}
    title = titles().get(f"bach/{work}") or re.sub(r"^bwv", "BWV ", work)
    return {"title": title, "composer": "Johann Sebastian Bach"}


def read(path: Path) -> Score:
    """Read a score file without the cache."""
    if path.suffix.lower() in _MIDI:
        from musicml.score.midi_io import read_midi

        return read_midi(path)
    from musicml.score.musicxml import read_notation

    return read_notation(path)
