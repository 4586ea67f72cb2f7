"""Loading one piece, by path or by catalogue name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from musicml.corpus import cache, catalogue
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
    source = str(name)
    if not path.exists():
        path = catalogue.find(str(name))
    score = cache.through(path, read)
    return replace(score, meta=score.meta | {"source": source})


def read(path: Path) -> Score:
    """Read a score file without the cache."""
    if path.suffix.lower() in _MIDI:
        from musicml.score.midi_io import read_midi

        return read_midi(path)
    from musicml.score.musicxml import read_notation

    return read_notation(path)
