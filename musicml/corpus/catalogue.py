"""Catalogue names: 'bach/bwv66.6' stands for a file of the corpus that comes with music21.

Names are found by looking at that folder, without importing music21.
"""

from __future__ import annotations

import difflib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from musicml.errors import ScoreError

_SUFFIXES = (".mxl", ".musicxml", ".xml", ".krn", ".abc", ".mei", ".mid")  # the first that exists is taken


def find(name: str) -> Path:
    """The file of a catalogue name.

    Args:
        name: folder and work ("bach/bwv66.6"), with or without a suffix; the folder may be left out where only one
            folder has such a work.

    Raises:
        ScoreError: no such work; the message names the closest ones.

    >>> find("bach/bwv66.6").name
    'bwv66.6.mxl'
    """
    files = _files()
    for suffix in ("", *_SUFFIXES):
        if name.lower() + suffix in files:
            return files[name.lower() + suffix]
    wanted = {name.lower() + suffix for suffix in ("", *_SUFFIXES)}
    same_work = [key for key in files if key.rpartition("/")[2] in wanted]
    if len(same_work) == 1:
        return files[same_work[0]]
    raise ScoreError(f"{name}: no such file, and no piece of that name in the catalogue. {_advice(name.lower())}")


def _advice(name: str) -> str:
    stems = sorted({_stem(key) for key in _files()})
    works = {stem.rpartition("/")[2]: stem for stem in stems}
    close = difflib.get_close_matches(name, stems, n=3, cutoff=0.6)
    close = close or [works[work] for work in difflib.get_close_matches(name, works, n=3, cutoff=0.6)]
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return "Give the path of a score file or a name such as 'bach/bwv66.6'."


def _stem(key: str) -> str:
    return next((key.removesuffix(suffix) for suffix in _SUFFIXES if key.endswith(suffix)), key)


@cache
def _files() -> dict[str, Path]:
    """The files of music21's corpus by lower-case name, such as 'bach/bwv66.6.mxl'."""
    found = find_spec("music21")
    if found is None or found.origin is None:
        raise ScoreError("music21 is not installed, so there is no catalogue. Run: pip install music21")
    root = Path(found.origin).parent / "corpus"
    paths = (path for path in root.rglob("*") if path.suffix in _SUFFIXES)
    return {path.relative_to(root).as_posix().lower(): path for path in paths}
