"""The outputs in a real JupyterLab: what a learner sees before trusting a notebook, and hears after running it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

CELLS = [
    """
from musicml.display.notebook import register
from musicml.score import Score
register()
pitches = [79, 74, 71, 55]
notes = {"onset": [0, 0, 0, 0], "duration": [8, 8, 8, 8], "pitch": pitches, "part": [0, 1, 2, 3]}
parts = [(name, "Choir Aahs") for name in ("Soprano", "Alto", "Tenor", "Bass")]
score = Score.from_table(notes, parts=parts, title="One chord", tempos=[(0, 60)])
score
""",
    "from musicml.display import player\nplayer(score)",
]


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A notebook that another person ran: its outputs are there, but this machine does not trust them."""
    from nbclient import NotebookClient

    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in CELLS])
    content.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    NotebookClient(content, timeout=120, kernel_name="python3").execute()
    nbformat.write(content, tmp_path / "score.ipynb")
    return tmp_path / "score.ipynb"


@pytest.fixture
def address(notebook: Path) -> Iterator[str]:
    """JupyterLab with settings of its own, showing the notebook."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = notebook.parent
    places = {"JUPYTER_CONFIG_DIR": str(home / "config"), "JUPYTER_DATA_DIR": str(home / "data")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
               "--IdentityProvider.token=", f"--ServerApp.root_dir={home}", "--ServerApp.ip=127.0.0.1"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, env={**os.environ, **places}, stdout=log, stderr=log)
    try:
        for _ in range(240):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.25)
        yield f"http://127.0.0.1:{port}/lab/tree/{notebook.name}"
    finally:
        server.terminate()
        server.wait(30)


def run_all(page: Any) -> None:
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()


def test_an_untrusted_notebook_shows_the_score_and_a_trusted_one_plays(address: str) -> None:
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--mute-audio"]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        page = browser.new_page(viewport={"width": 1200, "height": 1400})
        page.goto(address)
        image = page.locator(".jp-OutputArea-output img")
        image.wait_for(timeout=90_000)
        assert image.evaluate("image => image.complete && image.naturalWidth > 0 && image.width > 400")
        assert "One chord" in str(image.get_attribute("alt"))
        assert page.locator(".jp-OutputArea-output iframe").count() == 0, "the notebook is not trusted yet"
        assert page.get_by_text("Trust this notebook to play One chord.").is_visible()

        run_all(page)
        page.locator(".jp-OutputArea-output iframe").wait_for(timeout=90_000)
        frame = page.frame_locator(".jp-OutputArea-output iframe")
        frame.get_by_role("button", name="Play").click()
        frame.locator("g.note.mm-on").nth(3).wait_for(state="attached", timeout=15_000)
        time.sleep(1)
        assert frame.locator("audio").evaluate("audio => audio.currentTime") > 0.5
        browser.close()
