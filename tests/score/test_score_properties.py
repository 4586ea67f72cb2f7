"""Round trips of scores that nobody has written."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicml.score import Score, tables
from musicml.score.midi_io import read_midi, write_midi
from musicml.score.musicxml import read_musicxml, to_musicxml

LENGTHS = [Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), Fraction(1), Fraction(5, 4), Fraction(2), Fraction(7, 2)]
TRIPLETS = [Fraction(1, 3), Fraction(2, 3)]
COLUMNS = ["onset", "duration", "pitch", "part", "voice"]


@st.composite
def scores(draw: st.DrawFn) -> Score:
    """One or two parts of one or two voices; each voice a line of notes, chords and rests."""
    rows = []
    parts = draw(st.integers(1, 2))
    for part in range(parts):
        for voice in range(1, draw(st.integers(1, 2)) + 1):
            time = Fraction(0)
            for length in draw(st.lists(st.sampled_from(LENGTHS), min_size=1, max_size=8)):
                if draw(st.booleans()) or voice == 1:  # the first voice has no rests, so that no bar is without notes
                    chord = draw(st.lists(st.integers(40, 80), min_size=1, max_size=2, unique=True))
                    rows += [(float(time), float(length), pitch, part, voice) for pitch in chord]
                time += length
    metre = draw(st.sampled_from(["4/4", "3/4", "6/8"]))
    pickup = draw(st.sampled_from([0.0, 1.0]))
    end = max(onset + duration for onset, duration, *_ in rows)
    bars = tables.bars(1 + int(end / tables.bar_length(metre)), metre, pickup=pickup)
    fifths = draw(st.integers(-4, 4))
    return Score.from_table(
        pd.DataFrame(rows, columns=COLUMNS), bars, keys=[(0.0, fifths, "major")], parts=[("P", "Piano")] * parts
    )


@given(score=scores())
@settings(max_examples=40, deadline=None)
def test_musicxml_keeps_notes_voices_and_measures(score: Score) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.musicxml"
        path.write_text(to_musicxml(score), "utf-8")
        back = read_musicxml(path)
    assert back.notes[COLUMNS].to_numpy().tolist() == score.notes[COLUMNS].to_numpy().tolist()
    assert back.measures.equals(score.measures)
    assert back.keys.equals(score.keys)


@pytest.mark.parametrize("voices", [[1, 1, 2], [2, 2, 1], [2, 2, 2]])
def test_a_voice_keeps_its_number_in_bars_where_it_sounds_alone(voices: list[int], tmp_path: Path) -> None:
    score = Score.from_table({"onset": [0, 1, 4], "duration": [1, 1, 1], "pitch": [60, 62, 64], "voice": voices})
    assert read_musicxml(score.save(tmp_path / "voices.musicxml")).notes["voice"].tolist() == voices


times = st.floats(0, 12, allow_nan=False).map(lambda time: round(time, 3))
performed = st.lists(
    st.tuples(times, st.floats(0.01, 3).map(lambda time: round(time, 3)), st.integers(30, 90)), min_size=1, max_size=12
)


@given(rows=performed)
@settings(max_examples=30, deadline=None)
def test_performed_times_can_be_written_and_stay_close(rows: list[tuple[float, float, int]]) -> None:
    score = Score.from_table(pd.DataFrame(rows, columns=["onset", "duration", "pitch"]))
    stream = score.to_music21()
    heard = Score.from_music21(stream).notes
    assert sorted(heard["pitch"]) == sorted(score.notes["pitch"])
    for pitch in set(heard["pitch"]):
        ours, theirs = (table.loc[table["pitch"] == pitch, "onset"].sort_values() for table in (score.notes, heard))
        assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) <= 1 / 24
    assert "<score-partwise" in to_musicxml(score)


@given(rows=st.lists(st.tuples(st.sampled_from(LENGTHS + TRIPLETS), st.integers(20, 100)), min_size=1, max_size=20))
@settings(max_examples=30, deadline=None)
def test_midi_keeps_onsets_durations_and_pitches_exactly(rows: list[tuple[Fraction, int]]) -> None:
    onsets = [float(sum(length for length, _ in rows[:index])) for index in range(len(rows))]
    table = {"onset": onsets, "duration": [float(length) for length, _ in rows], "pitch": [pitch for _, pitch in rows]}
    score = Score.from_table(table, tempos=[(0.0, 72.0)])
    with tempfile.TemporaryDirectory() as folder:
        back = read_midi(write_midi(score, Path(folder) / "made.mid"))
    names = ["onset", "duration", "pitch"]
    assert (back.notes[names] - score.notes[names]).abs().to_numpy().max() < 1e-9
    assert back.tempos["bpm"].round(3).tolist() == [72.0]


@given(rows=performed)
@settings(max_examples=50, deadline=None)
def test_a_completed_table_completes_to_itself(rows: list[tuple[float, float, int]]) -> None:
    score = Score.from_table(pd.DataFrame(rows, columns=["onset", "duration", "pitch"]))
    again = Score.from_table(score.notes, score.measures, keys=score.keys, tempos=score.tempos, parts=score.parts)
    for name in ("notes", "measures", "keys", "tempos", "parts"):
        assert getattr(again, name).equals(getattr(score, name))
