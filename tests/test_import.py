"""Importing musicml stays light, so that a notebook's first cell answers at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"torch", "music21", "matplotlib", "verovio", "IPython", "symusic"}
ROOMS = (
    *("score", "corpus", "analysis", "encoding", "models"),
    *("training", "generation", "evaluation", "display", "learn"),
)


def imported_by(statement: str) -> set[str]:
    """The top-level packages that a fresh Python holds after `statement`."""
    program = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_musicml_imports_nothing_heavy() -> None:
    found = imported_by("import musicml")
    assert "musicml" in found
    assert not found & HEAVY


@pytest.mark.parametrize("room", ROOMS)
def test_importing_a_room_imports_nothing_heavy(room: str) -> None:
    assert not imported_by(f"import musicml.{room}") & HEAVY


def test_the_command_imports_nothing_heavy_before_it_knows_what_to_do() -> None:
    assert not imported_by("import musicml.cli") & HEAVY


def test_every_public_name_can_be_had_from_the_package() -> None:
    program = "import musicml\nprint(*(name for name in musicml.__all__ if getattr(musicml, name) is None))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
