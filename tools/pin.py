"""Write down the versions that this environment holds: `python -m tools.pin`.

Two files come out, both read by `tools/setup_env.py` or by Binder, never edited by hand:

- `requirements/constraints.txt`: one exact version for everything that `musicml[dev]` needs, directly or not;
- `binder/requirements.txt`: what `musicml` alone needs, without Jupyter and with PyTorch's CPU build, for the image of
  a Binder session.

To move to newer versions: install them, run the tests, run this, commit both files.
"""

from __future__ import annotations

import tomllib
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from musicml.files import write_text
from tools.setup_env import CONSTRAINTS, CPU_INDEX, ROOT

# A Binder image comes with its own Jupyter, whose parts fit each other; pinning some of them would break it.
BROUGHT_BY_BINDER = {"jupyterlab", "ipywidgets"}
HEADER = "# Written by `python -m tools.pin` from an environment in which all tests pass.\n"


def declared(extras: set[str]) -> list[Requirement]:
    """The requirements that pyproject.toml states for musicml with some of its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    return [Requirement(line) for line in lines]


def closure(requirements: list[Requirement]) -> dict[str, str]:
    """The installed version of each package that the requirements lead to, themselves included.

    >>> closure([Requirement("jinja2")]).keys()
    dict_keys(['jinja2', 'markupsafe'])
    """
    versions: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(requirement, extra) for requirement in requirements for extra in ("", *requirement.extras)]
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        distribution = metadata.distribution(name)
        versions[name] = distribution.version.partition("+")[0]
        needs = [Requirement(line) for line in distribution.requires or []]
        wanted = [need for need in needs if need.marker is None or need.marker.evaluate({"extra": extra})]
        waiting += [(need, more) for need in wanted for more in ("", *need.extras)]
    return dict(sorted(versions.items()))


def pins(requirements: list[Requirement]) -> list[str]:
    """One line `name==version` for everything that the requirements lead to."""
    return [f"{name}=={version}" for name, version in closure(requirements).items()]


def binder_lines() -> list[str]:
    """The requirements of a Binder session: PyTorch's CPU build from its own index, the rest as pinned."""
    lines = pins([need for need in declared(set()) if need.name not in BROUGHT_BY_BINDER])
    lines = [f"{line}+cpu" if line.startswith("torch==") else line for line in lines]
    return [f"--extra-index-url {CPU_INDEX}", *lines]


def main() -> None:
    """Write both files."""
    write_text(CONSTRAINTS, HEADER + "\n".join(pins(declared({"dev"}))) + "\n")
    write_text(ROOT / "binder" / "requirements.txt", HEADER + "\n".join(binder_lines()) + "\n")


if __name__ == "__main__":
    main()
