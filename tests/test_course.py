"""Every notebook of the course: built from its source, in shape, within its budget, and running from top to bottom."""

from __future__ import annotations

import re
import sys
import time
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from course import build

MEGABYTES = 900  # what a kernel may hold, so that a small Binder session survives
SECONDS = 3 * 90  # the budget on a quiet machine, three times over
LONGEST_CELL = 20
SHAPE = [
    r"\*\*The key idea\.\*\*",
    r"\*\*You will learn\*\*",
    r"\*\*You need\*\*",
    r"\*\*Minutes:\*\*",
    r"## What you take away",
    r"## Exercises",
    r"## References",
    r"## Next",
]
PEAK = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
SOURCES = build.sources()
NOTEBOOKS = [path for source in SOURCES for path in build.targets(source).values()]


def name(path: Path) -> str:
    return path.relative_to(build.COURSE).as_posix()


@cache
def read(path: Path) -> NotebookNode:
    return nbformat.reads(path.read_text("utf-8"), as_version=4)


def code_of(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(notebook: NotebookNode) -> list[str]:
    return [tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])]


def anchor(heading: str) -> str:
    return heading.strip().lower().replace(" ", "-")


def test_there_is_a_course_and_it_is_built() -> None:
    assert SOURCES
    assert build.outdated() == []
    assert build.main(["--check"]) == 0


def test_a_changed_source_is_noticed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    genuine = build.built()
    monkeypatch.setattr(build, "built", lambda: {path: text + " " for path, text in genuine.items()})
    assert build.main(["--check"]) == 1
    assert "course/01_hear_see_count.ipynb: not what its source gives" in capsys.readouterr().out


def test_building_twice_gives_the_same_file() -> None:
    text = SOURCES[0].read_text("utf-8")
    assert build.build(text, "learner") == build.build(text, "learner")


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_the_learner_finds_exercises_and_the_solutions_their_answers(source: Path) -> None:
    paths = build.targets(source)
    learner, solution = read(paths["learner"]), read(paths["solution"])
    assert {"solution", "docassert"}.isdisjoint(tags(learner))
    assert "exercise" not in tags(solution)
    assert tags(learner).count("exercise") == tags(solution).count("solution") == tags(learner).count("check") >= 2
    assert "docassert" in tags(solution)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_page_shape(path: Path) -> None:
    cells = read(path).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    places = [re.search(mark, text) for mark in SHAPE]
    assert all(places), [mark for mark, place in zip(SHAPE, places, strict=True) if not place]
    starts = [place.start() for place in places if place]
    assert starts == sorted(starts)
    assert cells[0].source.startswith("# ")
    assert "learn.setup(" in code_of(read(path))[0].source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_code_cells_are_short_and_carry_no_outputs(path: Path) -> None:
    lengths = [len(cell.source.splitlines()) for cell in code_of(read(path))]
    assert max(lengths) <= LONGEST_CELL
    assert sorted(lengths)[len(lengths) // 2] <= 5
    assert not any(cell.outputs for cell in code_of(read(path)))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)]+)\)", "\n".join(cell.source for cell in read(path).cells))
    for target in (target for target in targets if "://" not in target):
        file, _, place = target.partition("#")
        linked = path.parent / file
        assert linked.is_file(), target
        headings = re.findall(r"^#+ (.*)$", linked.read_text("utf-8"), re.MULTILINE)
        assert not place or place in map(anchor, headings), target


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_runs_from_top_to_bottom_within_its_budget(path: Path) -> None:
    notebook = nbformat.reads(path.read_text("utf-8"), as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
    start = time.perf_counter()
    NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(path.parent)}}).execute()
    seconds = time.perf_counter() - start
    megabytes = int(notebook.cells.pop().outputs[0].text) / (2**20 if sys.platform == "darwin" else 2**10)
    print(f"{name(path)}: {seconds:.0f} s, {megabytes:.0f} MB at most")
    assert megabytes < MEGABYTES
    assert seconds < SECONDS
    check_verdicts(notebook, tried=path.parent.name == "solutions")
    check_pictures(notebook)


def check_verdicts(notebook: NotebookNode, tried: bool) -> None:
    """Left alone, each exercise says so; solved as the solutions do, each is right."""
    checks = [cell for cell in code_of(notebook) if "check" in cell.metadata.get("tags", [])]
    wanted = "Right: " if tried else "Not tried yet: "
    for cell in checks:
        assert cell.outputs[-1].data["text/plain"].startswith(wanted), cell.outputs[-1].data["text/plain"]


def check_pictures(notebook: NotebookNode) -> None:
    """Every picture carries a description, and there is one to see and one to hear."""
    outputs = [output for cell in code_of(notebook) for output in cell.outputs]
    shown = [output.data for output in outputs if output.output_type in {"display_data", "execute_result"}]
    assert not any(kind.startswith("image/") for data in shown for kind in data)
    scores = [data for data in shown if data["text/plain"].startswith("<Score")]
    assert all("<img" in data.get("text/html", "") for data in scores)
    pages = "".join(data.get("text/html", "") for data in shown)
    images = re.findall(r"<img\b[^>]*>", pages)
    assert images
    assert all(re.search(r'\balt="[^"]{15,}"', image) for image in images)
    assert "audio/mpeg" in pages or "audio/mp3" in pages


def test_no_error_is_left_in_a_wrong_answer() -> None:
    from musicml.learn import Exercise

    answers = [0, "x", [], {}, object(), float("nan"), lambda: 1 / 0]
    verdicts = [Exercise("a fifth", 7, hints=["Count."]).check(answer) for answer in answers]
    assert {verdict.state for verdict in verdicts} == {"Not yet"}
