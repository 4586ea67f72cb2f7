"""The player and the report in a real browser, from a local file, as a person opens them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from musicml.display import Finding, player, write_report
from musicml.display.playing import Player
from musicml.display.timing import seconds
from musicml.score import Score

SOUNDING = "[...document.querySelectorAll('g.note.mm-on')].map(note => note.id)"
TIME = "document.querySelector('audio').currentTime"


@pytest.fixture(scope="module")
def played(chorale: Score, labels: pd.DataFrame) -> Player:
    return player(chorale, labels)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--mute-audio"]
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that remembers complaints and every address it asked for."""
    opened = browser.new_page(viewport={"width": 1000, "height": 720})
    opened.complaints, opened.asked = [], []
    opened.on("console", lambda message: opened.complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.on("request", lambda request: opened.asked.append(request.url))
    yield opened
    assert opened.complaints == []
    outside = [url for url in opened.asked if not url.startswith(("file:", "data:", "about:", "blob:"))]
    assert outside == []
    opened.close()


def sounding_ids(score: Score, moment: float) -> set[str]:
    notes = score.notes
    starts, stops = seconds(score, notes["onset"]), seconds(score, notes["onset"] + notes["duration"])
    return set(notes["id"][(starts <= moment) & (stops > moment)])


def whole_notes(ids: list[str]) -> set[str]:
    return {name.split("-")[0] for name in ids}


def test_pressing_play_sounds_and_marks_the_right_notes(played: Player, chorale: Score, page: Any,
                                                        tmp_path: Path) -> None:
    page.goto(played.save(tmp_path / "player.html").as_uri())
    assert page.evaluate(SOUNDING) == []
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(f"{TIME} > 1.2", timeout=15000)
    page.get_by_role("button", name="Pause").click()
    moment = page.evaluate(TIME)
    assert whole_notes(page.evaluate(SOUNDING)) == sounding_ids(chorale, moment)
    boxes = page.locator("g.note.mm-on > rect.mm-box").count()
    assert boxes == len(page.evaluate(SOUNDING)) >= 4, "marked by shape as well as by colour"
    page.wait_for_timeout(150)
    assert page.evaluate(TIME) == moment, "paused"


def test_every_bar_line_shows_its_notes(played: Player, chorale: Score, page: Any, tmp_path: Path) -> None:
    page.goto(played.save(tmp_path / "player.html").as_uri())
    for bar in chorale.measures.itertuples(index=False):
        moment = float(seconds(chorale, bar.onset)) + 0.05
        page.evaluate(f"{TIME} = {moment}")
        page.wait_for_function(f"!document.querySelector('audio').seeking && Math.abs({TIME} - {moment}) < 0.02")
        page.wait_for_timeout(60)
        assert whole_notes(page.evaluate(SOUNDING)) == sounding_ids(chorale, moment), bar.number
        assert page.locator(".mm-now").inner_text().startswith(f"Bar {bar.number}")


def test_a_tied_note_stays_marked_on_both_heads(played: Player, chorale: Score, page: Any, tmp_path: Path) -> None:
    page.goto(played.save(tmp_path / "player.html").as_uri())
    tied = re.findall(r'<g id="(n\d+)-1" class="note"', played.html())
    assert tied
    note = chorale.notes.set_index("id").loc[tied[0]]
    page.locator(f'g.note[id="{tied[0]}-1"] .notehead').click(force=True)
    page.wait_for_timeout(200)
    assert page.evaluate(TIME) == pytest.approx(float(seconds(chorale, note["onset"])), abs=0.02)
    assert {tied[0], f"{tied[0]}-1"} <= set(page.evaluate(SOUNDING))


def test_the_keyboard_is_enough(played: Player, chorale: Score, page: Any, tmp_path: Path) -> None:
    page.goto(played.save(tmp_path / "player.html").as_uri())
    bars = seconds(chorale, chorale.measures["onset"])
    page.keyboard.press("ArrowRight")
    assert page.evaluate(TIME) == pytest.approx(bars[1], abs=0.02)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(TIME) == pytest.approx(bars[2], abs=0.02)
    page.keyboard.press("Shift+ArrowRight")
    assert page.evaluate(TIME) == pytest.approx(float(seconds(chorale, 5.5)), abs=0.02)
    page.keyboard.press(" ")
    page.wait_for_function("!document.querySelector('audio').paused", timeout=5000)
    page.keyboard.press(" ")
    page.wait_for_function("document.querySelector('audio').paused", timeout=5000)
    page.keyboard.press("Home")
    assert page.evaluate(TIME) == 0
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "mm-play"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", "focus is visible"


def test_speed_volume_and_position_have_names_and_work(played: Player, page: Any, tmp_path: Path) -> None:
    page.goto(played.save(tmp_path / "player.html").as_uri())
    page.get_by_label("Speed").select_option("0.5")
    page.get_by_label("Volume").fill("0.3")
    page.get_by_label("Position").fill("10")
    audio = page.evaluate("(({playbackRate, volume, currentTime}) => [playbackRate, volume, currentTime])"
                          "(document.querySelector('audio'))")
    assert audio == pytest.approx([0.5, 0.3, 10], abs=0.02)
    assert "of 0:24" in page.get_by_label("Position").get_attribute("aria-valuetext")


def test_the_page_follows_the_music_down(played: Player, page: Any, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 1000, "height": 480})
    page.goto(played.save(tmp_path / "player.html").as_uri())
    assert page.locator(".mm-pages").evaluate("pages => pages.scrollTop") == 0
    page.get_by_label("Position").fill(str(played.timeline["bars"][-1][1] + 0.1))
    page.wait_for_function("document.querySelector('.mm-pages').scrollTop > 50", timeout=5000)


