from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from musicml.display import Sound, synthesise
from musicml.display.sound import performance
from musicml.display.timing import seconds
from musicml.errors import MusicmlError
from musicml.score import Score

ENGINES = ["fluidsynth", "numpy"]
SCALE = [60, 62, 64, 65, 67, 69, 71, 72]


def frequency(samples: np.ndarray, rate: int) -> float:
    """The fundamental by autocorrelation: the first high peak of the signal laid over itself (Rabiner, 1977)."""
    wave = samples - samples.mean()
    spectrum = np.fft.rfft(wave, 2 * len(wave))
    likeness = np.fft.irfft(np.abs(spectrum) ** 2)[: len(wave)] / np.arange(len(wave), 0, -1)
    shortest, longest = int(rate / 1200), int(rate / 60)
    best = likeness[shortest:longest].max()
    lags = np.arange(shortest, longest)
    peaks = lags[(likeness[lags] > 0.9 * best) & (likeness[lags] >= likeness[lags - 1])
                 & (likeness[lags] >= likeness[lags + 1])]
    return float(rate / peaks[0])


def heard(sound: Sound, start: float, stop: float) -> int:
    """The MIDI number that sounds between two moments (seconds)."""
    part = sound.samples[int(start * sound.rate) : int(stop * sound.rate)].mean(axis=1)
    return round(69 + 12 * np.log2(frequency(part, sound.rate) / 440))


def loudness(sound: Sound, moment: float) -> float:
    """Root mean square of the 30 ms around a moment (seconds)."""
    middle, half = int(moment * sound.rate), int(0.015 * sound.rate)
    return float(np.sqrt((sound.samples[max(0, middle - half) : middle + half] ** 2).mean()))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("instrument", ["Soprano", "Piano"])
def test_the_right_pitches_sound_at_the_right_times(engine: str, instrument: str) -> None:
    tempos = [(0, 100), (4, 150)]
    score = Score.from_table({"onset": range(8), "duration": [1] * 8, "pitch": SCALE}, tempos=tempos,
                             parts=[(instrument, instrument)])
    sound = synthesise(score, engine)  # type: ignore[arg-type]
    starts, stops = seconds(score, range(8)), seconds(score, range(1, 9))
    assert sound.engine == engine
    assert [heard(sound, a + 0.1, b - 0.08) for a, b in zip(starts, stops, strict=True)] == SCALE


@pytest.mark.parametrize("engine", ENGINES)
def test_the_first_note_is_not_lost(engine: str) -> None:
    score = Score.from_table({"onset": [0, 1], "duration": [0.25, 1], "pitch": [76, 60]}, tempos=[(0, 60)])
    sound = synthesise(score, engine)  # type: ignore[arg-type]
    begins = np.argmax(np.abs(sound.samples).max(axis=1) > 0.1) / sound.rate
    assert begins < 0.06
    assert heard(sound, 0.05, 0.25) == 76


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("instrument", ["Soprano", "Piano", "Violin"])
def test_a_repeated_note_is_heard_twice(engine: str, instrument: str) -> None:
    score = Score.from_table({"onset": [0, 1], "duration": [1, 1], "pitch": [69, 69]}, tempos=[(0, 60)],
                             parts=[(instrument, instrument)])
    sound = synthesise(score, engine)  # type: ignore[arg-type]
    gap = min(loudness(sound, moment) for moment in np.arange(0.95, 1.06, 0.01))
    assert gap < 0.72 * min(loudness(sound, 0.6), max(loudness(sound, 1.15), loudness(sound, 1.3)))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_chorale_does_not_clip_click_or_end_abruptly(engine: str, chorale: Score) -> None:
    sound = synthesise(chorale, engine)  # type: ignore[arg-type]
    assert sound.samples.dtype == np.float32 and sound.samples.shape[1] == 2
    assert 0.3 < np.abs(sound.samples).max() < 0.95
    assert np.abs(np.diff(sound.samples, axis=0)).max() < 0.3, "a jump between samples is a click"
    assert np.abs(sound.samples[-200:]).max() < 1e-3 and abs(sound.samples.mean()) < 1e-3
    assert sound.duration == pytest.approx(float(seconds(chorale, chorale.end)) + 1.6, abs=0.01)
    assert np.corrcoef(sound.samples.T)[0, 1] < 0.99, "the voices stand at different places"


