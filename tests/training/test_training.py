"""Music for training, recipes, and the way from both to a model with its card."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from musicml import models
from musicml.corpus import Corpus
from musicml.encoding import VOICE_RANGES, transpositions
from musicml.encoding.symbols import SILENCE, VOICES, Frames
from musicml.errors import ModelError, MusicmlError, ScoreError
from musicml.models.transformer import ChoraleTransformer, TransformerConfig
from musicml.training import Pieces, Recipe, benchmark_pieces, read_benchmark, read_recipe, recipes, train
from musicml.training.chorales import ChoraleTask, best_temperature
from musicml.training.loop import autocast, learning_rate, make_optimizer
from musicml.training.pieces import voice_ranges


@pytest.fixture(scope="module")
def corpus() -> Pieces:
    return benchmark_pieces()


def skeleton(piece: Frames) -> bytes:
    """A piece without its key: melodic intervals of all voices at every change."""
    sounding = np.where(piece == SILENCE, 0, piece)
    moves = np.diff(sounding, axis=0)
    return moves[(moves != 0).any(1)].tobytes()


def test_the_benchmark_has_its_382_pieces(benchmark: Pieces) -> None:
    sizes = (len(benchmark.train), len(benchmark.valid), len(benchmark.test))
    assert sizes in {(229, 76, 77), (223, 72, 77)}  # the second: as music21's corpus has them
    assert all(piece.shape[1] == 4 and len(piece) >= 99 for piece in benchmark.train)


def test_training_without_a_file_takes_the_same_pieces_from_the_corpus(corpus: Pieces, benchmark: Pieces) -> None:
    sizes = (len(corpus.train), len(corpus.valid), len(corpus.test))
    assert sizes == (223, 71, 77)
    # To the last note; most others differ in a passing note or in how long the last chord is held.
    assert len({skeleton(piece) for piece in corpus.train} & {skeleton(piece) for piece in benchmark.train}) > 40
    assert voice_ranges(corpus.train) == VOICE_RANGES


def test_training_never_sees_what_is_held_out(corpus: Pieces) -> None:
    """Neither the same name, nor the same music, even in another key."""
    names = [set(Corpus("jsb").split(part).names) for part in ("train", "valid", "test")]
    music = [{skeleton(piece) for piece in part} for part in (corpus.train, corpus.valid, corpus.test)]
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert not names[first] & names[second]
        assert not music[first] & music[second]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        ("{", "not a JSB-16 file"),
        ("[]", "not a JSB-16 file"),
        ('{"train": [], "valid": []}', "not a JSB-16 file"),
        ('{"train": [[[60, 60, 60]]], "valid": [], "test": []}', "a piece of the benchmark: shape"),
        ('{"train": [[[60, 60, 60, 20]]], "valid": [], "test": []}', "bass is 20"),
        ('{"train": [[[60, 60, 60], [60, 60]]], "valid": [], "test": []}', "not a JSB-16 file"),
        ("\x00\x01", "not a JSB-16 file"),
    ],
)
def test_bad_benchmark_files_are_told_in_one_line(content: str | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "music.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ScoreError, match=words) as error:
        read_benchmark(path)
    assert "music.json" in str(error.value) and "\n" not in str(error.value)
    with pytest.raises(ScoreError, match="not a JSB-16 file"):
        read_benchmark(tmp_path)


def within(piece: Frames, ranges: dict[str, tuple[int, int]]) -> bool:
    voices = [(ranges[name], column[column != SILENCE]) for name, column in zip(VOICES, piece.T, strict=True)]
    return all(((low <= sung) & (sung <= high)).all() for (low, high), sung in voices)


def test_transpositions_keep_every_voice_in_its_range(benchmark: Pieces) -> None:
    ranges = voice_ranges(benchmark.train)
    counts = []
    for piece in benchmark.train:
        keys = transpositions(piece, ranges)
        assert 0 in keys and keys == list(range(keys[0], keys[-1] + 1)) and keys[0] >= -12 and keys[-1] <= 12
        for key in (keys[0], keys[-1]):
            assert within(np.where(piece >= 0, piece + key, piece), ranges)
        counts.append(len(keys))
    assert np.mean(counts) > 4  # there is something to gain


def test_batches_are_windows_of_train_pieces_in_allowed_keys(few: Pieces, recipe: Recipe) -> None:
    """Whatever the task draws is somewhere in a train piece, moved as a whole; and what is known matches it."""
    model = ChoraleTransformer(TransformerConfig(width=16, layers=1, heads=2))
    task, rng = ChoraleTask(model, few, recipe), np.random.default_rng(0)
    drawn: list[tuple[Frames, Frames]] = []
    crop = task._crop

    def listen(*arguments: object) -> object:
        known, frames, real = crop(*arguments)  # type: ignore[arg-type]
        drawn.extend((frames[row][real[row]], known.previous[row][real[row]]) for row in range(len(frames)))
        return known, frames, real

    task._crop = listen  # type: ignore[assignment,method-assign]
    for _ in range(5):
        assert torch.isfinite(task.loss(rng))
    ranges = voice_ranges(few.train)
    for frames, previous in drawn:
        assert np.array_equal(previous[1:], frames[:-1])
        assert within(frames, ranges)
        assert any(skeleton(frames) in skeleton(piece) for piece in few.train)
    assert len({frames.tobytes() for frames, _ in drawn}) > 6


def test_the_step_size_climbs_and_falls() -> None:
    recipe = Recipe("x", "transformer", steps=1000, warmup=100, rate=2e-3)
    rates = np.array([learning_rate(step, recipe) for step in range(1001)])
    assert rates.max() <= 2e-3 and rates.argmax() in range(95, 105)
    assert (np.diff(rates[:95]) > 0).all() and (np.diff(rates[105:]) < 0).all()
    assert rates[0] == pytest.approx(2e-5) and rates[-1] == pytest.approx(2e-3 / 50)
    assert rates[500] == pytest.approx(2e-3 * (1 + 0.02) / 2)


def test_the_temperature_makes_a_model_as_sure_as_it_may_be() -> None:
    """A model that says 98 % and is right nine times in ten is cooled down to 90 %; a timid one is warmed up."""
    for sureness in (4.0, 1.0):
        logits = torch.tensor([[sureness, 0.0]]).repeat(10, 1)
        targets = torch.tensor([0] * 9 + [1])
        temperature, loss = best_temperature(logits, targets)
        assert float((logits[0] / temperature).softmax(-1)[0]) == pytest.approx(0.9, abs=2e-3 if sureness > 3 else 0.03)
        assert loss <= float(torch.nn.functional.cross_entropy(logits, targets))


def test_matrices_decay_and_vectors_do_not() -> None:
    network = ChoraleTransformer(TransformerConfig(width=16, layers=1, heads=2)).network
    matrices, vectors = make_optimizer(network, Recipe("x", "transformer", decay=0.3)).param_groups
    assert matrices["weight_decay"] == 0.3 and vectors["weight_decay"] == 0
    assert all(weight.dim() > 1 for weight in matrices["params"])
    assert len(matrices["params"]) + len(vectors["params"]) == len(list(network.parameters()))


def test_float32_is_never_rounded() -> None:
    with autocast("float32"):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_recipes_have_shipped_models_and_families() -> None:
    assert recipes() == models.available()
    for name in recipes():
        assert read_recipe(name).name == name and read_recipe(name).about
        assert models.load(name).card["recipe"]["family"] == read_recipe(name).family
    with pytest.raises(ModelError, match="There are recipes for chorale-markov, chorale-transformer"):
        read_recipe("chorale-oracle")


def test_a_quick_recipe_is_short_and_otherwise_the_same() -> None:
    recipe = read_recipe("chorale-transformer")
    quick = recipe.quick()
    assert quick.steps <= 120 < recipe.steps and quick.warmup < quick.steps and quick.validate_every < quick.steps
    assert (quick.model, quick.seed, quick.name, quick.batch) == (recipe.model, recipe.seed, recipe.name, recipe.batch)


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_trains_to_a_model_that_loads(name: str, few: Pieces, tmp_path: Path) -> None:
    """The shipped recipe, with fewer steps and a narrower network where there is one."""
    recipe = replace(read_recipe(name).quick(), batch=2)
    if recipe.steps:
        small = {"width": 16, "layers": 1, "heads": 2, "dropout": 0.0, "head_dropout": 0.0}
        recipe = replace(recipe, steps=8, warmup=2, validate_every=4, model=recipe.model | small)
    model = train(recipe, few, tmp_path, show_progress=False)
    again = models.load(tmp_path / f"{name}.safetensors")
    assert np.array_equal(again.log_prob(few.test[0]), model.log_prob(few.test[0]))
    card = json.loads((tmp_path / f"{name}.json").read_text())
    nats = -np.concatenate([model.log_prob(piece) for piece in few.valid]).mean()
    assert card["valid_nats_per_token"] == pytest.approx(nats, abs=1e-4)
    assert nats < np.log(47)  # it knows more than nothing
    assert card["name"] == name and card["recipe"] == recipe.to_dict() and card["run"]["seconds"] >= 0
    assert card["data"] == "a few bars of Bach" and "6 train, 2 valid, 1 test" in card["split"]
    assert recipe == Recipe(**json.loads((tmp_path / "recipe.json").read_text()))


def test_the_best_look_is_kept(few: Pieces, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights that come out are those that were validated best, not the last ones."""
    looks: list[dict[str, Frames]] = []

    def look(task: ChoraleTask, network: torch.nn.Module) -> float:
        looks.append({name: tensor.numpy().copy() for name, tensor in network.state_dict().items()})
        return [0.9, 0.3, 0.5, 0.4][len(looks) - 1]

    monkeypatch.setattr(ChoraleTask, "validate", look)
    tensors = train(recipe, few, tmp_path, show_progress=False).tensors()
    assert len(looks) == 4
    assert all(np.array_equal(tensors[name], looks[1][name]) for name in tensors)
    assert not all(np.array_equal(tensors[name], looks[3][name]) for name in tensors)


