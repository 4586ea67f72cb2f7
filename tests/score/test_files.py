"""Files that are missing, damaged or of the wrong kind, and folders that cannot be written."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import pytest

from musicml.corpus import load
from musicml.errors import MusicmlError, ScoreError
from musicml.score import Score
from musicml.score.midi_io import read_midi
from musicml.score.musicxml import read_musicxml, to_musicxml


def one_line(error: pytest.ExceptionInfo[MusicmlError]) -> str:
    text = str(error.value)
    assert "\n" not in text and text.endswith(".") and len(text) < 300
    return text


@pytest.mark.parametrize("name", ["no.musicxml", "no.mid", "folder/no.xml"])
def test_missing_file(name: str, tmp_path: Path) -> None:
    read = read_midi if name.endswith("mid") else read_musicxml
    with pytest.raises(ScoreError) as error:
        read(tmp_path / name)
    assert "no such file" in one_line(error)


@pytest.mark.parametrize("suffix", [".musicxml", ".xml", ".mxl", ".mid", ".krn", ".abc"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe not music", b"<html><body>404</body></html>"])
def test_a_file_that_is_no_score(suffix: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(content)
    with pytest.raises(ScoreError) as error:
        load(path)
    assert str(path) in one_line(error)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_document_that_breaks_off(share: float, chorale: Score, tmp_path: Path) -> None:
    document = to_musicxml(chorale)
    path = tmp_path / "cut.musicxml"
    path.write_text(document[: int(len(document) * share)], "utf-8")
    with pytest.raises(ScoreError) as error:
        load(path)
    assert "cut.musicxml" in one_line(error)


def test_a_midi_file_that_breaks_off(chorale: Score, tmp_path: Path) -> None:
    path = chorale.save(tmp_path / "cut.mid")
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ScoreError) as error:
        load(path)
    assert "not a MIDI file" in one_line(error)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("onset", math.nan, "onset in row 1"),
        ("duration", 0, "duration 0 in row 1"),
        ("duration", math.inf, "duration in row 1"),
        ("pitch", 60.5, "pitch 60.5 in row 1"),
        ("pitch", "C4", "pitch in row 1"),
        ("onset", -1, "onset -1 in row 1"),
    ],
)
def test_tables_that_are_no_music(column: str, value: object, told: str) -> None:
    table: dict[str, list[object]] = {"onset": [0, 1], "duration": [1, 1], "pitch": [60, 62]}
    table[column][1] = value
    with pytest.raises(ScoreError) as error:
        Score.from_table(table)
    assert told in one_line(error)


@pytest.mark.parametrize("suffix", ["musicxml", "mxl", "mid", "xml"])
def test_each_format_is_saved_and_read_back(suffix: str, chorale: Score, tmp_path: Path) -> None:
    path = chorale.save(tmp_path / "new folder" / f"chorale.{suffix}")
    back = load(path)
    names = ["onset", "duration", "pitch", "part"]
    assert back.notes[names].equals(chorale.notes[names])
    assert back.parts["name"].tolist() == ["Soprano", "Alto", "Tenor", "Bass"]
    assert back.keys.equals(chorale.keys)
    assert back.tempos["bpm"].round(2).tolist() == chorale.tempos["bpm"].tolist()
    assert back.measures["number"].tolist() == list(range(10))
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_the_same_score_gives_the_same_bytes(chorale: Score, tmp_path: Path) -> None:
    first, second = (chorale.save(tmp_path / name).read_bytes() for name in ("a.mxl", "b.mxl"))
    assert first == second
    assert zipfile.is_zipfile(tmp_path / "a.mxl")


def test_an_unknown_suffix_writes_nothing(chorale: Score, tmp_path: Path) -> None:
    with pytest.raises(ScoreError) as error:
        chorale.save(tmp_path / "chorale.pdf")
    assert ".pdf" in one_line(error)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", ["musicxml", "mid", "mxl"])
def test_a_folder_that_cannot_be_written(suffix: str, chorale: Score, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file where a folder should be")
    with pytest.raises(MusicmlError) as error:
        chorale.save(tmp_path / "file" / f"chorale.{suffix}")
    assert "could not be written" in one_line(error)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_full_disk_leaves_the_old_file(chorale: Score, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = chorale.save(tmp_path / "chorale.musicxml")
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(MusicmlError, match="No space left on device"):
        chorale.save(path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
