"""The corpus room: where music comes from."""

from musicml.corpus.corpus import Corpus
from musicml.corpus.loading import load

__all__ = ["Corpus", "load"]
