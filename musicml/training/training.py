"""From a recipe and music to a trained model with its card."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from musicml.errors import ModelError, ScoreError
from musicml.files import write_text
from musicml.models.chorale import ChoraleModel
from musicml.models.registry import model_class, save
from musicml.training.pieces import Pieces
from musicml.training.recipe import Recipe

if TYPE_CHECKING:
    from musicml.training.checkpoint import Progress


def train(
    recipe: Recipe,
    pieces: Pieces,
    folder: Path,
    *,
    show_progress: bool = True,
    report: Callable[[Progress], None] | None = None,
) -> ChoraleModel:
    """Train a chorale model, write it into `folder` as NAME.safetensors with its card, and return it.

    A run that was interrupted goes on from its last checkpoint in `folder`; delete the folder to start again.

    Raises:
        ScoreError: there are no pieces to learn from, or none to choose by.
        ModelError: the recipe's family is unknown, or `folder` holds a run by another recipe.
        MusicmlError: `folder` cannot be written.
    """
    if not pieces.train or not pieces.valid:
        raise ScoreError("training music: no train or no valid pieces. Give a corpus with some of each.")
    model_class(recipe.family)
    _claim(folder, recipe)
    if recipe.family == "markov":
        model, run = _count(recipe, pieces)
    else:
        model, run = _descend(recipe, pieces, folder, show_progress, report)
    model.card = make_card(recipe, pieces, model, run)
    save(model, folder / f"{recipe.name}.safetensors")
    return model


def _claim(folder: Path, recipe: Recipe) -> None:
    """Write the recipe into `folder`; a run that another recipe began cannot be gone on with."""
    path, content = folder / "recipe.json", _json(recipe.to_dict())
    if path.exists() and path.read_bytes() != content.encode():
        raise ModelError(f"{folder}: holds a run by another recipe. Delete it or choose another folder.")
    write_text(path, content)


def make_card(recipe: Recipe, pieces: Pieces, model: ChoraleModel, run: dict[str, Any]) -> dict[str, Any]:
    """What a reader must know about a trained model: purpose, data, licence, recipe, run, limits."""
    valid = [model.log_prob(piece) for piece in pieces.valid]
    return {
        "name": recipe.name,
        "about": recipe.about,
        "data": pieces.source,
        "licence": "Apache-2.0. Trained on chorales by J. S. Bach (1685-1750), whose music is in the public domain.",
        "split": f"by piece: {len(pieces.train)} train, {len(pieces.valid)} valid, {len(pieces.test)} test; "
        "trained on train only, chosen on valid",
        "parameters": int(sum(array.size for array in model.tensors().values())),
        "valid_nats_per_token": round(float(-np.concatenate(valid).mean()), 4) if valid else None,
        "recipe": recipe.to_dict(),
        "run": run,
        "intended_use": "teaching, research and composing in the style of the four-part chorale",
        "limits": "Knows pitches on a grid of sixteenths: no words, no metre, no repeated notes of its own.",
    }


def _count(recipe: Recipe, pieces: Pieces) -> tuple[ChoraleModel, dict[str, Any]]:
    from musicml.models.markov import FeatureMarkov

    wall, cpu = time.monotonic(), time.process_time()
    model = FeatureMarkov.train(pieces.train, **recipe.model)
    seconds = {"seconds": round(time.monotonic() - wall, 1), "cpu_seconds": round(time.process_time() - cpu, 1)}
    return model, {**seconds, "machine": _machine()}


def _descend(
    recipe: Recipe,
    pieces: Pieces,
    folder: Path,
    show_progress: bool,
    report: Callable[[Progress], None] | None,
) -> tuple[ChoraleModel, dict[str, Any]]:
    import torch

    from musicml.models.transformer import ChoraleTransformer, TransformerConfig
    from musicml.training.chorales import ChoraleTask
    from musicml.training.loop import fit

    torch.manual_seed(recipe.seed)
    model = ChoraleTransformer(TransformerConfig(**recipe.model))
    progress = fit(ChoraleTask(model, pieces, recipe), recipe, folder, show_progress=show_progress, report=report)
    run = {
        "steps": progress.step,
        "best_step": progress.best_step,
        "seconds": round(progress.seconds, 1),
        "cpu_seconds": round(progress.cpu_seconds, 1),
        "torch": torch.__version__,
        "machine": _machine(),
        "history": [{name: round(value, 4) for name, value in row.items()} for row in progress.history],
    }
    return model, run


def _machine() -> str:
    import os

    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _json(content: dict[str, Any]) -> str:
    import json

    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
