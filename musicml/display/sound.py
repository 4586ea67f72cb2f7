"""Sound: a score as samples, by FluidSynth with a soundfont where there is one, by NumPy everywhere else."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from musicml.display.timing import seconds
from musicml.errors import MusicmlError
from musicml.files import write_bytes
from musicml.score import Score

RATE = 44100
_TAIL = 1.6
_PEAK = 0.84
_BREATH = 0.06
_FORMATS = {".wav": ("WAV", "PCM_16"), ".ogg": ("OGG", "VORBIS"), ".mp3": ("MP3", "MPEG_LAYER_III"),
            ".flac": ("FLAC", "PCM_16")}


@dataclass(frozen=True)
class Sound:
    """Something to listen to.

    Attributes:
        samples: float32, shape (samples, channels), between -1 and 1.
        rate: samples a second.
        engine: what made it: "fluidsynth" or "numpy".
        title: whose sound it is.
    """

    samples: np.ndarray
    rate: int
    engine: str
    title: str = ""

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / self.rate

    @cached_property
    def mp3(self) -> bytes:
        """The sound as an MP3 file of about half a megabyte a minute."""
        return self._encode(".mp3")

    def save(self, path: str | Path) -> Path:
        """Write the sound as .wav, .ogg, .mp3 or .flac, whole or not at all.

        Raises:
            MusicmlError: another suffix, or a folder that cannot be written.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix not in _FORMATS:
            raise MusicmlError(f"{path}: sound cannot be written as {suffix or 'that'!r}. Use {', '.join(_FORMATS)}.")
        write_bytes(path, self.mp3 if suffix == ".mp3" else self._encode(suffix))
        return path

    def _encode(self, suffix: str) -> bytes:
        import soundfile

        kind, subtype = _FORMATS[suffix]
        small: dict[str, Any] = {"compression_level": 0.7, "bitrate_mode": "VARIABLE"} if suffix == ".mp3" else {}
        buffer = io.BytesIO()
        soundfile.write(buffer, self.samples, self.rate, format=kind, subtype=subtype, **small)
        return buffer.getvalue()

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.mp3).decode()
        name = html.escape(f"Sound of {self.title}" if self.title else "Sound")
        return f'<audio controls aria-label="{name}" src="data:audio/mpeg;base64,{data}"></audio>'


def synthesise(score: Score, engine: Literal["auto", "fluidsynth", "numpy"] = "auto") -> Sound:
    """Play a score into samples.

    Args:
        score: the music; its tempo table gives the times, its parts the instruments (singers sing "ooh").
        engine: "fluidsynth" (with a General MIDI soundfont), "numpy" (additive synthesis, needs nothing), or "auto":
            the first when it is there.

    Returns:
        Stereo sound; the first note begins where `musicml.display.timing.seconds` says, without delay.

    Raises:
        MusicmlError: the engine is unknown, or FluidSynth was asked for and is not installed or failed.

    >>> third = Score.from_table({"onset": [0, 1], "duration": [1, 1], "pitch": [60, 64]})
    >>> sound = synthesise(third, engine="numpy")
    >>> sound.rate, sound.samples.shape[1], sound.engine
    (44100, 2, 'numpy')
    """
    from musicml.display import additive, fluidsynth

    if engine not in ("auto", "fluidsynth", "numpy"):
        raise MusicmlError(f"engine {engine!r} is unknown. Use 'auto', 'fluidsynth' or 'numpy'.")
    notes = performance(score)
    length = int(np.ceil((float(seconds(score, score.end)) + _TAIL) * RATE))
    chosen = engine
    if engine == "auto":
        chosen = "fluidsynth" if fluidsynth.missing() is None else "numpy"
    render = fluidsynth.render if chosen == "fluidsynth" else additive.render
    return Sound(_finish(render(notes, RATE, length), length), RATE, chosen, score.title)


def performance(score: Score) -> pd.DataFrame:
    """What a player does with the notes: their times in seconds, and a breath before a note that is struck again.

    Returns:
        Columns start, stop (seconds), pitch (MIDI), velocity, part and instrument, one row for each note.
    """
    notes = score.notes
    starts = seconds(score, notes["onset"])
    stops = seconds(score, notes["onset"] + notes["duration"])
    played = pd.DataFrame({"start": starts, "stop": stops, "pitch": notes["pitch"], "velocity": notes["velocity"],
                           "part": notes["part"]})
    played["instrument"] = played["part"].map(score.parts["instrument"].fillna("").to_dict()).fillna("").astype("str")
    names = played["part"].map(score.parts["name"].fillna("").to_dict()).fillna("").astype("str")
    played["instrument"] = played["instrument"].where(played["instrument"] != "", names)
    # Two voices of a part in unison are one key: the longer holds it, and a later one strikes it anew.
    played = played.sort_values(["start", "stop"]).drop_duplicates(["part", "pitch", "start"], keep="last")
    following = played.groupby(["part", "pitch"])["start"].shift(-1)
    breath = np.minimum(_BREATH, 0.25 * (following - played["start"]))
    played["stop"] = np.minimum(played["stop"], (following - breath).fillna(np.inf))
    return played.reset_index(drop=True)


def _finish(samples: np.ndarray, length: int) -> np.ndarray:
    """Even loudness without clipping, no constant offset, and a soft end of exactly `length` samples."""
    sound = np.zeros((length, 2), dtype=np.float64)
    kept = samples[:length]
    sound[: len(kept)] = kept - kept.mean(axis=0) if len(kept) else kept
    peak = np.abs(sound).max() if length else 0.0
    if peak > 0:
        sound *= _PEAK / peak
    fade = min(length, int(0.8 * RATE))
    if fade:
        sound[-fade:] *= np.cos(np.linspace(0, np.pi / 2, fade))[:, None] ** 2
    return sound.astype(np.float32)
