"""Checkpoints: everything a run needs to go on exactly where it stopped, in one file that is never half-written.

A run that was killed and resumed must end with the same weights as one that was not. So a checkpoint holds the
weights, their moving average, the optimizer's memory, and the state of both random number generators; and it is
written to a temporary name and renamed. Nothing is pickled: tensors and one line of JSON in a safetensors file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from musicml.errors import ModelError
from musicml.files import write_bytes


@dataclass
class Progress:
    """How far a run has come.

    Attributes:
        step: updates done.
        best: lowest validation loss so far, and best_step where it was reached.
        seconds, cpu_seconds: time spent so far, over all stretches of the run.
        history: one dict for each validation (step, train, valid, seconds).
    """

    step: int = 0
    best: float = float("inf")
    best_step: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)


def save_checkpoint(
    path: Path,
    network: nn.Module,
    average: nn.Module,
    optimizer: torch.optim.Optimizer,
    rng: np.random.Generator,
    progress: Progress,
) -> None:
    """Write the state of a run to `path`, whole or not at all."""
    from safetensors.torch import save

    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    tensors |= {f"average.{name}": tensor for name, tensor in average.state_dict().items()}
    tensors |= _optimizer_tensors(optimizer)
    tensors["random"] = torch.get_rng_state()
    note = json.dumps({"progress": vars(progress), "numpy": rng.bit_generator.state})
    write_bytes(path, save({name: tensor.contiguous() for name, tensor in tensors.items()}, {"run": note}))


def load_checkpoint(
    path: Path,
    network: nn.Module,
    average: nn.Module,
    optimizer: torch.optim.Optimizer,
    rng: np.random.Generator,
) -> Progress:
    """Put everything back as it was when `path` was written.

    Raises:
        ModelError: the file is damaged or belongs to a model of another shape.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
            note = json.loads(file.metadata()["run"])
        network.load_state_dict(_under(tensors, "network."))
        average.load_state_dict(_under(tensors, "average."))
        _restore_optimizer(optimizer, tensors)
    except (SafetensorError, OSError, KeyError, TypeError, RuntimeError, ValueError) as error:
        raise ModelError(
            f"{path}: this checkpoint does not fit ({type(error).__name__}). Delete it to start the run again."
        ) from error
    torch.set_rng_state(tensors["random"])
    rng.bit_generator.state = note["numpy"]
    return Progress(**note["progress"])


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    state: dict[int, dict[str, Any]] = optimizer.state_dict()["state"]
    return {f"optimizer.{row}.{name}": value for row, values in state.items() for name, value in values.items()}


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _under(tensors, "optimizer.").items():
        row, _, field_name = name.partition(".")
        state.setdefault(int(row), {})[field_name] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
