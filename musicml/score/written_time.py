"""Times as notation can write them: exact fractions of a quarter note, cut into note values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from functools import cache

_GRIDS = (64, 48, 40, 56, 72)  # notes to a quarter: binary values, triplets, quintuplets, septuplets, nonuplets
_TUPLETS = {1: Fraction(1), 3: Fraction(2, 3), 5: Fraction(4, 5), 7: Fraction(4, 7), 9: Fraction(8, 9)}
_PERFORMED_GRID = 24  # for times that no notation has: thirty-seconds and triplets alike


@cache
def exact(time: float) -> Fraction:
    """The written time nearest to a sounding one."""
    for grid in _GRIDS:
        nearest = Fraction(round(time * grid), grid)
        if abs(nearest - Fraction(time)) < 1e-4:
            return nearest
    return _performed(Fraction(time))


def _performed(time: Fraction) -> Fraction:
    return Fraction(round(time * _PERFORMED_GRID), _PERFORMED_GRID)


def odd_factor(time: Fraction) -> int:
    """The odd factor of a denominator: 3 for triplets, 5 for quintuplets, 1 for what needs no tuplet."""
    return time.denominator // (time.denominator & -time.denominator)


def settled(times: Iterable[float]) -> dict[float, Fraction]:
    """The written time for each sounding one, with one kind of tuplet in each quarter note at most."""
    written = {time: exact(time) for time in times}
    kinds: dict[int, set[int]] = defaultdict(set)
    for time in written.values():
        kinds[int(time)].add(odd_factor(time))
    mixed = {beat for beat, found in kinds.items() if any(max(found) % odd for odd in found)}
    return {sounding: _performed(time) if int(time) in mixed else time for sounding, time in written.items()}


def shortest(start: Fraction) -> Fraction:
    """A length for what is too short to be written, in the kind of note values that `start` has."""
    return Fraction(1, _PERFORMED_GRID if odd_factor(start) > 1 else _GRIDS[0])


def note_values_between(start: Fraction, end: Fraction) -> list[tuple[Fraction, Fraction]]:
    """Cut a span that no single note value has (five eighths) into (onset, length) of tied ones."""
    if odd_factor(end - start) not in _TUPLETS:  # from one kind of tuplet into another: cut at the beat between them
        beat = Fraction(int(start) + 1)
        if beat >= end:  # a bar line at a time that no note value reaches
            return [(start, end - start)]
        return [*note_values_between(start, beat), *note_values_between(beat, end)]
    lengths = _note_values(end - start)
    return [(start + sum(lengths[:count], Fraction(0)), length) for count, length in enumerate(lengths)]


@cache
def _note_values(length: Fraction) -> tuple[Fraction, ...]:
    """The fewest note values, dotted up to twice and longest first, that add up to `length`."""
    ratio = _TUPLETS[odd_factor(length)]
    rest, values = length / ratio, []
    while rest > 0:
        plain = Fraction(8)
        while plain > rest:
            plain /= 2
        dotted = next((plain * dots for dots in (Fraction(7, 4), Fraction(3, 2)) if plain * dots == rest), plain)
        values.append(dotted * ratio)
        rest -= dotted
    return tuple(values)
