"""From the tables of the analysis to what a page shows: labels under the music, and findings with explanations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from musicml.display.report import Finding
from musicml.score import Score

_CADENCES = {
    "PAC": "perfect authentic: V to I, the melody ends on the tonic",
    "IAC": "imperfect authentic: V to I, less final",
    "HC": "half: stops on V",
    "DC": "deceptive: V, then not I",
    "PC": "plagal: IV to I",
}


def labels_of(numerals: pd.DataFrame, closes: pd.DataFrame | None = None) -> pd.DataFrame:
    """The labels of a harmonic analysis, for `engrave` and `player`.

    Args:
        numerals: columns onset (quarter notes), key ("G", "f#") and figure, as `musicml.analysis.roman_numerals` gives.
        closes: columns onset and type, as `musicml.analysis.cadences` gives; they stand on a second line.

    Returns:
        Columns onset and label: the figure wherever the chord changes, after the key wherever that changes.

    >>> numerals = pd.DataFrame({"onset": [0, 1, 2, 3], "key": ["G", "G", "G", "D"], "figure": ["I", "V", "V", "V"]})
    >>> labels_of(numerals)["label"].tolist()
    ['G: I', 'V', 'D: V']
    """
    table = numerals[["onset", "key", "figure"]].sort_values("onset")
    new_key = table["key"] != table["key"].shift()
    changed = new_key | (table["figure"] != table["figure"].shift())
    figures = table["figure"].where(~new_key, table["key"] + ": " + table["figure"])
    parts = [pd.DataFrame({"onset": table["onset"], "label": figures})[changed]]
    if closes is not None:
        parts.append(pd.DataFrame({"onset": closes["onset"], "label": closes["type"]}))
    return pd.concat(parts, ignore_index=True)


def key_title(name: str) -> str:
    """A key in words.

    >>> key_title("Eb"), key_title("f#")
    ('E flat major', 'F sharp minor')
    """
    accidental = {"#": " sharp", "b": " flat", "-": " flat"}.get(name[1:2], "")
    return f"{name[:1].upper()}{accidental} {'major' if name[:1].isupper() else 'minor'}"


def harmony_findings(key: Any, local_keys: pd.DataFrame, numerals: pd.DataFrame, closes: pd.DataFrame) -> list[Finding]:
    """Key, cadences and Roman numerals as findings (arguments as `musicml.analysis` returns them)."""
    keys = pd.DataFrame({"from quarter note": local_keys["onset"], "to": local_keys["end"],
                         "key": local_keys["key"].map(key_title), "confidence": local_keys["confidence"]})
    ends = pd.DataFrame({"bar": closes["measure"], "beat": closes["beat"], "cadence": closes["type"],
                         "meaning": closes["type"].map(_CADENCES), "probability": closes["probability"],
                         "evidence": closes["evidence"]})
    chords = numerals.rename(columns={"measure": "bar", "figure": "Roman numeral"})
    shown = [name for name in ("bar", "beat", "key", "Roman numeral", "evidence", "confidence") if name in chords]
    return [
        Finding("Key", f"The whole piece is in {key_title(key.name)} (confidence {key.confidence:.2f}, where 1 is "
                "certain). On the way it may visit other keys:", keys, empty="It stays in that key."),
        Finding("Cadences", "How the phrases close.", ends, empty="No cadence was found."),
        Finding("Roman numerals", "The chords by the step of the scale they stand on; they are also written under the "
                "score. The evidence names the notes that were heard.", chords[shown], empty="No chord was found."),
    ]


def fault_finding(faults: pd.DataFrame) -> Finding:
    """Voice-leading faults by bar as a finding (the table of `musicml.analysis.voice_leading`)."""
    count, bars = len(faults), faults["measure"].nunique()
    found = f"{count} in {bars} bar{'' if bars == 1 else 's'}. " if count else ""
    words = f"{found}What the textbooks of four-part writing warn of, where it is heard."
    return Finding("Voice-leading faults", words,
                   faults.rename(columns={"measure": "bar"}).drop(columns="onset"), empty="None was found.")


def surprise_finding(score: Score, log_prob: np.ndarray, *, frame: float = 0.25) -> Finding:
    """How surprised a model was by each bar.

    Args:
        score: the piece that the frames belong to.
        log_prob: natural logarithms of the probabilities of its tokens, shape (frames, voices).
        frame: the length of a frame in quarter notes.

    Returns:
        The mean negative log-likelihood of the tokens of each bar, in nats, as chart and table.

    >>> score = Score.from_table({"onset": [0], "duration": [8], "pitch": [60]})
    >>> surprise_finding(score, np.full((32, 4), -0.5)).table["nats per token"].tolist()
    [0.5, 0.5]
    """
    bars = score.measures
    onsets = np.arange(len(log_prob)) * frame
    rows = np.clip(np.searchsorted(bars["onset"].to_numpy(float), onsets + 1e-6, side="right") - 1, 0, None)
    # A bar that a repeat sign cuts in two has one number, and so one row.
    numbers = bars["number"].to_numpy()[rows]
    means = pd.Series(-np.asarray(log_prob).mean(axis=1)).groupby(numbers).mean().reindex(bars["number"].unique())
    table = pd.DataFrame({"bar": means.index.to_numpy(), "nats per token": means.to_numpy()})
    words = (f"The model's negative log-likelihood is {-float(np.mean(log_prob)):.3f} nats per token over the whole "
             "piece. High bars are those where something happened that it expected less.")
    return Finding("Surprise by bar", words, table, chart=("bar", "nats per token"), unit="nats per token")
