"""Recipes: everything that decides a training run, in one small file, so that anyone can repeat it."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any

from musicml.errors import ModelError


@dataclass(frozen=True)
class Recipe:
    """How a shipped model is trained.

    Attributes:
        name: the model's name, music then family ("chorale-transformer").
        family: which kind of model ("markov", "transformer").
        about: what the model is, in one sentence for its card.
        seed: fixes every random choice.
        model: settings of the model (for a network, the fields of its config class).
        steps: weight updates in all; 0 for models that only count.
        batch: pieces per step. window: longest run of sixteenths taken from a piece.
        rate: highest learning rate, reached after `warmup` steps, then falling as a cosine to a fiftieth of it.
        decay: weight decay (AdamW). clip: largest norm of a gradient. average: share of the old in the
            exponential moving average of the weights, which is what is validated and shipped.
        validate_every: steps between two looks at the valid pieces; the best look is kept.
        patience: looks in a row without a better one after which the run ends early; 0 for never.
        precision: "bf16" multiplies matrices in bfloat16 where the processor can, "float32" never does.
    """

    name: str
    family: str
    about: str = ""
    seed: int = 0
    model: dict[str, Any] = field(default_factory=dict)
    steps: int = 0
    batch: int = 16
    window: int = 256
    rate: float = 2e-3
    warmup: int = 200
    decay: float = 0.3
    clip: float = 1.0
    average: float = 0.999
    validate_every: int = 100
    patience: int = 0
    precision: str = "bf16"

    def quick(self) -> Recipe:
        """The same recipe cut down to about a minute, to see that everything works."""
        steps = min(self.steps, 120)
        warmup, every = min(self.warmup, steps // 4), max(1, steps // 3)
        return replace(self, steps=steps, warmup=warmup, average=0.97, validate_every=every)

    def to_dict(self) -> dict[str, Any]:
        """The recipe as plain data, for a card."""
        return asdict(self)


def recipes() -> list[str]:
    """The names of the models that have a recipe.

    >>> "chorale-transformer" in recipes()
    True
    """
    folder = resources.files("musicml.training") / "recipes"
    return sorted(Path(item.name).stem for item in folder.iterdir() if item.name.endswith(".toml"))


def read_recipe(name: str) -> Recipe:
    """The recipe of a shipped model, by name.

    Raises:
        ModelError: there is no such recipe.

    >>> read_recipe("chorale-markov").family
    'markov'
    """
    if name not in recipes():
        raise ModelError(f"no recipe for {name!r}. There are recipes for {', '.join(recipes())}.")
    text = (resources.files("musicml.training") / "recipes" / f"{name}.toml").read_text("utf-8")
    return Recipe(name=name, **tomllib.loads(text))
