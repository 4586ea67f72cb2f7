"""How long the 371 chorales take to load: the first time, every time after, and beside music21.

Run: python -m benchmarks.corpus
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from musicml.corpus import Corpus, load
from musicml.corpus.catalogue import find

SAMPLE = 20  # every so-manieth chorale is parsed by music21 for the comparison


def seconds(action: Callable[[], Any]) -> float:
    """The wall-clock time of one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def measure() -> dict[str, float]:
    """Seconds for all 371 chorales parsed and from the cache, and the median ratio of music21's time to ours."""
    from music21.converter import Converter

    corpus = Corpus("bach-chorales")
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, MUSICML_CACHE=folder):
        first = seconds(lambda: [len(score) for score in corpus])
        second = statistics.median(seconds(lambda: [len(score) for score in corpus]) for _ in range(3))
        # Each pair is timed in one go, so that a busy machine slows both.
        pairs = [
            (seconds(lambda: Converter().parseFileNoPickle(find(name))), seconds(lambda: load(name)))  # noqa: B023
            for name in corpus.names[::SAMPLE]
        ]
    return {
        "first_use_s": first,
        "second_use_s": second,
        "music21_to_cache_ratio": statistics.median(theirs / ours for theirs, ours in pairs),
    }


def main() -> None:
    """Print what `measure` finds."""
    found = measure()
    print(f"371 chorales, first use (parsed):   {found['first_use_s']:6.2f} s")
    print(f"371 chorales, second use (cache):   {found['second_use_s']:6.2f} s")
    print(f"music21's parse / a cached load:    {found['music21_to_cache_ratio']:6.1f} (median of pairs)")


if __name__ == "__main__":
    main()
