"""The one training loop, for every family that learns by gradient descent.

    repeat:  take a batch of music, ask the network how surprised it is (the loss),
             find out how each weight would have to change to be less surprised (backward),
             and change all weights a little that way (the optimizer's step)

Around these three lines stands what makes a run trustworthy: seeds, a warm-up and a cosine for the step size,
gradient clipping, an average of the weights over time, a look at the valid pieces now and then, and checkpoints.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from musicml.errors import ModelError
from musicml.files import write_bytes
from musicml.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from musicml.training.recipe import Recipe


class Task(Protocol):
    """What a family brings to the loop: a network, batches for it, and a way to judge it."""

    @property
    def network(self) -> nn.Module:
        """What is trained, in place."""
        ...

    def loss(self, rng: np.random.Generator) -> Tensor:
        """The mean loss of the network on a batch drawn with `rng`, ready for `backward`."""
        ...

    def validate(self, network: nn.Module) -> float:
        """The loss of `network` on the pieces kept for choosing."""
        ...


def fit(
    task: Task,
    recipe: Recipe,
    folder: Path,
    *,
    report: Callable[[Progress], None] | None = None,
    show_progress: bool = True,
) -> Progress:
    """Train `task.network` by `recipe`, going on from a checkpoint in `folder` if there is one.

    At the end the network holds the averaged weights of the validation that was best.

    Args:
        task: the network and its data.
        folder: where `checkpoint.safetensors` and `best.safetensors` are kept.
        report: called after each validation.
        show_progress: draw a bar with loss, valid loss, pieces per second and time left.

    Returns:
        How the run went, with its history.

    Raises:
        ModelError: a checkpoint in `folder` belongs to another model, or the loss was never a number.
    """
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    network, average = task.network, copy.deepcopy(task.network).eval()
    optimizer = make_optimizer(network, recipe)
    checkpoint, best = folder / "checkpoint.safetensors", folder / "best.safetensors"
    progress = load_checkpoint(checkpoint, network, average, optimizer, rng) if checkpoint.exists() else Progress()
    losses: list[float] = []
    bar = tqdm(total=recipe.steps, initial=progress.step, unit="step", disable=not show_progress, mininterval=1)
    with _clock(progress) as tick:
        while not _finished(progress, recipe):
            losses.append(_step(task, recipe, optimizer, rng, progress.step))
            progress.step += 1
            _follow(average, network, min(recipe.average, (progress.step + 1) / (progress.step + 10)))
            bar.update()
            if progress.step % recipe.validate_every == 0 or progress.step == recipe.steps:
                valid = task.validate(average)
                tick()
                _note(progress, float(np.mean(losses)), valid)
                losses.clear()
                if progress.best_step == progress.step:
                    _save_weights(best, average)
                save_checkpoint(checkpoint, network, average, optimizer, rng, progress)
                pace = recipe.batch * progress.step / progress.seconds
                bar.set_postfix_str(f"loss {progress.history[-1]['train']:.3f}, valid {valid:.4f}, {pace:.0f} pieces/s")
                if report:
                    report(progress)
    bar.close()
    if not progress.best_step:
        raise ModelError("training: the loss was never a number. Choose a lower rate in the recipe.")
    _load_weights(best, network)
    network.eval()
    return progress


def make_optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW (Loshchilov & Hutter 2019); matrices decay, biases and norms do not."""
    matrices = [weight for weight in network.parameters() if weight.dim() > 1]
    vectors = [weight for weight in network.parameters() if weight.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": recipe.decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=recipe.rate, betas=(0.9, 0.98))


def learning_rate(step: int, recipe: Recipe) -> float:
    """A line up during warm-up, then a cosine down to a fiftieth of the highest rate.

    >>> recipe = Recipe("x", "transformer", steps=1000, warmup=100, rate=1.0)
    >>> [round(learning_rate(step, recipe), 2) for step in (0, 50, 100, 1000)]
    [0.01, 0.51, 0.98, 0.02]
    """
    falling = 0.5 * (1 + math.cos(math.pi * min(1.0, step / max(1, recipe.steps))))
    return recipe.rate * min(1.0, (step + 1) / max(1, recipe.warmup)) * (0.02 + 0.98 * falling)


def autocast(precision: str) -> AbstractContextManager[object]:
    """Multiply matrices in bfloat16 where the processor has instructions for it, which is about twice as fast."""
    abilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()  # torch before 2.9 cannot tell
    if precision == "bf16" and abilities.get("avx512_bf16"):
        return torch.autocast("cpu", torch.bfloat16)
    return nullcontext()


def _finished(progress: Progress, recipe: Recipe) -> bool:
    """Whether all steps are done, or the last `patience` looks at the valid pieces were no better than the best."""
    waited = (progress.step - progress.best_step) // recipe.validate_every
    return progress.step >= recipe.steps or (recipe.patience > 0 and waited >= recipe.patience)


def _step(task: Task, recipe: Recipe, optimizer: torch.optim.Optimizer, rng: np.random.Generator, step: int) -> float:
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(step, recipe)
    task.network.train()
    with autocast(recipe.precision):
        loss = task.loss(rng)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(task.network.parameters(), recipe.clip)
    optimizer.step()
    return float(loss.detach())


@torch.no_grad()
def _follow(average: nn.Module, network: nn.Module, share: float) -> None:
    """Move the average a little towards the network: average = share * average + (1 - share) * network."""
    torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - share)


def _note(progress: Progress, train: float, valid: float) -> None:
    if valid < progress.best:
        progress.best, progress.best_step = valid, progress.step
    progress.history.append({"step": progress.step, "train": train, "valid": valid, "seconds": progress.seconds})


@contextmanager
def _clock(progress: Progress) -> Iterator[Callable[[], None]]:
    """A function that brings the time spent in `progress` up to date, counting on from earlier stretches."""
    wall, cpu = time.monotonic() - progress.seconds, time.process_time() - progress.cpu_seconds

    def tick() -> None:
        progress.seconds, progress.cpu_seconds = time.monotonic() - wall, time.process_time() - cpu

    yield tick
    tick()


def _save_weights(path: Path, network: nn.Module) -> None:
    from safetensors.torch import save

    write_bytes(path, save(network.state_dict()))


def _load_weights(path: Path, network: nn.Module) -> None:
    from safetensors.torch import load_file

    network.load_state_dict(load_file(path))
