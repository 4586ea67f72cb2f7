"""The Transformer: its attention against a plain loop, its positions, its learning, and its benchmark figure."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from musicml import models
from musicml.encoding.listening import contexts
from musicml.encoding.symbols import Frames
from musicml.models.transformer import (
    PERIODS,
    VOICES,
    Attention,
    ChoraleTransformer,
    Heard,
    TransformerConfig,
    interval,
    shared_dropout,
)
from musicml.training import Pieces, Recipe
from musicml.training.chorales import ChoraleTask, cross_entropy

TINY = TransformerConfig(width=16, layers=1, heads=4)


@pytest.fixture
def attention() -> Attention:
    torch.manual_seed(1)
    layer = Attention(TINY)
    with torch.no_grad():
        layer.queries_keys_values.weight.normal_()
        layer.queries_keys_values.bias.normal_()
    return layer


def rotated(z: np.ndarray, time: int) -> np.ndarray:
    """A vector whose pairs (a, b) are turned like the hands of clocks with musical periods."""
    half = len(z) // 2
    turned = [(z[i] + 1j * z[i + half]) * np.exp(2j * np.pi * time / PERIODS[i]) for i in range(half)]
    return np.array([x.real for x in turned] + [x.imag for x in turned])


def attention_by_hand(layer: Attention, x: np.ndarray) -> np.ndarray:
    """Attention as the textbook has it, one query after the other."""
    weight, bias = layer.queries_keys_values.weight.numpy(), layer.queries_keys_values.bias.numpy()
    T, D = x.shape
    size = D // layer.heads
    result = np.zeros((T, D))
    for head in range(layer.heads):
        q, k, v = ((x @ weight.T + bias)[:, part * D + head * size :][:, :size] for part in range(3))
        if head < layer.shifted:  # such a head pairs the key of the moment before with the value of this one
            k = np.concatenate([np.zeros((1, size)), k[:-1]])
        for t in range(T):
            scores = np.array([rotated(q[t], t) @ rotated(k[s], s) for s in range(t + 1)]) / np.sqrt(size)
            shares = np.exp(scores - scores.max())
            result[t, head * size :][:size] = (shares / shares.sum()) @ v[: t + 1]
    return result @ layer.output.weight.numpy().T + layer.output.bias.numpy()


@torch.inference_mode()
def test_attention_is_a_softmax_mean_of_values(attention: Attention) -> None:
    x = torch.randn(2, 9, 16)
    assert attention.shifted == 2
    y, _ = attention(x, torch.arange(9))
    for row in range(2):
        assert y[row].numpy() == pytest.approx(attention_by_hand(attention, x[row].numpy()), abs=1e-5)


@torch.inference_mode()
def test_a_cache_continues_where_it_stopped(attention: Attention) -> None:
    x = torch.randn(2, 9, 16)
    whole, _ = attention(x, torch.arange(9))
    first, cache = attention(x[:, :4], torch.arange(4))
    steps = [first]
    for time in range(4, 9):
        step, cache = attention(x[:, time : time + 1], torch.tensor([time]), cache)
        steps.append(step)
    assert torch.allclose(torch.cat(steps, dim=1), whole, atol=1e-5)


@torch.inference_mode()
def test_rotary_attention_depends_on_the_distance_alone(attention: Attention) -> None:
    q, k = torch.randn(1, 1, 1, 4), torch.randn(1, 1, 1, 4)

    def score(time: int, other: int) -> float:
        turned = [attention._rotate(z, torch.tensor([t])) for z, t in ((q, time), (k, other))]
        return float((turned[0] * turned[1]).sum())

    assert score(9, 4) == pytest.approx(score(105, 100), abs=1e-4) == pytest.approx(score(5, 0), abs=1e-4)
    assert score(9, 4) != pytest.approx(score(9, 6), abs=1e-3)
    assert score(8, 0) == pytest.approx(score(0, 0), abs=1e-4)  # both periods of this size, 4 and 8, divide 8
    assert torch.allclose(attention._rotate(q, torch.tensor([7])).norm(), q.norm())


@torch.inference_mode()
def test_a_shifted_head_reads_what_came_next() -> None:
    """After C, D, E, C it looks for the C before and reads D: what came next last time. Other heads read the C."""
    layer = Attention(TransformerConfig(width=16, layers=1, heads=2))
    layer.frequencies.zero_()  # position shall not matter here
    letters = torch.eye(8)[[0, 1, 2, 0]].repeat(1, 2)  # (4, 16): the same letter for both heads
    layer.queries_keys_values.weight.copy_(torch.cat([20 * torch.eye(16), torch.eye(16), torch.eye(16)]))
    layer.output.weight.copy_(torch.eye(16))
    layer.queries_keys_values.bias.zero_()
    layer.output.bias.zero_()
    y, _ = layer(letters[None], torch.arange(4))
    next_letter, same_letter = y[0, -1].view(2, 8)
    assert next_letter.argmax() == 1 and next_letter[1] > 0.95
    assert same_letter.argmax() == 0 and same_letter[0] > 0.95


def test_intervals_between_voices() -> None:
    upper, lower = torch.tensor([72, 60, -1, 81]), torch.tensor([65, 60, 60, 36])
    assert interval(upper, lower).tolist() == [45 + 7, 45, 91, 90]
    assert interval(upper, lower, torch.tensor([True, False, True, True])).tolist() == [52, 91, 91, 90]


def test_dropout_hides_whole_neighbourhoods_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    x = torch.ones(50, 20, 64)
    assert shared_dropout(x, 0.4, training=False) is x
    dropped = shared_dropout(x, 0.4, training=True)
    assert torch.equal(dropped[:, 0], dropped[:, 7]) and not torch.equal(dropped[:, 7], dropped[:, 8])
    assert float(dropped.mean()) == pytest.approx(1, abs=0.05)
    assert float((dropped == 0).float().mean()) == pytest.approx(0.4, abs=0.03)


def test_one_tiny_batch_can_be_learned_by_heart(benchmark: Pieces) -> None:
    torch.manual_seed(0)
    settings = TransformerConfig(32, 2, 2, dropout=0.0, head_dropout=0.0, note_noise=0.0, voice_noise=0.0)
    model = ChoraleTransformer(settings)
    batch = [piece[:24] for piece in benchmark.train[:3]]
    heard, frames = Heard.of(contexts(batch)), np.stack(batch)
    optimizer = torch.optim.Adam(model.network.parameters(), lr=1e-2)
    for _ in range(70):
        loss = cross_entropy(model.network(heard, torch.from_numpy(frames)), frames, np.ones((3, 24), dtype=bool))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert -np.concatenate([model.log_prob(piece) for piece in batch]).mean() < 0.05


def test_hidden_notes_are_hidden_everywhere(pieces: list[Frames]) -> None:
    """A voice that training hides is told neither by its pitch, nor by melody, harmony, holding or echo."""
    context = contexts(pieces[:2])
    keep = torch.ones(2, 48, VOICES, dtype=torch.bool)
    keep[:, :, 1] = False  # the alto
    heard = Heard.of(context, keep=keep)
    assert (heard.symbols[..., 1] == 47).all() and (heard.melodic[..., 1] == 91).all() and not heard.held[..., 1].any()
    assert (heard.vertical[..., [0, 3, 4]] == 91).all()  # soprano-alto, alto-tenor, alto-bass
    assert not torch.equal(heard.vertical[..., 1], torch.full_like(heard.vertical[..., 1], 91))


def test_the_task_charges_real_frames_only(pieces: list[Frames], benchmark: Pieces) -> None:
    """Pieces of different lengths in one batch: the mean is that of `log_prob`, padding costs nothing."""
    torch.manual_seed(0)
    model = ChoraleTransformer(TransformerConfig(width=32, layers=1, heads=2))
    valid = [pieces[0], pieces[1][:20], pieces[2][:33]]
    music = Pieces(train=pieces[3:5], valid=valid, test=[], source="")
    task = ChoraleTask(model, music, Recipe("x", "transformer"))
    charged = task.validate(model.network)  # the network keeps the temperature that it found
    assert charged == pytest.approx(-np.concatenate([model.log_prob(piece) for piece in valid]).mean(), abs=1e-5)


def logits_of(model: ChoraleTransformer, frames: Frames) -> Tensor:
    return torch.from_numpy(np.exp(model._log_distribution(frames)))


def test_a_transposed_past_gives_nearly_transposed_probabilities(pieces: list[Frames]) -> None:
    model = models.load("chorale-transformer")
    assert isinstance(model, ChoraleTransformer)
    agreed = correlated = 0.0
    for piece, semitones in zip(pieces[:6], (2, -2, 1, -1, 3, -3), strict=True):
        moved = np.where(piece >= 0, piece + semitones, piece)
        own, other = logits_of(model, piece)[16:], logits_of(model, moved)[16:]
        back = torch.cat([other[..., :1], other[..., 1:].roll(-semitones, -1)], dim=-1)
        agreed += float((own.argmax(-1) == back.argmax(-1)).double().mean()) / 6
        middle = slice(8, 40)  # away from the edges, where a shift leaves the range
        pair = torch.stack([own[..., middle].flatten(), back[..., middle].flatten()])
        correlated += float(torch.corrcoef(pair)[0, 1]) / 6
    assert agreed > 0.93
    assert correlated > 0.95


def test_the_benchmark_figure_of_the_shipped_model(benchmark: Pieces) -> None:
    """Nats per token over every fourth valid piece."""
    model = models.load("chorale-transformer")
    nats = -np.concatenate([model.log_prob(piece) for piece in benchmark.valid[::4]]).mean()
    assert nats <= 0.39
