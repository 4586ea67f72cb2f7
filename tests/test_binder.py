"""The Binder image, as repo2docker would build it from this repository; no Docker needed to print its recipe."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
FILES = [ROOT / "binder" / name for name in ("requirements.txt", "runtime.txt", "apt.txt", "postBuild")]


@cache
def dockerfile(folder: Path) -> str:
    """What repo2docker prints for a copy of the files that it reads."""
    (folder / "binder").mkdir()
    for file in FILES:
        shutil.copy(file, folder / "binder")
    program = Path(sys.executable).with_name("jupyter-repo2docker")
    command = [str(program), "--no-build", "--debug", "--user-id", "1000", "--user-name", "learner", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=True)
    return done.stderr + done.stdout


def requirements() -> list[Requirement]:
    lines = FILES[0].read_text("utf-8").splitlines()
    return [Requirement(line) for line in lines if line[0] not in "#-"]


def test_the_recipe_has_python_programs_packages_and_the_warm_caches(tmp_path: Path) -> None:
    text = dockerfile(tmp_path)
    assert "environment-2epy-2d3-2e11" in text  # repo2docker's name for the file that pins Python 3.11
    assert "--no-install-recommends fluid-soundfont-gm fluidsynth fonts-liberation" in text
    assert 'pip install --no-cache-dir -r "binder/requirements.txt"' in text
    copied = text.index("COPY --chown=1000:1000 src/ ")  # packages before, so that a changed notebook keeps their layer
    assert text.index("binder/requirements.txt") < copied < text.index("RUN ./binder/postBuild")


def test_torch_is_the_cpu_build_and_nothing_brings_cuda() -> None:
    names = {requirement.name: str(requirement.specifier) for requirement in requirements()}
    assert names["torch"].endswith("+cpu")
    assert not [name for name in names if name.startswith(("nvidia", "triton"))]


def test_jupyter_is_left_to_the_image() -> None:
    assert not [requirement for requirement in requirements() if requirement.name.startswith(("jupyter", "ipy"))]


def test_every_pin_is_what_the_tests_ran_with() -> None:
    for requirement in requirements():
        installed = metadata.version(requirement.name).partition("+")[0]
        assert requirement.specifier.contains(installed) or str(requirement.specifier) == f"=={installed}+cpu"


def test_post_build_can_run_and_names_what_exists() -> None:
    script = FILES[3].read_text("utf-8")
    assert os.access(FILES[3], os.X_OK)
    subprocess.run(["bash", "-n", str(FILES[3])], check=True)
    assert "Corpus('bach-chorales')" in script
    assert "jupyter trust course/*.ipynb course/solutions/*.ipynb" in script
    assert all(any(ROOT.glob(pattern)) for pattern in ("course/*.ipynb", "course/solutions/*.ipynb"))
