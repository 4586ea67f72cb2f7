"""How well the shipped models foresee chorales that they have never seen, beside simple baselines.

    python -m benchmarks.likelihood [--data DATA] [--test]

JSB-16 (Boulanger-Lewandowski et al. 2012; frames of sixteenths by C.-Z. A. Huang): every token of every piece is
charged, in the order soprano to bass and frame by frame, silences and first frames included. The unit is the nat, and
fewer are better.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import baselines, common
from musicml import models
from musicml.encoding.symbols import Frames
from musicml.evaluation import likelihood

BASELINES: dict[str, Callable[[Sequence[Frames]], baselines.OwnVoice]] = {
    "how often each pitch occurs": baselines.unigram,
    "copy what sounded before": baselines.copying,
    "which pitch follows which": baselines.bigram,
}


def measure(data: Path, *, test: bool = False, limit: int | None = None) -> dict[str, Any]:
    """Charge every model for the valid pieces, and for the test pieces if they are asked for.

    Args:
        limit: only so many pieces of each split.

    Returns:
        source, and for each split and model its size, its cost of training and its `Likelihood`.
    """
    pieces = common.pieces(data)
    found: dict[str, Any] = {"source": pieces.source, "splits": {}}
    for split in ("valid", "test")[: 1 + test]:
        charged = getattr(pieces, split)[:limit]
        found["splits"][split] = {
            **{name: _baseline(fit, pieces.train, charged) for name, fit in BASELINES.items()},
            **{name: _shipped(name, charged) for name in models.available()},
        }
    return found


def _baseline(
    fit: Callable[[Sequence[Frames]], baselines.OwnVoice], train: Sequence[Frames], charged: Sequence[Frames]
) -> dict[str, Any]:
    start = time.process_time()
    model = fit(train)
    seconds = time.process_time() - start
    return {"parameters": model.parameters, "cpu_seconds": seconds, **asdict(likelihood(model, charged))}


def _shipped(name: str, charged: Sequence[Frames]) -> dict[str, Any]:
    model = models.load(name)
    about = {
        "parameters": model.card["parameters"],
        "cpu_seconds": model.card["run"].get("cpu_seconds"),
        "sha256": model.card.get("sha256"),
    }
    return {**about, **asdict(likelihood(model, charged, show_progress=True))}


def table(found: dict[str, Any]) -> str:
    """The measurement as Markdown."""
    parts = []
    for split, rows in found["splits"].items():
        first = next(iter(rows.values()))
        parts.append(
            f"{split.capitalize()}: {first['pieces']} pieces, {first['tokens']:,} tokens, of which "
            f"{common.percent(first['held_share'])} are held from the sixteenth before.\n\n"
            + common.markdown(
                ["model", "nats per token (95 % interval)", "per frame", "held", "changed", "weights", "CPU to train"],
                [_row(name, row) for name, row in rows.items()],
            )
        )
    return "\n\n".join(parts)


def _row(name: str, row: dict[str, Any]) -> list[str]:
    low, high = row["interval"]
    name = f"**`{name}`**" if row.get("sha256") else name
    return [
        name, f"{row['per_token']:.3f} ({low:.3f}–{high:.3f})", f"{row['per_frame']:.2f}", f"{row['held']:.3f}",
        f"{row['changed']:.2f}", f"{row['parameters']:,}", _minutes(row["cpu_seconds"]),
    ]  # fmt: skip


def _minutes(seconds: float | None) -> str:
    if seconds is None:
        return "not recorded"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.1f} s"


def main() -> None:
    """Print what `measure` finds."""
    parser = common.parser(__doc__)
    parser.add_argument("--test", action="store_true", help="charge the test pieces too, once everything is chosen")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    arguments = parser.parse_args()
    found = measure(arguments.data, test=arguments.test)
    print(json.dumps(found, indent=2) if arguments.json else table(found))


if __name__ == "__main__":
    main()
