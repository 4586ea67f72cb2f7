"""A score that plays: pages, sound and a highlight that moves with it, in one piece of HTML that needs no network."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musicml.display.describing import bar_name
from musicml.display.engraving import Engraving, engrave
from musicml.display.labelling import tidy_labels
from musicml.display.sound import Sound, synthesise
from musicml.display.templating import asset, fill
from musicml.display.timing import seconds
from musicml.files import write_text
from musicml.score import Score

_SPEEDS = [(0.5, "half"), (0.75, "¾"), (1, "as written"), (1.25, "1¼ times"), (1.5, "1½ times")]


@dataclass(frozen=True, repr=False)
class Player:
    """Pages, their sound, and when each note sounds.

    Attributes:
        title: of the piece.
        engraving: the pages; their note ids are those of the timeline.
        sound: the sound, one clock with the timeline.
        timeline: "notes" (id, start, stop), "bars" (number, start), "labels" (text, start) and "duration", in seconds.
    """

    title: str
    engraving: Engraving
    sound: Sound
    timeline: dict[str, Any]

    def __repr__(self) -> str:
        return f"<Player: {self.title}>"

    def fragment(self, scope: str = "section") -> str:
        """The player without style and script, to stand in a page that has both (`css` and `script`).

        Args:
            scope: "document" when the player owns the keyboard of the whole page, "section" when only while focused.
        """
        # "</script>" inside the data would end the element that holds it.
        data = json.dumps(self.timeline, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
        return fill("player_fragment.html", title=self.title, scope=scope, duration=self.timeline["duration"],
                    speeds=_SPEEDS, audio=base64.b64encode(self.sound.mp3).decode(), pages=self.engraving.pages,
                    alt=self.engraving.summary, text=self.engraving.text.splitlines(), data=data)

    def html(self) -> str:
        """One whole HTML page, self-contained."""
        return fill("player.html", title=self.title, fragment=self.fragment("document"), css=css(), js=script())

    def save(self, path: str | Path) -> Path:
        """Write the page to a file that plays when it is opened in any browser."""
        write_text(path, self.html())
        return Path(path)

    def _repr_html_(self) -> str:
        """The page in a frame of its own, so that notebooks in every editor and built sites show it alike."""
        name = html.escape(self.title)
        return (
            f'<iframe title="Player: {name}" width="100%" height="{self._height()}" style="border:0;max-width:1000px" '
            f'allow="autoplay" srcdoc="{html.escape(self.html())}">Trust this notebook to play {name}.</iframe>'
        )

    def _height(self) -> int:
        """High enough for one page at full width (pixels), and never so high that the controls leave the screen."""
        box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', self.engraving.pages[0]) if self.engraving.pages else None
        page = 960 * float(box[2]) / float(box[1]) if box else 400
        return round(min(max(page, 180) + 190, 720))


def player(
    score: Score,
    labels: Any = None,
    *,
    colours: Mapping[str, str] | None = None,
    engraving: Engraving | None = None,
    sound: Sound | None = None,
) -> Player:
    """Make a score that can be read, heard and followed.

    Args:
        score: the music.
        labels: a table with columns onset (quarter notes) and label, drawn under the music and told while it plays.
        colours: note id to colour, as in `musicml.display.engrave`.
        engraving, sound: drawn and made already; by default both are made here.

    Returns:
        The player; the last line of a notebook cell shows it.

    Raises:
        MusicmlError: as in `musicml.display.engrave` and `musicml.display.synthesise`.

    >>> third = Score.from_table({"onset": [0, 1], "duration": [1, 3], "pitch": [60, 64]}, title="A third")
    >>> player(third, sound=synthesise(third, engine="numpy")).timeline["notes"][1]
    ['n1', 0.6, 2.4]
    """
    table = tidy_labels(score, labels)
    made = sound or synthesise(score)
    drawn = engraving or engrave(score, labels=table, colours=colours)
    return Player(score.title, drawn, made, _timeline(score, table, made.duration))


def css() -> str:
    """The style of players, for a page that holds a `fragment`."""
    return asset("player.css")


def script() -> str:
    """The script of players, to stand after the last `fragment` of a page."""
    return asset("player.js")


def _timeline(score: Score, labels: Any, duration: float) -> dict[str, Any]:
    notes = score.notes
    starts = seconds(score, notes["onset"]).round(3).tolist()
    stops = seconds(score, notes["onset"] + notes["duration"]).round(3).tolist()
    bars = [bar_name(score, row) for row in range(len(score.measures))]
    bar_starts = seconds(score, score.measures["onset"]).round(3).tolist()
    texts = labels["label"].str.replace("\n", " ").tolist()
    return {
        "notes": [list(row) for row in zip(notes["id"].tolist(), starts, stops, strict=True)],
        "bars": [list(row) for row in zip(bars, bar_starts, strict=True)],
        "labels": [list(row) for row in zip(texts, seconds(score, labels["onset"]).round(3).tolist(), strict=True)],
        "duration": round(duration, 3),
    }
