"""What music21 reads arrives in the tables, and the other way round."""

from __future__ import annotations

import music21
import pytest

from musicml.corpus import load
from musicml.errors import ScoreError
from musicml.score import Score
from musicml.score.musicxml import to_musicxml


def parsed(text: str) -> music21.stream.Stream:
    return music21.converter.parse(text, format="tinyNotation")


def test_bwv66_6_is_what_a_musician_knows(chorale: Score) -> None:
    assert chorale.parts["name"].tolist() == ["Soprano", "Alto", "Tenor", "Bass"]
    assert chorale.keys[["fifths", "mode"]].to_numpy().tolist() == [[3, "minor"]]
    first = chorale.measures.iloc[0]
    assert (first["number"], first["length"], first["time_signature"]) == (0, 1.0, "4/4")
    assert (chorale.title, chorale.meta["composer"]) == ("BWV 66.6", "Johann Sebastian Bach")
    assert chorale.end == 36
    # The pickup: C#5 over E4, A3 and A3 on the fourth beat.
    pickup = chorale.notes[chorale.notes["onset"] == 0].sort_values("part")
    assert [f"{row.step}{row.alter:+d}{row.octave}" for row in pickup.itertuples()] == ["C+15", "E+04", "A+03", "A+03"]
    assert pickup["beat"].tolist() == [4.0] * 4
    # It ends with an F sharp major chord: the third of the tonic is raised.
    last = chorale.notes[chorale.notes["onset"] == chorale.notes["onset"].max()]
    assert set(last["pitch"] % 12) <= {6, 10, 1}


def test_titles_and_fermatas_of_a_chorale_of_riemenschneiders() -> None:
    score = load("bach/bwv269")
    assert score.title == "Aus meines Herzens Grunde"
    assert score.measures["time_signature"].unique().tolist() == ["3/4"]
    assert score.notes.loc[score.notes["fermata"], "part"].nunique() == 4
    assert (score.notes["voice"] == 1).all()


def test_tied_notes_become_one_row_also_in_chords() -> None:
    measures = [music21.stream.Measure(number=number) for number in (1, 2)]
    measures[0].append(music21.meter.TimeSignature("2/4"))
    for measure, tie in zip(measures, ("start", "stop"), strict=True):
        chord = music21.chord.Chord(["C4", "E4"], quarterLength=2)
        chord.notes[0].tie = music21.tie.Tie(tie)  # only the lower note is held
        measure.append(chord)
    notes = Score.from_music21(music21.stream.Part(measures)).notes
    assert notes[["onset", "duration", "pitch"]].to_numpy().tolist() == [[0, 4, 60], [0, 2, 64], [2, 2, 64]]


def test_grace_notes_and_chord_symbols_are_no_notes() -> None:
    part = music21.stream.Part()
    part.append(music21.note.Note("D5").getGrace())
    part.append(music21.note.Note("C5"))
    part.insert(0, music21.harmony.ChordSymbol("Am"))
    score = Score.from_music21(part)
    assert score.notes["pitch"].tolist() == [72]
    assert score.meta["grace_notes_left_out"] == 1


def test_transposing_instruments_are_read_at_sounding_pitch() -> None:
    part = music21.stream.Part([music21.instrument.Clarinet(), music21.note.Note("D5")])
    part.atSoundingPitch = False
    assert Score.from_music21(music21.stream.Score([part])).notes["pitch"].tolist() == [72]


def test_compound_metre_counts_dotted_beats() -> None:
    score = Score.from_music21(parsed("tinyNotation: 6/8 c4. d8 e8 f8"))
    assert score.notes["beat"].round(3).tolist() == [1, 2, 2.333, 2.667]


def test_an_opus_of_several_pieces_is_refused() -> None:
    opus = music21.stream.Opus([music21.stream.Score(), music21.stream.Score()])
    with pytest.raises(ScoreError, match=r"holds 2 pieces\. Choose one"):
        Score.from_music21(opus)


def test_notes_are_cut_at_bar_lines_with_ids_that_show_it() -> None:
    score = Score.from_table({"onset": [3], "duration": [6], "pitch": [60]})
    found = [(note.id, note.quarterLength, note.tie.type) for note in score.to_music21().recurse().notes]
    assert found == [("n0", 1, "start"), ("n0-1", 4, "continue"), ("n0-2", 1, "stop")]


def test_lengths_without_a_note_value_are_tied() -> None:
    score = Score.from_table({"onset": [0], "duration": [1.25], "pitch": [60]})
    assert [note.quarterLength for note in score.to_music21().recurse().notes] == [1, 0.25]


def test_overlapping_notes_of_one_voice_are_spread_over_voices() -> None:
    score = Score.from_table({"onset": [0, 1], "duration": [4, 1], "pitch": [60, 72]})
    measure = score.to_music21().parts[0].getElementsByClass("Measure")[0]
    assert [[note.nameWithOctave for note in voice.notes] for voice in measure.voices] == [["C4"], ["C5"]]
    assert all(voice.highestTime == 4 for voice in measure.voices)


def test_pickup_clefs_key_and_names_are_written(chorale: Score) -> None:
    stream = chorale.to_music21()
    measures = [part.getElementsByClass("Measure")[0] for part in stream.parts]
    assert [measure.paddingLeft for measure in measures] == [3] * 4
    assert [measure.clef.name for measure in measures] == ["treble", "treble", "treble8vb", "bass"]
    assert [measure.keySignature.sharps for measure in measures] == [3] * 4
    assert len(stream.recurse().getElementsByClass("MetronomeMark")) == 1


def test_unspelled_pitches_are_spelled_by_the_key_in_force() -> None:
    keys = [(0.0, 3, "minor"), (4.0, -4, "major")]
    score = Score.from_table({"onset": [0, 4], "duration": [1, 1], "pitch": [61, 61]}, keys=keys)
    assert [note.name for note in score.to_music21().recurse().notes] == ["C#", "D-"]
    assert score.notes["step"].isna().all()  # the score itself is not changed


def test_the_document_names_no_stranger_and_no_day() -> None:
    document = to_musicxml(Score.from_table({"onset": [0], "duration": [4], "pitch": [60]}, title="One & <only>"))
    assert ">Music21<" not in document and "encoding-date" not in document
    assert "One &amp; &lt;only&gt;" in document
    assert document == to_musicxml(
        Score.from_table({"onset": [0], "duration": [4], "pitch": [60]}, title="One & <only>")
    )
    assert 'id="n0"' in document


def test_a_score_without_notes_is_bars_of_rest() -> None:
    score = Score.from_table({"onset": [], "duration": [], "pitch": []}, parts=[("Voice", "Choir Aahs")] * 2)
    stream = score.to_music21()
    assert [len(part.recurse().notesAndRests) for part in stream.parts] == [1, 1]
    assert Score.from_music21(stream).measures.equals(score.measures)
    assert "<rest" in to_musicxml(score)


def test_mixed_tuplets_and_odd_bars_can_be_written() -> None:
    table = {"onset": [0, 0.2, 1 / 3, 2.2, 3], "duration": [0.2, 0.1, 2.4, 0.4, 20], "pitch": [60, 62, 64, 65, 67]}
    measures = [(1, 0.0, 2.2, "4/4"), (2, 2.2, 5.0, "5/4")]
    heard = Score.from_music21(Score.from_table(table, measures).to_music21())
    assert heard.notes["pitch"].tolist() == [60, 62, 64, 65, 67]
    assert "<score-partwise" in to_musicxml(heard)
