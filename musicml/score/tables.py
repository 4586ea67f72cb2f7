"""What columns the tables of a Score have, and how any table becomes a complete, typed and sorted one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from musicml.errors import ScoreError

NOTES: dict[str, str] = {
    "onset": "float64",
    "duration": "float64",
    "pitch": "int64",
    "step": "str",
    "alter": "Int64",
    "octave": "Int64",
    "part": "int64",
    "voice": "int64",
    "measure": "int64",
    "beat": "float64",
    "velocity": "int64",
    "fermata": "bool",
    "id": "str",
}
MEASURES: dict[str, str] = {"number": "int64", "onset": "float64", "length": "float64", "time_signature": "str"}
KEYS: dict[str, str] = {"onset": "float64", "fifths": "int64", "mode": "str"}
TEMPOS: dict[str, str] = {"onset": "float64", "bpm": "float64"}
PARTS: dict[str, str] = {"name": "str", "instrument": "str"}

_TINY = 1e-6  # quarter notes: what floating point may lose in a sum of durations
_DEFAULTS: dict[str, Any] = {"part": 0, "voice": 1, "velocity": 80, "fermata": False}


def rows(table: pd.DataFrame) -> Iterator[Any]:
    """The rows of a table as named tuples: what loops over notes and measures read."""
    return iter(table.itertuples())


def complete(table: Any, columns: dict[str, str]) -> pd.DataFrame:
    """Give `table` (anything that makes a DataFrame, or None) the columns and types named; missing values stay missing.

    >>> complete([(0.0, 90)], TEMPOS).to_dict("records")
    [{'onset': 0.0, 'bpm': 90.0}]
    """
    if isinstance(table, list) and table and not isinstance(table[0], dict):
        frame = pd.DataFrame(table, columns=list(columns))
    else:
        frame = pd.DataFrame(table)
    frame = frame.reindex(columns=list(columns))
    try:
        return frame.astype(columns).reset_index(drop=True)
    except (ValueError, TypeError) as error:
        raise ScoreError(f"table with columns {', '.join(columns)}: {error}. Check the types of its values.") from error


def complete_notes(table: Any, measures: pd.DataFrame) -> pd.DataFrame:
    """Check a note table, fill what can be derived (measure, beat, id, defaults) and sort it by onset, then pitch."""
    frame = pd.DataFrame(table)
    missing = [name for name in ("onset", "duration", "pitch") if name not in frame.columns]
    if missing:
        raise ScoreError(f"notes: no column {missing[0]!r}. A note table needs onset, duration and pitch.")
    _check_values(frame)
    for name, value in _DEFAULTS.items():
        frame[name] = frame[name].fillna(value) if name in frame.columns else value
    frame = frame.sort_values(["onset", "pitch", "part", "voice"], kind="stable").reset_index(drop=True)
    if "measure" not in frame.columns or "beat" not in frame.columns:
        frame["measure"], frame["beat"] = place(frame["onset"].to_numpy(float), measures)
    if "id" not in frame.columns:
        frame["id"] = [f"n{row}" for row in range(len(frame))]
    return complete(frame, NOTES)


def complete_measures(table: Any, notes: Any) -> pd.DataFrame:
    """Check a measure table, or make one of 4/4 bars long enough for `notes`."""
    if table is not None:
        frame = complete(table, MEASURES).sort_values("onset", kind="stable").reset_index(drop=True)
        if not (frame["length"] > 0).all():
            raise ScoreError("measures: a length is zero or missing. Give each measure its length in quarter notes.")
        return frame
    frame = pd.DataFrame(notes)
    end = float((frame["onset"] + frame["duration"]).max()) if len(frame) and {"onset", "duration"} <= set(frame) else 0
    count = int(np.ceil(end / 4 - 1e-9)) if np.isfinite(end) else 0
    return bars(max(1, count))


def bars(count: int, time_signature: str = "4/4", *, pickup: float = 0.0) -> pd.DataFrame:
    """A table of `count` equal measures, numbered from 1, after a pickup of `pickup` quarter notes (numbered 0).

    >>> bars(2, "3/4", pickup=1.0)["onset"].tolist()
    [0.0, 1.0, 4.0]
    """
    length = bar_length(time_signature)
    first: list[tuple[int, float, float, str]] = [(0, 0.0, pickup, time_signature)] if pickup else []
    others = [(number + 1, pickup + number * length, length, time_signature) for number in range(count)]
    return complete(first + others, MEASURES)


def bars_from_signatures(signatures: list[tuple[float, str]], end: float) -> pd.DataFrame:
    """The measures that time signatures make: (onset, "3/4") pairs, up to `end` quarter notes; at least one measure.

    A signature that comes in the middle of a bar cuts the bar short. Before the first signature the metre is 4/4.

    >>> bars_from_signatures([(0.0, "3/4"), (6.0, "2/4")], end=9.0)["onset"].tolist()
    [0.0, 3.0, 6.0, 8.0]
    """
    changes = dict(sorted(signatures))
    if not any(onset <= _TINY for onset in changes):
        changes = {0.0: "4/4"} | changes
    found: list[tuple[int, float, float, str]] = []
    limits = [*list(changes)[1:], float("inf")]
    for (start, signature), limit in zip(changes.items(), limits, strict=True):
        length = bar_length(signature)
        while start < limit - _TINY and (start < end - _TINY or not found):
            found.append((len(found) + 1, start, min(length, limit - start), signature))
            start += found[-1][2]
    return complete(found, MEASURES)


def complete_parts(table: Any, count: int) -> pd.DataFrame:
    """Check a part table, or name the parts "Part 1", "Part 2", ... played on a piano."""
    if table is not None:
        frame = complete(table, PARTS)
        if len(frame) >= count:
            return frame
        raise ScoreError(f"parts: {len(frame)} given, but the notes name {count}. Give one row for each part.")
    return complete([(f"Part {row + 1}", "Piano") for row in range(count)], PARTS)


def bar_length(time_signature: str) -> float:
    """The length of a bar in quarter notes.

    >>> bar_length("6/8")
    3.0
    """
    count, unit = _numbers(time_signature)
    return count * 4 / unit


def beat_length(time_signature: str) -> float:
    """The length of a beat in quarter notes: the denominator, or three of them in compound metres (6, 9, 12 over 8).

    >>> beat_length("3/4"), beat_length("6/8"), beat_length("2/2")
    (1.0, 1.5, 2.0)
    """
    count, unit = _numbers(time_signature)
    return (12 if count > 3 and count % 3 == 0 and unit >= 8 else 4) / unit


def place(onsets: np.ndarray, measures: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The printed measure number and the beat (1-based) of each onset.

    In a first measure that is shorter than its time signature (a pickup), beats are counted from the bar's end:
    the quarter note before the first bar line of a 4/4 piece falls on beat 4. Where a repeat sign cuts a bar in two,
    the second part counts on where the first stopped.

    >>> cut = [(0, 0.0, 1.0, "4/4"), (1, 1.0, 3.0, "4/4"), (2, 4.0, 1.0, "4/4"), (3, 5.0, 4.0, "4/4")]
    >>> place(np.array([0.0, 1.0, 4.0, 5.0]), complete(cut, MEASURES))[1].tolist()
    [4.0, 1.0, 4.0, 1.0]
    """
    starts = measures["onset"].to_numpy(float)
    rows = np.clip(np.searchsorted(starts, onsets + 1e-6, side="right") - 1, 0, len(starts) - 1)
    signatures = measures["time_signature"].tolist()
    beats = np.array([beat_length(signature) for signature in signatures])
    position = onsets - starts[rows] + _counted_before(measures["length"].tolist(), signatures)[rows]
    return measures["number"].to_numpy()[rows], np.round(1 + position / beats[rows], 6)


