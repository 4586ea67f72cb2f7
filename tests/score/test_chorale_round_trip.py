"""music21 -> Score -> MusicXML -> Score keeps every note of all chorales of music21's corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

from musicml.corpus import Corpus
from musicml.corpus.catalogue import find
from musicml.score.musicxml import read_musicxml, to_musicxml

CHORALES = sorted(set(Corpus("bach-chorales").names))
CHUNKS = 10
KEPT = ["onset", "duration", "pitch", "step", "alter", "octave", "part", "voice", "measure", "beat", "fermata"]


def test_the_chunks_hold_every_chorale() -> None:
    assert len(Corpus("bach-chorales")) == 371
    assert sorted(name for chunk in range(CHUNKS) for name in CHORALES[chunk::CHUNKS]) == CHORALES
    assert len(CHORALES) == 350  # Riemenschneider prints twenty chorales twice, one of them three times


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_round_trip_keeps_onset_duration_spelling_and_voice(chunk: int, tmp_path: Path) -> None:
    for name in CHORALES[chunk::CHUNKS]:
        score = Corpus("bach-chorales").load(name)
        assert len(score) >= 80, f"{name}: hardly any notes were read from {find(name)}"
        path = tmp_path / "chorale.musicxml"
        path.write_text(to_musicxml(score), "utf-8")
        back = read_musicxml(path)
        assert back.notes[KEPT].equals(score.notes[KEPT]), name
        assert back.measures.equals(score.measures), name
        assert back.keys.equals(score.keys), name
        assert back.parts.equals(score.parts), name
        assert back.meta.get("repeats") == score.meta.get("repeats"), name
