"""The real command in processes of its own: what a person types, what is printed, what lies in the folder after."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from musicml.corpus import load
from musicml.score import Score

COMMAND = str(Path(sys.executable).with_name("musicml"))
FILES = ("chorale.musicxml", "chorale.mid", "chorale.svg", "chorale.mp3", "report.html")
COMMANDS = ("compose", "analyse", "train", "evaluate", "doctor")
LOADING = {"src", "href", "data", "poster", "srcset", "action", "xlink:href"}


def musicml(*arguments: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, which must be a good one."""
    command = [COMMAND, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=folder, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done


def answer(*arguments: object, folder: Path | None = None) -> dict[str, Any]:
    """What the command prints with --json: one object, and nothing beside it."""
    content = json.loads(musicml(*arguments, "--json", folder=folder).stdout)
    assert isinstance(content, dict)
    return content


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Four bars by the Markov model in C minor, and what was printed."""
    out = tmp_path_factory.mktemp("markov") / "new" / "folder"
    options = ("--bars", 4, "--key", "c", "--seed", 11, "--out", out)
    return out, musicml("compose", "--model", "chorale-markov", *options).stdout


@pytest.fixture(scope="module")
def report(composed: tuple[Path, str]) -> str:
    return (composed[0] / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def by_transformer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """What `musicml compose` writes and says when only the length is given."""
    folder = tmp_path_factory.mktemp("transformer")
    return folder / "out", answer("compose", "--bars", 4, folder=folder)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example_that_names_the_command(name: str) -> None:
    assert f"Example: musicml {name}" in musicml(name, "--help").stdout


def test_without_arguments_the_command_tells_what_it_can_do() -> None:
    assert {name for name in COMMANDS if name in musicml().stdout} == set(COMMANDS)
    assert re.fullmatch(r"musicml \d+\.\d+\.\d+\n", musicml("--version").stdout)


def test_compose_writes_every_form_of_the_piece_and_nothing_else(composed: tuple[Path, str]) -> None:
    out = composed[0]
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    assert (out / "chorale.mid").read_bytes().startswith(b"MThd")
    assert "</svg>" in (out / "chorale.svg").read_text("utf-8")


def test_the_last_lines_say_where_to_look(composed: tuple[Path, str]) -> None:
    out, printed = composed
    *_, wrote, look = printed.splitlines()
    assert all(str(out / name) in wrote for name in FILES[:-1])
    assert look.startswith(f"Open {out / 'report.html'} in a browser")


def test_the_piece_is_as_long_and_in_the_key_that_was_asked_for(composed: tuple[Path, str]) -> None:
    score = load(composed[0] / "chorale.musicxml")
    assert score.parts["name"].tolist() == ["Soprano", "Alto", "Tenor", "Bass"]
    assert score.end == 16
    assert score.keys["fifths"].tolist() == [-3]
    last = score.notes[score.notes["onset"] + score.notes["duration"] == score.end]
    assert len(last) == 4
    assert last.loc[last["part"] == 3, "pitch"].item() % 12 == 0, "the bass ends on the tonic, C"


def test_score_midi_and_sound_hold_the_same_piece(composed: tuple[Path, str]) -> None:
    import soundfile

    out = composed[0]
    written, played = load(out / "chorale.musicxml"), load(out / "chorale.mid")
    assert sorted(zip(written.notes["onset"], written.notes["pitch"], strict=True)) == sorted(
        zip(played.notes["onset"], played.notes["pitch"], strict=True)
    )
    samples, rate = soundfile.read(out / "chorale.mp3")
    seconds = written.end * 60 / float(written.tempos["bpm"].iloc[0])
    assert len(samples) / rate > seconds
    assert abs(samples).max() > 0.05


class Tags(HTMLParser):
    """Collects the headings of a page, and whatever an attribute makes the browser load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loaded: list[tuple[str, str]] = []
        self.headings: list[str] = []
        self._heading = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._heading = tag in ("h1", "h2")
        self.loaded += [(tag, value or "") for name, value in attrs if name in LOADING]

    def handle_endtag(self, tag: str) -> None:
        self._heading = False

    def handle_data(self, data: str) -> None:
        if self._heading:
            self.headings.append(data)


def test_the_report_loads_nothing_from_anywhere(report: str) -> None:
    loaded = Tags(report).loaded
    assert any(tag in ("audio", "source") and value.startswith("data:audio/mpeg;base64,") for tag, value in loaded)
    elsewhere = [value for _, value in loaded if not value.startswith(("#", "data:"))]
    assert sorted(elsewhere) == sorted(FILES[:-1]), "only the files beside it are linked"
    names = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # of formats, never fetched
    assert set(re.findall(r"https?://[^\s\"'<>)]+", report)) <= names
    assert not re.search(r"@import|url\((?!['\"]?(data:|#))|\bfetch\(|XMLHttpRequest|\bimport\(", report)


def test_the_report_tells_everything_about_the_piece(composed: tuple[Path, str], report: str) -> None:
    page = Tags(report)
    text = re.sub(r"\s+", " ", re.sub(r"<(script|style|svg)\b.*?</\1>|<[^>]+>", " ", report, flags=re.DOTALL))
    assert page.headings[0] == "Chorale in C minor"
    assert "Score and sound" in page.headings
    for words in ("Key", "cadences", "Roman numerals", "Voice-leading faults", "How it was made", "The model"):
        assert any(words.lower() in heading.lower() for heading in page.headings), words
    assert "<svg" in report
    assert ">Play" in report or 'aria-label="Play' in report
    assert re.search(r"\bseed 11\b", text)
    per_token = re.search(r"negative log-likelihood \(nats per token\) (\d\.\d+)", text)
    printed = re.search(r"(\d\.\d{3}) nats per token", composed[1])
    assert per_token and printed
    assert float(per_token[1]) == float(printed[1])


def test_the_report_holds_the_model_card(report: str) -> None:
    for words in ("229 train pieces", "Apache-2.0", "public domain", "valid nats per token", "intended use"):
        assert words in report


def test_the_same_seed_gives_the_same_piece_to_the_byte(composed: tuple[Path, str], tmp_path: Path) -> None:
    common = ("compose", "--model", "chorale-markov", "--bars", 4, "--key", "c", "--seed")
    said = answer(*common, 11, "--out", tmp_path / "again")
    assert said["files"][-1] == str(tmp_path / "again" / "report.html")
    assert said["settings"]["seed"] == 11
    again = (tmp_path / "again" / "chorale.musicxml").read_bytes()
    assert again == (composed[0] / "chorale.musicxml").read_bytes()


def test_the_transformer_composes_by_default(by_transformer: tuple[Path, dict[str, Any]]) -> None:
    out, said = by_transformer
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    assert said["settings"]["model"] == "chorale-transformer"
    assert (said["settings"]["bars"], said["settings"]["key"]) == (4, "G")
    assert said["key"] == "G"
    assert said["cadences"] >= 1
    assert 0 < said["nats_per_token"] < 1


def test_analyse_knows_the_key_of_bwv_66_6() -> None:
    assert musicml("analyse", "bach/bwv66.6").stdout.startswith("BWV 66.6: F# minor")


def test_analyse_reads_midi_and_writes_a_report(tmp_path: Path, chorale: Score) -> None:
    file = chorale.save(tmp_path / "piece.mid")
    said = answer("analyse", file, "--out", tmp_path / "out")
    assert said["key"]["name"] == "f#"
    assert len(said["roman_numerals"]) > 20
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".musicxml", ".mid", ".svg", ".mp3", ".html"}
    assert str(tmp_path / "out" / "report.html") in said["files"]


