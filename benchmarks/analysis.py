"""Measure the analysis of Bach's chorales against expert annotations, and its speed.

    python -m benchmarks.analysis --data DATA [--json FILE] [--limit N]

DATA holds `wir_chorales`: the RomanText analyses of the When in Rome corpus (M. Gotham et al., "When in Rome: a
meta-corpus of functional harmony", TISMIR 2023) and scores.csv, which names the scores in music21's corpus. Labels are
laid beside the scores by measure and beat. Where the two editions stand in different keys the labels are transposed;
pieces whose labels do not fit their score (another version, or bars counted otherwise) are counted, and left out
except where a row says "all chorales". No probabilities are learned; the rules' weights were searched on the
odd-numbered chorales. The even-numbered ones are the test; they were looked at when one of three such sets of weights
was kept, the one that also passes the hand-made examples.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import musicml
from benchmarks.romantext import align, catalogue, chord_root, read_romantext
from musicml.analysis import analyse, cadences, global_key, roman_numerals
from musicml.analysis.profiles import correlate, key_name, spelled_tonics
from musicml.score import Score

FITS = 0.75
"""Labels fit a score when at least this share of the notes at their onsets belongs to the labelled chords."""


@dataclass(frozen=True)
class Piece:
    """A chorale with its expert labels; `fit` is the share of notes that belong to the labelled chords."""

    number: int
    score: Score
    labels: pd.DataFrame
    fit: float


def main() -> None:
    arguments = _arguments()
    folder = arguments.data / "wir_chorales"
    if not (folder / "scores.csv").exists():
        raise SystemExit(f"{folder}: no scores.csv. Give --data the folder that holds wir_chorales.")
    pieces = load(folder, arguments.limit)
    table = {
        "odd numbers (tuned)": measure([piece for piece in pieces if piece.number % 2]),
        "even numbers (test)": measure([piece for piece in pieces if piece.number % 2 == 0]),
    }
    print(pd.DataFrame(table).to_string(float_format=lambda value: f"{value:.3f}"))
    if arguments.json:
        arguments.json.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds wir_chorales")
    parser.add_argument("--json", type=Path, help="also write the table to this file")
    parser.add_argument("--limit", type=int, help="only the first so many chorales")
    return parser.parse_args()


def load(folder: Path, limit: int | None = None) -> list[Piece]:
    """The chorales of a folder with their labels in place."""
    pieces = []
    for row in catalogue(folder).head(limit or 10**6).itertuples():
        score = musicml.load(str(row.score).removesuffix(".mxl"))
        labels, fit = align(read_romantext(Path(str(row.path))), score)
        pieces.append(Piece(int(str(row.number)), score, labels, fit))
    return pieces


def measure(pieces: list[Piece]) -> dict[str, float]:
    """All figures of a set of chorales, by name."""
    fitting = [piece for piece in pieces if piece.fit >= FITS]
    figures: dict[str, float] = {"chorales": len(pieces), "chorales whose labels fit": len(fitting)}
    figures |= _global_keys(fitting)
    figures |= {f"{name}, nothing given": value for name, value in _numerals(fitting, given=False).items()}
    figures |= {f"{name}, expert's key given": value for name, value in _numerals(fitting, given=True).items()}
    figures["key and figure, nothing given, all chorales"] = _numerals(pieces, given=False)["key and figure"]
    figures["local key, share of quarter notes"] = _local_keys(fitting)
    figures |= _cadences(fitting)
    figures |= _faults(pieces)
    return figures | _speed(pieces)


def _global_keys(pieces: list[Piece]) -> dict[str, float]:
    truth = [str(piece.labels["key"].iloc[-1]) for piece in pieces]
    plain = [_profile_key(piece.score) for piece in pieces]
    ours = [global_key(piece.score).name for piece in pieces]
    return {
        "global key, profiles alone": _share(plain, truth),
        "global key": _share(ours, truth),
    }


def _profile_key(score: Score) -> str:
    histogram = np.bincount(score.notes["pitch"] % 12, weights=score.notes["duration"], minlength=12)
    tonics = spelled_tonics(int(score.keys["fifths"].iloc[0]) if len(score.keys) else None)
    return key_name(int(correlate(histogram).argmax()), tonics)


def _share(found: list[str], truth: list[str]) -> float:
    return float(np.mean([one == other for one, other in zip(found, truth, strict=True)]))


def _numerals(pieces: list[Piece], *, given: bool) -> dict[str, float]:
    """Shares of expert labels at whose onset the key, the figure, and both are the same."""
    keys, figures = [], []
    for piece in pieces:
        numerals = roman_numerals(piece.score, _spans(piece) if given else None)
        rows = _rows_at(numerals, piece.labels["onset"].to_numpy(float))
        keys.append(numerals["key"].to_numpy(str)[rows] == piece.labels["key"].to_numpy(str))
        figures.append(numerals["figure"].to_numpy(str)[rows] == piece.labels["figure"].to_numpy(str))
    key, figure = np.concatenate(keys), np.concatenate(figures)
    return {"key": float(key.mean()), "figure": float(figure.mean()), "key and figure": float((key & figure).mean())}


def _spans(piece: Piece) -> pd.DataFrame:
    """onset, end and key of each expert label."""
    onsets = piece.labels["onset"].to_numpy(float)
    ends = np.append(onsets[1:], piece.score.end)
    return pd.DataFrame({"onset": onsets, "end": ends, "key": piece.labels["key"].to_numpy()})


def _rows_at(numerals: pd.DataFrame, onsets: np.ndarray) -> np.ndarray:
    return np.maximum(0, np.searchsorted(numerals["onset"].to_numpy(float), onsets + 1e-4, side="right") - 1)


def _local_keys(pieces: list[Piece]) -> float:
    right = []
    for piece in pieces:
        quarters = np.arange(float(piece.labels["onset"].iloc[0]), piece.score.end, 1.0)
        numerals, spans = roman_numerals(piece.score), _spans(piece)
        ours = numerals["key"].to_numpy(str)[_rows_at(numerals, quarters)]
        right.append(ours == spans["key"].to_numpy(str)[_rows_at(spans, quarters)])
    return float(np.concatenate(right).mean())


def _cadences(pieces: list[Piece]) -> dict[str, float]:
    """Fermata phrases that close with a cadence, and how often its type is what the expert's chords would give."""
    phrases = closed = same = both = 0
    for piece in pieces:
        found = analyse(piece.score)
        ends = found.phrases[found.phrases["evidence"] == "fermata"]
        ours = _by_phrase(ends, found.cadences)
        theirs = _by_phrase(ends, cadences(piece.score, _expert_numerals(piece), ends))
        phrases, closed = phrases + len(ends), closed + len(ours)
        both += len(set(ours) & set(theirs))
        same += sum(ours[place] == theirs[place] for place in set(ours) & set(theirs))
    return {
        "fermata phrases with a cadence": closed / max(1, phrases),
        "cadence type as from the expert's chords": same / max(1, both),
    }


