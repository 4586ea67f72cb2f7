"""What the course's notebooks call: `setup`, exercises with a verdict in musical words, pictures with a description.

A notebook begins with `learn.setup()`. An exercise leaves a place for an answer, and a check cell says how it went:

>>> fifth = Exercise("a fifth above C", "G", hints=["Count five letters, C included."])
>>> fifth.check(...)
Not tried yet: a fifth above C. Put your answer in place of the three dots.
>>> fifth.check("F")
Not yet: a fifth above C. You have F. For a hint call .hint(1) of this exercise.
>>> fifth.hint(1)
Hint 1 of 1: Count five letters, C included.
>>> fifth.check("G")
Right: a fifth above C.

Nothing here raises because of a learner's answer, so that Run All always reaches the end of a notebook.
"""

from __future__ import annotations

import base64
import html
import inspect
import io
import numbers
import platform
import random
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from musicml import display
from musicml.score import Score

if TYPE_CHECKING:
    from matplotlib.figure import Figure

State = Literal["Right", "Not yet", "Not tried yet"]
_SHOWN = ("musicml", "torch", "music21", "verovio", "numpy", "pandas")
_MARKS: dict[State, str] = {"Right": "✓", "Not yet": "✗", "Not tried yet": "…"}


@dataclass(frozen=True, repr=False)
class Words:
    """A sentence that shows itself in a notebook and on the command line."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        words = self._mark() + html.escape(self.text)
        return f'<p role="status" style="border-left: 4px solid; padding-left: 0.7em">{words}</p>'

    def _mark(self) -> str:
        return ""


@dataclass(frozen=True, repr=False)
class Verdict(Words):
    """What a check found, in a sentence; the mark in front of it in a notebook only repeats the words."""

    state: State

    def _mark(self) -> str:
        return f'<span aria-hidden="true">{_MARKS[self.state]} </span>'


@dataclass(frozen=True)
class Exercise:
    """One question of a notebook: what is right, how to tell, and hints that are shown only when asked for.

    Args:
        question: what is asked, as a noun phrase ("the number of notes in the alto").
        expected: the right answer (number, text, list, Series or DataFrame), or a judge: a function that takes the
            answer and returns "" when it is right, else a sentence saying what is wrong and where in the music.
        hints: from a nudge to nearly the answer.
        given: when the answer is a function, the arguments to call it with, by the name of each case; what is judged
            then are its results by the same names.

    >>> leap = Exercise("a test for leaps", {"a major third": True}, given={"a major third": [4]})
    >>> leap.check(lambda semitones: abs(semitones) > 4)
    Not yet: a test for leaps. For a major third: You have False.
    >>> leap.check(lambda semitones: semitones / 0)
    Not yet: a test for leaps. Your answer stopped with ZeroDivisionError: division by zero.
    """

    question: str
    expected: Any
    hints: Sequence[str] = ()
    given: Mapping[str, Sequence[Any]] | None = None

    def check(self, answer: Any) -> Verdict:
        """Judge an answer; None and the three dots are "not tried yet", and so is a function that returns them."""
        try:
            if self.given is not None and callable(answer):
                answer = {case: answer(*arguments) for case, arguments in self.given.items()}
            if _is_untouched(answer):
                text = f"Not tried yet: {self.question}. Put your answer in place of the three dots."
                return Verdict(text, "Not tried yet")
            complaint = self.expected(answer) if callable(self.expected) else difference(answer, self.expected)
        except Exception as error:  # whatever a learner's code raises is an answer to speak about, not a broken page
            complaint = f"Your answer stopped with {type(error).__name__}: {error}."
        if not complaint:
            return Verdict(f"Right: {self.question}.", "Right")
        offer = " For a hint call .hint(1) of this exercise." if self.hints else ""
        return Verdict(f"Not yet: {self.question}. {complaint}{offer}", "Not yet")

    def hint(self, number: int = 1) -> Words:
        """Hint `number` (1 is the gentlest); a number beyond the last gives the last.

        >>> Exercise("the key", "f#").hint()
        No hints for this one: the key.
        """
        if not self.hints:
            return Words(f"No hints for this one: {self.question}.")
        number = min(max(number, 1), len(self.hints))
        return Words(f"Hint {number} of {len(self.hints)}: {self.hints[number - 1]}")


def _is_untouched(answer: Any) -> bool:
    if isinstance(answer, dict):
        return bool(answer) and all(_is_untouched(value) for value in answer.values())
    return answer is None or answer is ...


def difference(answer: Any, expected: Any) -> str:
    """In a sentence, how an answer differs from what was expected; "" when it does not.

    Numbers may differ by rounding, texts by case, spaces and the way accidentals are written. Of two lists, Series or
    tables the first difference is named; rows of a table that carry `measure` and `beat` are named by them.

    >>> difference(31, 36)
    'You have 31; the right number is larger.'
    >>> difference("F♯", "f#")
    ''
    >>> difference([60, 62, 65], [60, 62, 64])
    'Item 3: You have 65; the right number is smaller.'
    >>> difference(pd.Series({"C": 4}), pd.Series({"C": 4, "D": 1}))
    'Something is missing: there should be 2 items and you have 1.'
    """
    if isinstance(expected, str | bool | np.bool):
        return "" if _plain(answer) == _plain(expected) else f"You have {answer}."
    if isinstance(expected, numbers.Number):
        return _number_difference(answer, expected)
    if isinstance(expected, pd.DataFrame):
        return _table_difference(answer, expected)
    expected, answer = pd.Series(expected), pd.Series(answer)
    if len(answer) != len(expected):
        return _length_difference(len(answer), len(expected), "item")
    for place, (label, right) in enumerate(expected.items()):
        name = f"Item {place + 1}" if isinstance(expected.index, pd.RangeIndex) else f"For {label}"
        if label not in answer.index:
            return f"{name}: there should be an entry."
        if found := difference(answer[label], right):
            return f"{name}: {found}"
    return ""


def _number_difference(answer: Any, expected: Any) -> str:
    if not isinstance(answer, numbers.Number):
        return f"A number is wanted; you have {type(answer).__name__}."
    if np.isclose(complex(answer), complex(expected), rtol=1e-3):  # type: ignore[call-overload]
        return ""
    return f"You have {answer:g}; the right number is {'larger' if answer < expected else 'smaller'}."


def _table_difference(answer: Any, expected: pd.DataFrame) -> str:
    if not isinstance(answer, pd.DataFrame):
        return f"A table is wanted; you have {type(answer).__name__}."
    missing = [str(column) for column in expected.columns if column not in answer.columns]
    if missing:
        return f"A column is missing: {', '.join(missing)}."
    if len(answer) != len(expected):
        return _length_difference(len(answer), len(expected), "row")
    for place in range(len(expected)):
        row = expected.iloc[place]
        for column in expected.columns:
            if found := difference(answer[column].iloc[place], row[column]):
                name = f"bar {row['measure']}, beat {row['beat']:g}" if {"measure", "beat"} <= set(row.index) else ""
                return f"{column} in row {place + 1}{' (' + name + ')' if name else ''}: {found}"
    return ""


def _length_difference(found: int, wanted: int, noun: str) -> str:
    start = "Something is missing" if found < wanted else "There is too much"
    return f"{start}: there should be {wanted} {noun}{'' if wanted == 1 else 's'} and you have {found}."


def _plain(text: Any) -> str:
    return str(text).strip().casefold().replace("♯", "#").replace("♭", "b")


def where(score: Score, notes: pd.DataFrame) -> str:
    """Where some notes stand, as a musician says it.

    Args:
        score: the piece.
        notes: rows of `score.notes`.

    Returns:
        Bar and beat of the first of them, and the parts of all.

    >>> score = Score.from_table({"onset": [0, 1, 1], "duration": 1, "pitch": [48, 55, 64], "part": [1, 1, 0]},
    ...                          parts=[("Soprano", "Voice"), ("Bass", "Voice")])
    >>> where(score, score.notes[score.notes["onset"] == 1])
    'bar 1, beat 2, Soprano and Bass'
    """
    if not len(notes):
        return "nowhere"
    first = notes.sort_values("onset").iloc[0]
    names = [str(score.parts["name"].iloc[part]) for part in sorted(notes["part"].unique())]
    voices = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return f"bar {first['measure']}, beat {first['beat']:g}, {voices}"


@dataclass(frozen=True, repr=False)
class Picture:
    """A drawing with its description in words; it shows itself in notebooks, trusted or not."""

    png: bytes
    text: str

    def __repr__(self) -> str:
        return f"<Picture: {self.text}>"

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.png).decode("ascii")
        alt = html.escape(self.text, quote=True)
        return f'<img src="data:image/png;base64,{data}" alt="{alt}" style="max-width: 100%">'


def picture(figure: Figure, description: str) -> Picture:
    """Turn a matplotlib figure into a picture that carries its description for those who do not see it.

    Args:
        figure: what `plt.subplots()` or `axes.figure` gives; it is closed, so that it does not show twice.
        description: what the drawing shows and what one learns from it, in a sentence or two.

    >>> from matplotlib.figure import Figure
    >>> picture(Figure(), "An empty stave.")
    <Picture: An empty stave.>
    """
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, bbox_inches="tight", facecolor="white")
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(figure)
    return Picture(stream.getvalue(), description)


@dataclass(frozen=True, repr=False)
class Listing:
    """A piece of the library's own code; in a notebook it shows itself with coloured words."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        from pygments import highlight
        from pygments.formatters import HtmlFormatter
        from pygments.lexers import PythonLexer

        # Colours inside each word, not in a style sheet: untrusted notebooks drop style sheets.
        frame = "border-left: 4px solid #888; padding: 0.4em 0.8em; overflow-x: auto"
        letters = "margin: 0; font-family: monospace"
        formatter = HtmlFormatter(noclasses=True, style="tango", cssstyles=frame, prestyles=letters)
        coloured: str = highlight(self.text, PythonLexer(), formatter)
        return coloured


def source(thing: Any) -> Listing:
    """The code of a function, method or class of the library, as it runs: a lesson shows it instead of a copy.

    Args:
        thing: what is to be shown.

    >>> print(repr(source(where)).splitlines()[0])
    def where(score: Score, notes: pd.DataFrame) -> str:
    """
    return Listing(textwrap.dedent(inspect.getsource(thing)).rstrip())


def setup(seed: int = 0) -> Words:
    """Begin a notebook: fix the seeds, let scores show their pages, say which versions are at work.

    Nothing is installed or fetched. PyTorch is seeded when it has been imported before; notebooks that use it import
    it in the same first cell.

    >>> setup(seed=3).text.split(", ")[-1]
    'seed 3.'
    """
    display.register()
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  libraries that a learner adds draw from this global state
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
    versions = [f"{name} {metadata.version(name)}" for name in _SHOWN]
    return Words(", ".join([f"Python {platform.python_version()}", *versions, f"seed {seed}."]))
