"""Transformer over chorale frames: attention to everything heard, pitches scored as intervals.

The network reads one frame (four voices) per step and predicts the next, voice by voice:

    listener's facts --embed--> x_t --attention blocks--> h_t --voice head S, A, T, B--> P(pitch of each voice)

It is the Transformer of Vaswani et al. (2017) in its decoder-only form, with these departures, each because there
are only 229 chorales to learn from and everything that lets keys and voices share their experience pays:

- *Frames, not tokens.* One attention step serves four voices, so a piece is 240 steps instead of 960; the order of
  voices inside a frame is handled by the voice heads.
- *Intervals in, intervals out.* Besides absolute pitches the network reads melodic and vertical intervals, and it
  scores a pitch mainly by its interval from the voice's last pitch and from the other voices: a transposed past
  gives (nearly) transposed probabilities. Absolute pitch remains as one term, because singers have ranges.
- *Key memory.* The network is told the likeliest key so far and each voice's degree in it, and a pitch is also
  scored by how often each pitch class around it has been heard lately.
- *Rotary positions* (Su et al. 2021) with periods of musical length (beat, bar, phrase) instead of a geometric series.
- *Heads that read what came next.* In half of the heads each key is paired with the value one step later. Such a
  head finds the moments at which the past ended as it ends now, and reads how it went on: the two-layer induction
  circuit described by Olsson et al. (2022), wired into one layer. The listener's echo (a longest match of the past
  with itself) gives the same hint for exact repetitions.
- *Dropout with masks shared by eight neighbouring frames*, on the outputs of blocks only: as good here, and drawing
  random numbers is otherwise a third of a training step on a CPU.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicml.encoding.listening import KEY_MEMORY, MEMORIES, START, Context, Listener, contexts, likeliest_key
from musicml.encoding.symbols import HIGHEST, LOWEST, SILENCE, SYMBOLS, Frames, check_frames
from musicml.models.chorale import ChoraleModel, Decoder, Probabilities, check_question, log_prob_of

VOICES = 4
WIDEST = HIGHEST - LOWEST
"""The widest interval between two notes of the raster, in semitones (45)."""
INTERVALS = 2 * WIDEST + 2
"""Intervals -45..45 as 0..90, and 91 for "no interval" (a rest or a hidden note)."""
HIDDEN, BEGIN = SYMBOLS, SYMBOLS + 1
"""Two more input symbols: a note hidden during training, and the moment before the first frame."""
PAIRS = tuple((upper, lower) for upper in range(VOICES) for lower in range(upper + 1, VOICES))
BEAT_CYCLES = (4, 12, 16)
"""Sixteenths in a beat, in a bar of three and in a bar of four."""
PERIODS = (4, 8, 16, 12, 32, 64, 128, 48, 256, 512, 24, 1024, 6, 96, 192, 2048)
"""Periods of the rotary positions in sixteenths, the most useful first."""
DEGREES = 3 * 12 + 1
"""Semitones above the tonic in major, in minor and in no key yet, and one more for a rest or a hidden note."""
LONGEST_HOLD = 19
ECHO_STEPS = (0, 1, 2, 4, 8, 12, 16, 24, 32, 48)
"""Matches of the past with itself are told apart by these lengths, in sixteenths."""
ECHO_RANGE = 12


@dataclass(frozen=True)
class TransformerConfig:
    """Sizes of the network and the strength of what keeps it from learning 229 pieces by heart.

    Attributes:
        width: numbers per frame that flow through the blocks (D).
        layers, heads: attention blocks, and heads in each.
        widening: how many times wider than D the feed-forward layer is.
        dropout, head_dropout: share of numbers zeroed after each block and inside the voice heads.
        note_noise, voice_noise: share of past notes, and of whole past voices, hidden during training.
    """

    width: int = 192
    layers: int = 4
    heads: int = 6
    widening: int = 4
    dropout: float = 0.45
    head_dropout: float = 0.4
    note_noise: float = 0.2
    voice_noise: float = 0.15


@dataclass(frozen=True)
class Heard:
    """A `Context` as tensors: indices for the embeddings, and what the voice heads measure intervals from.

    Attributes:
        symbols, melodic, degrees, held: (B, T, 4); vertical: (B, T, 6), intervals of the voice pairs.
        echo: (B, T, 5) echo of each voice, then of the soprano's own match; echo_length: (B, T, 2).
        time: (T,) frame numbers.
        previous: (B, T, 4) pitches one frame before, negative where nothing sounds.
        around: (B, T, 12, 4 * 12) for each pitch class, the memories as seen from it (0 = the class itself).
    """

    symbols: Tensor
    melodic: Tensor
    degrees: Tensor
    vertical: Tensor
    held: Tensor
    echo: Tensor
    echo_length: Tensor
    time: Tensor
    previous: Tensor
    around: Tensor

    @classmethod
    def of(cls, context: Context, time: int = 0, keep: Tensor | None = None) -> Heard:
        """Turn a context with leading axes (B, T) that starts at frame `time` into tensors.

        Args:
            keep: (B, T, 4) which notes of the previous frames may be seen; training hides some.
        """
        previous, before = torch.from_numpy(context.previous), torch.from_numpy(context.before)
        seen = keep if keep is not None else torch.ones_like(previous, dtype=torch.bool)
        seen_before = torch.cat([seen[:, :1], seen[:, :-1]], dim=1)
        symbols = torch.where(previous >= 0, previous - LOWEST + 1, torch.where(previous == START, BEGIN, 0))
        upper, lower = (list(side) for side in zip(*PAIRS, strict=True))
        echo, length = torch.from_numpy(context.echo), torch.from_numpy(context.echo_length)
        if keep is not None:  # hide echoes as often as notes, so that the network does not lean on them alone
            length = torch.where(seen[..., :2], length, 0)
            echo = torch.where(seen[..., :2, None], echo, SILENCE)
        heard_echo = torch.cat([echo[:, :, 0], echo[:, :, 1, :1]], dim=-1)
        from_pitch = torch.cat([previous, previous[..., :1]], dim=-1)
        memory = torch.from_numpy(context.memory)
        key = likeliest_key(context.memory[..., KEY_MEMORY, :])
        tonic, mode = (torch.from_numpy(found)[..., None] for found in key)
        return cls(
            symbols=torch.where(seen, symbols, HIDDEN),
            melodic=interval(previous, before, seen & seen_before),
            degrees=torch.where(seen & (previous >= 0), 12 * mode + (previous - tonic) % 12, DEGREES - 1),
            vertical=interval(previous[..., upper], previous[..., lower], seen[..., upper] & seen[..., lower]),
            held=torch.where(seen, torch.from_numpy(context.hold).clamp(max=LONGEST_HOLD), 0),
            echo=echo_step(heard_echo, from_pitch),
            echo_length=torch.bucketize(length, torch.tensor(ECHO_STEPS[1:]), right=True),
            time=torch.arange(time, time + previous.shape[1]),
            previous=previous,
            # around[..., c, m * 12 + k] = memory[m, (c + k) % 12]
            around=torch.stack([memory.roll(-k, -1) for k in range(12)], -1).permute(0, 1, 3, 2, 4).flatten(-2),
        )


def interval(pitch: Tensor, other: Tensor, known: Tensor | None = None) -> Tensor:
    """The index 0..90 of the interval from `other` up to `pitch`; 91 where a note is missing or not `known`."""
    present = (pitch >= 0) & (other >= 0)
    if known is not None:
        present &= known
    return torch.where(present, (pitch - other).clamp(-WIDEST, WIDEST) + WIDEST, INTERVALS - 1)


def echo_step(echo: Tensor, previous: Tensor) -> Tensor:
    """Where the echo would take a voice: semitones -12..12 as 0..24, and 25 for nowhere."""
    present = (echo >= 0) & (previous >= 0)
    step: Tensor = (echo - previous).clamp(-ECHO_RANGE, ECHO_RANGE) + ECHO_RANGE
    return torch.where(present, step, 2 * ECHO_RANGE + 1)


def shared_dropout(x: Tensor, share: float, training: bool, span: int = 8) -> Tensor:
    """Dropout on x (B, T, D) whose mask is shared by `span` neighbouring frames."""
    if not training or share == 0:
        return x
    batch, time, width = x.shape
    mask = (torch.rand(batch, -(-time // span), width) >= share).to(x.dtype) / (1 - share)
    spread: Tensor = mask.repeat_interleave(span, dim=1)[:, :time]
    return x * spread


class Embedding(nn.Module):
    """What the listener knows before a frame, as one vector: the sum of one learned vector per fact."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        D = config.width
        self.symbol = nn.Embedding(VOICES * (SYMBOLS + 2), D)  # a pitch means another thing in each voice
        self.melodic = nn.Embedding(VOICES * INTERVALS, D)
        self.degree = nn.Embedding(VOICES * DEGREES, D)  # what a pitch means in the likeliest key
        self.vertical = nn.Embedding(len(PAIRS) * INTERVALS, D)
        self.held = nn.Embedding(VOICES * (LONGEST_HOLD + 1), D)
        self.cycle = nn.ModuleList(nn.Embedding(length, D) for length in BEAT_CYCLES)
        self.echo_length = nn.Embedding(2 * len(ECHO_STEPS), D)
        # An echo counts for as much as it is long, so each (voice, length, step) has a vector of its own.
        self.echo = nn.Embedding(5 * len(ECHO_STEPS) * (2 * ECHO_RANGE + 2), D)
        self.mix = nn.Linear(D, D)
        self.dropout = config.dropout / 2

    def forward(self, heard: Heard) -> Tensor:
        """(B, T) facts -> (B, T, D)."""
        x = _look_up(self.symbol, heard.symbols, VOICES) + _look_up(self.melodic, heard.melodic, VOICES)
        x = x + _look_up(self.degree, heard.degrees, VOICES)
        x = x + _look_up(self.vertical, heard.vertical, len(PAIRS)) + _look_up(self.held, heard.held, VOICES)
        for table, length in zip(self.cycle, BEAT_CYCLES, strict=True):
            x = x + table(heard.time % length)
        lengths = heard.echo_length[..., [0, 0, 0, 0, 1]]  # four voices share one match, the soprano has its own
        x = x + _look_up(self.echo_length, heard.echo_length, 2)
        x = x + _look_up(self.echo, heard.echo + (2 * ECHO_RANGE + 2) * lengths, 5)
        x = shared_dropout(x, self.dropout, self.training)
        return x + self.mix(F.gelu(x))


