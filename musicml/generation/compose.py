"""Composing a chorale: many drafts grow side by side, those that can end well survive, the best one is kept.

Sampling from the model gives music that wanders and stops mid-phrase. What we want are samples from the model *given
that the piece begins and ends as planned*. Sequential Monte Carlo (Doucet, de Freitas & Gordon 2001) does that: a
number of drafts (particles) are composed together; where the plan allows only some pitches, each draft draws among
them and its weight is multiplied by the probability that the model gave them; breaking a habit of the style costs
weight as well (`habits`). A draft that was not heading for the cadence, has lost the key or moves in parallels is
replaced by a copy of one that does better.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from musicml.analysis import cadences, global_key, voice_leading
from musicml.encoding.raster import FRAMES_PER_QUARTER, ChoraleRaster, to_score
from musicml.encoding.symbols import Frames, to_pitches
from musicml.errors import ModelError
from musicml.generation.articulation import articulate
from musicml.generation.habits import cost
from musicml.generation.plan import Plan
from musicml.generation.sampling import check_taste, draw
from musicml.models.chorale import ChoraleModel, Decoder
from musicml.score import Score, tables

FAULT, WRONG_KEY, WEAK_ENDING = 0.02, 0.5, 0.5
"""What a voice-leading fault, a wrong key and a missing final cadence cost a draft, in nats per token."""


@dataclass(frozen=True)
class Composition:
    """A newly composed chorale.

    Attributes:
        score: the piece.
        raster: its frames.
        log_prob: (T, 4) natural-log probability that the model gives to each of its tokens.
        settings: everything that is needed to compose it again.
    """

    score: Score
    raster: ChoraleRaster
    log_prob: npt.NDArray[np.float64]
    settings: dict[str, Any]


def compose(
    model: ChoraleModel,
    bars: int = 8,
    key: str = "G",
    seed: int = 1,
    temperature: float = 0.85,
    top_p: float = 0.99,
    *,
    drafts: int = 16,
    on_frame: Callable[[int, int], None] | None = None,
) -> Composition:
    """Compose a four-part chorale in 4/4 that begins on the tonic and ends with an authentic cadence.

    Args:
        bars: length, 2 to 200 bars.
        key: "G", "Eb", "f#", ...: upper case major, lower case minor.
        seed: from 0; the same seed, settings and weights give the same piece.
        temperature: below 1 safer, above 1 more daring; at 0.85 voice-leading faults are about as rare as in Bach.
        top_p: only the likeliest pitches that together reach this probability are drawn.
        drafts: how many pieces grow side by side.
        on_frame: called with (frames done, frames in all), for a progress bar.

    Raises:
        ModelError, ScoreError: an argument is out of range.
    """
    check_taste(temperature, top_p)
    if seed < 0:
        raise ModelError(f"seed: {seed} is out of range. Use 0 or a larger whole number.")
    key = key.replace("-", "b")
    plan, rng = Plan.of(bars, key), np.random.default_rng(seed)
    pieces = _grow(model.decoder(drafts), plan, rng, drafts, temperature, top_p, on_frame)
    settings = {
        "model": model.card.get("name", model.family), "bars": bars, "key": key, "seed": seed,
        "temperature": temperature, "top_p": top_p, "drafts": drafts,
    }  # fmt: skip
    candidates = [_finish(model, plan, piece, rng, settings) for piece in np.unique(pieces, axis=0)]
    usual = float(model.card.get("valid_nats_per_token") or 0.4)
    return max(candidates, key=lambda piece: judge(piece, key, usual))


def judge(piece: Composition, key: str, usual_surprise: float) -> float:
    """How good a draft is: 0 at best, lower the more it is amiss.

    The likeliest draft would be the dullest. A draft should surprise the model about as much as Bach does, neither
    less nor more (Meister et al. 2023 call such samples typical), and its faults count against it.

    Args:
        usual_surprise: what Bach's unseen chorales cost the model, in nats per token.
    """
    closes = cadences(piece.score)
    last = closes.iloc[-1] if len(closes) else None
    ends_well = last is not None and last["type"] == "PAC" and last["onset"] >= piece.score.end - 2
    faults = len(voice_leading(piece.score)) / max(1, len(piece.raster) / FRAMES_PER_QUARTER / 4)
    return float(
        -abs(-piece.log_prob.mean() - usual_surprise)
        - FAULT * faults
        - (0 if global_key(piece.score).name == key else WRONG_KEY)
        - (0 if ends_well else WEAK_ENDING)
    )


def _grow(
    decoder: Decoder,
    plan: Plan,
    rng: np.random.Generator,
    drafts: int,
    temperature: float,
    top_p: float,
    on_frame: Callable[[int, int], None] | None,
) -> Frames:
    """Compose all drafts frame by frame: (drafts, T, 4) pitches."""
    pieces = np.zeros((drafts, plan.frames, 4), dtype=np.int64)
    weights = np.zeros(drafts)
    for time in range(plan.frames):
        if plan.holds(time):
            pieces[:, time] = pieces[:, time - 1]
        else:
            for voice in range(4):
                chosen = pieces[:, time, :voice]
                probabilities, allowed = decoder.distribution(chosen), plan.allowed(time, chosen)
                symbols, gain = draw(probabilities, rng, temperature=temperature, top_p=top_p, allowed=allowed)
                pieces[:, time, voice] = to_pitches(symbols)
                weights += gain
        weights -= cost(plan, pieces, time)
        decoder.advance(pieces[:, time])
        if _effective(weights) < drafts / 2:
            rows = _resample(weights, rng)
            pieces, weights = pieces[rows], np.zeros(drafts)
            decoder.select(rows)
        if on_frame:
            on_frame(time + 1, plan.frames)
    return pieces[_resample(weights, rng)]


def _effective(log_weights: npt.NDArray[np.float64]) -> float:
    """The effective number of drafts, (sum w)^2 / sum w^2 (Kong, Liu & Wong 1994)."""
    weights = np.exp(log_weights - log_weights.max())
    return float(weights.sum() ** 2 / (weights**2).sum())


def _resample(log_weights: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Rows drawn in proportion to their weights, by systematic resampling, which wastes few drafts by chance."""
    weights = np.exp(log_weights - log_weights.max())
    points = (rng.random() + np.arange(len(weights))) / len(weights)
    return np.minimum(np.searchsorted(np.cumsum(weights / weights.sum()), points), len(weights) - 1)


