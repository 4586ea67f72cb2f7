"""The report: one self-contained page about one piece, for people who have never seen such a page before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from musicml.display.charts import bar_chart
from musicml.display.engraving import Engraving
from musicml.display.playing import css, player, script
from musicml.display.sound import Sound
from musicml.display.templating import asset, fill
from musicml.errors import MusicmlError
from musicml.files import write_text
from musicml.score import Score

_LONG = 14
_KINDS = {
    ".musicxml": "the score for any notation program (MuseScore, Dorico, Sibelius, Finale)",
    ".mxl": "the score for any notation program, compressed",
    ".xml": "the score for any notation program",
    ".mid": "MIDI, for any music program",
    ".svg": "the engraved page as a drawing",
    ".pdf": "the engraved pages for printing",
    ".mp3": "the sound",
    ".wav": "the sound, uncompressed",
    ".ogg": "the sound",
    ".json": "settings and figures for programs",
    ".html": "a page for the browser",
    ".csv": "a table",
}


@dataclass(frozen=True)
class Finding:
    """Something found in the piece.

    Attributes:
        title: a heading of a few words.
        explanation: what it is and how to read it, in a sentence or two.
        table: the evidence; its column names become headings.
        chart: the columns to draw as bars, (names, values), or nothing.
        unit: what the chart's values are measured in.
        empty: what to say when the table has no rows.
    """

    title: str
    explanation: str
    table: pd.DataFrame | None = None
    chart: tuple[str, str] | None = None
    unit: str = ""
    empty: str = "Nothing was found."

    def __post_init__(self) -> None:
        for name in self.chart or ():
            if self.table is None or name not in self.table.columns:
                raise MusicmlError(f"finding {self.title!r}: the chart needs a column {name!r}. Name one of its table.")


def report_html(
    score: Score,
    *,
    labels: Any = None,
    colours: Mapping[str, str] | None = None,
    findings: Sequence[Finding] = (),
    facts: Mapping[str, object] | None = None,
    card: Mapping[str, Any] | None = None,
    files: Sequence[str | Path] = (),
    introduction: str = "",
    engraving: Engraving | None = None,
    sound: Sound | None = None,
) -> str:
    """Tell all that is known about a piece on one HTML page that needs nothing beside it.

    Args:
        score: the piece; it is shown with a player.
        labels, colours: drawn into the score, as in `musicml.display.engrave`.
        findings: the analysis, in the order of reading.
        facts: how the piece was made, such as seed and settings: name to value.
        card: the model card, nested as it is stored.
        files: files in the folder of the report, to be linked.
        introduction: a first paragraph.
        engraving, sound: drawn and made already; by default both are made here.

    Returns:
        The page.

    Raises:
        MusicmlError: as in `musicml.display.player`.
    """
    made = player(score, labels, colours=colours, engraving=engraving, sound=sound)
    return fill(
        "report.html",
        title=score.title,
        composer=score.meta.get("composer", ""),
        introduction=introduction,
        player=made.fragment(),
        findings=[_shown(finding) for finding in findings],
        facts={name: _value(value) for name, value in (facts or {}).items()},
        card=_flat(card or {}),
        files=[(quote(Path(file).name), Path(file).name, _KINDS.get(Path(file).suffix.lower(), "")) for file in files],
        engine=made.sound.engine,
        styles=css() + asset("report.css"),
        script=script(),
        long=_LONG,
    )


def write_report(path: str | Path, score: Score, **contents: Any) -> Path:
    """Write `report_html(score, **contents)` to a file, whole or not at all.

    Returns:
        The path.

    Raises:
        MusicmlError: the folder cannot be written, or as in `report_html`.
    """
    write_text(path, report_html(score, **contents))
    return Path(path)


def _shown(finding: Finding) -> dict[str, Any]:
    """A finding in the words and pictures of the template."""
    table, chart = finding.table, ""
    if table is not None and finding.chart:
        names, values = finding.chart
        chart = bar_chart(table[names].tolist(), table[values].astype(float).tolist(), title=finding.title,
                          name_label=_heading(names), value_label=finding.unit or _heading(values))
    return {
        "title": finding.title,
        "explanation": finding.explanation,
        "empty": finding.empty,
        "chart": chart,
        "headings": [_heading(name) for name in table.columns] if table is not None else None,
        "rows": [[_value(cell) for cell in row] for row in table.to_numpy(dtype=object)] if table is not None else [],
    }


def _heading(name: object) -> str:
    return str(name).replace("_", " ")


def _value(value: Any) -> str:
    """A cell as a person reads it.

    >>> _value(0.123456), _value(float("nan")), _value(True), _value(["S", "A"]), _value(3.0)
    ('0.123', '–', 'yes', 'S, A', '3')
    """
    if isinstance(value, Mapping):
        return "; ".join(f"{_heading(name)}: {_value(part)}" for name, part in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(_value(part) for part in value)
    if value is None or pd.isna(value):
        return "–"
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "yes" if value else "no"
    if isinstance(value, (int, str)):
        return str(value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    if number.is_integer() and abs(number) < 1e15:
        return f"{number:,.0f}"
    return f"{number:,.3f}".rstrip("0") if abs(number) >= 0.001 else f"{number:.3g}"


def _flat(card: Mapping[str, Any], above: str = "") -> list[tuple[str, str]]:
    """A nested card as rows: "data › licence" and its value.

    >>> _flat({"data": {"pieces": 229}, "seed": 1})
    [('data › pieces', '229'), ('seed', '1')]
    """
    rows: list[tuple[str, str]] = []
    for name, value in card.items():
        path = f"{above} › {_heading(name)}" if above else _heading(name)
        if isinstance(value, Mapping) and value:
            rows += _flat(value, path)
        else:
            rows.append((path, _value(value)))
    return rows
