from __future__ import annotations

import base64
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from musicml.display import engrave
from musicml.display.condensing import is_four_voice
from musicml.display.musescore import find_musescore
from musicml.errors import MusicmlError
from musicml.score import Score

SVG = "{http://www.w3.org/2000/svg}"


def groups(page: str, kind: str) -> list[ElementTree.Element]:
    return [element for element in ElementTree.fromstring(page).iter(f"{SVG}g") if element.get("class") == kind]


def words(element: ElementTree.Element) -> str:
    return "".join(element.itertext()).strip()


def test_every_note_is_on_the_page_under_its_id(chorale: Score) -> None:
    drawn = {note.get("id") for page in engrave(chorale).pages for note in groups(page, "note")}
    assert set(chorale.notes["id"]) <= drawn
    assert all(re.fullmatch(r"n\d+-\d+", str(extra)) for extra in drawn - set(chorale.notes["id"]))


def test_a_chorale_stands_on_two_staves_and_can_stand_on_four(chorale: Score) -> None:
    assert is_four_voice(chorale)
    for staves, count in (("auto", 2), ("closed", 2), ("open", 4)):
        page = engrave(chorale, staves=staves).pages[0]  # type: ignore[arg-type]
        assert len(groups(page, "staff")) == count * len(chorale.measures)


def test_stems_tell_the_voices_of_a_staff_apart(chorale: Score) -> None:
    page = engrave(chorale).pages[0]
    parts = chorale.notes.set_index("id")["part"]
    checked = 0
    for note in groups(page, "note"):
        stem, head = note.find(f"{SVG}g[@class='stem']/{SVG}path"), note.find(f"{SVG}g[@class='notehead']/{SVG}use")
        if stem is None or head is None:
            continue
        heights = [float(number) for number in re.findall(r"[ML][\d.]+ ([\d.]+)", stem.get("d", ""))]
        middle = float(re.findall(r"translate\([\d.]+, ([\d.]+)\)", head.get("transform", ""))[0])
        up = min(heights) < middle - 100
        assert up == (parts[str(note.get("id")).split("-")[0]] in (0, 2)), note.get("id")
        checked += 1
    assert checked > 150


def test_only_the_soprano_carries_fermatas_on_two_staves(chorale: Score) -> None:
    held = set(chorale.notes.loc[chorale.notes["fermata"], "onset"])
    full = replace(chorale, notes=chorale.notes.assign(fermata=chorale.notes["onset"].isin(held)))
    assert full.notes["fermata"].sum() == 4 * len(held)
    assert len(groups(engrave(full).pages[0], "fermata")) == len(held)
    assert len(groups(engrave(full, staves="open").pages[0], "fermata")) == 4 * len(held)


def test_title_composer_and_labels_are_on_the_page(chorale: Score, labels: pd.DataFrame) -> None:
    page = engrave(chorale, labels=labels).pages[0]
    heading = words(groups(page, "pgHead")[0])
    assert "Christ ist <erstanden>" in heading and "J. S. Bach" in heading
    assert [words(harm) for harm in groups(page, "harm")] == ["i", "V⁶₅", "vii°⁷/V", "iPAC", "iv⁶"]


def test_a_long_title_is_broken_into_lines() -> None:
    title = "Chorale in G major, composed by a small Transformer with seed 12345 and a temperature of one"
    page = engrave(Score.from_table({"onset": [0], "duration": [1], "pitch": [60]}, title=title)).pages[0]
    lines = [line.text for line in groups(page, "pgHead")[0].iter(f"{SVG}tspan") if (line.text or "").strip()]
    assert len(lines) == 2 and " ".join(map(str, lines)) == title


def test_an_empty_score_still_gives_a_page() -> None:
    drawn = engrave(Score.from_table({"onset": [], "duration": [], "pitch": []}))
    assert len(drawn.pages) == 1 and drawn.text.startswith("Untitled. 1 bar")


