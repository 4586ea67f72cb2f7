"""What a person gets who installs musicml: the set-up script, the pins, the files inside the package."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import pin, setup_env

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "tools" / "setup_env.py"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def environment(folder: Path, options: list[str]) -> Path:
    """A folder that looks as if set-up had finished there."""
    python = setup_env.python_in(folder)
    python.parent.mkdir(parents=True)
    python.write_text("")
    (folder / "musicml-environment.json").write_text(
        json.dumps({"fingerprint": setup_env.fingerprint(), "options": options})
    )
    return folder


def test_set_up_returns_at_once_when_nothing_changed(tmp_path: Path) -> None:
    ready = environment(tmp_path / "venv", ["dev"])
    start = time.perf_counter()
    command = [sys.executable, str(SCRIPT), "--venv", str(ready)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
    assert time.perf_counter() - start < 3


@pytest.mark.parametrize(("present", "wanted"), [([], {"dev"}), (["dev"], {"gpu"})])
def test_set_up_works_again_when_more_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, present: list[str], wanted: set[str]
) -> None:
    installed: dict[str, bool] = {}
    monkeypatch.setattr(setup_env, "has_pip", lambda python: True)
    monkeypatch.setattr(setup_env, "torch_build", lambda python: "PyTorch")
    monkeypatch.setattr(setup_env, "install_torch", lambda python, gpu: installed.update(gpu=gpu))
    monkeypatch.setattr(setup_env, "install_musicml", lambda python, dev: installed.update(dev=dev))
    folder = environment(tmp_path / "venv", present)
    setup_env.make_environment(folder, wanted)
    assert {name for name, value in installed.items() if value} == wanted | set(present)
    assert setup_env.options_in(folder / "musicml-environment.json")[1] == wanted | set(present)


def test_an_environment_is_made_where_none_can_install_yet(tmp_path: Path) -> None:
    assert setup_env.has_pip(Path(sys.executable))
    folder = tmp_path / "venv"
    assert not setup_env.has_pip(setup_env.python_in(folder))
    venv.create(folder, symlinks=os.name != "nt")  # as one that was broken off: Python is there, pip is not
    assert not setup_env.has_pip(setup_env.python_in(folder))
    setup_env.create(folder)
    assert setup_env.has_pip(setup_env.python_in(folder))


def test_torch_comes_from_the_cpu_index_first_and_elsewhere_when_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, ...]] = []

    def no_cpu_index(python: Path, *arguments: str) -> str:
        calls.append(arguments)
        return "ERROR: no network" if "--index-url" in arguments else ""

    monkeypatch.setattr(setup_env, "pip", no_cpu_index)
    setup_env.install_torch(Path("python"), gpu=False)
    assert [setup_env.CPU_INDEX in call for call in calls] == [True, False]
    assert all(call[-1] == setup_env.pinned("torch") for call in calls)
    calls.clear()
    setup_env.install_torch(Path("python"), gpu=True)
    assert [setup_env.CPU_INDEX in call for call in calls] == [False]


def test_without_network_set_up_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup_env, "create", lambda folder: None)
    monkeypatch.setattr(setup_env, "pip", lambda *arguments: "ERROR: No matching distribution found for torch")
    assert setup_env.main(["--venv", str(tmp_path)]) == 2
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert "Check the network connection" in complaint


def test_an_old_python_is_told_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup_env.sys, "version_info", (3, 9, 2, "final", 0))
    assert setup_env.main([]) == 2
    assert capsys.readouterr().err == (
        "Set-up: Python 3.9.2 is too old. Install Python 3.11 or newer and run this with it.\n"
    )


def test_the_set_up_script_needs_only_the_standard_library() -> None:
    imported = re.findall(r"^(?:import|from) (\w+)", SCRIPT.read_text("utf-8"), re.MULTILINE)
    assert set(imported) <= sys.stdlib_module_names


def test_every_dependency_is_pinned_within_its_bounds() -> None:
    lines = setup_env.CONSTRAINTS.read_text("utf-8").splitlines()
    pinned = {line.split("==")[0]: line.split("==")[1] for line in lines if not line.startswith("#")}
    for requirement in pin.declared({"dev"}):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement
    assert Requirement(setup_env.pinned("torch")).specifier.contains("2.13.0+cpu")


def test_no_registry_is_named_but_the_cpu_index() -> None:
    texts = [setup_env.CONSTRAINTS.read_text("utf-8"), (ROOT / "binder" / "requirements.txt").read_text("utf-8")]
    assert set(re.findall(r"https?://[^\s\"']+", "\n".join(texts))) <= {setup_env.CPU_INDEX}


def test_the_wheel_holds_all_data_files_and_the_licence(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "musicml", copy / "musicml", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-text.md"):
        shutil.copy(ROOT / name, copy)
    wanted = {path.relative_to(copy).as_posix() for path in (copy / "musicml").rglob("*") if path.is_file()}
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "."]
    subprocess.run(command, cwd=copy, check=True, capture_output=True)
    (wheel,) = copy.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    assert wanted - held == set()
    assert any(name.endswith("licenses/LICENSE") for name in held)


def test_the_makefile_offers_what_the_readme_promises() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    promised = set(re.findall(r"`make ([a-z-]+)", readme)) | set(re.findall(r"^make ([a-z-]+)", readme, re.MULTILINE))
    assert {"compose", "lab", "test"} <= promised <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_the_command_line_tells_the_version_of_the_project() -> None:
    import musicml

    assert musicml.__version__ == PROJECT["version"]
