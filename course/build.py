"""Build the course's notebooks from their sources: `python -m course.build`.

A source, `course/source/NN_name.py`, is a notebook in jupytext's percent format: `# %% [markdown]` opens a text cell,
`# %%` a code cell, `# %% tags=["exercise"]` a code cell with a role. Two notebooks without outputs come out of it:
`course/NN_name.ipynb` for the learner and `course/solutions/NN_name.ipynb`. The tag of a cell decides where it goes:

| tag       | learner | solution | what it holds |
|-----------|---------|----------|---|
| (none)    | yes     | yes      | the lesson |
| exercise  | yes     | no       | a place for the answer, `answer = ...`; runs without error when left alone |
| solution  | no      | yes      | one way to solve the exercise above it |
| check     | yes     | yes      | an exercise's verdict; folded, because its code gives the answer away |
| docassert | no      | yes      | asserts that the numbers in the text are still true; folded |

Notebooks are built the same on every machine (cell ids come from the text), and are never edited by hand. With
`--check` nothing is written: built files that differ from their sources are named and the exit code is 1.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from musicml.files import write_text

COURSE = Path(__file__).resolve().parent
LEFT_OUT = {"learner": {"solution", "docassert"}, "solution": {"exercise"}}
FOLDED = {"check", "docassert"}
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
}


def sources() -> list[Path]:
    """The sources of all notebooks, in the course's order."""
    return sorted((COURSE / "source").glob("[0-9][0-9]_*.py"))


def targets(source: Path) -> dict[str, Path]:
    """Where the two notebooks of a source stand, by version.

    >>> {version: path.relative_to(COURSE).as_posix() for version, path in targets(Path("01_x.py")).items()}
    {'learner': '01_x.ipynb', 'solution': 'solutions/01_x.ipynb'}
    """
    name = f"{source.stem}.ipynb"
    return {"learner": COURSE / name, "solution": COURSE / "solutions" / name}


def build(text: str, version: str) -> str:
    """One version of a notebook, as the text of its file.

    Args:
        text: a source in percent format.
        version: "learner" or "solution".

    Returns:
        The notebook as JSON.

    >>> text = '# %% [markdown]\\n# # Sum\\n# %% tags=["exercise"]\\nx = ...\\n# %% tags=["solution"]\\nx = 7\\n'
    >>> [cell.source for cell in nbformat.reads(build(text, "solution"), as_version=4).cells]
    ['# Sum', 'x = 7']
    """
    notebook = jupytext.reads(text, fmt="py:percent")
    cells = [cell for cell in notebook.cells if not LEFT_OUT[version] & set(cell.metadata.get("tags", []))]
    seen: set[str] = set()
    finished = {"cells": [_finish(cell, version, seen) for cell in cells], "metadata": KERNEL}
    node = nbformat.from_dict({**finished, "nbformat": 4, "nbformat_minor": 5})
    nbformat.validate(node)
    return str(nbformat.writes(node)) + "\n"


def _finish(cell: NotebookNode, version: str, seen: set[str]) -> NotebookNode:
    """A cell as it is committed: an id from its text, no outputs, folded or not, links that hold where it stands."""
    tags = cell.metadata.get("tags", [])
    metadata = {"tags": tags} if tags else {}
    if FOLDED & set(tags):
        metadata["jupyter"] = {"source_hidden": True}
    text = cell.source if version == "learner" else cell.source.replace("](GLOSSARY.md", "](../GLOSSARY.md")
    finished = {"cell_type": cell.cell_type, "id": _identity(cell.cell_type + cell.source, seen)}
    empty: dict[str, object] = {"outputs": [], "execution_count": None} if cell.cell_type == "code" else {}
    return NotebookNode({**finished, "source": text, "metadata": metadata, **empty})


def _identity(text: str, seen: set[str]) -> str:
    """An id that a text always gets; a second cell with the same text gets the next one."""
    for count in range(len(seen) + 1):
        identity = hashlib.sha256(f"{count}{text}".encode()).hexdigest()[:8]
        if identity not in seen:
            break
    seen.add(identity)
    return identity


def built() -> dict[Path, str]:
    """What every built notebook should hold, by its path."""
    texts = {source: source.read_text("utf-8") for source in sources()}
    return {path: build(text, version) for source, text in texts.items() for version, path in targets(source).items()}


def outdated() -> list[Path]:
    """The built notebooks that differ from their sources or have none."""
    expected = built()
    present = {*COURSE.glob("*.ipynb"), *(COURSE / "solutions").glob("*.ipynb")}
    stale = [path for path, text in expected.items() if path not in present or path.read_text("utf-8") != text]
    return sorted([*stale, *(present - expected.keys())])


def main(arguments: list[str] | None = None) -> int:
    """Build all notebooks, or with `--check` say which are not what their sources give."""
    parser = argparse.ArgumentParser(description="Build the course's notebooks from their sources.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 when a notebook is outdated")
    if parser.parse_args(arguments).check:
        stale = outdated()
        for path in stale:
            print(f"{path.relative_to(COURSE.parent)}: not what its source gives; run `make course`.")
        return 1 if stale else 0
    for path, text in built().items():
        write_text(path, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
