"""A training run so small that a test can afford it."""

from __future__ import annotations

import pytest
import torch

from musicml.training import Pieces, Recipe


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Sums in the same order in every process: what is compared bit by bit runs on one thread."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def few(benchmark: Pieces) -> Pieces:
    """Six short chorales to learn from and two to choose by."""
    cut = [[piece[:32] for piece in part] for part in (benchmark.train[:6], benchmark.valid[:2], benchmark.test[:1])]
    return Pieces(*cut, source="a few bars of Bach")


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    """Dropout and hidden notes on, so that a resumed run must find the random numbers where it left them."""
    return Recipe(
        name="tiny",
        family="transformer",
        about="a Transformer for tests",
        seed=3,
        model={"width": 16, "layers": 1, "heads": 2},
        steps=10,
        batch=2,
        window=24,
        warmup=4,
        average=0.9,
        validate_every=3,
        precision="float32",
    )