def _look_up(table: nn.Embedding, index: Tensor, columns: int) -> Tensor:
    """Sum over the last axis of vectors from a table with one block of rows for each of its `columns`."""
    offset = torch.arange(columns) * (table.num_embeddings // columns)
    return table(index + offset).sum(-2)


@dataclass
class Cache:
    """Keys and values (B, H, T, D/H) of the frames heard, and the newest keys not yet shifted (B, H, 1, D/H)."""

    keys: Tensor
    values: Tensor
    newest: Tensor


class Attention(nn.Module):
    """Multi-head causal self-attention with rotary positions; half of the heads read what came next.

    attention(Q, K, V) = softmax(Q K^T / sqrt(d)) V, where position t sees positions up to t only.
    """

    frequencies: Tensor

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        D, self.heads = config.width, config.heads
        assert D % (2 * self.heads) == 0, "each head needs an even number of dimensions for rotary positions"
        assert D // self.heads <= 2 * len(PERIODS), "no more than one rotary period for each pair of dimensions"
        self.queries_keys_values = nn.Linear(D, 3 * D)
        self.output = nn.Linear(D, D)
        self.shifted = self.heads // 2
        frequencies = 2 * math.pi / torch.tensor(PERIODS[: D // self.heads // 2], dtype=torch.float32)
        self.register_buffer("frequencies", frequencies, persistent=False)

    def forward(self, x: Tensor, time: Tensor, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        """(B, T, D) at frame numbers (T,) -> (B, T, D), and the cache to continue from.

        With a cache, x holds the one newest frame and attends to all that the cache remembers.
        """
        B, T, D = x.shape
        # one projection for all three, cut into heads: (B, T, 3D) -> 3 x (B, H, T, D/H)
        q, k, v = self.queries_keys_values(x).view(B, T, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        newest = k[:, :, -1:]
        # Shifted heads: the key of the moment before is paired with the value of this one.
        before = torch.zeros_like(newest) if cache is None else cache.newest
        earlier = torch.cat([before, k[:, :, :-1]], dim=2)
        k = torch.cat([earlier[:, : self.shifted], k[:, self.shifted :]], dim=1)
        q, k = self._rotate(q, time), self._rotate(k, time)
        if cache is not None:
            k, v = torch.cat([cache.keys, k], dim=2), torch.cat([cache.values, v], dim=2)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=cache is None)
        return self.output(y.transpose(1, 2).reshape(B, T, D)), Cache(k, v, newest)

    def _rotate(self, z: Tensor, time: Tensor) -> Tensor:
        """Turn each pair (a, b) of dimensions by time x frequency; then q . k depends on the distance alone:

        (R_s q) . (R_t k) = q . R_(t-s) k
        """
        angle = time[:, None].float() * self.frequencies
        cos, sin = angle.cos().to(z.dtype), angle.sin().to(z.dtype)
        a, b = z.chunk(2, dim=-1)
        return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


class Block(nn.Module):
    """Attention, then a feed-forward layer, each read through a layer norm and added to what flows by."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        D = config.width
        self.before_attention, self.before_feedforward = nn.LayerNorm(D), nn.LayerNorm(D)
        self.attention = Attention(config)
        self.widen, self.narrow = nn.Linear(D, config.widening * D), nn.Linear(config.widening * D, D)
        self.dropout = config.dropout

    def forward(self, x: Tensor, time: Tensor, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        """(B, T, D) -> (B, T, D), and the cache to continue from."""
        attended, cache = self.attention(self.before_attention(x), time, cache)
        x = x + shared_dropout(attended, self.dropout, self.training)
        thought = self.narrow(F.gelu(self.widen(self.before_feedforward(x))))
        return x + shared_dropout(thought, self.dropout, self.training), cache


class VoiceHeads(nn.Module):
    """From h_t to the pitches of the four voices, each knowing the voices already chosen.

    logit(p) = a[p]                                  absolute pitch: the voice's range
             + m[p - last pitch of the voice]        melody
             + sum over other voices u of
               c_u[p - pitch of u]                   harmony: its pitch now if chosen, otherwise its last
             + sum over k of w[k] memory[p + k]      key: what has been heard k semitones above p
    where a, m, c and w are all linear in a vector g that the voice makes of h_t and the choices so far. A network that
    has seen its few pieces many times is surer of itself than it should be; so all logits are divided by one number,
    the temperature, which is 1 while learning and afterwards chosen on the valid pieces (Guo et al. 2017).
    """

    pitches: Tensor
    temperature: Tensor

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        D = config.width
        self.chosen_move = nn.Embedding(VOICES * INTERVALS, D)
        self.chosen_pair = nn.Embedding(len(PAIRS) * INTERVALS, D)
        self.norm = nn.ModuleList(nn.LayerNorm(D) for _ in range(VOICES))
        self.hidden = nn.ModuleList(nn.Linear(D, D) for _ in range(VOICES))
        # One read-out for all voices: what makes a good third is the same for alto and tenor.
        self.sizes = (SYMBOLS, *[INTERVALS - 1] * VOICES, 12 * len(MEMORIES))
        self.read_out = nn.Linear(D, sum(self.sizes))
        self.dropout = config.head_dropout
        self.register_buffer("pitches", torch.arange(LOWEST, HIGHEST + 1), persistent=False)
        self.register_buffer("temperature", torch.ones(()))

    def forward(self, h: Tensor, heard: Heard, chosen: Tensor) -> Tensor:
        """h (B, T, D) and the pitches (B, T, v) chosen so far -> logits (B, T, 47) of voice v."""
        voice = chosen.shape[-1]
        g = self._told(h, heard, chosen)
        g = shared_dropout(F.gelu(self.hidden[voice](self.norm[voice](g))), self.dropout, self.training)
        absolute, *by_interval, by_memory = self.read_out(g).float().split(self.sizes, dim=-1)
        others = [chosen[..., u] if u < voice else heard.previous[..., u] for u in range(VOICES) if u != voice]
        logits = absolute[..., 1:]
        for scores, reference in zip(by_interval, [heard.previous[..., voice], *others], strict=True):
            index = (self.pitches - reference[..., None]).clamp(-WIDEST, WIDEST) + WIDEST  # (B, T, 46)
            logits = logits + scores.gather(-1, index) * (reference >= 0)[..., None]
        by_class = (by_memory[..., None, :] * heard.around).sum(-1)  # (B, T, 12)
        logits = logits + by_class[..., self.pitches % 12]
        return torch.cat([absolute[..., :1], logits], dim=-1) / self.temperature

    def _told(self, h: Tensor, heard: Heard, chosen: Tensor) -> Tensor:
        """Add to h what the voices chosen so far have done: how each moved, and the intervals between them."""
        for u in range(chosen.shape[-1]):
            move = interval(chosen[..., u], heard.previous[..., u])
            h = h + self.chosen_move(move + u * INTERVALS)
        for row, (upper, lower) in enumerate(PAIRS):
            if lower < chosen.shape[-1]:
                h = h + self.chosen_pair(interval(chosen[..., upper], chosen[..., lower]) + row * INTERVALS)
        return h


class Network(nn.Module):
    """Embedding, attention blocks and voice heads."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.embedding = Embedding(config)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.heads = VoiceHeads(config)
        self._start_small()

    def forward(self, heard: Heard, frames: Tensor) -> Tensor:
        """Logits (B, T, 4, 47) of frames (B, T, 4), each voice given the true voices above it."""
        h, _ = self.trunk(heard)
        return torch.stack([self.heads(h, heard, frames[..., :voice]) for voice in range(VOICES)], dim=2)

    def trunk(self, heard: Heard, caches: Sequence[Cache | None] | None = None) -> tuple[Tensor, list[Cache]]:
        """What is understood before each frame, h (B, T, D), and a cache for each block."""
        x, kept = self.embedding(heard), []
        for block, cache in zip(self.blocks, caches or [None] * len(self.blocks), strict=True):
            x, cache = block(x, heard.time, cache)
            kept.append(cache)
        return self.norm(x).float(), kept

    def _start_small(self) -> None:
        """Begin with small weights, smallest where a block adds to what flows by, so that depth does no harm."""
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.05)
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.7 * module.in_features**-0.5)
                nn.init.zeros_(module.bias)
        for block in self.blocks:
            assert isinstance(block, Block)
            nn.init.normal_(block.attention.output.weight, std=0.02)
            nn.init.normal_(block.narrow.weight, std=0.01)
        nn.init.normal_(self.heads.read_out.weight, std=0.01)


class ChoraleTransformer(ChoraleModel):
    """The Transformer of chorales: a `Network` with the face of every chorale model."""

    family = "transformer"

    def __init__(self, config: TransformerConfig | None = None) -> None:
        self.settings = config or TransformerConfig()
        self.network = Network(self.settings)
        self.network.eval()
        self.card: dict[str, Any] = {}

    def log_prob(self, frames: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Natural-log probabilities (T, 4); see `ChoraleModel.log_prob`."""
        piece = check_frames(frames)
        if not len(piece):
            return np.zeros((0, 4))
        return log_prob_of(self._log_distribution(piece), piece)

    def next_distribution(self, frames: npt.ArrayLike, voices: Sequence[int] = ()) -> Probabilities:
        """Probabilities (47,) of the next voice, computed afresh from the whole past; see `ChoraleModel`."""
        past, chosen = check_question(frames, voices)
        unfinished = np.full((1, VOICES), SILENCE, dtype=np.int64)
        unfinished[0, : len(chosen)] = chosen
        piece = np.concatenate([past, unfinished])
        probabilities: Probabilities = np.exp(self._log_distribution(piece)[-1, len(chosen)])
        return probabilities

    def decoder(self, batch: int = 1) -> Decoder:
        """A decoder that keeps keys and values, so that each frame costs one step, however long the past."""
        return _CachedDecoder(self.network, batch)

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The weights of the network by name."""
        return {name: tensor.detach().numpy() for name, tensor in self.network.state_dict().items()}

    def config(self) -> dict[str, Any]:
        """The fields of its `TransformerConfig`."""
        return asdict(self.settings)

    @classmethod
    def restore(cls, config: dict[str, Any], tensors: dict[str, npt.NDArray[Any]]) -> ChoraleTransformer:
        """The model with these weights."""
        model = cls(TransformerConfig(**config))
        model.network.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
        return model

    @torch.inference_mode()
    def _log_distribution(self, piece: Frames) -> npt.NDArray[np.float64]:
        """Log-probabilities (T, 4, 47) of everything that each voice might have sung."""
        logits = self.network(Heard.of(contexts([piece])), torch.from_numpy(piece)[None])[0]
        logs: npt.NDArray[np.float64] = logits.double().log_softmax(-1).numpy()
        return logs


@contextmanager
def single_thread() -> Iterator[None]:
    """Let torch use one core: one frame is too little work to share, and on a busy machine sharing costs minutes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class _CachedDecoder:
    def __init__(self, network: Network, batch: int) -> None:
        self._network, self._listener = network, Listener(batch)
        self._caches: list[Cache] | None = None
        self._understood: tuple[Tensor, Heard] | None = None

    @torch.inference_mode()
    def distribution(self, voices: Frames) -> Probabilities:
        """See `Decoder`: one look at h for each voice."""
        h, heard = self._understand()
        chosen = torch.from_numpy(np.asarray(voices, dtype=np.int64))[:, None]
        with single_thread():
            logits = self._network.heads(h, heard, chosen)
        probabilities: Probabilities = logits[:, 0].double().softmax(-1).numpy()
        return probabilities

    def advance(self, frames: Frames) -> None:
        """See `Decoder`: hear the frame, and have keys and values of the past ready for the next."""
        self._understand()
        self._listener.hear(np.asarray(frames, dtype=np.int64))
        self._understood = None

    def select(self, rows: Frames) -> None:
        """See `Decoder`: keys and values follow their pieces."""
        assert self._understood is None, "pieces are exchanged between frames, not within one"
        self._listener.select(rows)
        index = torch.from_numpy(rows)
        if self._caches is not None:
            self._caches = [Cache(c.keys[index], c.values[index], c.newest[index]) for c in self._caches]

    @torch.inference_mode()
    def _understand(self) -> tuple[Tensor, Heard]:
        """h (B, 1, D) before the next frame; computed once per frame, when it is first needed."""
        if self._understood is None:
            heard = Heard.of(self._listener.context()[:, None], time=self._listener.time)
            with single_thread():
                h, self._caches = self._network.trunk(heard, self._caches)
            self._understood = h, heard
        return self._understood
