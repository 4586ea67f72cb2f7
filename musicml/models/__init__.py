"""The models room: one annotated file per family, and the shipped weights by name."""

from musicml.models.registry import available, load, save

__all__ = ["available", "load", "save"]
