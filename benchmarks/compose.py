"""What the models compose, beside Bach: voice-leading faults, cadences and keys, by the same analysis.

    python -m benchmarks.compose [--pieces 20] [--bars 8]

Composed pieces take the seeds 1, 2, 3, ... and ten keys in turn, all other settings as `musicml compose` has them:
nothing is picked out afterwards. Bach's are the valid chorales of the JSB-16 benchmark as music21's corpus has them,
those for four voices. A bar is four quarter notes everywhere, whatever the metre.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from tqdm.auto import tqdm

from benchmarks import common
from musicml import generation, models
from musicml.analysis import analyse
from musicml.corpus import Corpus
from musicml.models.chorale import ChoraleModel
from musicml.score import Score

KEYS = ("G", "d", "Bb", "a", "F", "e", "D", "g", "Eb", "b")
BACH = "Bach (valid chorales)"
PARALLELS = ("parallel fifths", "parallel octaves", "parallel unisons")
KINDS = (*PARALLELS, "hidden fifths", "hidden octaves", "crossing", "overlap", "wide spacing", "range",
         "unresolved leading tone", "unresolved seventh")  # fmt: skip


def measure(*, pieces: int = 20, bars: int = 8, names: Sequence[str] | None = None) -> dict[str, Any]:
    """Compose `pieces` pieces of `bars` bars by each model and describe them and Bach's in the same way.

    Returns:
        bars, and by author what `describe` finds; for models also the share in the key that was asked for, nats per
        token, and seconds for each piece.
    """
    chorales = [score for score in Corpus("jsb").split("valid") if len(score.parts) == 4]
    found = {BACH: describe(chorales)}
    for name in models.available() if names is None else names:
        found[name] = _by(models.load(name), name, pieces, bars)
    return {"bars": bars, "authors": found}


def _by(model: ChoraleModel, name: str, pieces: int, bars: int) -> dict[str, Any]:
    scores, seconds, costs, right = [], [], [], 0
    for number in tqdm(range(pieces), desc=name, unit="piece"):
        key = KEYS[number % len(KEYS)]
        start = time.perf_counter()
        piece = generation.compose(model, bars=bars, key=key, seed=number + 1)
        seconds.append(time.perf_counter() - start)
        costs.append(-float(piece.log_prob.mean()))
        right += analyse(piece.score).global_key.name == key
        scores.append(piece.score)
    return {
        **describe(scores),
        "key_as_asked": right / pieces,
        "nats_per_token": statistics.fmean(costs),
        "seconds": statistics.median(seconds),
    }


def describe(scores: Sequence[Score]) -> dict[str, Any]:
    """Faults per bar with their 95 % interval and by kind, and how phrases and pieces close."""
    found = [analyse(score) for score in scores]
    bars = [score.end / 4 for score in scores]
    faults = [len(one.voice_leading) for one in found]
    kinds = Counter(kind for one in found for kind in one.voice_leading["fault"])
    last = [one.cadences.iloc[-1] for one in found if len(one.cadences)]
    return {
        "pieces": len(scores),
        "bars": sum(bars),
        "faults_per_bar": sum(faults) / sum(bars),
        "interval": common.rate_interval(faults, bars),
        "kinds_per_bar": {kind: count / sum(bars) for kind, count in sorted(kinds.items())},
        "cadences_per_8_bars": 8 * sum(len(one.cadences) for one in found) / sum(bars),
        "phrases_closed": sum(len(one.cadences) for one in found) / max(1, sum(len(one.phrases) for one in found)),
        "authentic_endings": sum(row["type"] in ("PAC", "IAC") for row in last) / len(scores),
    }


def table(found: dict[str, Any]) -> str:
    """The measurement as Markdown."""
    authors = found["authors"]
    rows: dict[str, Callable[[dict[str, Any]], str]] = {
        "pieces, bars": lambda one: f"{one['pieces']}, {one['bars']:.0f}",
        "voice-leading faults per bar (95 % interval)": _faults,
        **{f"– {kind}": partial(_rate, kinds=[kind]) for kind in KINDS},
        "– all others": lambda one: _rate(one, kinds=set(one["kinds_per_bar"]) - set(KINDS)),
        "cadences per 8 bars": lambda one: f"{one['cadences_per_8_bars']:.1f}",
        "phrases that close with a cadence": lambda one: common.percent(one["phrases_closed"]),
        "pieces that end with an authentic cadence": lambda one: common.percent(one["authentic_endings"]),
        "in the key that was asked for": lambda one: _optional(one, "key_as_asked", common.percent),
        "nats per token": lambda one: _optional(one, "nats_per_token", "{:.2f}".format),
        f"seconds for a piece of {found['bars']} bars": lambda one: _optional(one, "seconds", "{:.1f}".format),
    }
    headings = ["", *(name if name == BACH else f"`{name}`" for name in authors)]
    return common.markdown(headings, [[words, *map(cell, authors.values())] for words, cell in rows.items()])


def _faults(one: dict[str, Any]) -> str:
    low, high = one["interval"]
    return f"{one['faults_per_bar']:.2f} ({low:.2f}–{high:.2f})"


def _rate(one: dict[str, Any], *, kinds: Collection[str]) -> str:
    return f"{sum(one['kinds_per_bar'].get(kind, 0) for kind in kinds):.3f}"


def _optional(one: dict[str, Any], name: str, words: Callable[[float], str]) -> str:
    return words(one[name]) if name in one else "–"


def main() -> None:
    """Print what `measure` finds."""
    parser = common.parser(__doc__)
    parser.add_argument("--pieces", type=int, default=20, help="how many each model composes")
    parser.add_argument("--bars", type=int, default=8, help="how long they are")
    arguments = parser.parse_args()
    print(table(measure(pieces=arguments.pieces, bars=arguments.bars)))


if __name__ == "__main__":
    main()
