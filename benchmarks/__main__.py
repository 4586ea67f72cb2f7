"""Measure everything, print the tables, and on request write them into the README.

    python -m benchmarks [--data DATA] [--only likelihood,compose] [--test] [--write-readme]

Each part is kept in benchmarks/results.json as soon as it is measured, with date, machine and duration; parts that are
not measured this time stay as they were. A part that fails says so, and the others go on.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from benchmarks import analysis, common, compose, corpus, decoding, likelihood, report
from musicml.errors import MusicmlError
from musicml.files import write_text

RESULTS = common.ROOT / "benchmarks" / "results.json"
README = common.ROOT / "README.md"

Measure = Callable[[argparse.Namespace], dict[str, Any]]


def experts(arguments: argparse.Namespace) -> dict[str, Any]:
    """The analysis against expert labels: odd-numbered chorales, then even-numbered ones."""
    folder = arguments.data / "wir_chorales"
    if not (folder / "scores.csv").exists():
        raise MusicmlError(f"{folder}: no scores.csv. Give --data the folder that holds wir_chorales.")
    pieces = analysis.load(folder)
    return {
        "odd numbers (tuned)": analysis.measure([piece for piece in pieces if piece.number % 2]),
        "even numbers (test)": analysis.measure([piece for piece in pieces if piece.number % 2 == 0]),
    }


PARTS: dict[str, Measure] = {
    "likelihood": lambda arguments: likelihood.measure(arguments.data, test=arguments.test),
    "compose": lambda arguments: compose.measure(pieces=arguments.pieces),
    "decoding": lambda arguments: decoding.measure(arguments.data),
    "analysis": experts,
    "corpus": lambda arguments: corpus.measure(),
}


def main() -> int:
    """Measure the parts that are asked for; 0 when all of them succeeded."""
    arguments = _arguments()
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    failed = []
    for name in arguments.only:
        print(f"{name} ...", file=sys.stderr)
        try:
            results[name] = _measured(name, arguments)
        except MusicmlError as error:
            failed.append(f"{name}: {error}")
        except Exception:  # one part's mistake must not cost the minutes of the others
            failed.append(f"{name}: {traceback.format_exc()}")
        else:
            print(f"\n{report.SECTIONS[name][2](results[name]['found'])}\n", flush=True)
            write_text(RESULTS, json.dumps(results, indent=1) + "\n")
    if arguments.write_readme:
        report.write_readme(README, results)
    for line in failed:
        print(f"not measured: {line}", file=sys.stderr)
    return 1 if failed else 0


def _measured(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    start = time.perf_counter()
    found = PARTS[name](arguments)
    return {
        "command": f"python -m benchmarks --only {name}" + " --test" * (arguments.test and name == "likelihood"),
        "date": datetime.date.today().isoformat(),
        "machine": common.machine(),
        "seconds": time.perf_counter() - start,
        "found": found,
    }


def _arguments() -> argparse.Namespace:
    parser = common.parser(__doc__)
    parser.add_argument("--only", type=_names, default=list(PARTS), help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--test", action="store_true", help="charge the test pieces too, once everything is chosen")
    parser.add_argument("--pieces", type=int, default=20, help="how many each model composes")
    parser.add_argument("--write-readme", action="store_true", help="put the tables into the README")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(PARTS):
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(PARTS)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
