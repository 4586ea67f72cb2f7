"""The training room: music for training, one loop for every family, recipes and checkpoints."""

from musicml.training.pieces import Pieces, benchmark_pieces, read_benchmark
from musicml.training.recipe import Recipe, read_recipe, recipes
from musicml.training.training import train

__all__ = ["Pieces", "Recipe", "benchmark_pieces", "read_benchmark", "read_recipe", "recipes", "train"]
