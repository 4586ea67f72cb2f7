from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from musicml.display import fault_finding, harmony_findings, labels_of, report_html, surprise_finding
from musicml.display.charts import bar_chart
from musicml.score import Score

NUMERALS = pd.DataFrame({"onset": [0.0, 1, 5], "end": [1.0, 5, 9], "measure": [0, 1, 2], "beat": [4.0, 1, 1],
                         "key": ["A", "A", "f#"], "figure": ["I", "V65", "i"], "confidence": [0.9, 0.8, 0.7]})
CLOSES = pd.DataFrame({"onset": [5.0], "measure": [2], "beat": [1.0], "type": ["PAC"], "probability": [0.8],
                       "evidence": ["V-i"]})
KEYS = pd.DataFrame({"onset": [0.0, 5], "end": [5.0, 36], "key": ["A", "f#"], "confidence": [0.7, 0.9]})
FAULTS = pd.DataFrame({"onset": [5.0], "measure": [2], "beat": [1.0], "fault": ["parallel fifths"],
                       "voices": ["soprano, alto"], "evidence": ["C5 F4 to D5 G4"]})


def test_labels_name_the_key_where_it_changes_and_cadences_below() -> None:
    table = labels_of(NUMERALS, CLOSES)
    assert table.to_numpy().tolist() == [[0.0, "A: I"], [1.0, "V65"], [5.0, "f#: i"], [5.0, "PAC"]]


def test_surprise_is_the_mean_of_each_bar_and_a_pickup_is_a_bar(chorale: Score) -> None:
    log_prob = np.full((144, 4), -0.1)
    log_prob[:4] = -2.0
    table = surprise_finding(chorale, log_prob).table
    assert table is not None
    assert table["bar"].tolist() == list(range(10))
    assert table["nats per token"].tolist() == pytest.approx([2.0] + [0.1] * 9)


def test_the_whole_report_in_one_go(chorale: Score) -> None:
    key = SimpleNamespace(name="f#", confidence=0.87)
    findings = [*harmony_findings(key, KEYS, NUMERALS, CLOSES), fault_finding(FAULTS)]
    page = report_html(chorale, labels=labels_of(NUMERALS, CLOSES), findings=findings)
    for words in ("The whole piece is in F sharp minor", "perfect authentic: V to I", "1 in 1 bar.", "C5 F4 to D5 G4"):
        assert words in page
    assert "None was found." in report_html(chorale, findings=[fault_finding(FAULTS[:0])])


def test_a_chart_with_gaps_zeros_and_nothing_is_still_drawn() -> None:
    words = {"title": "T", "name_label": "bar", "value_label": "nats"}
    assert bar_chart([1, 2, 3], [0.5, float("nan"), 2.0], **words).count("<rect") == 2
    assert "highest 0.00" in bar_chart([1], [0.0], **words)
    assert "Nothing was measured" in bar_chart([], [], **words)
