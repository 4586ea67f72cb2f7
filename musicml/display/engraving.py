"""Engraved pages: a score as SVG, with labels and coloured notes, and the same in words."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from musicml.display.condensing import closed_score, is_four_voice
from musicml.display.describing import describe, note_name, summary
from musicml.display.labelling import tidy_labels
from musicml.errors import MusicmlError
from musicml.files import write_bytes, write_text
from musicml.score import Score
from musicml.score.tables import rows

_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]+")


@dataclass(frozen=True)
class Engraving:
    """Drawn pages.

    Attributes:
        pages: one SVG text for each page.
        text: the pages in words, bar by bar, labels and colours included.
        summary: one line of that, for alt texts.
        engraver: "verovio" or "musescore".
        pdf: gives the pages as one PDF file.
    """

    pages: list[str]
    text: str
    summary: str
    engraver: str
    pdf: Callable[[], bytes]

    def save(self, path: str | Path) -> list[Path]:
        """Write the pages: as SVG (page 2 of "a.svg" becomes "a-2.svg") or as one PDF (needs MuseScore).

        Raises:
            MusicmlError: another suffix, an unwritable folder, or a PDF without MuseScore.
        """
        path = Path(path)
        if path.suffix.lower() == ".pdf":
            write_bytes(path, self.pdf())
            return [path]
        if path.suffix.lower() != ".svg":
            raise MusicmlError(f"{path}: a page cannot be written as {path.suffix or 'that'!r}. Use .svg or .pdf.")
        paths = [path.with_stem(f"{path.stem}-{n + 1}") if n else path for n in range(len(self.pages))]
        for page, file in zip(self.pages, paths, strict=True):
            write_text(file, page)
        return paths

    def images(self) -> list[str]:
        """Each page as an HTML image that carries its drawing in itself, so that untrusted notebooks show it too."""
        count = len(self.pages)
        return [
            f'<img src="data:image/svg+xml;base64,{base64.b64encode(page.encode()).decode()}" '
            f'alt="{html.escape(self.summary)} Page {n + 1} of {count}; described in words below." '
            'width="840" style="max-width:100%;background:#fff">'
            for n, page in enumerate(self.pages)
        ]

    def _repr_html_(self) -> str:
        words = html.escape(self.text).replace("\n", "<br>")
        return "\n".join([*self.images(), f"<details><summary>The score in words</summary><p>{words}</p></details>"])


def engrave(
    score: Score,
    *,
    labels: Any = None,
    colours: Mapping[str, str] | None = None,
    engraver: Literal["verovio", "musescore"] = "verovio",
    staves: Literal["auto", "open", "closed"] = "auto",
) -> Engraving:
    """Draw a score.

    Args:
        score: the music.
        labels: a table with columns onset (quarter notes) and label, written under the lowest staff; Roman numerals
            such as "V65" get raised figures.
        colours: note id (column `id` of `score.notes`) to a colour, by name or as "#rrggbb".
        engraver: "verovio" (built in) or "musescore" (when it is installed).
        staves: "closed" puts four voices on two staves, "open" gives each part its own; "auto" closes choral music.

    Returns:
        The pages. Drawn by Verovio, each note is an SVG group whose id is the note's id.

    Raises:
        MusicmlError: a label outside the piece, a colour for an unknown note, four-voice writing that two staves cannot
            hold, or an engraver that is unknown or not installed.

    >>> third = Score.from_table({"onset": [0, 1], "duration": [1, 3], "pitch": [60, 64]}, title="A third")
    >>> page = engrave(third, labels={"onset": [0], "label": ["I"]})
    >>> len(page.pages), 'id="n0"' in page.pages[0]
    (1, True)
    """
    table, paint = tidy_labels(score, labels), dict(colours or {})
    _check_colours(score, paint)
    drawn = closed_score(score) if _closes(score, staves) else score
    text = "\n".join([describe(score, table), *_colour_words(score, paint)])

    def pdf() -> bytes:
        from musicml.display.musescore import musescore_pdf

        return musescore_pdf(drawn, table, paint)

    if engraver == "verovio":
        from musicml.display.mei import verovio_pages

        pages = verovio_pages(drawn, table, paint)
    elif engraver == "musescore":
        from musicml.display.musescore import musescore_pages

        pages = musescore_pages(drawn, table, paint)
    else:
        raise MusicmlError(f"engraver {engraver!r} is unknown. Use 'verovio' or 'musescore'.")
    return Engraving(pages, text, summary(score), engraver, pdf)


def _closes(score: Score, staves: str) -> bool:
    if staves not in ("auto", "open", "closed"):
        raise MusicmlError(f"staves {staves!r} is unknown. Use 'auto', 'open' or 'closed'.")
    if staves == "closed" and len(score.parts) != 4:
        raise MusicmlError(f"staves 'closed' needs four parts, but {score.title} has {len(score.parts)}. Use 'open'.")
    return staves == "closed" or (staves == "auto" and is_four_voice(score))


def _check_colours(score: Score, colours: Mapping[str, str]) -> None:
    known = set(score.notes["id"])
    for note, colour in colours.items():
        if note not in known:
            raise MusicmlError(f"colours: no note has the id {note!r}. Use ids from score.notes['id'].")
        if not _COLOUR.fullmatch(str(colour)):
            raise MusicmlError(f"colours: {colour!r} is not a colour. Use a name such as 'red', or '#c00000'.")


def _colour_words(score: Score, colours: Mapping[str, str]) -> list[str]:
    lines = []
    for colour in dict.fromkeys(colours.values()):
        chosen = score.notes[score.notes["id"].map(colours) == colour]
        names = [
            f"{note_name(note)} in bar {note.measure}, beat {note.beat:.4g}" for note in rows(chosen)
        ]
        lines.append(f"Drawn in {colour}: {'; '.join(names)}.")
    return lines
