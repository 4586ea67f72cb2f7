"""The doctor on this machine, and on machines that lack things."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from musicml import doctor, system


def found(name: str) -> doctor.Check:
    return next(check for check in doctor.diagnose() if check.name == name)


def test_this_machine_has_what_the_tests_need() -> None:
    checks = doctor.diagnose()
    assert len({check.name for check in checks}) == len(checks) == 12
    assert [check.name for check in checks if not check.ok] == []
    assert doctor.render(checks).endswith("All 12 are there.")
    assert all(check.fix == "" for check in checks)


def test_looking_imports_nothing_heavy() -> None:
    heavy = "{'torch', 'music21', 'verovio', 'matplotlib'}"
    code = f"import sys; from musicml import doctor; doctor.diagnose(); print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_missing_programs_are_named_with_what_works_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "debian"})
    text = doctor.render([found("MuseScore"), found("FluidSynth")])
    assert text.splitlines()[0] == "missing  MuseScore: not found"
    assert "Verovio draws all pages" in text
    assert "To mend it: sudo apt-get install musescore3" in text
    assert "To mend it: sudo apt-get install fluidsynth" in text
    assert text.endswith("2 of 2 missing.")


def test_a_cache_folder_that_is_a_file_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("MUSICML_CACHE", str(tmp_path / "file"))
    check = found("Cache folder")
    assert not check.ok
    assert "MUSICML_CACHE" in check.fix


def test_little_memory_and_one_core_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    memory = psutil.virtual_memory()._replace(available=2**28, total=2**30)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0}, raising=False)
    assert found("Memory") == ("Memory", False, "0.2 GiB free of 1.0", found("Memory").without, found("Memory").fix)
    assert not found("Cores").ok


def test_a_package_that_is_not_installed_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    def nothing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "version", nothing)
    assert [found(name).found for name in ("PyTorch", "Verovio")] == ["not installed", "not installed"]
    assert found("PyTorch").fix == "python tools/setup_env.py"


@pytest.mark.parametrize(
    ("release", "family"),
    [
        ({"ID": "ubuntu", "ID_LIKE": "debian"}, "debian"),
        ({"ID": "debian"}, "debian"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "fedora"),
        ({"ID": "arch"}, "other"),
    ],
)
def test_families_of_linux(monkeypatch: pytest.MonkeyPatch, release: dict[str, str], family: str) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: release)
    assert system.family() == family


@pytest.mark.parametrize(("name", "family"), [("Darwin", "macos"), ("Windows", "windows")])
def test_other_systems(monkeypatch: pytest.MonkeyPatch, name: str, family: str) -> None:
    monkeypatch.setattr(platform, "system", lambda: name)
    assert system.family() == family
    for thing in ("musescore", "fluidsynth", "soundfont", "fonts"):
        assert len(system.how_to_install(thing)) > 10
