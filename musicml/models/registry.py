"""The shipped models by name, and how any model is written to disk and read back.

A model on disk is two files side by side: NAME.safetensors holds numbers, NAME.json the card: what the model is,
what it was trained on, by which recipe and licence, how well it does, the sizes needed to rebuild it, and a checksum
of the numbers, because a changed number looks like any other.
"""

from __future__ import annotations

import json
from hashlib import sha256
from importlib import import_module, resources
from pathlib import Path
from typing import Any

import numpy as np

from musicml.errors import ModelError
from musicml.files import write_bytes, write_text
from musicml.models.chorale import ChoraleModel

_CLASSES = {
    "markov": ("musicml.models.markov", "FeatureMarkov"),
    "transformer": ("musicml.models.transformer", "ChoraleTransformer"),
}


def weights_folder() -> Path:
    """The folder of the package where shipped weights and cards lie."""
    return Path(str(resources.files("musicml.models"))) / "weights"


def available() -> list[str]:
    """The names of the shipped models.

    >>> available()
    ['chorale-markov', 'chorale-transformer']
    """
    return sorted(path.stem for path in weights_folder().glob("*.safetensors"))


def load(name: str | Path) -> ChoraleModel:
    """A trained model: a shipped one by name, or your own by the path of its .safetensors file.

    Raises:
        ModelError: there is no such model, its card is missing, or its weights are damaged.

    >>> load("chorale-markov").family
    'markov'
    """
    path = Path(name) if str(name).endswith(".safetensors") else weights_folder() / f"{name}.safetensors"
    if not path.exists():
        names = ", ".join(available())
        raise ModelError(f"model {str(name)!r}: there is none. Choose {names}, or give a .safetensors file.")
    card = _read_card(path.with_suffix(".json"))
    try:
        model = model_class(card["family"]).restore(card["config"], _read_tensors(path, card.get("sha256")))
    except ModelError:
        raise
    except Exception as error:  # whatever a damaged file makes torch or NumPy say, the remedy is the same
        raise ModelError(
            f"{path}: these weights do not fit their card ({type(error).__name__}). Install musicml again, "
            "or train the model again."
        ) from error
    model.card = card
    return model


def save(model: ChoraleModel, path: Path) -> Path:
    """Write `model` to `path` (.safetensors) and its card beside it (.json), each whole or not at all."""
    from safetensors import numpy as safetensors

    weights = safetensors.save({name: np.ascontiguousarray(array) for name, array in model.tensors().items()})
    write_bytes(path, weights)
    card = {**model.card, "family": model.family, "config": model.config(), "sha256": sha256(weights).hexdigest()}
    write_text(path.with_suffix(".json"), json.dumps(card, indent=2, ensure_ascii=False) + "\n")
    return path


def model_class(family: str) -> type[ChoraleModel]:
    """The class of a family, by the name that cards and recipes use.

    Raises:
        ModelError: no family has that name.
    """
    if family not in _CLASSES:
        raise ModelError(f"family {family!r} is not known. Choose one of: {', '.join(_CLASSES)}.")
    module, name = _CLASSES[family]
    found: type[ChoraleModel] = getattr(import_module(module), name)
    return found


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads(path.read_text("utf-8"))
        card["family"], card["config"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: the model's card is missing or damaged. Install musicml again.") from error
    checked: dict[str, Any] = card
    return checked


def _read_tensors(path: Path, checksum: str | None) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors import numpy as safetensors

    try:
        content = path.read_bytes()
        if checksum and sha256(content).hexdigest() != checksum:
            raise ValueError("another checksum than on the card")
        tensors: dict[str, Any] = safetensors.load(content)
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{path}: the weights are damaged. Install musicml or train the model again.") from error
    return tensors
