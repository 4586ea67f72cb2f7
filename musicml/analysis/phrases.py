"""Where a score breathes: its phrases.

Fermatas mark the line ends of a chorale, so where a score has them they decide. Otherwise a phrase ends where the top
voice rests, or holds a note at least twice as long as its typical note into a point at which all voices begin
together.

Source: F. Lerdahl and R. Jackendoff, A Generative Theory of Tonal Music (MIT Press 1983), grouping preference rule 2
(proximity: rests and long notes separate groups), of which this is the plainest form.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from musicml.analysis.slices import Grid, grid
from musicml.score import Score
from musicml.score.tables import place

COLUMNS = ["onset", "end", "measure", "beat", "label", "evidence"]
SHORTEST = 3.0
"""A phrase without a fermata at its end lasts at least this many quarter notes."""


def phrases(score: Score) -> pd.DataFrame:
    """Divide a score into phrases.

    Args:
        score: any score.

    Returns:
        onset, end (quarter notes), measure and beat of the onset, label ("a", "b", ...: phrases whose top voice has
        the same intervals and rhythm share a letter) and the evidence for the end in words.

    >>> table = {"onset": [0, 1, 2, 4, 5, 6], "duration": [1, 1, 2, 1, 1, 2], "pitch": [60, 62, 64] * 2,
    ...          "fermata": [False, False, True] * 2}
    >>> phrases(Score.from_table(table))[["onset", "end", "label"]].values.tolist()
    [[0.0, 4.0, 'a'], [4.0, 8.0, 'a']]
    """
    cut = grid(score)
    if not len(cut.onsets):
        return pd.DataFrame(columns=COLUMNS)
    ends = fermata_ends(score, cut)
    words = ["fermata"] * len(ends)
    if not ends:
        ends, words = _rests_and_long_notes(cut)
    last = float(cut.ends[-1])
    if not ends or ends[-1] < last - 1e-6:
        ends, words = [*ends, last], [*words, "end of the piece"]
    onsets = np.array([float(cut.onsets[0]), *ends[:-1]])
    measures, beats = place(onsets, score.measures)
    return pd.DataFrame({
        "onset": onsets, "end": np.array(ends), "measure": measures, "beat": beats,
        "label": pd.Series(_labels(cut, onsets, ends), dtype="str"), "evidence": pd.Series(words, dtype="str"),
    }, columns=COLUMNS)  # fmt: skip


def fermata_ends(score: Score, cut: Grid) -> list[float]:
    """Where the notes under fermatas end: that of the highest lane where several overlap."""
    marked = score.notes["fermata"].to_numpy(bool)
    if not marked.any():
        return []
    starts = score.notes["onset"].to_numpy(float)
    stops = starts + score.notes["duration"].to_numpy(float)
    lanes = {row: lane for lane in range(cut.rows.shape[1] - 1, -1, -1) for row in cut.rows[:, lane].tolist()}
    spans: list[tuple[float, float, int]] = []
    for row in np.flatnonzero(marked).tolist():
        start, stop, lane = float(starts[row]), float(stops[row]), lanes[row]
        if not spans or start >= spans[-1][1] - 1e-6:
            spans.append((start, stop, lane))
        elif lane < spans[-1][2]:
            spans[-1] = (min(start, spans[-1][0]), stop, lane)
    return [stop for _, stop, _ in spans]


def _rests_and_long_notes(cut: Grid) -> tuple[list[float], list[str]]:
    """Ends of phrases in a score without fermatas, and why each is one."""
    top = cut.rows[:, 0]
    begins = np.flatnonzero(cut.struck[:, 0])
    if not len(begins):
        return [], []
    stops = np.array([cut.ends[np.flatnonzero(top == top[begin])[-1]] for begin in begins])
    lengths = stops - cut.onsets[begins]
    typical = float(np.median(lengths))
    voices = np.maximum(1, (cut.pitches >= 0).sum(axis=1))
    together = cut.struck.sum(axis=1) >= voices
    ends, words, start = [], [], float(cut.onsets[begins[0]])
    for this, following in zip(range(len(begins) - 1), begins[1:].tolist(), strict=True):
        stop, onset = float(stops[this]), float(cut.onsets[following])
        rest, long = onset - stop > 0.25, lengths[this] >= 2 * typical - 1e-6
        if onset - start >= SHORTEST and (rest or (long and together[following] and together[begins[this]])):
            ends.append(onset)
            words.append("rest in the top voice" if rest else "long note, then all voices begin together")
            start = onset
    return ends, words


def _labels(cut: Grid, onsets: np.ndarray, ends: list[float]) -> list[str]:
    """A letter for each phrase; the same one where the top voice has the same intervals and rhythm."""
    letters: dict[tuple[tuple[float, int], ...], str] = {}
    labels = []
    for onset, end in zip(onsets.tolist(), ends, strict=True):
        inside = (cut.onsets >= onset - 1e-6) & (cut.onsets < end - 1e-6) & cut.struck[:, 0]
        rows = np.flatnonzero(inside)
        times, pitches = cut.onsets[rows] - onset, cut.pitches[rows, 0]
        shape = tuple(zip(np.round(times, 3).tolist(), (pitches - pitches[:1].sum()).tolist(), strict=True))
        labels.append(letters.setdefault(shape, _letter(len(letters))))
    return labels


def _letter(number: int) -> str:
    """a, b, ..., z, aa, ab, ..."""
    head, tail = divmod(number, 26)
    return (_letter(head - 1) if head else "") + chr(ord("a") + tail)