def _finish(
    model: ChoraleModel, plan: Plan, pitches: Frames, rng: np.random.Generator, settings: dict[str, Any]
) -> Composition:
    measures = _bars(plan)
    bars = (measures["onset"] * FRAMES_PER_QUARTER).astype(int).tolist()
    phrases = [rest + FRAMES_PER_QUARTER for rest in plan.rests]
    raster = ChoraleRaster(
        pitches=pitches,
        onsets=articulate(pitches, rng, bars=bars, phrases=phrases),
        fermatas=_fermatas(pitches, plan.rests),
        measures=measures,
        fifths=plan.fifths,
        meta={
            "title": f"Chorale in {_key_words(settings['key'])}",
            "composer": f"musicml, {settings['model']}, seed {settings['seed']}",
            "mode": "minor" if plan.minor else "major",
        },
    )
    return Composition(to_score(raster), raster, model.log_prob(pitches), settings)


def _fermatas(pitches: Frames, rests: list[int]) -> npt.NDArray[np.bool_]:
    """The frames (T,) of the chords that end phrases, from where all four voices have arrived."""
    fermatas = np.zeros(len(pitches), dtype=bool)
    for rest in rests:
        start = rest
        while start and (pitches[start - 1] == pitches[rest]).all():
            start -= 1
        fermatas[start : rest + FRAMES_PER_QUARTER] = True
    return fermatas


def _bars(plan: Plan) -> Any:
    """An upbeat of a quarter, full bars, and a last bar that lacks that quarter."""
    measures = tables.bars(plan.bars, pickup=1.0)
    measures.loc[measures.index[-1], "length"] = 3.0
    return measures


def _key_words(key: str) -> str:
    name = key[0].upper() + key[1:].replace("#", " sharp").replace("b", " flat").replace("-", " flat")
    return f"{name} {'minor' if key[0].islower() else 'major'}"
