"""What is known of the chorales before any of them is loaded: facts in a small table that comes with the package."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Piece:
    """What is known of a piece before it is loaded.

    Attributes:
        name: its name in the catalogue, such as "bach/bwv269".
        title: the first line of the hymn, where it is known.
        split: "train", "valid" or "test" in the chorale benchmark; empty for pieces outside it.
        riemenschneider: its number in Riemenschneider's edition; None outside it.
    """

    name: str
    title: str
    split: str
    riemenschneider: int | None


@cache
def bach_chorales() -> tuple[Piece, ...]:
    """Riemenschneider's 371 chorales, then the benchmark's pieces outside them.

    >>> bach_chorales()[0]
    Piece(name='bach/bwv269', title='Aus meines Herzens Grunde', split='valid', riemenschneider=1)
    """
    text = files("musicml.corpus").joinpath("data/bach_chorales.csv").read_text("utf-8")
    return tuple(
        Piece(row["name"], row["title"], row["split"], int(row["riemenschneider"]) if row["riemenschneider"] else None)
        for row in csv.DictReader(text.splitlines())
    )


@cache
def titles() -> dict[str, str]:
    """Titles by catalogue name, of the chorales that have one."""
    return {piece.name: piece.title for piece in reversed(bach_chorales()) if piece.title}
