from __future__ import annotations

import subprocess
import sys

from musicml.display.notebook import page_html, register
from musicml.score import Score


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_a_score_shows_itself_in_ipython_as_an_image() -> None:
    code = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
from musicml.display.notebook import register
assert register()
from musicml.score import Score
score = Score.from_table({"onset": [0], "duration": [1], "pitch": [60]}, title="One note")
shown, _ = shell.display_formatter.format(score)
print(shown["text/plain"]); print(shown["text/html"][:40])
"""
    assert run(code).splitlines() == [
        "<Score 'One note': 1 note, 1 part, 1 measure, 4 quarter notes>",
        '<img src="data:image/svg+xml;base64,PHN2',
    ]


def test_outside_a_notebook_nothing_is_imported() -> None:
    code = """
import sys
from musicml.display.notebook import register
import musicml.display
assert not register()
print([name for name in ("IPython", "verovio", "soundfile", "music21", "jinja2", "symusic", "matplotlib")
       if name in sys.modules])
"""
    assert run(code) == "[]"


def test_a_long_work_shows_its_first_pages_and_says_so() -> None:
    onsets = range(2400)
    score = Score.from_table({"onset": onsets, "duration": [1] * 2400, "pitch": [60 + n % 12 for n in onsets]})
    shown = page_html(score)
    assert shown.count("<img ") == 3 and "Pages 1 to 3 of" in shown
    assert isinstance(register(), bool)
