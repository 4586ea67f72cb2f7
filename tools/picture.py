"""Draw docs/images/composed.png, the page that the README shows: `python -m tools.picture` (needs Chromium)."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from musicml import generation, models
from musicml.analysis import analyse
from musicml.display import engrave, labels_of

OUT = Path(__file__).parent.parent / "docs" / "images" / "composed.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main(key: str = "G", seed: int = 1) -> None:
    """Compose with the shipped Transformer, engrave with Roman numerals and take a picture of the page."""
    from playwright.sync_api import sync_playwright

    piece = generation.compose(models.load("chorale-transformer"), key=key, seed=seed)
    found = analyse(piece.score)
    page = engrave(piece.score, labels=labels_of(found.roman_numerals, found.cadences))
    browser_path = next(filter(None, map(shutil.which, BROWSERS)), None)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": 1000, "height": 800}, device_scale_factor=1.5)
        tab.set_content(f"<body style='margin:0;background:white'>{page.images()[0]}</body>")
        tab.locator("img").screenshot(path=OUT)
        browser.close()
    print(f"{OUT}: {piece.score.title}, seed {seed}, {page.summary}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "G", int(sys.argv[2]) if len(sys.argv) > 2 else 1)