def test_colours_reach_the_note_and_the_words(chorale: Score) -> None:
    drawn = engrave(chorale, colours={"n3": "#c00000"})
    note = next(note for note in groups(drawn.pages[0], "note") if note.get("id") == "n3")
    assert note.get("fill") == "#c00000"
    assert drawn.text.endswith("Drawn in #c00000: C sharp 5 in bar 0, beat 4.")


def test_the_same_score_gives_the_same_page(chorale: Score, labels: pd.DataFrame) -> None:
    assert engrave(chorale, labels=labels).pages == engrave(chorale, labels=labels).pages


def test_a_string_quartet_keeps_four_staves_and_takes_several_pages() -> None:
    from music21 import corpus

    quartet = Score.from_music21(corpus.parse("mozart/k156/movement1"))
    drawn = engrave(quartet)
    assert not is_four_voice(quartet) and len(drawn.pages) > 1
    found = [str(note.get("id")) for page in drawn.pages for note in groups(page, "note")]
    assert set(quartet.notes["id"]) <= set(found)
    everything = [name for page in drawn.pages for name in re.findall(r' id="([^"]+)"', page)]
    assert len(everything) == len(set(everything)), "pages in one HTML document must not share ids"


def test_a_notebook_shows_an_image_that_needs_no_trust(chorale: Score) -> None:
    shown = engrave(chorale)._repr_html_()
    source = re.findall(r'<img src="data:image/svg\+xml;base64,([^"]+)" alt="([^"]+)"', shown)
    assert base64.b64decode(source[0][0]).startswith(b"<svg")
    assert "F sharp minor" in source[0][1] and "&lt;erstanden&gt;" in source[0][1]
    assert "<script" not in shown and "Bar 9. Soprano" in shown


def test_pages_are_saved_as_svg_and_pdf(chorale: Score, tmp_path: Path) -> None:
    drawn = engrave(chorale)
    assert drawn.save(tmp_path / "a.svg") == [tmp_path / "a.svg"]
    drawn.save(tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(MusicmlError, match=r"Use \.svg or \.pdf"):
        drawn.save(tmp_path / "a.bmp")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pdf", "a.svg"]


def test_musescore_draws_the_same_notes(chorale: Score, labels: pd.DataFrame) -> None:
    drawn = engrave(chorale, labels=labels, colours={"n3": "red"}, engraver="musescore")
    page = ElementTree.fromstring(drawn.pages[0])
    kinds = [element.get("class") for element in page.iter()]
    # A pair of tied heads counts twice, and two voices on one head once.
    assert abs(kinds.count("Note") - len(chorale.notes)) <= 4
    assert kinds.count("Lyrics") + kinds.count("StaffText") >= len(labels) - 1
    assert "background:#fff" in drawn.pages[0][:600] and "#ff0000" in drawn.pages[0].lower()


def test_without_musescore_the_error_says_what_to_install(chorale: Score, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_musescore() is not None
    monkeypatch.setattr("musicml.display.musescore.find_musescore", lambda: None)
    with pytest.raises(MusicmlError, match=r"MuseScore was not found.*[Ii]nstall.*verovio"):
        engrave(chorale, engraver="musescore")


@pytest.mark.parametrize(
    ("wish", "cause"),
    [({"colours": {"n9999": "red"}}, "no note has the id"), ({"colours": {"n3": '"/><script>'}}, "is not a colour"),
     ({"engraver": "lilypond"}, "engraver 'lilypond' is unknown"), ({"staves": "piano"}, "staves 'piano' is unknown")],
)
def test_impossible_wishes_are_refused_in_one_line(chorale: Score, wish: dict[str, object], cause: str) -> None:
    with pytest.raises(MusicmlError, match=cause) as caught:
        engrave(chorale, **wish)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_two_staves_need_four_parts() -> None:
    solo = Score.from_table({"onset": [0], "duration": [1], "pitch": [60]})
    with pytest.raises(MusicmlError, match="needs four parts"):
        engrave(solo, staves="closed")