def test_on_a_narrow_screen_the_page_moves_sideways(played: Player, page: Any, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto(played.save(tmp_path / "player.html").as_uri())
    page.get_by_label("Position").fill(str(played.timeline["bars"][4][1] + 0.1))
    page.wait_for_function("document.querySelector('.mm-pages').scrollLeft > 50", timeout=5000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_end_comes_and_play_begins_anew(played: Player, page: Any, tmp_path: Path) -> None:
    page.goto(played.save(tmp_path / "player.html").as_uri())
    page.get_by_label("Position").fill(str(played.timeline["duration"] - 0.3))
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('audio').ended", timeout=8000)
    assert page.get_by_role("button", name="Play").is_visible()


def test_a_notebook_frame_plays_too(played: Player, page: Any, tmp_path: Path) -> None:
    (tmp_path / "cell.html").write_text(f"<!DOCTYPE html><body>{played._repr_html_()}", encoding="utf-8")
    page.goto((tmp_path / "cell.html").as_uri())
    frame = page.frame_locator("iframe")
    frame.get_by_role("button", name="Play").click()
    page.wait_for_function(
        "document.querySelector('iframe').contentDocument.querySelector('audio').currentTime > 0.4", timeout=15000)
    assert frame.locator("g.note.mm-on").count() >= 4


def test_without_scripts_there_is_still_sound_and_text(played: Player, browser: Any, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(played.save(tmp_path / "player.html").as_uri())
    assert page.locator("audio[controls]").is_visible()
    assert page.locator("noscript").count() == 1
    page.locator("summary").click()
    assert "Bar 9. Soprano" in page.locator(".mm-words").inner_text()
    context.close()


def test_a_chorale_is_a_small_page_and_its_title_is_only_text(played: Player) -> None:
    assert len(played.html()) < 1_500_000
    assert "<erstanden>" not in played.html()
    assert "http://" not in re.sub(r'xmlns(:xlink)?="http://[^"]+"', "", played.html()).replace(
        '"http://www.w3.org/2000/svg"', "")


def test_the_report_tells_all_and_plays(chorale: Score, labels: pd.DataFrame, page: Any, tmp_path: Path) -> None:
    findings = [
        Finding("Voice-leading faults", "By bar.", pd.DataFrame({"measure": [3], "fault": ["parallel <fifths>"]})),
        Finding("Cadences", "At phrase ends.", pd.DataFrame({"measure": []}), empty="No cadence."),
        Finding("Surprise by bar", "Mean over a bar.", pd.DataFrame({"bar": [0, 1, 2], "nats": [0.1, 0.9, 0.35]}),
                chart=("bar", "nats"), unit="nats per token"),
    ]
    (tmp_path / "a b.mid").write_bytes(b"")
    path = write_report(tmp_path / "report.html", chorale, labels=labels, findings=findings,
                        facts={"seed": 7, "temperature": 0.9}, files=[tmp_path / "a b.mid"],
                        card={"name": "chorale-transformer", "data": {"licence": "public <domain>"}})
    page.goto(path.as_uri())
    text = page.locator("main").inner_text()
    for words in ("parallel <fifths>", "No cadence.", "seed\t7", "data › licence\tpublic <domain>", "Roman numerals"):
        assert words in text
    chart = page.get_by_role("img", name=re.compile("highest 0.90 at bar 1"))
    assert chart.is_visible()
    assert page.get_by_role("link", name="a b.mid").get_attribute("href") == "a%20b.mid"
    assert page.locator("html").get_attribute("lang") == "en" and page.locator("h1").count() == 1
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    assert len(ids) == len(set(ids))
    broken = page.evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].filter(link => "
                           "!document.getElementById(link.hash.slice(1))).length")
    assert broken == 0
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for width in (1000, 380):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate(wider) <= 0, f"the page scrolls sideways at {width} pixels"
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(f"{TIME} > 0.5", timeout=15000)
    assert len(page.evaluate(SOUNDING)) >= 4


def test_a_chart_of_a_missing_column_is_refused() -> None:
    from musicml.errors import MusicmlError

    with pytest.raises(MusicmlError, match="needs a column 'nats'"):
        Finding("Surprise", "", pd.DataFrame({"bar": [1]}), chart=("bar", "nats"))
