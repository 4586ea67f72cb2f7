"""A run that was killed and resumed ends with the very weights of a run that was not."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from musicml.errors import ModelError, MusicmlError
from musicml.models.chorale import ChoraleModel
from musicml.models.transformer import ChoraleTransformer, TransformerConfig
from musicml.training import Pieces, Recipe, train
from musicml.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from musicml.training.loop import make_optimizer

CHILD = """
import json, os, sys, time
from pathlib import Path
import torch
from musicml.training import Recipe, read_benchmark, train
torch.set_num_threads(1)
folder, recipe = Path(sys.argv[1]), Recipe(**json.loads(sys.argv[2]))

def tell(progress):
    print(progress.step, flush=True)
    if progress.step == 6:
        time.sleep(60)  # here the parent kills

train(recipe, read_benchmark(sys.argv[3]), folder, show_progress=False, report=tell)
"""


def identical(first: ChoraleModel, second: ChoraleModel) -> bool:
    one, two = first.tensors(), second.tensors()
    return one.keys() == two.keys() and all(np.array_equal(one[name], two[name]) for name in one)


@pytest.fixture(scope="module")
def whole(few: Pieces, recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> ChoraleModel:
    """The uninterrupted run."""
    return train(recipe, few, tmp_path_factory.mktemp("whole"), show_progress=False)


def test_killed_and_resumed_is_the_same_to_the_last_bit(
    whole: ChoraleModel, few: Pieces, recipe: Recipe, tmp_path: Path
) -> None:
    music, folder = tmp_path / "music.json", tmp_path / "run"
    parts = {name: [piece.tolist() for piece in getattr(few, name)] for name in ("train", "valid", "test")}
    music.write_text(json.dumps(parts))
    command = [sys.executable, "-c", CHILD, str(folder), json.dumps(recipe.to_dict()), str(music)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}) as run:
        assert run.stdout is not None
        assert [run.stdout.readline().strip() for _ in range(2)] == ["3", "6"]
        run.send_signal(signal.SIGKILL)
    assert run.returncode == -signal.SIGKILL
    assert not (folder / "tiny.safetensors").exists()
    steps: list[int] = []
    resumed = train(recipe, few, folder, show_progress=False, report=lambda progress: steps.append(progress.step))
    assert steps == [9, 10]
    assert identical(resumed, whole)
    history = [{name: row[name] for name in ("step", "train", "valid")} for row in resumed.card["run"]["history"]]
    assert history == [{name: row[name] for name in ("step", "train", "valid")} for row in whole.card["run"]["history"]]


def test_interrupted_between_two_checkpoints(
    whole: ChoraleModel, few: Pieces, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps done since the last checkpoint are lost and done again, with the same random numbers."""
    from musicml.training import loop

    step = loop._step

    def stop_at_the_eighth(*arguments: object) -> float:
        if arguments[-1] == 7:
            raise KeyboardInterrupt
        return step(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(loop, "_step", stop_at_the_eighth)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, few, tmp_path, show_progress=False)
    torch.rand(100)  # what else the session draws does not matter
    assert identical(train(recipe, few, tmp_path, show_progress=False), whole)


def test_a_finished_run_is_not_trained_again(whole: ChoraleModel, few: Pieces, recipe: Recipe, tmp_path: Path) -> None:
    first = train(recipe, few, tmp_path, show_progress=False)
    steps: list[int] = []
    again = train(recipe, few, tmp_path, show_progress=False, report=lambda progress: steps.append(progress.step))
    assert identical(first, whole) and identical(again, whole) and not steps


def test_another_seed_is_another_model(whole: ChoraleModel, few: Pieces, recipe: Recipe, tmp_path: Path) -> None:
    assert not identical(train(replace(recipe, seed=4), few, tmp_path, show_progress=False), whole)


def test_a_run_by_another_recipe_is_not_gone_on_with(few: Pieces, recipe: Recipe, tmp_path: Path) -> None:
    train(replace(recipe, steps=4), few, tmp_path, show_progress=False)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ModelError, match="holds a run by another recipe") as error:
        train(recipe, few, tmp_path, show_progress=False)
    assert "\n" not in str(error.value)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def state(width: int = 16) -> tuple[torch.nn.Module, torch.nn.Module, torch.optim.Optimizer, np.random.Generator]:
    """Two networks of a run, an optimizer that has taken one step, and a generator."""
    networks = [ChoraleTransformer(TransformerConfig(width=width, layers=1, heads=2)).network for _ in range(2)]
    optimizer = make_optimizer(networks[0], Recipe("tiny", "transformer"))
    for weight in networks[0].parameters():
        weight.grad = torch.ones_like(weight)
    optimizer.step()
    return networks[0], networks[1], optimizer, np.random.default_rng(5)


def test_a_checkpoint_holds_everything(tmp_path: Path) -> None:
    path, old, new = tmp_path / "checkpoint.safetensors", state(), state()
    progress = Progress(step=7, best=0.5, best_step=4, seconds=2.0, history=[{"step": 4, "valid": 0.5}])
    save_checkpoint(path, *old, progress)
    expected = old[3].random(3).tolist(), torch.rand(3)
    assert load_checkpoint(path, *new) == progress
    assert (new[3].random(3).tolist(), torch.rand(3).tolist()) == (expected[0], expected[1].tolist())
    for before, after in zip(old[:2], new[:2], strict=True):
        assert all(torch.equal(*pair) for pair in zip(before.parameters(), after.parameters(), strict=True))
    memory, read = (optimizer.state_dict()["state"] for optimizer in (old[2], new[2]))
    assert memory.keys() == read.keys()
    assert all(torch.equal(memory[row][name], read[row][name]) for row in memory for name in ("step", "exp_avg"))


def test_a_checkpoint_of_another_model_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, *state(width=24), Progress())
    with pytest.raises(ModelError, match="does not fit") as error:
        load_checkpoint(path, *state())
    assert "Delete it" in str(error.value) and "\n" not in str(error.value)
    for content in (path.read_bytes()[:-50], b"", b"\x00" * 100):
        path.write_bytes(content)
        with pytest.raises(ModelError, match="does not fit"):
            load_checkpoint(path, *state())


def test_an_error_in_the_middle_of_writing_leaves_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, *state(), Progress(step=1))
    content = path.read_bytes()

    def half(target: Path, data: bytes) -> int:
        with target.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(MusicmlError, match="No space left on device"):
        save_checkpoint(path, *state(), Progress(step=2))
    assert path.read_bytes() == content
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    assert load_checkpoint(path, *state()).step == 1


def test_checkpoints_are_never_pickles(few: Pieces, recipe: Recipe, tmp_path: Path) -> None:
    train(replace(recipe, steps=2), few, tmp_path, show_progress=False)
    assert {path.name for path in tmp_path.iterdir()} == {
        "recipe.json", "checkpoint.safetensors", "best.safetensors", "tiny.safetensors", "tiny.json",
    }  # fmt: skip
    assert "random" in load_file(tmp_path / "checkpoint.safetensors")
