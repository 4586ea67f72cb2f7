"""Pieces by name, corpora with the benchmark's split, and the cache beneath."""

from __future__ import annotations

import csv
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from music21.corpus import chorales

from musicml.corpus import Corpus, cache, load
from musicml.corpus.catalogue import find
from musicml.errors import ScoreError
from musicml.score import Score


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MUSICML_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "scores"


def test_the_371_are_those_of_riemenschneider() -> None:
    corpus = Corpus("bach-chorales")
    theirs = list(chorales.Iterator(returnType="filename"))
    assert len(corpus) == len(theirs) == 371
    # music21 leaves out the edition in one file name.
    assert [name for name, other in zip(corpus.names, theirs, strict=True) if name != other] == ["bach/bwv18.5-lz"]
    assert [piece.riemenschneider for piece in corpus.pieces] == list(range(1, 372))
    assert len(corpus.unique()) == 350
    assert corpus.pieces[0].title == "Aus meines Herzens Grunde"


def test_every_name_is_a_file_that_is_installed() -> None:
    for name in {*Corpus("bach-chorales").names, *Corpus("jsb").names}:
        assert find(name).is_file()
        assert find(name).stem == name.rpartition("/")[2]


def test_the_split_is_the_benchmarks(data_folder: Path) -> None:
    corpus = Corpus("jsb")
    with (data_folder / "jsb" / "bwv_splits.csv").open() as table:
        rows = [row for row in csv.DictReader(table) if row["music21_corpus_path"]]
    listed = {(row["split"], Path(row["music21_corpus_path"]).with_suffix("").as_posix()) for row in rows}
    held_out = {name for split, name in listed if split != "train"}
    assert {name for _, name in listed} == set(corpus.names)
    assert set(corpus.split("test").names) == {name for split, name in listed if split == "test"}
    assert set(corpus.split("train").names) == {name for split, name in listed if split == "train"} - held_out


@pytest.mark.parametrize("name", ["jsb", "bach-chorales"])
def test_no_piece_is_in_two_splits(name: str) -> None:
    train, valid, test = (set(Corpus(name).split(part).names) for part in ("train", "valid", "test"))
    assert not train & valid and not train & test and not valid & test
    assert len(train) > 180 and len(valid) > 60 and len(test) > 60
    assert "bach/bwv414" in valid  # the benchmark has it in train as well


def test_unknown_names_are_answered_with_close_ones() -> None:
    with pytest.raises(ScoreError, match=r"bach/bwv66\.66: no such file.*Did you mean bach/bwv66\.6"):
        load("bach/bwv66.66")
    with pytest.raises(ScoreError, match="Choose one of: bach-chorales, jsb"):
        Corpus("bach-choral")
    with pytest.raises(ScoreError, match="Choose one of: train, valid, test"):
        Corpus("jsb").split("dev")
    with pytest.raises(ScoreError, match="not in jsb"):
        Corpus("jsb").load("bach/nothing")
    with pytest.raises(ScoreError, match="path of a score file"):
        load("xyzzy-plugh-0123456789.mxl")


def test_a_folder_is_no_score(tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match="cannot be read"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["bach/bwv66.6", "bach/bwv66.6.mxl", "bwv66.6", "BACH/BWV66.6"])
def test_ways_to_name_a_piece(name: str) -> None:
    assert len(load(name)) == 163
    assert load(name).meta["source"] == name


def test_other_formats_of_the_catalogue_are_read() -> None:
    humdrum = load("bach/bwv366.krn")
    assert len(humdrum) > 100 and len(humdrum.parts) == 4
    quartet = load("beethoven/opus18no1/movement1")
    assert quartet.parts["name"].str.contains("Viola").any()


def equal(first: Score, second: Score) -> bool:
    names = ("notes", "measures", "keys", "tempos", "parts")
    return first.meta == second.meta and all(getattr(first, name).equals(getattr(second, name)) for name in names)


def test_the_cache_gives_back_what_was_parsed(empty_cache: Path) -> None:
    parsed = load("bach/bwv66.6")
    assert len(list(empty_cache.iterdir())) == 1
    kept = load("bach/bwv66.6")
    assert equal(parsed, kept)
    assert kept.notes.dtypes.equals(parsed.notes.dtypes)


def test_the_cache_file_is_a_table_for_others(empty_cache: Path) -> None:
    load("bach/bwv66.6")
    (path,) = empty_cache.iterdir()
    table = pq.read_table(path)
    assert table.num_rows == 163 and "pitch" in table.column_names
    assert json.loads(table.schema.metadata[b"musicml"])["parts"]["name"][0] == "Soprano"


@pytest.mark.parametrize("damage", [b"", b"PAR1 nothing", None])
def test_a_damaged_cache_file_is_made_again(damage: bytes | None, empty_cache: Path) -> None:
    whole = load("bach/bwv66.6")
    (path,) = empty_cache.iterdir()
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if damage is None else damage)
    assert equal(load("bach/bwv66.6"), whole)
    assert pq.read_table(path).num_rows == 163


def test_a_changed_file_is_parsed_again(empty_cache: Path, tmp_path: Path) -> None:
    path = tmp_path / "piece.mid"
    Score.from_table({"onset": [0], "duration": [1], "pitch": [60]}).save(path)
    assert load(path).notes["pitch"].tolist() == [60]
    Score.from_table({"onset": [0], "duration": [1], "pitch": [72]}).save(path)
    assert load(path).notes["pitch"].tolist() == [72]


def test_an_unwritable_cache_stops_nothing_and_warns_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setenv("MUSICML_CACHE", str(blocked))
    with caplog.at_level(logging.WARNING):
        assert len(load("bach/bwv66.6")) == 163
        assert len(load("bach/bwv269")) == 225
    warnings = [record for record in caplog.records if record.name == cache.__name__]
    assert len(warnings) == 1 and str(blocked) in warnings[0].getMessage()


def test_loading_a_known_piece_imports_no_music21() -> None:
    load("bach/bwv66.6")
    program = (
        "import sys, musicml; musicml.load('bach/bwv66.6'); musicml.Corpus('jsb').split('train'); "
        "print(sorted({'music21', 'torch', 'matplotlib', 'symusic', 'verovio'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=os.environ, check=True)
    assert run.stdout.strip() == "[]"


def test_iterating_gives_scores_in_order() -> None:
    few = Corpus("few", pieces=Corpus("bach-chorales").pieces[:3])
    assert [score.meta["source"] for score in few] == few.names
    assert repr(few) == "<Corpus 'few': 3 pieces>"
