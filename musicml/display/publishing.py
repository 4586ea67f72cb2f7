"""A folder that holds a piece in every form a person may want: score, MIDI, page, sound and report."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from musicml.display.engraving import engrave
from musicml.display.report import Finding, report_html
from musicml.display.sound import synthesise
from musicml.errors import MusicmlError
from musicml.files import write_text
from musicml.score import Score


def publish(
    score: Score,
    folder: str | Path,
    *,
    stem: str,
    labels: Any = None,
    findings: Sequence[Finding] = (),
    facts: Mapping[str, object] | None = None,
    card: Mapping[str, Any] | None = None,
    introduction: str = "",
) -> list[Path]:
    """Write STEM.musicxml, .mid, .svg and .mp3, and report.html about them, into `folder`.

    All files are made in a hidden folder first and moved when the last is finished: whatever goes wrong, `folder`
    is as it was before.

    Args:
        stem: the name of the files. The other arguments are those of `musicml.display.report_html`.

    Returns:
        The files written, the report last.

    Raises:
        MusicmlError: the folder cannot be written, or a part of the page or sound cannot be made.
    """
    folder = work = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=folder) as hidden:
            work = Path(hidden)
            page = engrave(score, labels=labels)
            sound = synthesise(score)
            made = [score.save(work / f"{stem}.musicxml"), score.save(work / f"{stem}.mid")]
            made += page.save(work / f"{stem}.svg")
            made.append(sound.save(work / f"{stem}.mp3"))
            html = report_html(
                score, labels=labels, findings=findings, facts=facts, card=card, introduction=introduction,
                files=[file.name for file in made], engraving=page, sound=sound,
            )  # fmt: skip
            made.append(work / "report.html")
            write_text(made[-1], html)
            return [file.replace(folder / file.name) for file in made]
    except MusicmlError as error:  # its text may name the hidden folder, which is gone by now
        raise type(error)(str(error).replace(str(work), str(folder))) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise MusicmlError(f"{folder}: could not be written ({reason}). Choose another folder with --out.") from error
