"""What this machine has and lacks: `diagnose` looks, `render` says it. The command line shows it as `musicml doctor`.

Looking is light: files, versions and programs are found, nothing heavy is imported or started.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from musicml.system import how_to_install

_OLDEST_PYTHON = (3, 11)
_MEMORY = 1.0  # GiB that must be free: a kernel of the course stays under 900 MB
_CHORALES = 371
_GIB = 2**30
_SET_UP = "python tools/setup_env.py"
_FONT_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
    "C:/Windows/Fonts",
)
# Beginnings of the file names of fonts with the measures of Times, for which the lyrics under a staff are spaced.
_LIKE_TIMES = ("times", "liberationserif", "tinos", "texgyretermes", "nimbusroman", "freeserif")


class Check(NamedTuple):
    """One thing looked at.

    Attributes:
        name: what it is.
        ok: whether it is there and good enough.
        found: what was found, in a few words.
        without: what still works when it is missing.
        fix: the exact command, or the step, that mends it on this system; "" when nothing has to be mended.
    """

    name: str
    ok: bool
    found: str
    without: str
    fix: str


def diagnose() -> list[Check]:
    """Look at everything that musicml can use on this machine.

    Returns:
        One check for each thing, the necessary ones first.

    >>> [check.name for check in diagnose()][:3]
    ['Python', 'PyTorch', 'music21 corpus']
    """
    looks = (
        *(_python, _torch, _corpus, _verovio, _musescore),
        *(_fluidsynth, _soundfont, _mp3, _fonts, _memory, _cores, _cache),
    )
    return [check if not check.ok else check._replace(fix="") for check in (look() for look in looks)]


def render(checks: list[Check]) -> str:
    """The checks as plain text: a line for each, and for what is missing what still works and what mends it.

    >>> print(render([Check("MuseScore", False, "not found", "Verovio engraves", "sudo apt-get install musescore3")]))
    missing  MuseScore: not found
             Without it: Verovio engraves.
             To mend it: sudo apt-get install musescore3
    <BLANKLINE>
    1 of 1 missing.
    """
    lines: list[str] = []
    for check in checks:
        lines.append(f"{'ok' if check.ok else 'missing':7}  {check.name}: {check.found}")
        if not check.ok:
            lines += [f"{'':9}Without it: {check.without}.", f"{'':9}To mend it: {check.fix}"]
    missing = sum(not check.ok for check in checks)
    summary = f"{missing} of {len(checks)} missing." if missing else f"All {len(checks)} are there."
    return "\n".join([*lines, "", summary])


def _python() -> Check:
    found = f"{platform.python_version()} ({sys.prefix})"
    fix = f"install Python 3.11 or newer, then run {_SET_UP} with it"
    return Check("Python", sys.version_info >= _OLDEST_PYTHON, found, "nothing", fix)


def _torch() -> Check:
    version = _version("torch")
    build = "CUDA" if "+cu" in version or _version("nvidia-cublas") or _version("nvidia-cublas-cu12") else "CPU"
    driver = "with" if shutil.which("nvidia-smi") else "without"
    found = f"{version}, {build} build, {driver} an NVIDIA driver" if version else "not installed"
    return Check("PyTorch", bool(version), found, "scores, analysis, pages and sound; no models", _SET_UP)


def _corpus() -> Check:
    package = find_spec("music21")
    folder = Path(package.origin).parent / "corpus" / "bach" if package and package.origin else Path("music21")
    count = len(list(folder.glob("*.mxl")))
    found = f"{count} compressed files of Bach in {folder}" if count else f"no chorales in {folder}"
    fix = f'{_SET_UP}, or: "{sys.executable}" -m pip install --force-reinstall --no-deps music21'
    without = "your own MusicXML and MIDI files; not the chorales by name"
    return Check("music21 corpus", count >= _CHORALES, found, without, fix)


def _verovio() -> Check:
    version = _version("verovio")
    without = 'pages only by MuseScore (engraver="musescore"); everything else'
    return Check("Verovio", bool(version), version or "not installed", without, _SET_UP)


def _musescore() -> Check:
    from musicml.display.musescore import find_musescore

    found = find_musescore()
    without = 'Verovio draws all pages; only engraver="musescore" and PDF need MuseScore'
    return Check("MuseScore", found is not None, str(found or "not found"), without, how_to_install("musescore"))


def _fluidsynth() -> Check:
    found = shutil.which("fluidsynth")
    without = "musicml's own synthesiser plays, with plainer sound"
    return Check("FluidSynth", found is not None, found or "not found", without, how_to_install("fluidsynth"))


def _soundfont() -> Check:
    from musicml.display.fluidsynth import find_soundfont

    found = find_soundfont()
    without = "musicml's own synthesiser plays, with plainer sound"
    return Check("Soundfont", found is not None, str(found or "not found"), without, how_to_install("soundfont"))


def _mp3() -> Check:
    without = "sound as WAV, about ten times as large"
    try:
        import soundfile

        writes = "MP3" in soundfile.available_formats()
        found = f"soundfile {_version('soundfile')} " + ("writes MP3" if writes else "cannot write MP3")
    except (ImportError, OSError) as error:  # OSError: the sound library under the package is missing
        writes, found = False, f"soundfile cannot be used ({error})"
    return Check("MP3", writes, found, without, _SET_UP)


def _fonts() -> Check:
    folders = [Path(folder).expanduser() for folder in _FONT_FOLDERS]
    files = (file for folder in folders if folder.is_dir() for file in folder.rglob("*.[tTo]*[fFc]"))
    font = next((file for file in files if _plain(file.stem).startswith(_LIKE_TIMES)), None)
    without = "pages are drawn, but words under the staff may touch each other"
    return Check("Fonts", font is not None, str(font or "no font like Times"), without, how_to_install("fonts"))


def _memory() -> Check:
    import psutil

    memory = psutil.virtual_memory()
    found = f"{memory.available / _GIB:.1f} GiB free of {memory.total / _GIB:.1f}"
    without = "reading, analysing and engraving single scores; models may be stopped by the system"
    return Check("Memory", memory.available >= _MEMORY * _GIB, found, without, "close other programs or kernels")


def _cores() -> Check:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    without = "everything, more slowly"
    return Check("Cores", count >= 2, str(count), without, "use a machine, or a share of one, with two cores or more")


def _cache() -> Check:
    from musicml.corpus.cache import folder

    place = folder()
    nearest = next((above for above in (place, *place.parents) if above.exists()), place)
    ok = nearest.is_dir() and os.access(nearest, os.W_OK)
    found = f"{place} " + ("can be written" if ok else "cannot be written")
    without = "everything, but each score is parsed anew (about 40 ms a chorale)"
    return Check("Cache folder", ok, found, without, "set the variable MUSICML_CACHE to a folder that you may write to")


def _version(name: str) -> str:
    """The version of an installed package, or ""."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
