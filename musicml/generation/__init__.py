"""The generation room: from a model's probabilities to new pieces."""

from musicml.generation.compose import Composition, compose, judge

__all__ = ["Composition", "compose", "judge"]
