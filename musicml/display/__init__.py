"""The Display room: everything that a person looks at or listens to.

Nothing heavy is imported until a page is drawn or a sound is made.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from musicml.display.describing import describe
    from musicml.display.engraving import Engraving, engrave
    from musicml.display.findings import fault_finding, harmony_findings, labels_of, surprise_finding
    from musicml.display.notebook import register
    from musicml.display.playing import Player, player
    from musicml.display.report import Finding, report_html, write_report
    from musicml.display.sound import Sound, synthesise

_HOMES = {
    "Engraving": "engraving",
    "Finding": "report",
    "Player": "playing",
    "Sound": "sound",
    "describe": "describing",
    "engrave": "engraving",
    "fault_finding": "findings",
    "harmony_findings": "findings",
    "labels_of": "findings",
    "player": "playing",
    "register": "notebook",
    "report_html": "report",
    "surprise_finding": "findings",
    "synthesise": "sound",
    "write_report": "report",
}
__all__ = [
    "Engraving",
    "Finding",
    "Player",
    "Sound",
    "describe",
    "engrave",
    "fault_finding",
    "harmony_findings",
    "labels_of",
    "player",
    "register",
    "report_html",
    "surprise_finding",
    "synthesise",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'musicml.display' has no attribute {name!r}")
    return getattr(import_module(f"musicml.display.{_HOMES[name]}"), name)
