"""The Analysis room: what patterns a score holds. Every function takes a Score and returns one tidy table with
evidence."""

from musicml.analysis.cadences import cadences
from musicml.analysis.harmony import local_keys, roman_numerals
from musicml.analysis.keys import Key, global_key
from musicml.analysis.phrases import phrases
from musicml.analysis.report import Analysis, analyse
from musicml.analysis.slices import slices
from musicml.analysis.voice_leading import voice_leading

__all__ = [
    "Analysis", "Key", "analyse", "cadences", "global_key", "local_keys", "phrases", "roman_numerals", "slices",
    "voice_leading",
]  # fmt: skip
