"""Models on disk: what was saved comes back, and what is damaged is told in one line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from musicml import models
from musicml.encoding.symbols import Frames
from musicml.errors import ModelError, MusicmlError
from musicml.models.chorale import ChoraleModel
from musicml.models.registry import weights_folder

MEGABYTE = 2**20


def test_shipped_models_are_named_by_music_and_family_and_are_small() -> None:
    assert {"chorale-markov", "chorale-transformer"} <= set(models.available())
    assert sum(path.stat().st_size for path in weights_folder().iterdir()) < 25 * MEGABYTE
    assert sum(array.size for array in models.load("chorale-transformer").tensors().values()) <= 3_000_000


@pytest.mark.parametrize("name", models.available())
def test_a_card_tells_what_a_reader_must_know(name: str) -> None:
    model = models.load(name)
    card = model.card
    assert card["name"] == name and card["family"] == model.family and card["config"] == model.config()
    assert "229 train, 76 valid, 77 test" in card["split"] and "trained on train only" in card["split"]
    assert "public domain" in card["licence"] and "seed" in card["recipe"] and card["run"]["seconds"] > 0
    assert card["parameters"] == sum(array.size for array in model.tensors().values())
    assert card["sha256"] == sha256((weights_folder() / f"{name}.safetensors").read_bytes()).hexdigest()


def test_a_saved_model_comes_back_the_same(model: ChoraleModel, pieces: list[Frames], tmp_path: Path) -> None:
    path = models.save(model, tmp_path / "deep" / "mine.safetensors")
    again = models.load(path)
    assert np.array_equal(again.log_prob(pieces[0]), model.log_prob(pieces[0]))
    assert {path.name for path in path.parent.iterdir()} == {"mine.safetensors", "mine.json"}
    assert again.config() == model.config() and again.family == model.family


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    for name in ("chorale-lstm", "", "../weights", str(tmp_path / "mine.safetensors")):
        with pytest.raises(ModelError, match="Choose chorale-markov, chorale-transformer") as error:
            models.load(name)
        assert "\n" not in str(error.value)


def flip_a_number(weights: Path, card: Path) -> None:
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 0x40
    weights.write_bytes(content)


def flip_the_header(weights: Path, card: Path) -> None:
    content = bytearray(weights.read_bytes())
    content[2:12] = bytes(255 - byte for byte in content[2:12])
    weights.write_bytes(content)


def cut_short(weights: Path, card: Path) -> None:
    weights.write_bytes(weights.read_bytes()[:-1000])


def empty(weights: Path, card: Path) -> None:
    weights.write_bytes(b"")


def be_a_folder(weights: Path, card: Path) -> None:
    weights.unlink()
    weights.mkdir()


def lose_the_card(weights: Path, card: Path) -> None:
    card.unlink()


def break_the_card(weights: Path, card: Path) -> None:
    card.write_text(card.read_text()[:-20])


def write_a_list_for_a_card(weights: Path, card: Path) -> None:
    card.write_text("[1, 2]")


def write_the_card_in_another_coding(weights: Path, card: Path) -> None:
    card.write_bytes(b"\xff\xfe" + card.read_bytes())


def name_another_family(weights: Path, card: Path) -> None:
    _change(card, family="oracle")


def take_the_other_familys_name(weights: Path, card: Path) -> None:
    family = json.loads(card.read_text())["family"]
    _change(card, family="markov" if family == "transformer" else "transformer")


def lose_the_sizes(weights: Path, card: Path) -> None:
    _change(card, config=None)


def change_the_sizes(weights: Path, card: Path) -> None:
    config = json.loads(card.read_text())["config"]
    _change(card, config=config | ({"width": 64} if "width" in config else {"levels": config["levels"][1:]}))


def lose_an_array(weights: Path, card: Path) -> None:
    tensors = load_file(weights)
    del tensors[sorted(tensors)[-1]]
    _rewrite(weights, card, tensors)


def reshape_an_array(weights: Path, card: Path) -> None:
    tensors = load_file(weights)
    name = max(tensors, key=lambda name: tensors[name].ndim)
    _rewrite(weights, card, tensors | {name: tensors[name].reshape(-1)[:-1].reshape(1, -1)})


def _change(card: Path, **changes: object) -> None:
    card.write_text(json.dumps(json.loads(card.read_text()) | changes))


def _rewrite(weights: Path, card: Path, tensors: dict[str, np.ndarray]) -> None:
    """Weights of a wrong shape whose checksum is right: another program may have written them."""
    save_file(tensors, weights)
    _change(card, sha256=sha256(weights.read_bytes()).hexdigest())


DAMAGES = [
    flip_a_number, flip_the_header, cut_short, empty, be_a_folder, lose_the_card, break_the_card,
    write_a_list_for_a_card, write_the_card_in_another_coding, name_another_family, take_the_other_familys_name,
    lose_the_sizes, change_the_sizes, lose_an_array, reshape_an_array,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_model_is_told_in_one_line(
    model: ChoraleModel, damage: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    weights = models.save(model, tmp_path / "mine.safetensors")
    damage(weights, weights.with_suffix(".json"))
    with pytest.raises(ModelError) as error:
        models.load(weights)
    assert "\n" not in str(error.value) and len(str(error.value)) < 400
    assert ("mine." in str(error.value) and "again" in str(error.value)) or "Choose one of" in str(error.value)


def test_a_flipped_byte_in_shipped_weights_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(weights_folder(), tmp_path / "weights")
    monkeypatch.setattr("musicml.models.registry.weights_folder", lambda: tmp_path / "weights")
    for name in models.available():
        flip_a_number(tmp_path / "weights" / f"{name}.safetensors", tmp_path)
        with pytest.raises(ModelError, match="damaged"):
            models.load(name)


def test_a_full_disk_leaves_the_old_model_in_place(
    small_markov: ChoraleModel, pieces: list[Frames], tmp_path: Path
) -> None:
    """The operating system refuses files above 20 kB, in another process, as a full disk would refuse them."""
    before = models.save(small_markov, tmp_path / "mine.safetensors")
    content = before.read_bytes()
    script = (
        "import resource, sys; from pathlib import Path; from musicml import models; path = Path(sys.argv[1]);"
        "model = models.load(path); resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
        "models.save(model, path)"
    )
    run = subprocess.run([sys.executable, "-c", script, str(before)], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].endswith("Free some space or choose another folder.")
    assert before.read_bytes() == content
    assert {path.name for path in tmp_path.iterdir()} == {"mine.safetensors", "mine.json"}
    assert np.array_equal(models.load(before).log_prob(pieces[0]), small_markov.log_prob(pieces[0]))


def test_a_file_in_the_way_of_the_folder_is_told_in_one_line(small_markov: ChoraleModel, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MusicmlError, match="choose another folder"):
        models.save(small_markov, tmp_path / "file" / "mine.safetensors")


def test_importing_the_room_and_the_counting_model_needs_no_torch() -> None:
    script = "import sys; from musicml import models; models.load('chorale-markov'); print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
