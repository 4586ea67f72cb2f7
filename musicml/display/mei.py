"""Pages by Verovio: MusicXML becomes MEI, is given heading, labels and colours there, and is drawn as SVG.

MEI (Music Encoding Initiative, music-encoding.org) can hang a text under any moment of a bar, also where no note
begins, and Verovio then keeps the texts apart; MusicXML lyrics could not do the first, its words not the second.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from musicml.display.labelling import typeset
from musicml.errors import MusicmlError
from musicml.score import Score

_MEI = "http://www.music-encoding.org/ns/mei"
_ID = "{http://www.w3.org/XML/1998/namespace}id"
_TITLE_LETTERS = 64  # as many as fit on a line in the size of a title
_OPTIONS = {
    "pageWidth": 2100,
    "pageHeight": 2970,
    "pageMarginTop": 60,
    "pageMarginBottom": 60,
    "pageMarginLeft": 70,
    "pageMarginRight": 70,
    "adjustPageHeight": True,
    "scale": 40,
    "unit": 9.5,
    "header": "encoded",
    "footer": "none",
    "mnumInterval": 0,
    "svgViewBox": True,
    "svgFormatRaw": True,
    "svgRemoveXlink": True,
    "harmDist": 1.6,
    "lyricSize": 4.5,
    "spacingSystem": 10,
}


def verovio_pages(score: Score, labels: pd.DataFrame, colours: Mapping[str, str]) -> list[str]:
    """Draw a score.

    Args:
        score: as it is to stand on the page, one staff for each part.
        labels: columns onset (quarter notes) and label, checked.
        colours: note id to CSS colour; the tied continuations of a note are coloured with it.

    Returns:
        One SVG for each page, on white; each note is a group whose id is the note's id.

    Raises:
        MusicmlError: Verovio cannot read the score.
    """
    import verovio

    from musicml.score.musicxml import to_musicxml

    verovio.enableLog(verovio.LOG_ERROR)
    # The seeds make the ids that Verovio invents the same in every run, and different in the two steps.
    source = _load(verovio.toolkit(), to_musicxml(score), {"xmlIdSeed": 1})
    root = ElementTree.fromstring(source.getMEI())
    _set_stems(root)
    _add_heading(root, score)
    _add_labels(root, score, labels)
    _add_colours(root, colours)
    ElementTree.register_namespace("", _MEI)
    drawer = _load(verovio.toolkit(), ElementTree.tostring(root, encoding="unicode"), {**_OPTIONS, "xmlIdSeed": 2})
    return [_on_white(_own_ids(drawer.renderToSVG(page), page)) for page in range(1, drawer.getPageCount() + 1)]


def _load(toolkit: Any, data: str, options: dict[str, Any]) -> Any:
    toolkit.setOptions(options)
    if not toolkit.loadData(data):
        raise MusicmlError("score: Verovio could not read it. Save it as MusicXML and look at it elsewhere.")
    return toolkit


def _set_stems(root: ElementTree.Element) -> None:
    """Two voices on a staff point their stems apart; a single voice leaves them to Verovio, not to music21's beams."""
    for staff in root.iter(_tag("staff")):
        layers = staff.findall(_tag("layer"))
        for number, layer in enumerate(layers):
            for kind in ("note", "chord"):
                for sounding in layer.iter(_tag(kind)):
                    sounding.attrib.pop("stem.dir", None)
                    if len(layers) > 1:
                        sounding.set("stem.dir", "down" if number % 2 else "up")
    upper = {note.get(_ID) for layer in root.iter(_tag("layer")) if layer.get("n") == "1"
             for note in layer.iter() if note.tag in (_tag("note"), _tag("chord"))}
    for fermata in root.iter(_tag("fermata")):
        if fermata.get("startid", "").lstrip("#") in upper:
            fermata.set("place", "above")
            fermata.attrib.pop("form", None)


def _add_heading(root: ElementTree.Element, score: Score) -> None:
    """Title in the middle and composer at the right, above the first page."""
    definition = next(root.iter(_tag("scoreDef")))
    for old in definition.findall(_tag("pgHead")) + definition.findall(_tag("pgFoot")):
        definition.remove(old)
    heading = ElementTree.Element(_tag("pgHead"), {"func": "first"})
    if str(score.meta.get("title") or "").strip():
        place = {"halign": "center", "valign": "middle", "fontsize": "150%"}
        title = ElementTree.SubElement(heading, _tag("rend"), place)
        first, *others = textwrap.wrap(score.title, _TITLE_LETTERS)
        title.text = first
        for line in others:
            ElementTree.SubElement(title, _tag("lb")).tail = line
    if score.meta.get("composer"):
        place = {"halign": "right", "valign": "bottom", "fontsize": "90%"}
        ElementTree.SubElement(heading, _tag("rend"), place).text = str(score.meta["composer"])
    definition.insert(0, heading)


def _add_labels(root: ElementTree.Element, score: Score, labels: pd.DataFrame) -> None:
    """Hang each label under the lowest staff at its moment."""
    measures = list(root.iter(_tag("measure")))
    lowest = str(len(list(root.iter(_tag("staffDef")))))
    starts = score.measures["onset"].to_numpy(float)
    for number, (onset, label) in enumerate(zip(labels["onset"], labels["label"], strict=True)):
        row = max(0, int(np.searchsorted(starts, onset + 1e-6, side="right")) - 1)
        unit = int(score.measures["time_signature"].iloc[row].split("/")[1])
        stamp = f"{1 + (onset - starts[row]) * unit / 4:.6g}"
        attributes = {_ID: f"label{number}", "place": "below", "staff": lowest, "tstamp": stamp}
        harm = ElementTree.SubElement(measures[min(row, len(measures) - 1)], _tag("harm"), attributes)
        lines = [typeset(line) for line in label.split("\n")]
        if len(lines) == 1:
            harm.text = lines[0]
            continue
        # Only figured bass stacks lines in Verovio; it takes any text as a figure.
        stack = ElementTree.SubElement(harm, _tag("fb"))
        for line in lines:
            ElementTree.SubElement(stack, _tag("f")).text = line


def _add_colours(root: ElementTree.Element, colours: Mapping[str, str]) -> None:
    for note in root.iter(_tag("note")):
        colour = colours.get(note.get(_ID, "").split("-")[0])
        if colour:
            note.set("color", colour)


def _own_ids(svg: str, page: int) -> str:
    """Verovio names the shapes of all pages alike; give each page its own, so that pages can share a document."""
    name = re.findall(r'<svg[^>]* id="([^"]+)"', svg)[0]
    return re.sub(rf'(?<=["#-]){name}\b', f"page{page}", svg)


def _on_white(svg: str) -> str:
    """Give the page a white ground, so that it can be read on dark screens."""
    head, body = svg.split(">", 1)
    return f'{head} style="background:#fff">{body}'


def _tag(name: str) -> str:
    return f"{{{_MEI}}}{name}"
