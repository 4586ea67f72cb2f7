"""What the tests of several rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from musicml.corpus import load
from musicml.score import Score
from musicml.training import Pieces, benchmark_pieces, read_benchmark

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("MUSICML_DATA", ROOT.parent / "shared" / "data"))

# Continuous integration tries the same examples every time; on a developer's machine each run looks for new ones.
settings.register_profile("same-examples", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("same-examples")


@pytest.fixture(scope="session")
def chorale() -> Score:
    """BWV 66.6: four voices in F sharp minor, with a pickup."""
    return load("bach/bwv66.6")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The evaluation data ($MUSICML_DATA), which is no part of the repository."""
    return DATA


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without the evaluation data, leave out the tests that compare the package's facts with them."""
    if not DATA.is_dir():
        left_out = [item for item in items if "data_folder" in getattr(item, "fixturenames", ())]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def benchmark() -> Pieces:
    """The JSB-16 benchmark; without the evaluation data, the same pieces as music21's corpus prints them."""
    path = DATA / "jsb" / "Jsb16thSeparated.json"
    return read_benchmark(path) if path.is_file() else benchmark_pieces()