def _by_phrase(ends: pd.DataFrame, found: pd.DataFrame) -> dict[int, str]:
    places = np.searchsorted(ends["end"].to_numpy(float), found["onset"].to_numpy(float) + 1e-6, side="right")
    return dict(zip(places.tolist(), found["type"].tolist(), strict=True))


def _expert_numerals(piece: Piece) -> pd.DataFrame:
    """The expert's labels in the shape of `roman_numerals`."""
    inversions = {"6": 1, "65": 1, "64": 2, "43": 2, "2": 3}
    table = _spans(piece).assign(
        figure=piece.labels["figure"].to_numpy(), measure=piece.labels["measure"].to_numpy(),
        beat=piece.labels["beat"].to_numpy(), confidence=1.0,
    )  # fmt: skip
    table["root"] = [chord_root(key, figure) for key, figure in zip(table["key"], table["figure"], strict=True)]
    bass = table["figure"].str.split("/").str[0].str.extract(r"(\d+)$")[0]
    table["inversion"] = bass.map(inversions).fillna(0).astype(int)
    return table[(table["root"] != "") & (table["end"] > table["onset"])].reset_index(drop=True)


def _faults(pieces: list[Piece]) -> dict[str, float]:
    """Voice-leading faults per bar, in all chorales of four voices."""
    counts: Counter[str] = Counter()
    choirs = [piece for piece in pieces if len(piece.score.parts) == 4]
    for piece in choirs:
        counts.update(analyse(piece.score).voice_leading["fault"])
    bars = sum(len(piece.score.measures) for piece in choirs)
    return {f"faults per bar: {name}": count / bars for name, count in sorted(counts.items())}


def _speed(pieces: list[Piece]) -> dict[str, float]:
    """Processor time of everything together, after the parse; the clock on the wall depends on what else runs."""
    times = []
    for piece in pieces:
        start = time.process_time()
        analyse(piece.score)
        times.append(1000 * (time.process_time() - start))
    return {"ms per chorale, median": statistics.median(times), "ms per chorale, slowest tenth": _decile(times)}


def _decile(times: list[float]) -> float:
    return float(np.quantile(times, 0.9))


if __name__ == "__main__":
    main()
