"""The Score room: the tables of a piece and the conversions that define them."""

from musicml.score.score import Score

__all__ = ["Score"]
