"""The results as the README shows them: a pure function of benchmarks/results.json."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import common, compose, decoding, likelihood
from musicml.errors import MusicmlError
from musicml.files import write_text

BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"
SHARES = {
    "global key": "key of the piece",
    "local key, share of quarter notes": "local key, share of quarter notes",
    "key and figure, nothing given": "Roman numeral: key and exact figure",
    "figure, expert's key given": "Roman numeral: exact figure, the key given",
    "fermata phrases with a cadence": "phrases (to a fermata) in which a cadence is found",
    "cadence type as from the expert's chords": "cadence type, as the expert's chords give it",
}
"""Rows of benchmarks.analysis that the README shows, in its words."""


def corpus_table(found: dict[str, Any]) -> str:
    """The measurement of benchmarks.corpus as Markdown."""
    rows = [
        ["all 371 chorales, first use (parsed)", f"{found['first_use_s']:.1f} s"],
        ["all 371 chorales, every use after", f"{found['second_use_s']:.2f} s"],
        ["music21's parse against a load from the cache", f"{found['music21_to_cache_ratio']:.0f} : 1"],
    ]
    return common.markdown(["loading", ""], rows)


def analysis_table(found: dict[str, Any]) -> str:
    """The measurement of benchmarks.analysis as Markdown."""
    sets = list(found.values())
    rows = [
        ["chorales (of which the labels fit their score)",
         *(f"{one['chorales']:.0f} ({one['chorales whose labels fit']:.0f})" for one in sets)],
        *([words, *(f"{100 * one[name]:.1f} %" for one in sets)] for name, words in SHARES.items()),
        ["time for a chorale, median", *(f"{one['ms per chorale, median']:.0f} ms" for one in sets)],
    ]  # fmt: skip
    return common.markdown(["agreement with experts", *found], rows)


SECTIONS: dict[str, tuple[str, str, Callable[[dict[str, Any]], str]]] = {
    "likelihood": (
        "How well the models foresee Bach",
        "Chorales that no model has learned from; each note costs the negative logarithm of the probability that the "
        "model gave it, so fewer nats are better. *Held* notes merely go on; *changed* ones are where music happens.",
        likelihood.table,
    ),
    "compose": (
        "How what they compose compares with Bach",
        "Described by the same analysis; nothing is picked out by hand. Of the 16 drafts that grow side by side, "
        "`compose` keeps one by rules for voice leading, key and ending, so these figures are of model and rules "
        "together.",
        compose.table,
    ),
    "decoding": (
        "What keeping the past saves",
        "Both ways give the same probabilities; the time without a cache is measured at some lengths of the past and "
        "summed over all of them. Processor time on one thread.",
        decoding.table,
    ),
    "analysis": (
        "How often the analysis agrees with experts",
        "Bach's chorales in the *When in Rome* corpus (Gotham et al. 2023), where the labels fit the score.",
        analysis_table,
    ),
    "corpus": ("How long the chorales take to load", "", corpus_table),
}
"""For each part: heading, what it means, and its table."""


def render(results: dict[str, Any]) -> str:
    """All parts that have been measured, as Markdown."""
    parts = [_section(name, results[name]) for name in SECTIONS if name in results]
    return "\n\n".join(parts) + "\n"


def _section(name: str, part: dict[str, Any]) -> str:
    heading, meaning, table = SECTIONS[name]
    source = f" {part['found']['source']}." if "source" in part["found"] else ""
    note = f"<sub>`{part['command']}`, {part['date']}, {part['seconds']:.0f} s: {part['machine']}.{source}</sub>"
    return "\n\n".join(filter(None, [f"### {heading}", meaning, table(part["found"]), note]))


def write_readme(path: Path, results: dict[str, Any]) -> None:
    """Put the results between the two marks of the README.

    Raises:
        MusicmlError: the marks are missing.
    """
    text = path.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise MusicmlError(f"{path}: the marks {BEGIN} and {END} are missing. Put them where the results belong.")
    write_text(path, f"{before}{begin}\n{render(results)}{end}{after}")
