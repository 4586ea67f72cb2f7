"""Corpora: lists of pieces that are loaded when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator

from musicml.corpus.loading import load
from musicml.corpus.pieces import Piece, bach_chorales
from musicml.errors import ScoreError
from musicml.score import Score

_SPLITS = ("train", "valid", "test")


class Corpus:
    """A list of pieces by name; iterating loads them, with a progress bar when they must be parsed first.

    - "bach-chorales": Riemenschneider's 371 chorales in his order. He prints twenty of them twice or more, and so
      does this list; `unique()` drops the repetitions.
    - "jsb": every piece of the JSB chorale benchmark (Boulanger-Lewandowski et al. 2012; the edition of 229, 76 and
      77 pieces) that was matched in music21's corpus: each once, some of them outside the 371.

    `split` picks the benchmark's train, valid or test pieces of either. A piece that the benchmark has twice, on
    both sides of a split, counts as test before valid before train: training never sees it.

    >>> chorales = Corpus("bach-chorales")
    >>> len(chorales), chorales.names[0], len(Corpus("jsb").split("test"))
    (371, 'bach/bwv269', 77)
    >>> Corpus("beethoven")
    Traceback (most recent call last):
    ...
    musicml.errors.ScoreError: corpus 'beethoven' is not known. Choose one of: bach-chorales, jsb.
    """

    def __init__(self, name: str, *, pieces: tuple[Piece, ...] | None = None) -> None:
        self.name = name
        self.pieces = _known(name) if pieces is None else pieces

    @property
    def names(self) -> list[str]:
        """The catalogue names of the pieces, in order."""
        return [piece.name for piece in self.pieces]

    def load(self, name: str) -> Score:
        """Load one piece of this corpus by its name.

        Raises:
            ScoreError: the corpus has no such piece.
        """
        if name not in self.names:
            raise ScoreError(f"{name}: not in {self.name}. Its names begin with {', '.join(self.names[:3])}.")
        return load(name)

    def split(self, part: str) -> Corpus:
        """The pieces of the benchmark's "train", "valid" or "test" part.

        Raises:
            ScoreError: no split has that name.
        """
        if part not in _SPLITS:
            raise ScoreError(f"split {part!r} is not known. Choose one of: {', '.join(_SPLITS)}.")
        return Corpus(f"{self.name}/{part}", pieces=tuple(piece for piece in self.pieces if piece.split == part))

    def unique(self) -> Corpus:
        """The same pieces, each once.

        >>> len(Corpus("bach-chorales").unique())
        350
        """
        first = {piece.name: piece for piece in reversed(self.pieces)}
        return Corpus(self.name, pieces=tuple(reversed(first.values())))

    def __len__(self) -> int:
        return len(self.pieces)

    def __iter__(self) -> Iterator[Score]:
        from tqdm.auto import tqdm

        # The bar appears only when loading takes longer than two seconds, that is, when pieces are parsed.
        for name in tqdm(self.names, desc=self.name, unit="piece", delay=2, leave=False):
            yield load(name)

    def __repr__(self) -> str:
        return f"<Corpus {self.name!r}: {len(self)} pieces>"


def _known(name: str) -> tuple[Piece, ...]:
    if name == "bach-chorales":
        return tuple(piece for piece in bach_chorales() if piece.riemenschneider is not None)
    if name == "jsb":
        return Corpus(name, pieces=tuple(piece for piece in bach_chorales() if piece.split)).unique().pieces
    raise ScoreError(f"corpus {name!r} is not known. Choose one of: bach-chorales, jsb.")
