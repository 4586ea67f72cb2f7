"""Errors that a person can act on: what is wrong, where, and what to do about it."""

from __future__ import annotations


class MusicmlError(Exception):
    """Any problem that the caller can mend; its text is one line: place, cause, remedy.

    The command line prints the text and exits with code 2; a notebook shows it as the last line.
    """


class ScoreError(MusicmlError, ValueError):
    """A score, file or table that cannot be read, understood or written."""


class ModelError(MusicmlError, ValueError):
    """A model that is unknown, whose weights are damaged, or that was asked for the impossible."""
