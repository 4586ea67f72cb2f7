"""What notebooks call: verdicts in musical words, hints on demand, pictures with descriptions."""

from __future__ import annotations

import random
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from musicml import learn
from musicml.score import Score


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (7, 7.0),
        (np.int64(7), 7),
        (2 / 3, 0.6667),
        ("  F♯ ", "f#"),
        ("B♭", "Bb"),
        (True, True),
        ([60, 64], np.array([60, 64])),
        ((60, 64), [60, 64]),
        ({"D": 2, "C": 1}, {"C": 1, "D": 2}),
        (pd.Series({"C": 1}), {"C": 1}),
        (pd.DataFrame({"onset": [0.0], "label": ["I"]}), pd.DataFrame({"label": ["I"], "onset": [0.0]})),
    ],
)
def test_right_answers_may_be_written_in_many_ways(answer: Any, expected: Any) -> None:
    assert learn.difference(answer, expected) == ""


@pytest.mark.parametrize(
    ("answer", "expected", "complaint"),
    [
        (8, 7, "You have 8; the right number is smaller."),
        ("7", 7, "A number is wanted; you have str."),
        (False, True, "You have False."),
        ([60, 64, 67], [60, 64], "There is too much: there should be 2 items and you have 3."),
        ({"C": 1, "E": 1}, {"C": 1, "D": 1}, "For D: there should be an entry."),
        ({"Alto": 5}, {"Alto": 7}, "For Alto: You have 5; the right number is larger."),
        ([], pd.DataFrame({"label": ["I"]}), "A table is wanted; you have list."),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(answer: Any, expected: Any, complaint: str) -> None:
    assert learn.difference(answer, expected) == complaint


def test_a_wrong_row_of_a_table_is_named_by_bar_and_beat() -> None:
    right = pd.DataFrame({"measure": [1, 3], "beat": [1.0, 2.5], "label": ["I", "V"]})
    wrong = right.assign(label=["I", "IV"])
    assert learn.difference(wrong, right) == "label in row 2 (bar 3, beat 2.5): You have IV."
    assert learn.difference(right[["measure", "label"]], right) == "A column is missing: beat."
    assert learn.difference(right.head(1), right) == "Something is missing: there should be 2 rows and you have 1."


def test_a_judge_speaks_of_the_music() -> None:
    score = Score.from_table({"onset": [0, 4], "duration": 4, "pitch": [60, 67]}, parts=[("Soprano", "Voice")])
    fifth = score.notes[score.notes["pitch"] == 67]
    exercise = learn.Exercise("a line", lambda answer: f"Look at {learn.where(score, fifth)}.")
    assert repr(exercise.check([60])) == "Not yet: a line. Look at bar 2, beat 1, Soprano."
    assert learn.where(score, fifth.head(0)) == "nowhere"


@pytest.mark.parametrize("untouched", [None, ...])
def test_an_untouched_exercise_says_so_and_gives_nothing_away(untouched: Any) -> None:
    exercise = learn.Exercise("the key", "f#", hints=["Look at the last bass note."])
    assert exercise.check(untouched).state == "Not tried yet"
    assert "last bass" not in exercise.check(untouched).text
    function = learn.Exercise("a doubling", {"two": 4, "three": 6}, given={"two": [2], "three": [3]})
    assert function.check(lambda number: untouched).state == "Not tried yet"
    assert function.check(lambda number: 2 * number).state == "Right"
    assert "For three" in function.check(lambda number: 4 if number == 2 else untouched).text


def test_hints_come_in_order_and_the_last_stays() -> None:
    exercise = learn.Exercise("the key", "f#", hints=["gentle", "strong"])
    assert [exercise.hint(number).text for number in (0, 1, 2, 9)] == [
        "Hint 1 of 2: gentle",
        "Hint 1 of 2: gentle",
        "Hint 2 of 2: strong",
        "Hint 2 of 2: strong",
    ]


def test_a_verdict_reads_the_same_without_its_mark_and_lets_no_html_in() -> None:
    verdict = learn.Exercise("<b>x</b>", 7).check(8)
    page = verdict._repr_html_()
    assert "<b>" not in page
    spoken = re.sub(r'<span aria-hidden="true">.*?</span>', "", page)
    assert "Not yet: &lt;b&gt;x&lt;/b&gt;. You have 8" in spoken


def test_a_picture_describes_itself() -> None:
    shown = learn.picture(Figure(), 'Bars of "Bach"')._repr_html_()
    assert shown.startswith('<img src="data:image/png;base64,iVBOR')
    assert 'alt="Bars of &quot;Bach&quot;"' in shown


def test_setup_makes_chance_repeatable_and_names_the_versions() -> None:
    import torch

    draws = []
    for _ in range(2):
        text = learn.setup(seed=5).text
        draws.append((random.random(), np.random.random(), float(torch.rand(1))))  # noqa: NPY002
    assert draws[0] == draws[1]
    assert all(name in text for name in ("musicml", "Python 3.", "torch", "music21", "verovio", "seed 5."))
