"""The evaluation room: how good is a model, how good is what it wrote."""

from musicml.evaluation.likelihood import Likelihood, held_tokens, likelihood

__all__ = ["Likelihood", "held_tokens", "likelihood"]