def test_all_four_voices_of_a_chord_sound(chorale: Score) -> None:
    """The last chord of BWV 66.6, F sharp A sharp C sharp F sharp: each fundamental stands out of the spectrum."""
    last = chorale.notes[chorale.notes["onset"] == chorale.notes["onset"].max()]
    start = float(seconds(chorale, last["onset"].iloc[0]))
    for engine in ENGINES:
        sound = synthesise(chorale, engine)  # type: ignore[arg-type]
        part = sound.samples[int((start + 0.1) * sound.rate) : int((start + 0.55) * sound.rate)].mean(axis=1)
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 17))
        hertz = np.fft.rfftfreq(1 << 17, 1 / sound.rate)
        for pitch in last["pitch"]:
            wanted = 440 * 2 ** ((pitch - 69) / 12)
            near = spectrum[np.abs(hertz - wanted) < 3].max()
            beside = spectrum[np.abs(hertz - wanted * 2 ** (1.5 / 12)) < 3].max()
            assert near > 4 * beside, (engine, pitch)


def test_a_key_is_let_go_before_it_is_struck_again() -> None:
    score = Score.from_table({"onset": [0, 0, 0.01, 1], "duration": [4, 1, 0.01, 1], "pitch": [60] * 4})
    played = performance(score)
    assert len(played) == 3, "a unison within a part is one key"
    assert (played["stop"] > played["start"]).all()
    assert (played["stop"].to_numpy()[:-1] < played["start"].to_numpy()[1:]).all()


def test_an_empty_score_is_silence() -> None:
    silence = synthesise(Score.from_table({"onset": [], "duration": [], "pitch": []}), "numpy")
    assert np.abs(silence.samples).max() == 0 and silence.duration > 1


@pytest.mark.parametrize("suffix", [".wav", ".ogg", ".mp3", ".flac"])
def test_files_hold_the_same_sound(suffix: str, tmp_path: Path) -> None:
    score = Score.from_table({"onset": [0], "duration": [2], "pitch": [69]}, tempos=[(0, 60)])
    sound = synthesise(score, "numpy")
    read, rate = soundfile.read(sound.save(tmp_path / f"a{suffix}"))
    assert abs(len(read) / rate - sound.duration) < 0.1
    assert heard(Sound(read.astype(np.float32), rate, "file"), 0.3, 1.5) == 69


def test_a_minute_of_mp3_is_small(chorale: Score) -> None:
    sound = synthesise(chorale)
    assert len(sound.mp3) / sound.duration * 60 < 700_000


def test_unknown_formats_and_engines_are_refused(tmp_path: Path) -> None:
    score = Score.from_table({"onset": [0], "duration": [1], "pitch": [60]})
    with pytest.raises(MusicmlError, match=r"Use \.wav"):
        synthesise(score, "numpy").save(tmp_path / "a.aac")
    with pytest.raises(MusicmlError, match="engine 'midi' is unknown"):
        synthesise(score, "midi")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_without_fluidsynth_numpy_plays_and_a_wish_for_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    score = Score.from_table({"onset": [0], "duration": [1], "pitch": [60]})
    assert synthesise(score).engine == "fluidsynth"
    monkeypatch.setenv("PATH", "/nowhere")
    assert synthesise(score).engine == "numpy"
    with pytest.raises(MusicmlError, match=r"FluidSynth was not found.*Install it"):
        synthesise(score, "fluidsynth")


def test_without_a_soundfont_the_error_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("musicml.display.fluidsynth._FOLDERS", ())
    monkeypatch.delenv("SOUNDFONT", raising=False)
    with pytest.raises(MusicmlError, match="soundfont"):
        synthesise(Score.from_table({"onset": [0], "duration": [1], "pitch": [60]}), "fluidsynth")


@pytest.mark.parametrize("font", ["FluidR3_GM.sf2", "TimGM6mb.sf2"])
def test_every_common_soundfont_plays_in_tune(font: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOUNDFONT", f"/usr/share/sounds/sf2/{font}")
    score = Score.from_table({"onset": [0], "duration": [2], "pitch": [67]}, tempos=[(0, 60)],
                             parts=[("Soprano", "Soprano")])
    assert heard(synthesise(score, "fluidsynth"), 0.3, 1.8) == 67
