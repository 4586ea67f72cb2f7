"""Make the environment that musicml runs in: `python tools/setup_env.py` (Windows, macOS, Linux; Python 3.11 or newer).

The script needs nothing but Python itself. It makes `.venv`, installs PyTorch, then the versions pinned in
`requirements/constraints.txt`, then musicml. When nothing has changed since the last time, it returns at once.

PyTorch comes first and alone because on Linux the ordinary package index serves a build of several GB for NVIDIA
cards; PyTorch's own index has one for the processor alone of about 200 MB.
"""

from __future__ import annotations  # old Pythons must get as far as the line that says they are too old

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "requirements" / "constraints.txt"
OLDEST = (3, 11)
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
TRY_AGAIN = "Check the network connection and the free space, then run the same command again."
ASK_PYTORCH_ONCE = ["--index-url", CPU_INDEX, "--retries", "0", "--timeout", "5"]


class SetupError(Exception):
    """A step that failed, in one line with its remedy."""


def fingerprint() -> str:
    """What every environment here is made from: the project's requirements, the pinned versions, Python, the place."""
    digest = hashlib.sha256(f"{sys.version} {ROOT}".encode())
    for path in (ROOT / "pyproject.toml", CONSTRAINTS):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def options_in(stamp: Path) -> tuple[str, set[str]]:
    """The fingerprint and the options ("dev", "gpu") of the environment that `stamp` records; empty when there is none.

    >>> options_in(Path("no such file"))
    ('', set())
    """
    try:
        found = json.loads(stamp.read_text(encoding="utf-8"))
        return str(found["fingerprint"]), set(found["options"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", set()


def python_in(environment: Path) -> Path:
    """The interpreter of a virtual environment, on this system."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def pip(python: Path, *arguments: str) -> str:
    """Run pip quietly; return the last line of its complaint, or "" when all went well."""
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
    return lines[-1] if lines else f"pip ended with code {done.returncode}"


def pinned(name: str) -> str:
    """The line of the constraints file for one package, such as "torch==2.13.0"."""
    for line in CONSTRAINTS.read_text(encoding="utf-8").splitlines():
        if line.split("==")[0] == name:
            return line
    raise SetupError(f"{CONSTRAINTS.name}: no line for {name}. Write the file anew with `python -m tools.pin`.")


def install_torch(python: Path, gpu: bool) -> None:
    """Install PyTorch alone: its CPU build where that can be had, the ordinary one otherwise or for a GPU."""
    torch = pinned("torch")
    if not gpu and not pip(python, "--no-deps", *ASK_PYTORCH_ONCE, torch):
        return
    # A CPU build that is already there would satisfy pip, so a wish for the other one has to insist.
    complaint = pip(python, "--no-deps", *(["--force-reinstall"] if gpu else []), torch)
    if complaint:
        raise SetupError(f"PyTorch could not be installed ({complaint}). {TRY_AGAIN}")


def torch_build(python: Path) -> str:
    """In words, which build of PyTorch an environment holds."""
    code = "import importlib.metadata as m; print(m.version('torch'))"
    version = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    return describe_build(version, sys.platform)


def describe_build(version: str, platform: str) -> str:
    """In words, which build of PyTorch a version number names on a platform.

    >>> describe_build("2.13.0+cpu", "linux")
    'PyTorch 2.13.0, CPU build'
    >>> describe_build("2.13.0", "linux")
    'PyTorch 2.13.0, ordinary Linux build (with CUDA, several GB)'
    >>> describe_build("2.13.0", "darwin")
    'PyTorch 2.13.0, ordinary build for this system'
    """
    number, _, local = version.partition("+")
    if local == "cpu":
        return f"PyTorch {number}, CPU build"
    if local.startswith("cu"):
        return f"PyTorch {number}, CUDA build ({local})"
    kind = "ordinary Linux build (with CUDA, several GB)" if platform == "linux" else "ordinary build for this system"
    return f"PyTorch {number}, {kind}"


def install_musicml(python: Path, dev: bool) -> None:
    """Install musicml from this folder, editable, with every other package at its pinned version."""
    complaint = pip(python, "--constraint", str(CONSTRAINTS), "--editable", f"{ROOT}[dev]" if dev else str(ROOT))
    if complaint:
        raise SetupError(f"musicml could not be installed ({complaint}). {TRY_AGAIN}")


def make_environment(environment: Path | None, options: set[str]) -> None:
    """Make or complete an environment, saying what is done and how long it took.

    Args:
        environment: the folder of the virtual environment; None installs into the Python that runs this script.
        options: "dev" for what the tests need, "gpu" for the build of PyTorch that on Linux can use an NVIDIA card.
            What an earlier run put in stays in.

    Raises:
        SetupError: a step failed.
    """
    stamp = (environment or Path(sys.prefix)) / "musicml-environment.json"
    python = python_in(environment) if environment else Path(sys.executable)
    made_from, present = options_in(stamp)
    if made_from == fingerprint() and options <= present and python.exists():
        return
    options = options | present
    start = time.perf_counter()
    print(f"Set-up: making the environment in {stamp.parent} (one to three minutes, about 1.5 GB)", flush=True)
    if environment and not has_pip(python):
        create(environment)
    install_torch(python, "gpu" in options)
    print(f"Set-up: {torch_build(python)}; now the other packages", flush=True)
    install_musicml(python, "dev" in options)
    stamp.write_text(json.dumps({"fingerprint": fingerprint(), "options": sorted(options)}), encoding="utf-8")
    print(f"Set-up: ready after {time.perf_counter() - start:.0f} s", flush=True)


def has_pip(python: Path) -> bool:
    """Whether this Python is there and can install: an environment whose making was broken off cannot."""
    if not python.exists():
        return False
    return subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def create(environment: Path) -> None:
    """Make the virtual environment, or say what this system lacks for it."""
    try:
        venv.create(environment, with_pip=True, clear=True, symlinks=os.name != "nt")  # as `python -m venv` does
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupError(
            f"{environment}: no virtual environment could be made ({error}). Check the free space and "
            "the rights on the folder; Debian and Ubuntu also need: sudo apt-get install python3-venv."
        ) from error


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments, make the environment; 0 when it is ready, 2 with one line when it is not."""
    parser = argparse.ArgumentParser(description="Make the environment that musicml runs in.")
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="folder of the environment (.venv)")
    parser.add_argument("--here", action="store_true", help="install into the Python that runs this script instead")
    parser.add_argument("--dev", action="store_true", help="with what the tests and the course's builder need")
    parser.add_argument("--gpu", action="store_true", help="PyTorch's ordinary build (on Linux: CUDA, several GB)")
    chosen = parser.parse_args(arguments)
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"Set-up: Python {found} is too old. Install Python 3.11 or newer and run this with it.", file=sys.stderr)
        return 2
    try:
        options = {name for name in ("dev", "gpu") if getattr(chosen, name)}
        make_environment(None if chosen.here else chosen.venv.resolve(), options)
    except SetupError as error:
        print(f"Set-up: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
