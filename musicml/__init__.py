"""musicml: learn how machines learn music, and do it.

Importing this package is light; each room (`musicml.analysis`, `musicml.models`, ...) is imported where it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from musicml.display.notebook import register as _register

__version__ = "0.1.0"

_NAMES = {
    "Score": "musicml.score",
    "load": "musicml.corpus",
    "Corpus": "musicml.corpus",
    "player": "musicml.display",
    "MusicmlError": "musicml.errors",
    "ScoreError": "musicml.errors",
    "ModelError": "musicml.errors",
}
_ROOMS = {
    "score", "corpus", "analysis", "encoding", "models", "training", "generation", "evaluation", "display", "learn",
}
__all__ = sorted([*_NAMES, *_ROOMS])


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(_NAMES[name]), name)
    if name in _ROOMS:
        return import_module(f"musicml.{name}")
    raise AttributeError(f"module 'musicml' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]


_register()  # in a notebook, a Score shows its page; elsewhere this does nothing
