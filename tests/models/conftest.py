"""Models to be tested: the shipped ones, and shrunken ones of each family that learned next to nothing."""

from __future__ import annotations

import pytest
import torch

from musicml import models
from musicml.encoding.symbols import SILENCE, Frames
from musicml.models.chorale import ChoraleModel
from musicml.models.markov import FeatureMarkov
from musicml.models.transformer import ChoraleTransformer, TransformerConfig
from musicml.training import Pieces

SMALL = TransformerConfig(width=32, layers=2, heads=2, dropout=0.0, head_dropout=0.0, note_noise=0.0, voice_noise=0.0)


@pytest.fixture(scope="session")
def pieces(benchmark: Pieces) -> list[Frames]:
    """The first twelve quarters of eight of Bach's chorales."""
    return [piece[:48] for piece in benchmark.valid[:8]]


@pytest.fixture(scope="session")
def gaps(pieces: list[Frames]) -> Frames:
    """A chorale in which the tenor enters late, the soprano rests a while, and all stop for a breath."""
    piece = pieces[0][:28].copy()
    piece[:6, 2] = SILENCE
    piece[10:13, 0] = SILENCE
    piece[17:19] = SILENCE
    return piece


@pytest.fixture(scope="session")
def small_transformer() -> ChoraleTransformer:
    """Untrained, with a loud read-out: a fresh network is so even-tempered that no mistake would show."""
    torch.manual_seed(0)
    model = ChoraleTransformer(SMALL)
    with torch.no_grad():
        for name, weight in model.network.named_parameters():
            if name == "heads.read_out.weight" or name.endswith(("output.weight", "narrow.weight")):
                weight.mul_(20)
    return model


@pytest.fixture(scope="session")
def small_markov(benchmark: Pieces) -> FeatureMarkov:
    return FeatureMarkov.train([piece[:64] for piece in benchmark.train[:6]])


@pytest.fixture(scope="session", params=["small-markov", "small-transformer", *models.available()])
def model(request: pytest.FixtureRequest) -> ChoraleModel:
    """Each model in turn."""
    if request.param.startswith("small"):
        return request.getfixturevalue(request.param.replace("-", "_"))
    return models.load(request.param)
