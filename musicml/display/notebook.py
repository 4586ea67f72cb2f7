"""How a score shows itself in a notebook: the Display room tells IPython, so that the Score need not know of pages."""

from __future__ import annotations

import html
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from musicml.score import Score

_MOST_PAGES = 3


def register() -> bool:
    """Let a Score at the end of a notebook cell show its first pages.

    Nothing is imported unless IPython is running already, so this costs nothing in a plain Python program.

    Returns:
        Whether there was a notebook to tell.
    """
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None or shell.display_formatter is None:
        return False
    shell.display_formatter.formatters["text/html"].for_type_by_name("musicml.score.score", "Score", page_html)
    return True


def page_html(score: Score) -> str:
    """The first pages of a score as images, and all of it in words, as HTML that untrusted notebooks keep."""
    from musicml.display.engraving import engrave

    drawn = engrave(score)
    images = drawn.images()
    words = html.escape(drawn.text).replace("\n", "<br>")
    shown = images[:_MOST_PAGES]
    if len(images) > _MOST_PAGES:
        shown.append(f"<p>Pages 1 to {_MOST_PAGES} of {len(images)}; musicml.display.engrave(score) shows all.</p>")
    return "\n".join([*shown, f"<details><summary>The score in words</summary><p>{words}</p></details>"])
