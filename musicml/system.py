"""How to install, on this system, a program that musicml can use but does not bring along."""

from __future__ import annotations

import platform

_COMMANDS = {
    "debian": "sudo apt-get install {}",
    "fedora": "sudo dnf install {}",
    "macos": "brew install {}",
    "windows": "winget install {}",
}
_PACKAGES = {
    "musescore": {
        "debian": "musescore3",
        "fedora": "musescore",
        "macos": "--cask musescore",
        "windows": "Musescore.Musescore",
    },
    "fluidsynth": {"debian": "fluidsynth", "fedora": "fluidsynth", "macos": "fluid-synth"},
    "soundfont": {"debian": "fluid-soundfont-gm", "fedora": "fluid-soundfont-gm"},
    "fonts": {"debian": "fonts-liberation", "fedora": "liberation-serif-fonts", "macos": "--cask font-liberation"},
}
_OTHERWISE = {
    ("fluidsynth", "windows"): "choco install fluidsynth",
    ("musescore", "other"): "install the package musescore of your system",
    ("fluidsynth", "other"): "install the package fluidsynth of your system",
    ("fonts", "other"): "install the Liberation fonts of your system",
    ("fonts", "windows"): "restore Times New Roman in Settings > Personalisation > Fonts",
}
_SOUNDFONT = "save a General MIDI soundfont (.sf2) and set the variable SOUNDFONT to its path"


def family() -> str:
    """The family this system belongs to: "debian" (with Ubuntu), "fedora", "macos", "windows" or "other"."""
    if platform.system() in {"Darwin", "Windows"}:
        return {"Darwin": "macos", "Windows": "windows"}[platform.system()]
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return "other"
    names = f"{release.get('ID', '')} {release.get('ID_LIKE', '')}".split()
    return next((name for name in ("debian", "fedora") if name in names), "debian" if "ubuntu" in names else "other")


def how_to_install(thing: str, system: str | None = None) -> str:
    """The command that installs something, or the step to take where no package has it.

    Args:
        thing: "musescore", "fluidsynth", "soundfont" or "fonts".
        system: a family of systems; by default the one that this machine belongs to.

    >>> how_to_install("fluidsynth", "macos")
    'brew install fluid-synth'
    >>> how_to_install("fluidsynth", "windows")
    'choco install fluidsynth'
    >>> how_to_install("soundfont", "windows")
    'save a General MIDI soundfont (.sf2) and set the variable SOUNDFONT to its path'
    """
    system = system or family()
    package = _PACKAGES[thing].get(system)
    return _COMMANDS[system].format(package) if package else _OTHERWISE.get((thing, system), _SOUNDFONT)
