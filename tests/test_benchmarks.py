"""The measurements: what they say of the simplest models is known, and the README shows what was measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import analysis, baselines, common, compose, corpus, decoding, likelihood, report
from musicml.errors import MusicmlError
from musicml.evaluation import likelihood as charge
from musicml.models.registry import weights_folder
from musicml.training import read_benchmark

ROOT = Path(__file__).resolve().parent.parent
RESULTS = json.loads((ROOT / "benchmarks" / "results.json").read_text("utf-8"))
CHORDS = np.array([[60, 55, 52, 48]] * 4 + [[62, 55, 53, 47]] * 4)


@pytest.mark.parametrize("fit", [baselines.unigram, baselines.copying, baselines.bigram])
def test_the_probabilities_of_a_baseline_are_probabilities(fit: Any) -> None:
    model = fit([CHORDS])
    assert np.allclose(model.table.sum(-1), 1)
    assert (model.table > 0).all(), "what never occurred may occur"
    assert model.log_prob(CHORDS).shape == CHORDS.shape


def test_baselines_know_what_they_should_and_no_more() -> None:
    held, moved = CHORDS[:2], CHORDS[3:5]
    costs = {fit: -fit([CHORDS]).log_prob(moved)[1, 0] for fit in (baselines.unigram, baselines.copying)}
    assert costs[baselines.copying] > costs[baselines.unigram], "who copies is surprised by a change"
    assert baselines.copying([CHORDS]).log_prob(held)[1, 0] == pytest.approx(np.log(7 / 9)), "six of seven steps hold"
    # A C is followed by C three times and by D once; the unigram is one more observation: (4 + 1) / (8 + 47) of C.
    assert baselines.bigram([CHORDS]).log_prob(held)[1, 0] == pytest.approx(np.log((3 + 5 / 55) / 5))


def test_baselines_reach_the_known_figures_of_the_benchmark(data_folder: Path) -> None:
    pieces = read_benchmark(data_folder / "jsb" / "Jsb16thSeparated.json")
    known = {baselines.unigram: (2.61, 2.64), baselines.bigram: (0.934, 0.984)}
    for fit, (valid, test) in known.items():
        model = fit(pieces.train)
        assert charge(model, pieces.valid).per_token == pytest.approx(valid, abs=0.01)
        assert charge(model, pieces.test).per_token == pytest.approx(test, abs=0.015)


def test_models_foresee_more_than_baselines(data_folder: Path) -> None:
    found = likelihood.measure(data_folder, limit=4)
    costs = [row["per_token"] for row in found["splits"]["valid"].values()]
    assert costs == sorted(costs, reverse=True), "from the simplest to the Transformer, each foresees more"
    assert list(found["splits"]) == ["valid"], "the test pieces stay untouched unless they are asked for"
    text = likelihood.table(found)
    assert "chorale-transformer" in text
    assert "4 pieces" in text


def test_cached_decoding_gives_the_same_answers_and_is_quicker(data_folder: Path) -> None:
    found = decoding.measure(data_folder, frames=64, pairs=1)
    assert found["tokens"] == 256
    assert found["largest_difference"] < 1e-5
    assert found["ratio"] > 2
    assert "64" not in decoding.table(found)


def test_compositions_are_described_beside_bach() -> None:
    found = compose.measure(pieces=2, bars=2, names=["chorale-markov"])["authors"]
    ours, bach = found["chorale-markov"], found[compose.BACH]
    assert (ours["pieces"], ours["bars"]) == (2, 4)
    assert 60 < bach["pieces"] <= 76
    assert 0.05 < bach["faults_per_bar"] < 1, "Bach has a few faults"
    assert bach["interval"][0] < bach["faults_per_bar"] < bach["interval"][1]
    assert bach["kinds_per_bar"]["crossing"] > bach["kinds_per_bar"]["parallel fifths"]
    assert bach["authentic_endings"] > 0.8
    assert "| `chorale-markov` |" in compose.table({"bars": 2, "authors": found})


def test_the_readme_shows_the_results_and_nothing_else() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    shown = text.partition(report.BEGIN)[2].partition(report.END)[0]
    assert shown.strip() == report.render(RESULTS).strip()


def test_the_figures_are_of_the_weights_that_ship() -> None:
    rows = RESULTS["likelihood"]["found"]["splits"]["valid"]
    for card in weights_folder().glob("*.json"):
        facts = json.loads(card.read_text("utf-8"))
        row = rows[card.stem]
        assert row["sha256"] == facts["sha256"], "run python -m benchmarks --write-readme"
        assert row["per_token"] == pytest.approx(facts["valid_nats_per_token"], abs=5e-4)


def test_the_goals_are_reached() -> None:
    rows = RESULTS["likelihood"]["found"]["splits"]["valid"]
    assert rows["chorale-markov"]["per_token"] <= 0.60
    assert rows["chorale-transformer"]["per_token"] <= 0.37
    cache = RESULTS["decoding"]["found"]
    assert cache["tokens"] == 1024
    assert cache["ratio"] >= 10
    assert cache["largest_difference"] <= 1e-5
    assert RESULTS["corpus"]["found"]["second_use_s"] < 2
    assert set(RESULTS) == set(command.PARTS), "every part has been measured"


def test_a_readme_without_marks_is_left_alone(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("# Nothing here")
    with pytest.raises(MusicmlError, match="results:begin"):
        report.write_readme(readme, RESULTS)
    assert readme.read_text() == "# Nothing here"


def test_only_what_stands_between_the_marks_is_replaced(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.write_readme(readme, RESULTS)
    text = readme.read_text("utf-8")
    assert text.startswith(f"before\n{report.BEGIN}\n###")
    assert text.endswith(f"{report.END}\nafter\n")
    assert "\nold\n" not in text


def test_a_part_that_fails_costs_the_others_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(corpus, "measure", lambda: RESULTS["corpus"]["found"])
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--data", str(tmp_path), "--only", "analysis,corpus"])
    assert command.main() == 1
    printed = capsys.readouterr()
    assert "not measured: analysis:" in printed.err
    assert "371 chorales" in printed.out
    assert set(json.loads((tmp_path / "results.json").read_text("utf-8"))) == {"corpus"}


def test_experts_labels_are_laid_beside_the_scores(data_folder: Path) -> None:
    found = analysis.measure(analysis.load(data_folder / "wir_chorales", limit=2))
    assert found["chorales"] == 2
    assert 0.5 < found["key and figure, nothing given"] <= 1
    assert "Roman numeral" in report.analysis_table({"two": found})


@pytest.mark.parametrize("name", ["", ".likelihood", ".decoding", ".compose", ".corpus", ".analysis"])
def test_each_part_can_be_run_alone(name: str) -> None:
    program = [sys.executable, "-m", f"benchmarks{name}", "--help"]
    if name == ".corpus":  # takes no options: importing it must be possible
        program = [sys.executable, "-c", "import benchmarks.corpus"]
    done = subprocess.run(program, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_interval_over_pieces_widens_with_their_variety() -> None:
    even, uneven = common.rate_interval([2] * 8, [4] * 8), common.rate_interval([0, 4] * 4, [4] * 8)
    assert even == [0.5, 0.5]
    assert uneven[0] < 0.5 < uneven[1]
