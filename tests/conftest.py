"""What the tests of several rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from musicml.corpus import load
from musicml.score import Score
from musicml.training import Pieces, benchmark_pieces, read_benchmark

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def chorale() -> Score:
    """BWV 66.6: four voices in F sharp minor, with a pickup."""
    return load("bach/bwv66.6")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The evaluation data ($MUSICML_DATA), which is no part of the repository."""
    folder = Path(os.environ.get("MUSICML_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the evaluation data are not on this machine: set MUSICML_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def benchmark() -> Pieces:
    """The JSB-16 benchmark; without the evaluation data, the same pieces as music21's corpus prints them."""
    folder = Path(os.environ.get("MUSICML_DATA", ROOT.parent / "shared" / "data"))
    path = folder / "jsb" / "Jsb16thSeparated.json"
    return read_benchmark(path) if path.is_file() else benchmark_pieces()