def test_a_loss_that_is_no_number_is_told(
    few: Pieces, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ChoraleTask, "validate", lambda *_: float("nan"))
    with pytest.raises(ModelError, match="never a number"):
        train(replace(recipe, steps=2), few, tmp_path, show_progress=False)
    assert not (tmp_path / "tiny.safetensors").exists()


BAD: list[tuple[Callable[[Recipe], Recipe], str]] = [
    (lambda recipe: replace(recipe, family="oracle"), "family 'oracle' is not known"),
]


@pytest.mark.parametrize(("change", "words"), BAD)
def test_an_unknown_family_is_refused_before_anything_is_written(
    change: Callable[[Recipe], Recipe], words: str, few: Pieces, recipe: Recipe, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=words):
        train(change(recipe), few, tmp_path / "run", show_progress=False)
    assert not (tmp_path / "run").exists()


def test_no_music_is_told(few: Pieces, recipe: Recipe, tmp_path: Path) -> None:
    for name in recipes():
        for lacking in (replace(few, train=[]), replace(few, valid=[])):
            with pytest.raises(ScoreError, match="no train or no valid pieces") as error:
                train(replace(read_recipe(name)), lacking, tmp_path / name, show_progress=False)
            assert "\n" not in str(error.value)


def test_a_folder_that_cannot_be_written_is_told_in_one_line(few: Pieces, recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MusicmlError, match="could not be written") as error:
        train(recipe, few, tmp_path / "file" / "run", show_progress=False)
    assert "\n" not in str(error.value)
    with pytest.raises(MusicmlError, match="could not be written"):
        train(recipe, few, Path("/proc/nowhere"), show_progress=False)
