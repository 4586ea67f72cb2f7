"""The encoding room: a score as numbers, and back."""

from musicml.encoding.raster import (
    VOICE_RANGES,
    ChoraleRaster,
    to_raster,
    to_score,
    transpose,
    transpositions,
)
from musicml.encoding.unfolding import unfold

__all__ = ["VOICE_RANGES", "ChoraleRaster", "to_raster", "to_score", "transpose", "transpositions", "unfold"]
