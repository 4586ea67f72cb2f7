"""The corpus room: where music comes from."""

from musicml.corpus.loading import load

__all__ = ["load"]
