"""Whatever is wrong with what the command is given: one clear line, exit code 2, and nothing half-written."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from musicml.models.registry import weights_folder

COMMAND = str(Path(sys.executable).with_name("musicml"))
MARKOV = ("compose", "--model", "chorale-markov", "--bars", "2")
Maker = Callable[[Path], Path]


def complaint(*arguments: object, most_bytes: int | None = None) -> str:
    """The one line on standard error with which the command refuses its arguments.

    Args:
        most_bytes: no file may grow beyond so many bytes, as if the disk were full.
    """

    def fill_the_disk() -> None:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then writing fails with an error instead of a signal
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes or 0, most_bytes or 0))

    done = subprocess.run(
        [COMMAND, *map(str, arguments)], capture_output=True, encoding="utf-8", timeout=300, check=False,
        preexec_fn=None if most_bytes is None else fill_the_disk,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("musicml: ")
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith((".\n", "?\n")), "a whole sentence, with what to do"
    return done.stderr


def contents(folder: Path) -> list[str]:
    """Everything under a folder, hidden files too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def small_benchmark(folder: Path) -> Path:
    """A file in the benchmark's format, with a C major chord for every piece."""
    piece = [[72, 67, 64, 48]] * 16
    (folder / "data.json").write_text(json.dumps({"train": [piece] * 12, "valid": [piece], "test": [piece]}))
    return folder / "data.json"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--key", "H"), "key 'H' is not known"),
        (("--key", "Q#"), "lower case is minor"),
        (("--key", ""), "key '' is not known"),
        (("--key", "Fbbbbb"), "key 'Fbbbbb'"),
        (("--bars", "0"), "Ask for 2 to 200 bars"),
        (("--bars", "-3"), "bars: -3 is out of range"),
        (("--bars", "1000000000"), "bars: 1000000000 is out of range"),
        (("--bars", "four"), "'--bars'"),
        (("--temperature", "0"), "temperature 0 is out of range"),
        (("--temperature", "nan"), "temperature nan is out of range"),
        (("--top-p", "0"), "top-p 0 is out of range"),
        (("--top-p", "1.5"), "Use a share above 0 and up to 1"),
        (("--seed", "lucky"), "'--seed'"),
        (("--seed", "-1"), "seed: -1 is out of range"),
        (("--model", "nobody"), "chorale-markov, chorale-transformer"),
        (("--tempo", "90"), "See musicml compose --help"),
    ],
)
def test_compose_refuses_what_makes_no_sense(options: tuple[str, str], told: str, tmp_path: Path) -> None:
    assert told in complaint("compose", "--model", "chorale-markov", *options, "--out", tmp_path / "out")
    assert contents(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("analyse", "nowhere.musicxml"), "nowhere.musicxml: no such file"),
        (("analyse", "bach/bwv9999"), "Did you mean"),
        (("analyse",), "Missing argument"),
        (("evaluate", "nobody"), "chorale-markov, chorale-transformer"),
        (("evaluate", "chorale-markov", "--split", "all"), "Choose valid, test or train"),
        (("train", "nobody"), "There are recipes for chorale-markov"),
        (("sing",), "No such command 'sing'. See musicml --help."),
    ],
)
def test_unknown_things_are_named_with_what_there_is(arguments: tuple[str, ...], told: str) -> None:
    assert told in complaint(*arguments)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.musicxml", b"", "is empty"),
        ("broken.musicxml", b"<score-partwise><part><measure", "Save or download it again"),
        ("other.xml", b"<html><body>Not found</body></html>", "other.xml"),
        ("broken.mxl", b"PK\x03\x04 and no more", "broken.mxl"),
        ("empty.mid", b"", "empty.mid"),
        ("broken.mid", b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x01\xe0MTrk\x00\x00\xff\xffab", "in the middle"),
        ("song.mp3", b"ID3\x04\x00", "song.mp3"),
    ],
)
def test_a_broken_score_is_refused(name: str, content: bytes, told: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    assert told in complaint("analyse", file, "--out", tmp_path / "out")
    assert contents(tmp_path) == [name]


def test_a_folder_is_no_score(tmp_path: Path) -> None:
    assert "Give the path of a score file" in complaint("analyse", tmp_path)


@pytest.mark.parametrize("command", [("evaluate", "chorale-markov"), ("train", "chorale-markov", "--out", "{run}")])
@pytest.mark.parametrize(
    "content",
    ["{", "[]", '{"train": []}', '{"train": [[[60, 55]]], "valid": [], "test": []}',
     '{"train": [[["C", "E", "G", "C"]]], "valid": [], "test": []}', '{"train": [], "valid": [], "test": []}', None],
)  # fmt: skip
def test_data_of_another_kind_are_refused(command: tuple[str, ...], content: str | None, tmp_path: Path) -> None:
    data = tmp_path / "data.json"
    if content is not None:
        data.write_text(content)
    complaint(*(part.format(run=tmp_path / "run") for part in command), "--data", data)
    assert contents(tmp_path) == ([] if content is None else ["data.json"])


def damaged(folder: Path) -> Path:
    """The Markov model, its weights cut short as by a download that stopped."""
    file = shipped(folder)
    file.write_bytes(file.read_bytes()[:5000])
    return file


def shipped(folder: Path) -> Path:
    """A copy of the Markov model with its card."""
    for suffix in (".json", ".safetensors"):
        shutil.copy(weights_folder() / f"chorale-markov{suffix}", folder)
    return folder / "chorale-markov.safetensors"


def without_card(folder: Path) -> Path:
    """Weights alone."""
    file = shipped(folder)
    file.with_suffix(".json").unlink()
    return file


def with_other_card(folder: Path) -> Path:
    """Weights of one model with the family and sizes of another."""
    other = json.loads((weights_folder() / "chorale-transformer.json").read_text("utf-8"))
    return with_card(folder, family=other["family"], config=other["config"])


def of_no_family(folder: Path) -> Path:
    """A card that names a family from the future."""
    return with_card(folder, family="oracle")


def with_card(folder: Path, **changes: object) -> Path:
    file = shipped(folder)
    card = json.loads(file.with_suffix(".json").read_text("utf-8"))
    file.with_suffix(".json").write_text(json.dumps({**card, **changes}))
    return file


def changed(folder: Path) -> Path:
    """One byte of the weights is another than it was."""
    file = shipped(folder)
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (damaged, "the weights are damaged"),
        (changed, "the weights are damaged"),
        (without_card, "card is missing"),
        (with_other_card, "do not fit their card"),
        (of_no_family, "'oracle' is not known"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(make: Maker, told: str, tmp_path: Path) -> None:
    weights = make(tmp_path)
    before = contents(tmp_path)
    assert told in complaint("compose", "--model", weights, "--out", tmp_path / "out")
    assert contents(tmp_path) == before


@pytest.mark.parametrize("below", ["", "deep/er"])
@pytest.mark.parametrize("command", [MARKOV, ("analyse", "bach/bwv66.6"), ("train", "chorale-markov", "--data", "{}")])
def test_a_folder_that_cannot_be_made_is_named(command: tuple[str, ...], below: str, tmp_path: Path) -> None:
    data = small_benchmark(tmp_path)
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / below
    line = complaint(*(part.format(data) for part in command), "--out", out)
    assert line.startswith(f"musicml: {out}")
    assert "hoose another folder" in line
    assert contents(tmp_path) == ["data.json", "file"]
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX systems limit the size of files")
@pytest.mark.parametrize("most_bytes", [0, 1_000, 20_000, 100_000])
def test_a_full_disk_leaves_the_folder_as_it_was(most_bytes: int, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("an older piece")
    line = complaint(*MARKOV, "--out", tmp_path, most_bytes=most_bytes)
    assert "hoose another folder" in line or "Free some space" in line
    assert "/." not in line, "hidden folders are nobody's business"
    assert contents(tmp_path) == ["report.html"]
    assert (tmp_path / "report.html").read_text() == "an older piece"


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX systems limit the size of files")
def test_a_full_disk_leaves_no_half_trained_model(tmp_path: Path) -> None:
    data, run = small_benchmark(tmp_path), tmp_path / "run"
    line = complaint("train", "chorale-markov", "--data", data, "--out", run, most_bytes=5_000)
    assert "Free some space" in line
    assert contents(run) == ["recipe.json"]