def test_analyse_of_what_was_composed_says_what_compose_said(by_transformer: tuple[Path, dict[str, Any]]) -> None:
    out, said = by_transformer
    found = answer("analyse", out / "chorale.musicxml")
    assert found["key"]["name"] == said["key"]
    assert (len(found["cadences"]), len(found["voice_leading"])) == (said["cadences"], said["faults"])


@pytest.fixture(scope="module")
def few_pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in the benchmark's format with a handful of music21's chorales."""
    from musicml.encoding import to_raster

    names = ("bwv269", "bwv347", "bwv153.1", "bwv86.6", "bwv267", "bwv279")
    frames = [to_raster(load(f"bach/{name}")).pitches.tolist() for name in names]
    file = tmp_path_factory.mktemp("data") / "few.json"
    file.write_text(json.dumps({"train": frames[:4], "valid": frames[4:5], "test": frames[5:]}))
    return file


def test_a_trained_model_can_be_evaluated_and_composes(few_pieces: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    trained = answer("train", "chorale-markov", "--quick", "--data", few_pieces, "--out", run)
    assert trained["model"] == str(run / "chorale-markov.safetensors")
    judged = answer("evaluate", trained["model"], "--data", few_pieces)
    assert judged["per_token"] == pytest.approx(trained["valid_nats_per_token"], abs=1e-4)
    assert (judged["split"], judged["pieces"]) == ("valid", 1)
    said = musicml("compose", "--model", trained["model"], "--bars", 2, "--out", tmp_path / "out").stdout
    assert "nats per token" in said


def test_a_transformer_is_trained_in_a_minute_with_quick(few_pieces: Path, tmp_path: Path) -> None:
    done = musicml("train", "chorale-transformer", "--quick", "--data", few_pieces, "--out", tmp_path / "run")
    figure = re.search(r"chorale-transformer: (\d+\.\d+) nats per token", done.stdout)
    assert figure
    assert float(figure[1]) < 3.85, "better than a guess among 47 symbols"
    assert "s/" in done.stderr or "/s" in done.stderr, "progress is shown"


def test_evaluate_prints_a_table_for_people(few_pieces: Path) -> None:
    printed = musicml("evaluate", "chorale-markov", "--data", few_pieces, "--split", "test").stdout
    assert re.search(r"nats per token +0\.\d{4} +\(95 % interval over pieces", printed)
    assert "changed tokens" in printed


def test_doctor_names_what_is_there_and_what_mends_the_rest() -> None:
    checks = answer("doctor")["checks"]
    names = {check["name"] for check in checks}
    assert {"Python", "PyTorch", "music21 corpus", "MuseScore", "FluidSynth", "Soundfont", "Memory", "Cores"} <= names
    assert all(check["fix"] and check["without"] for check in checks if not check["ok"])
    printed = musicml("doctor").stdout
    assert all(name in printed for name in names)
