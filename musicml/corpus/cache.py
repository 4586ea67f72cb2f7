"""The cache of parsed scores: one Parquet file for each, with the notes as its table and the rest in its metadata.

The file's name is a hash of what the result depends on (the content of the score file, its suffix, this format, the
parser), so that nothing in the cache can be out of date. Queries over a whole corpus can read the files as tables.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import platformdirs

from musicml.errors import MusicmlError, ScoreError
from musicml.files import replacing
from musicml.score import Score, tables

_FORMAT = 6  # raise when the tables of a Score, or what is read into them, change
_TABLES = {"measures": tables.MEASURES, "keys": tables.KEYS, "tempos": tables.TEMPOS, "parts": tables.PARTS}
_unwritable: set[Path] = set()
_log = logging.getLogger(__name__)


def folder() -> Path:
    """Where parsed scores are kept: $MUSICML_CACHE, or the user's cache folder."""
    return Path(os.environ.get("MUSICML_CACHE") or platformdirs.user_cache_dir("musicml")) / "scores"


def through(path: Path, read: Callable[[Path], Score]) -> Score:
    """The score of a file: from the cache when it is there and whole, otherwise by `read`, and then kept.

    Raises:
        ScoreError: the file cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ScoreError(f"{path}: cannot be read ({error.strerror}). Give the path of a score file.") from error
    kept = folder() / f"{_key(content, path.suffix.lower())}.parquet"
    score = _read(kept)
    if score is None:
        score = read(path)
        _keep(score, kept)
    return score


def _key(content: bytes, suffix: str) -> str:
    digest = hashlib.sha256(content)
    digest.update(f"{suffix} {_FORMAT} {_parsers()}".encode())
    return digest.hexdigest()


@cache
def _parsers() -> str:
    return f"music21 {version('music21')} symusic {version('symusic')}"


def _read(kept: Path) -> Score | None:
    """The score in a cache file, or None when there is none or it is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(kept).read(use_threads=False)
        about = json.loads(table.schema.metadata[b"musicml"])
        notes = table.to_pandas(use_threads=False)
        others = {name: _unpack(about[name], columns) for name, columns in _TABLES.items()}
        return Score(notes=notes, meta=about["meta"], **others)
    except FileNotFoundError:
        return None
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError, MusicmlError) as error:
        _log.info("%s: damaged, so it is made again (%s)", kept, error)
        return None


def _keep(score: Score, kept: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    about = {name: _pack(getattr(score, name)) for name in _TABLES} | {"meta": score.meta}
    table = pa.Table.from_pandas(score.notes, preserve_index=False)
    table = table.replace_schema_metadata({**table.schema.metadata, b"musicml": json.dumps(about).encode()})
    try:
        with replacing(kept) as temporary:
            pq.write_table(table, temporary)
    except MusicmlError as error:
        if kept.parent not in _unwritable:  # once is enough: every piece would say the same
            _unwritable.add(kept.parent)
            _log.warning("Parsed scores are not kept, so each use parses them again. %s", error)


def _pack(table: pd.DataFrame) -> dict[str, list[Any]]:
    return {str(name): table[name].astype(object).where(table[name].notna(), None).tolist() for name in table}


def _unpack(columns: dict[str, list[Any]], types: dict[str, str]) -> pd.DataFrame:
    # Typed arrays one by one: half the time of letting pandas find the types.
    return pd.DataFrame(
        {
            name: pd.array(columns[name], dtype="str") if kind == "str" else np.array(columns[name], dtype=kind)
            for name, kind in types.items()
        }
    )