def _counted_before(lengths: list[float], signatures: list[str]) -> np.ndarray:
    """For each measure, the quarter notes of its bar that come before it: in a pickup, or before a repeat sign."""
    full = [bar_length(signature) for signature in signatures]
    before = [max(0.0, full[0] - lengths[0])]
    for row in range(1, len(lengths)):
        counted = before[-1] + lengths[row - 1]
        continues = counted < full[row] - _TINY and counted + lengths[row] <= full[row] + _TINY
        before.append(counted if continues else 0.0)
    return np.array(before)


def _numbers(time_signature: str) -> tuple[int, int]:
    try:
        count, unit = (int(word) for word in time_signature.split("/"))
    except ValueError:
        count, unit = 0, 0
    if count < 1 or unit < 1:
        raise ScoreError(f"time signature {time_signature!r} is not understood. Write it as in '3/4' or '6/8'.")
    return count, unit


def _check_values(frame: pd.DataFrame) -> None:
    for name in ("onset", "duration", "pitch"):
        values = pd.to_numeric(frame[name], errors="coerce")
        bad = np.flatnonzero(~np.isfinite(values.to_numpy(float)))
        if len(bad):
            raise ScoreError(f"notes: {name} in row {bad[0]} is missing or not a number. Give every note a number.")
        frame[name] = values
    rules = [
        ("onset", frame["onset"] < 0, "is before the start. Count quarter notes from 0."),
        ("duration", frame["duration"] <= 0, "is not a length. Give a positive number of quarter notes."),
        ("pitch", ~frame["pitch"].between(0, 127) | (frame["pitch"] % 1 != 0),
         "is not a MIDI number. Use 0 to 127 (60 is middle C)."),
    ]
    for name, wrong, remedy in rules:
        rows = np.flatnonzero(wrong.to_numpy())
        if len(rows):
            raise ScoreError(f"notes: {name} {frame[name].iloc[rows[0]]:g} in row {rows[0]} {remedy}")
