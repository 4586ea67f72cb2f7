"""What the measurements share: where the data lie, which machine this is, tables in Markdown."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from musicml.training import Pieces, benchmark_pieces, read_benchmark

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 2000


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser that knows --data; the first line of `description` becomes its help."""
    made = argparse.ArgumentParser(description=str(description).split("\n")[0])
    made.add_argument("--data", type=Path, default=data_folder(), help="folder with jsb and wir_chorales")
    return made


def data_folder() -> Path:
    """Where the evaluation data lie: $MUSICML_DATA, or shared/data beside the repository."""
    return Path(os.environ.get("MUSICML_DATA", ROOT.parent / "shared" / "data"))


def pieces(data: Path) -> Pieces:
    """The JSB-16 benchmark when `data` holds it, otherwise the same pieces of music21's corpus."""
    file = data / "jsb" / "Jsb16thSeparated.json"
    return read_benchmark(file) if file.exists() else benchmark_pieces()


def machine() -> str:
    """Cores, Python and PyTorch in a few words."""
    import torch

    threads = f"{torch.get_num_threads()} thread{'s' * (torch.get_num_threads() > 1)}"
    return f"{platform.machine()}, {os.cpu_count()} cores ({threads}), Python {platform.python_version()}, " \
           f"PyTorch {torch.__version__}"  # fmt: skip


def markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns after the first stand to the right.

    >>> print(markdown(["model", "nats"], [["coin", "0.69"]]))
    | model | nats |
    |---|---:|
    | coin | 0.69 |
    """
    rule = "|---|" + "---:|" * (len(headings) - 1)
    return "\n".join(["| " + " | ".join(headings) + " |", rule, *("| " + " | ".join(row) + " |" for row in rows)])


def percent(share: float) -> str:
    """A share in words.

    >>> percent(0.978)
    '98 %'
    """
    return f"{100 * share:.0f} %"


def rate_interval(counts: npt.ArrayLike, sizes: npt.ArrayLike) -> list[float]:
    """95 % bootstrap interval of sum(counts) / sum(sizes), drawing pieces (Efron 1979).

    >>> rate_interval([1, 1, 1], [2, 2, 2])
    [0.5, 0.5]
    """
    count, size = np.asarray(counts, dtype=float), np.asarray(sizes, dtype=float)
    draws = np.random.default_rng(0).integers(0, len(count), (ROUNDS, len(count)))
    return [float(bound) for bound in np.quantile(count[draws].sum(1) / size[draws].sum(1), (0.025, 0.975))]
