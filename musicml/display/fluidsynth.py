"""Sound by FluidSynth: its command line plays a MIDI file through a General MIDI soundfont into a file.

The command line is what every package manager installs, needs no Python binding, and with `-F` never opens a sound
card. The MIDI file is written for this one purpose: times in milliseconds, so that sound and highlight agree.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from musicml.errors import MusicmlError
from musicml.score.general_midi import program_of
from musicml.score.tables import rows

_FOLDERS = ("/usr/share/sounds/sf2", "/usr/share/soundfonts", "/usr/local/share/soundfonts",
            "/usr/local/share/fluidsynth/sf2", "/opt/homebrew/share/soundfonts", "/opt/homebrew/share/fluid-synth/sf2",
            "C:/soundfonts", "C:/ProgramData/soundfonts")
_PREFERRED = ("FluidR3_GM.sf2", "default-GM.sf2", "MuseScore_General.sf2", "MuseScore_General.sf3", "TimGM6mb.sf2")
_CHOIR_AAHS, _VOICE_OOHS = 52, 53
_SECONDS = 180
_REMEDY = "Free some space in the folder of temporary files, or use engine='numpy'."


def missing() -> str | None:
    """What FluidSynth lacks on this machine, with its remedy; None when it can play."""
    if shutil.which("fluidsynth") is None:
        return f"FluidSynth was not found here. Install it ({_command('fluidsynth')}), or use engine='numpy'."
    if find_soundfont() is None:
        return ("FluidSynth has no soundfont. Install one "
                f"({_command('fluid-soundfont-gm')}), name its file in SOUNDFONT, or use engine='numpy'.")
    return None


def find_soundfont() -> Path | None:
    """The General MIDI soundfont to use: the file named in the variable SOUNDFONT, else an installed one, else None."""
    named = os.environ.get("SOUNDFONT")
    if named and Path(named).is_file():
        return Path(named)
    folders = [Path(folder) for folder in _FOLDERS if Path(folder).is_dir()]
    for name in _PREFERRED:
        for folder in folders:
            if (folder / name).is_file():
                return folder / name
    return next((font for folder in folders for font in sorted(folder.glob("*.sf[23]"))), None)


def render(notes: pd.DataFrame, rate: int, length: int) -> np.ndarray:
    """Play notes.

    Args:
        notes: columns start, stop (seconds), pitch (MIDI), velocity (0..127), part and instrument.
        rate: samples a second.
        length: how many samples are wanted.

    Returns:
        float64 samples, shape (at most length, 2), not yet normalised.

    Raises:
        MusicmlError: FluidSynth or its soundfont is missing, or it failed.
    """
    import soundfile

    problem = missing()
    if problem:
        raise MusicmlError(problem)
    with tempfile.TemporaryDirectory() as folder:
        midi, sound = Path(folder) / "score.mid", Path(folder) / "score.wav"
        _write_midi(notes, length / rate, midi)
        command = [str(shutil.which("fluidsynth")), "-n", "-i", "-q", "-C", "0", "-R", "1", "-g", "0.5", "-T", "wav",
                   "-r", str(rate), "-F", str(sound), str(find_soundfont()), str(midi)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise MusicmlError(f"FluidSynth did not finish ({error}). Use engine='numpy'.") from error
        if not sound.exists():
            reason = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
            raise MusicmlError(f"FluidSynth made no sound ({reason}). {_REMEDY}")
        samples, _ = soundfile.read(sound, dtype="float64", always_2d=True)
    if len(samples) < length // 2:  # it says nothing when the disk is full
        raise MusicmlError(f"FluidSynth's sound breaks off. {_REMEDY}")
    return np.asarray(samples[:length])


def program(instrument: str) -> int:
    """The General MIDI program (0..127) that plays an instrument here; singers get the clearest of its voices.

    The choir swells too slowly for moving parts and the organ's octaves blur who sings what; the "oohs" speak at once.

    >>> program("Violoncello"), program("Soprano"), program("Kazoo")
    (42, 53, 0)
    """
    number = program_of(instrument)
    return _VOICE_OOHS if number == _CHOIR_AAHS else number


def _write_midi(notes: pd.DataFrame, duration: float, path: Path) -> None:
    import symusic

    score = symusic.Score(500)  # at 120 quarter notes a minute a tick is a millisecond
    score.tempos.append(symusic.Tempo(time=0, qpm=120))
    places = np.linspace(44, 84, max(2, notes["part"].nunique())).round().astype(int)
    for (part, played), place in zip(notes.groupby("part"), places, strict=False):
        track = symusic.Track(name=f"{part}", program=program(str(played["instrument"].iloc[0])), is_drum=False)
        track.controls.append(symusic.ControlChange(0, 10, int(place)))  # parts side by side, 64 is the middle
        for note in rows(played):
            start, stop = round(note.start * 1000), round(note.stop * 1000)
            track.notes.append(symusic.Note(start, max(1, stop - start), int(note.pitch), int(note.velocity)))
        score.tracks.append(track)
    # A last silent event keeps FluidSynth playing until the room is quiet.
    score.markers.append(symusic.TextMeta(round(duration * 1000), "end"))
    score.dump_midi(str(path))


def _command(package: str) -> str:
    if sys.platform == "darwin":
        return "brew install fluid-synth"
    if sys.platform == "win32":
        return "choco install fluidsynth"
    return f"sudo apt-get install {package}"
