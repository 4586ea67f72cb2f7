# %% [markdown]
# # The Transformer that composes chorales
#
# **The key idea.** A machine that can say *how probable each pitch is as the next one* can do two things with one and
# the same answer: it can tell how surprising Bach is, and it can compose. A Transformer gives that answer by looking
# back at everything that has sounded and choosing what of it matters now.
#
# **You will learn**
# - to turn a chorale into numbers that a model reads, and back, and to say what is lost on the way;
# - to ask a model for its expectation at any moment, and to compare it with your own;
# - to measure surprise fairly: on pieces the model has not studied, and beside simpler models;
# - to read the code of attention, of positions in time and of the voice heads beside their formulas;
# - to train a small Transformer yourself, to compose with a large one, and to examine what it wrote as you would
#   examine Bach;
# - to recognise by ear and by number what goes wrong.
#
# **You need** the lesson [Hearing, seeing and counting a score](01_hear_see_count.ipynb), four-part writing (cadence,
# leading tone, parallel fifths), and school mathematics up to logarithms.
#
# **Minutes:** about 80.

# %%
import numpy as np
import pandas as pd
import torch

import musicml
from musicml import analysis, display, encoding, learn, models

learn.setup(seed=0)

# %% [markdown]
# ## From score to raster
#
# We begin with the chorale you know, the last movement of BWV 66.

# %%
chorale = musicml.load("bach/bwv66.6")
musicml.player(chorale)

# %% [markdown]
# The model reads it as a [raster](GLOSSARY.md#raster): a grid with a column for each voice and a row, called a
# [frame](GLOSSARY.md#frame), for each sixteenth. A cell holds the pitch that sounds then, and -1 for silence.

# %%
raster = encoding.to_raster(chorale)
voices = ["soprano", "alto", "tenor", "bass"]
pd.DataFrame(raster.pitches, columns=voices).head(8)

# %% [markdown]
# Each row is a sixteenth: the upbeat lasts four of them, and after two of them soprano, tenor and bass have moved on.
# We draw the whole grid, time from left to right:

# %%
axes = pd.DataFrame(raster.pitches, columns=voices, index=np.arange(len(raster)) / 4).plot(
    drawstyle="steps-post", style=["-", "--", "-.", ":"], figsize=(10, 3.4), xlabel="quarter notes", ylabel="MIDI pitch"
)
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
learn.picture(axes.figure, "Four stepped lines over 36 quarter notes, one for each voice; soprano on top, bass below.")

# %%
held = raster.pitches[1:] == raster.pitches[:-1]
print(f"{len(raster)} frames of four voices: {raster.pitches.size} tokens, {held.mean():.0%} of them merely held.")

# %% tags=["docassert"]
assert (len(raster), raster.pitches.size) == (144, 576) and round(100 * held.mean()) == 76
assert (raster.pitches[0] == raster.pitches[1]).all() and (raster.pitches[2] != raster.pitches[1]).tolist() == [
    True, False, True, True
]

# %% [markdown]
# The piece is 144 frames, 576 [tokens](GLOSSARY.md#token). Keep the other figure in mind: 76 of a hundred tokens only
# hold what sounded a sixteenth before. A model that says "nothing happens" is right most of the time and knows no
# music.
#
# `to_score` goes the way back. Listen: is anything missing?

# %%
back = encoding.to_score(raster)
musicml.player(back)

# %% tags=["docassert"]
columns = ["onset", "pitch", "step", "alter"]
assert len(back.notes) == len(chorale.notes) == 163
assert sorted(back.notes[columns].itertuples(index=False)) == sorted(chorale.notes[columns].itertuples(index=False))

# %% [markdown]
# All 163 notes have come back, even the spelling: the key signature travels with the raster, and E♯ is found again as
# the leading tone of F♯ minor. The words are lost, and whatever is shorter than a sixteenth would be. The *model* sees
# less still: pitches only, no bar lines, no fermatas, no key signature, no sign that a repeated note is sung anew.
#
# ## The question every model answers
#
# A piece is a long chain of small choices: soprano, alto, tenor, bass, then the next sixteenth. The probability of the
# piece is the product of the probabilities of its choices:
#
# $$P(\text{piece}) = \prod_{t}\ \prod_{v\,\in\,S,A,T,B} P\bigl(x_{t,v}\ \big|\ \text{all earlier frames, the voices
# above in this frame}\bigr)$$
#
# So there is one question, asked again and again: *given all this, how probable is each of 47 possibilities* (silence
# and the pitches from C2 to A5) *for the next voice?* Ask yourself first. Here is the chorale up to measure 3, beat 2;
# the next quarter brings the third fermata.

# %%
until = 11.0
beginning = musicml.Score.from_table(
    chorale.notes[chorale.notes["onset"] < until], chorale.measures.head(4),
    keys=chorale.keys, parts=chorale.parts,
)
musicml.player(beginning)

# %% [markdown]
# > **Guess first.** It ends on a dominant seventh chord: C♯ in the bass, B in the tenor, the leading tone E♯ in the
# > alto, G♯ in the soprano. Which note does the soprano sing next? How sure are you, in percent? And where does the
# > alto's leading tone go?
#
# Now ask the Transformer that comes with this course.

# %%
transformer = models.load("chorale-transformer")
now = int(4 * until)
expected = transformer.next_distribution(raster.pitches[:now])
print(f"{len(expected)} probabilities, which sum to {expected.sum():.3f}.")

# %%
from musicml.score.spelling import spell


def pitch_names(fifths, minor):
    """The names of the 47 symbols, spelled in a key."""
    spelled = zip(*spell(range(36, 82), fifths, minor=minor), strict=True)
    return ["silence", *(f"{step}{'♭' * -alter}{'♯' * alter}{octave}" for step, alter, octave in spelled)]

# %%
names = pitch_names(fifths=3, minor=True)
axes = pd.Series(expected, names).plot.bar(figsize=(11, 3), ylabel="probability", title="Soprano in measure 3, beat 3")
learn.picture(
    axes.figure,
    "Bar chart of 47 probabilities, silence and every semitone from C2 to A5. One bar towers over all others: "
    "F sharp 4, the tonic.",
)

# %% tags=["docassert"]
assert len(expected) == 47 and pitch_names(0, False)[1] == "C2" and names[-1] == "A5"
assert names[expected.argmax()] == "F♯4"
assert [names[pitch - 35] for pitch in raster.pitches[now - 1]] == ["G♯4", "E♯4", "B3", "C♯3"]
assert chorale.notes.loc[(chorale.notes["onset"] == until) & chorale.notes["fermata"], "measure"].tolist() == [3]
assert (chorale.notes["onset"] < until).sum() == (beginning.notes["onset"] < until).sum()

# %% [markdown]
# The tonic, by step, as the ear wants it. The next voices are asked in turn, each told what the voices above it have
# chosen. We tell the model what Bach wrote, and list its three likeliest answers:

# %%
def likeliest(model, time, voice, count=3):
    """The likeliest notes of a voice, given Bach's past and Bach's upper voices, and what Bach wrote."""
    answer = model.next_distribution(raster.pitches[:time], raster.pitches[time, :voice])
    best = [f"{names[symbol]} {answer[symbol]:.0%}" for symbol in np.argsort(-answer)[:count]]
    return {"voice": voices[voice], "likeliest": ", ".join(best), "Bach": names[raster.pitches[time, voice] - 35]}

# %%
pd.DataFrame([likeliest(transformer, now, voice) for voice in range(4)])

# %% tags=["docassert"]
assert [likeliest(transformer, now, voice)["Bach"] for voice in range(4)] == ["F♯4", "C♯4", "A3", "F♯2"]

# %% [markdown]
# Look at the alto. The rule of the textbook sends a leading tone up to the tonic; Bach lets it fall a third, E♯ to C♯,
# so that the tonic chord has its fifth. He does so often when the leading tone lies in an inner voice. Did you guess
# it, and did the model?
#
# And a sixteenth *earlier*, in the middle of the dominant?

# %%
pd.DataFrame([likeliest(transformer, now - 1, voice) for voice in range(4)])

# %% tags=["docassert"]
assert all(f"{row['Bach']} 9" in row["likeliest"] or f"{row['Bach']} 100" in row["likeliest"]
           for row in (likeliest(transformer, now - 1, voice) for voice in range(4)))

# %% [markdown]
# Nothing moves within the eighth, and the model is nearly certain of it: these are the tokens that are held.
#
# **A warning.** BWV 66.6 is one of the chorales that this model was trained on. A pupil who is examined on the piece
# that was studied proves little. Whenever we *measure*, we take pieces that the model has never seen.

# %% tags=["docassert"]
splits = {split: musicml.Corpus("jsb").split(split).names for split in ("train", "valid", "test")}
unseen_names = ["bach/bwv281", "bach/bwv347", "bach/bwv318", "bach/bwv115.6"]
assert "bach/bwv66.6" in splits["train"] and {"bach/bwv269", *unseen_names} <= set(splits["valid"])

# %% [markdown]
# ## What likelihood means
#
# When a note arrives to which the model gave the probability $p$, we call $-\ln p$ its
# [surprise](GLOSSARY.md#surprise), counted in [nats](GLOSSARY.md#nat). A certain note costs 0, an even chance costs
# 0.69, one chance in ten costs 2.3, the impossible costs infinitely much. The mean over all tokens of a piece is the
# model's *negative log-likelihood*: the fewer nats, the better it foresaw the music.

# %%
chances = np.array([1, 0.5, 0.1, 0.01])
pd.Series(np.abs(np.log(chances)), chances, name="surprise in nats").round(2)

# %% tags=["docassert"]
assert np.abs(np.log(chances)).round(2).tolist() == [0, 0.69, 2.3, 4.61]

# %% [markdown]
# A figure means something only beside others. Ours come from four chorales that were kept apart from the training. They
# belong to the *valid* pieces of the benchmark, by which it was decided when to stop training, so that they may flatter
# the model a little. (The *test* pieces are kept for the table in the project's README.)

# %%
unseen_names = ["bach/bwv281", "bach/bwv347", "bach/bwv318", "bach/bwv115.6"]
unseen = {name: encoding.to_raster(musicml.load(name)).pitches for name in unseen_names}

# %% [markdown]
# The first model is not even a model: *hold everything*. It expects the pitch that just sounded with 77 chances in a
# hundred and shares the rest equally among the other 46 possibilities. Every model must beat such a
# [baseline](GLOSSARY.md#baseline).

# %%
class HoldEverything:
    def log_prob(self, frames):
        """Natural-log probabilities (T, 4) of frames (T, 4)."""
        held = np.zeros(np.shape(frames), bool)
        held[1:] = frames[1:] == frames[:-1]
        return np.where(held, np.log(0.77), np.log(0.23 / 46))

# %% [markdown]
# The second is a [Markov model](GLOSSARY.md#markov-model): it describes each moment by a few facts (which voice, how
# long held, the chord, the degree of the scale) and counts what Bach did next in such moments. It knows nothing of what
# happened more than a few notes ago. The third is the Transformer. **The next cell takes about five seconds.**

# %%
from musicml.evaluation import likelihood

contenders = {"hold everything": HoldEverything(), "Markov": models.load("chorale-markov"), "Transformer": transformer}
found = {name: likelihood(model, list(unseen.values())) for name, model in contenders.items()}
table = pd.DataFrame({name: vars(result) for name, result in found.items()}).T
table[["per_token", "held", "changed", "held_share"]].astype(float).round(3)

# %% tags=["docassert"]
nats = table["per_token"].astype(float)
assert nats["hold everything"] > nats["Markov"] > nats["Transformer"]
changed = table["changed"].astype(float)
assert changed["hold everything"] > changed["Markov"] > changed["Transformer"]
assert table["held"].astype(float)["Transformer"] < 0.25 < 1 < changed["Transformer"]

# %% [markdown]
# `per_token` is the mean; `held` and `changed` split it. Held notes cost next to nothing, changes cost more than a
# nat: the music is in the changes. To feel a number of nats, raise $e$ to it: that many equally likely notes would
# leave one just as undecided ([perplexity](GLOSSARY.md#perplexity)).

# %%
np.exp(table[["per_token", "changed"]].astype(float)).round(1)

# %% [markdown]
# ### Surprise under the score
#
# *Christus, der ist mein Leben* (BWV 281) is one of the four. Under each bar stands its mean surprise in nats; the five
# notes that surprised the Transformer most are red, and the table below the page names them.

# %%
piece = musicml.load("bach/bwv281")
cost = -transformer.log_prob(unseen["bach/bwv281"])
frame = (4 * piece.notes["onset"]).astype(int)
notes = piece.notes.assign(surprise=cost[frame, piece.notes["part"]])

# %%
bar_of = np.searchsorted(piece.measures["onset"], np.arange(len(cost)) / 4, side="right") - 1
by_bar = pd.Series(cost.mean(axis=1)).groupby(bar_of).mean()
under = pd.DataFrame({"onset": piece.measures["onset"], "label": by_bar.map("{:.2f}".format)})
most = notes.nlargest(5, "surprise")
display.engrave(piece, labels=under, colours=dict.fromkeys(most["id"], "crimson"))

# %%
f_major = pitch_names(fifths=-1, minor=False)
told = most.assign(voice=[voices[part] for part in most["part"]], note=[f_major[pitch - 35] for pitch in most["pitch"]])
told[["measure", "beat", "voice", "note", "surprise"]].round({"surprise": 2})

# %%
musicml.player(piece, labels=under)

# %% tags=["docassert"]
assert len(by_bar) == 9 and notes["surprise"].min() >= 0

# %% [markdown]
# Listen for the red notes. Would you have called them surprising? Leonard Meyer wrote in 1956 that the meaning of music
# arises where expectation is answered late, otherwise, or not at all. Here is a way to ask where that is, and to
# disagree with the answer: the model expects what Bach's chorales do *on average*, and it cannot read the words.
#
# ## Composing is the same question
#
# To compose, we ask for the probabilities, throw a weighted die, write the result down, and ask again. That is all:

# %%
from musicml.encoding.symbols import to_pitches
from musicml.generation.sampling import draw


def improvise(model, past, frames, temperature=1.0, seed=0):
    """Continue the frames of `past` (T, 4) by so many frames, one die for each voice."""
    decoder, dice, piece = model.decoder(), np.random.default_rng(seed), list(past)
    for heard in piece:
        decoder.advance(heard[None])
    for _ in range(frames):
        chord = np.zeros((1, 0), dtype=int)
        for _voice in voices:
            symbol, _ = draw(decoder.distribution(chord), dice, temperature=temperature)
            chord = np.hstack([chord, [to_pitches(symbol)]])
        decoder.advance(chord)
        piece.append(chord[0])
    return np.array(piece)

# %% [markdown]
# To see and hear the result we need a score with bars; the next function writes it in F major, 4/4, with an upbeat. The
# model gets the beginning of BWV 281, through the first beat of measure 2, and goes on as it likes for nearly three
# bars.

# %%
from musicml.score import tables


def as_score(frames, title):
    new = np.vstack([np.ones((1, 4), bool), frames[1:] != frames[:-1]])
    bars = tables.bars(len(frames) // 16, pickup=1.0)
    meta = {"title": title, "composer": "improvised"}
    raster = encoding.ChoraleRaster(frames, new, np.zeros(len(frames), bool), bars, fifths=-1, meta=meta)
    return encoding.to_score(raster)

# %%
start = unseen["bach/bwv281"][:24]
musicml.player(as_score(improvise(transformer, start, 44), "Continued from BWV 281"))

# %% tags=["docassert"]
assert (24 + 44 - 4) % 16 == 0 and piece.measures["length"].tolist()[:2] == [1, 4]
assert analysis.global_key(piece).name == "F"

# %% [markdown]
# Change `seed=0` to another number by writing `improvise(transformer, start, 44, seed=5)`: the same expectations,
# another die, another chorale.
#
# ## Inside: five ideas, formula beside code
#
# Everything below is the code that has just run, shown from the library itself.
#
# ### What it knows of a moment
#
# Before each frame a listener notes what a musician would: the last pitches, how each voice moved, the intervals
# between the voices, how long each note has been held, the place in the beat, and whether the last moments have been
# heard before. Each fact is looked up in a table of vectors, and the vectors are added. Such a vector of learned
# numbers is called an [embedding](GLOSSARY.md#embedding).
#
# $$x_t = \sum_{\text{facts } f} E_f\bigl[\text{value of } f \text{ before frame } t\bigr]$$

# %%
from musicml.models.transformer import Attention, Embedding, VoiceHeads

learn.source(Embedding.forward)

# %% [markdown]
# ### Attention: which of the past matters now?
#
# From each moment's vector three others are made: a *query* $q$ (what am I looking for?), a *key* $k$ (what am I?), and
# a *value* $v$ (what do I have to tell?). The better a past key answers the present query, the more of its value is
# taken ([attention](GLOSSARY.md#attention)):
#
# $$\operatorname{attention}(Q,K,V)=\operatorname{softmax}\!\left(\frac{QK^{\top}}{\sqrt d}\right)V$$
#
# where $\operatorname{softmax}$ turns any numbers into shares that sum to one, and $d$ is the length of a key. By hand,
# with keys of two numbers, *is it a dominant?* and *is it a cadence?*:

# %%
keys = np.array([[0, 0], [3, 0], [3, 3], [0, 3]])
query = np.array([2, 2])
scores = keys @ query / np.sqrt(2)
shares = np.exp(scores) / np.exp(scores).sum()
pd.Series(shares, ["tonic", "passing dominant", "dominant at a cadence", "plagal close"]).round(3)

# %% tags=["docassert"]
assert shares.argmax() == 2 and shares[2] > 0.95 and np.isclose(shares.sum(), 1)

# %% [markdown]
# A query that asks for both finds the dominant at a cadence, and hardly looks elsewhere. In the network nobody writes
# such keys by hand: training finds them. Several [heads](GLOSSARY.md#head) do this side by side, each with a question
# of its own, and the future is closed to all of them (`is_causal`).

# %%
learn.source(Attention.forward)

# %% [markdown]
# ### Rotary positions: how long ago?
#
# A sum does not know what came first. So each pair of numbers in $q$ and $k$ is turned by an angle that grows with
# time, like the hand of a clock. One hand turns once in a beat, others in a bar or a phrase. Turned queries and keys
# then agree or not by the *distance* between them alone:
#
# $$(R_s\,q)\cdot(R_t\,k) = q\cdot R_{t-s}\,k$$

# %%
learn.source(Attention._rotate)

# %% [markdown]
# We check the formula with the network's own first layer: a query in frame 7 and a key in frame 3 agree as a query in
# frame 107 and a key in frame 103 do.

# %%
attention = transformer.network.blocks[0].attention
q, k = torch.randn(2, 1, len(attention.frequencies) * 2)
agree = [attention._rotate(q, torch.tensor([s])) @ attention._rotate(k, torch.tensor([s - 4])).T for s in (7, 107, 8)]
[round(value.item(), 3) for value in agree]

# %% tags=["docassert"]
assert np.allclose([value.item() for value in agree], agree[0].item(), atol=1e-3)

# %% [markdown]
# ### Heads that read what came next
#
# If this moment is like one eleven bars ago, we want to know how it went on *then*. In half of the heads, therefore,
# each key is paired with the value one frame later: the key says "I was the moment after which ...", the value says
# what followed. (`earlier` in the code above is that shift.) In larger networks such *induction heads* arise by
# themselves, over two layers; here they are built in.
#
# Does the Transformer use its memory? *Aus meines Herzens Grunde* (BWV 269) repeats its first 21 quarters, and it was
# not studied either. We charge both passes, and then the second one again *as if the first had never sounded*.

# %%
grunde = encoding.unfold(encoding.to_raster(musicml.load("bach/bwv269"))).pitches
first, again = slice(0, 84), slice(84, 168)
print("The second pass is", "the first once more." if (grunde[first] == grunde[again]).all() else "different.")

# %%
rows = {}
for name, model in list(contenders.items())[1:]:
    whole, alone = -model.log_prob(grunde), -model.log_prob(grunde[again])
    rows[name] = {"first time": whole[first].mean(), "again": whole[again].mean()}
    rows[name] |= {"again, first forgotten": alone.mean()}
pd.DataFrame(rows).T.round(3)

# %% tags=["docassert"]
assert (grunde[first] == grunde[again]).all() and len(grunde) > 168
memory = pd.DataFrame(rows)
assert memory.loc["again", "Transformer"] < 0.6 * memory.loc["first time", "Transformer"]
assert memory.loc["again, first forgotten", "Transformer"] > 1.5 * memory.loc["again", "Transformer"]
assert memory.loc["again", "Markov"] > 0.8 * memory.loc["first time", "Markov"]

# %% [markdown]
# For the Markov model the repetition is nearly as new as the beginning. For the Transformer it costs far less, and only
# because it remembers: through these heads, and through the listener's note that the last moments were heard before.
# Form has begun to exist for it.
#
# ### Voice heads: pitches as intervals
#
# At the top, four heads turn what was understood, $h_t$, into pitches. A singer thinks in intervals, from the own last
# note and from the other voices; so do they. The score of a pitch $p$ (its [logit](GLOSSARY.md#logit)) is a sum:
#
# $$\operatorname{logit}(p)=\underbrace{a[p]}_{\text{range}}+\underbrace{m[p-p_{\text{last}}]}_{\text{melody}}
# +\sum_{u}\underbrace{c_u[p-p_u]}_{\text{harmony}}+\sum_{k}\underbrace{w_k\,\text{memory}[p+k]}_{\text{key}}$$

# %%
learn.source(VoiceHeads.forward)

# %% [markdown]
# (The division at the end makes the finished model as sure of itself as it has a right to be; the number was chosen on
# the valid pieces.) Only the first term knows absolute pitch. So what is learned in one key is known in all. We sing
# the whole past a major second higher and ask again:

# %%
higher = transformer.next_distribution(raster.pitches[:now] + 2)
in_g_sharp = pitch_names(fifths=5, minor=True)
both_keys = {"in F♯ minor": (expected, names), "in G♯ minor": (higher, in_g_sharp)}
answers = {key: [n[p.argmax()], f"{p.max():.1%}"] for key, (p, n) in both_keys.items()}
pd.DataFrame(answers, ["likeliest soprano", "its probability"])

# %% tags=["docassert"]
assert (names[expected.argmax()], in_g_sharp[higher.argmax()]) == ("F♯4", "G♯4")
assert abs(expected.max() - higher.max()) < 0.2

# %% [markdown]
# From F♯ to G♯ minor, nearly unchanged. What differs comes from absolute pitch: every voice has its range.
#
# How large is the whole? The model's card tells, and also what it was trained on and how far one may trust it.

# %%
card = transformer.card
for item in ("parameters", "data", "split", "valid_nats_per_token", "licence", "limits"):
    print(f"{item}: {card[item]}")

# %% [markdown]
# ## Train one yourself
#
# Training is three lines, again and again: take a batch of music and ask the network how surprised it is; find out how
# each weight would have to change to be surprised less; change all weights a little that way.

# %%
from musicml.training import Pieces, Recipe, loop, train

learn.source(loop._step)

# %% [markdown]
# Our pupil is a tenth as large and studies 60 chorales, cut into pieces of six bars and sung in many keys. Four others
# are kept apart to examine it. (The first time, the files are parsed, which takes some seconds.)

# %%
def frames_of(split, count):
    names = musicml.Corpus("jsb").split(split).names[:count]
    return [encoding.to_raster(musicml.load(name)).pitches for name in names]


music = Pieces(train=frames_of("train", 60), valid=frames_of("valid", 4), test=[], source="60 chorales")
sum(piece.size for piece in music.train)

# %%
small = {"width": 48, "layers": 2, "heads": 2, "dropout": 0.1, "head_dropout": 0.1}
recipe = Recipe(
    "tiny", "transformer", model=small, steps=180, batch=8, window=96, rate=5e-3, warmup=20, decay=0.1, average=0.9,
    validate_every=20, precision="float32",
)  # fmt: skip

# %% [markdown]
# Before it has learned anything, hear what it expects: a shout of random notes.

# %%
from musicml.models.transformer import ChoraleTransformer, TransformerConfig

untrained = ChoraleTransformer(TransformerConfig(**small))
musicml.player(as_score(improvise(untrained, start, 12), "After no lesson at all"))

# %% [markdown]
# How long will training take here? One step, timed, tells:

# %%
import time

from musicml.training.chorales import ChoraleTask

task, dice = ChoraleTask(untrained, music, recipe), np.random.default_rng(0)
task.loss(dice).backward()
begun = time.perf_counter()
task.loss(dice).backward()
print(f"{recipe.steps} steps will take about {1.3 * recipe.steps * (time.perf_counter() - begun):.0f} seconds.")

# %%
def curve(history):
    """Two lines: surprise at the chorales it studies, and at those it is examined on."""
    table = pd.DataFrame(history).set_index("step")[["train", "valid"]]
    axes = table.plot(style=["o-", "s--"], figsize=(7, 3), ylabel="nats per token", ylim=(0, None))
    last = table.iloc[-1]
    return learn.picture(axes.figure, f"Learning curves; the last values are train {last.iloc[0]:.3f} and valid "
                                      f"{last.iloc[1]:.3f} nats per token.")

# %% [markdown]
# **The next cell trains for 10 to 40 seconds.** The bar shows the time left; the curves grow with each examination.

# %%
import tempfile
from pathlib import Path

import IPython.display

with tempfile.TemporaryDirectory() as folder:
    screen = IPython.display.display(learn.Words("The first examination comes soon."), display_id=True)
    tiny = train(recipe, music, Path(folder), report=lambda progress: screen.update(curve(progress.history)))

# %%
progress = pd.DataFrame(tiny.card["run"]["history"]).set_index("step")
progress[["train", "valid"]].round(3)

# %% tags=["docassert"]
examined = likelihood(tiny, music.valid).per_token
assert progress["valid"].iloc[0] > progress["valid"].iloc[-1] and 0.25 < examined < 0.5
assert examined < likelihood(HoldEverything(), music.valid).per_token / 2
assert 9 < transformer.card["parameters"] / tiny.card["parameters"] < 13
assert examined > likelihood(transformer, music.valid).per_token

# %% [markdown]
# It learned to hold notes within the first steps, and then, much more slowly, the rest. In less than a minute it does
# far better than *hold everything*. (Why is it better at the examination than in study? In study some notes are hidden
# from it, some of its numbers are set to zero, and pieces come in unusual keys: the lessons are harder than the exam.)
# Here is what it makes of the line from BWV 281 now:

# %%
musicml.player(as_score(improvise(tiny, start, 44), "After some seconds of lessons"))

# %% [markdown]
# **The twin.** If training is too slow on your machine, or you want the real thing, this cell loads what a long run of
# the same loop has learned. `musicml train chorale-transformer` on the command line repeats that run.

# %%
trained = models.load("chorale-transformer")
pd.Series({"tiny": tiny.card["parameters"], "shipped": trained.card["parameters"]}, name="parameters")

# %% [markdown]
# ## Composing, and examining what was composed
#
# Throwing dice alone knows no beginning and no end. `compose` adds a plan, as a teacher does: begin on the tonic, let
# each line of two bars rest under a fermata, end with an authentic cadence. Many drafts grow side by side; those that
# head for the cadence, stay in the key and avoid parallels survive, and the best is kept. **It takes about ten
# seconds.**

# %%
from musicml.generation import compose

new = compose(trained, bars=8, key="G", seed=1)
new.score

# %%
found_in = analysis.analyse(new.score)
musicml.player(new.score, labels=display.labels_of(found_in.roman_numerals, found_in.cadences))

# %% [markdown]
# The Roman numerals and cadences come from the same analysis that we would give Bach. Look at its tables:

# %%
found_in.cadences[["measure", "beat", "type", "probability", "evidence"]]

# %%
found_in.voice_leading[["measure", "beat", "fault", "voices", "evidence"]]

# %% [markdown]
# Is that many? Beside Bach one can tell. We give the same examination to the four unseen chorales.

# %%
def examine(score, frames):
    """Figures about a chorale that a musician would ask for."""
    found, bars = analysis.analyse(score), len(frames) / 16
    tune = score.notes.loc[score.notes["part"] == 0, "pitch"].diff().dropna().abs()
    return {
        "key": found.global_key.name, "confidence": found.global_key.confidence,
        "cadences": " ".join(found.cadences["type"]), "faults per bar": len(found.voice_leading) / bars,
        "steps in the tune": tune.between(1, 2).mean(), "nats per token": -trained.log_prob(frames).mean(),
    }  # fmt: skip

# %%
rows = {"composed": examine(new.score, new.raster.pitches)}
rows |= {name: examine(musicml.load(name), frames) for name, frames in unseen.items()}
examined_all = pd.DataFrame(rows).T
examined_all.infer_objects().round(2)

# %% tags=["docassert"]
assert examined_all.loc["composed", "key"] == "G" and examined_all.loc["composed", "cadences"].split()[-1] == "PAC"
assert (examined_all.loc[unseen_names, "faults per bar"] > 0).all()

# %% [markdown]
# Read the rows as a juror. Does the composed piece leap in the tune where Bach steps? Do its lines close as his do?
# Bach, too, has "faults": voices that cross or overlap, a wide leap. A rule describes a habit, and the habit has
# reasons that may give way. So the question is never *are there faults?* but *are they of Bach's kind, and as rare as
# his?*
#
# Low surprise is no praise either. A piece with much less of it than Bach's is one that hardly dares anything.
#
# ## Daring: temperature and top-p
#
# The die can be loaded. [Temperature](GLOSSARY.md#temperature) $\tau$ raises all probabilities to the power $1/\tau$:
# below 1 the likely grows likelier. [Top-p](GLOSSARY.md#top-p) keeps only the likeliest notes that together reach the
# share $p$, so that the one absurd note in a thousand never sounds. We look at the bass under the cadence of BWV 66.6:

# %%
from musicml.generation.sampling import sharpen

bass = transformer.next_distribution(raster.pitches[:now], raster.pitches[now, :3])
loaded = {f"temperature {value}": sharpen(bass, value) for value in (0.3, 1.0, 2.0)}
loaded["top-p 0.9"] = sharpen(bass, top_p=0.9)
pd.DataFrame(loaded, names).nlargest(6, "temperature 1.0").round(3)

# %% [markdown]
# And to hear it, the same plan with a timid and with a reckless die:

# %%
timid = compose(trained, bars=4, key="G", seed=2, temperature=0.4, top_p=0.8, drafts=4)
musicml.player(timid.score)

# %%
reckless = compose(trained, bars=4, key="G", seed=2, temperature=2.5, top_p=1.0, drafts=4)
musicml.player(reckless.score)

# %%
both = {"timid": timid, "reckless": reckless}
figures = {name: examine(piece.score, piece.raster.pitches) for name, piece in both.items()}
pd.DataFrame(figures)

# %% tags=["docassert"]
assert figures["reckless"]["nats per token"] > 1.5 * figures["timid"]["nats per token"]

# %% [markdown]
# The reckless one surprises the model itself several times as much: it plays notes in which it does not believe. (The
# plan still forces the last cadence; listen how it arrives there.)
#
# ## What goes wrong, on purpose
#
# ### It never moves again
#
# Three tokens in four are held, so "hold" is the safest answer of all. A weak model at a low temperature takes it every
# time. We let the tiny one go on for eight bars:

# %%
stuck = improvise(tiny, start, 124, temperature=0.1)
musicml.player(as_score(stuck, "Stuck"))

# %%
def different_chords(frames):
    return len(np.unique(frames, axis=0))


pd.Series({"stuck, last 4 bars": different_chords(stuck[-64:]),
           "Bach, last 4 bars": different_chords(unseen["bach/bwv281"][-64:])}, name="different chords")  # fmt: skip

# %% tags=["docassert"]
assert different_chords(stuck[-64:]) <= 2 and different_chords(unseen["bach/bwv281"][-64:]) > 15
assert (24 + 124 - 4) % 16 == 0

# %% [markdown]
# **How to recognise it:** long ties on the page, one chord that lasts for bars, a surprise near zero. **What helps:** a
# temperature near 1, and a better model.
#
# ### It does not know how to end
#
# Even the shipped model, without a plan, merely goes on. Four improvisations of seven bars; on which chord does each
# stop?

# %%
ends = [improvise(trained, start, 92, seed=seed)[-1] for seed in range(4)]
[" ".join(f_major[pitch - 35] for pitch in chord[::-1]) for chord in ends]

# %%
endless = improvise(trained, start, 92, seed=0)
musicml.player(as_score(endless, "No end in sight"))

# %% [markdown]
# (Each chord from the bass up.) Some may happen to stop on F major, others in the middle of a thought. **How to
# recognise it:** no cadence on the last bar line; the last chord is not approached. **What helps:** a plan, as
# `compose` has one. The model has learned to continue, and ending is a decision about the whole.
#
# ### It learns by heart
#
# What happens if we train too long on too little? We take the extreme: one chorale, and *nothing* of what keeps a
# network from learning by heart. Worse, we examine it on the very piece it studies. (About ten seconds.)

# %%
one = unseen["bach/bwv281"]
unguarded = {**small, "dropout": 0, "head_dropout": 0, "note_noise": 0, "voice_noise": 0}
by_heart = Recipe(
    "parrot", "transformer", model=unguarded, steps=100, batch=1, window=128, rate=5e-3, warmup=10, decay=0,
    average=0.8, validate_every=20, precision="float32",
)  # fmt: skip

# %%
with tempfile.TemporaryDirectory() as folder:
    parrot = train(by_heart, Pieces([one], [one], [], "one chorale"), Path(folder))
pd.DataFrame(parrot.card["run"]["history"])[["step", "valid"]]

# %% [markdown]
# The curve looks like a triumph. Now a chorale that it has not studied, and a "new" piece from one bar of the old one:

# %%
other = unseen["bach/bwv347"]
judged = {"its own chorale": (parrot, one), "another": (parrot, other), "another, by the tiny model": (tiny, other)}
pd.Series({name: likelihood(model, [frames]).per_token for name, (model, frames) in judged.items()}).round(3)

# %%
copy = improvise(parrot, one[:20], len(one) - 20)
same = (copy == one).all(axis=1)[20:]
print(f"{same.mean():.0%} of the frames it composed are Bach's, note for note.")

# %% tags=["docassert"]
assert same.mean() > 0.9 and likelihood(parrot, [one]).per_token < 0.05
assert likelihood(parrot, [other]).per_token > 2 * likelihood(tiny, [other]).per_token

# %% [markdown]
# **How to recognise it:** surprise falls at what is studied and rises elsewhere
# ([overfitting](GLOSSARY.md#overfitting)); whole bars of the new piece can be found in the old ones. **What helps:**
# more music, the same music in all keys, notes hidden at random (dropout), and stopping in time. And honest splits: a
# curve from the studied piece is worth nothing.
#
# ## What it cannot do
#
# - It knows no words. Bach sets *Tod* and *Leben* differently; for this model they are the same notes.
# - It has no fermatas and no bar lines of its own: where a line rests, the plan decides, and a plan that rests every
#   two bars is a poor poet.
# - It writes one kind of music: four voices, a grid of sixteenths, the style in which one man set chorales.
# - Its tunes are new, and that is not what Bach did: he harmonised tunes that everyone in the church knew.
# - Its probabilities describe habit, not intention. Where Bach breaks a habit for a reason, it sees only an improbable
#   note.
#
# ## What you take away
#
# - A raster keeps pitch and time on a grid; to_score brings the score back, and you can name what is lost.
# - One question, 47 probabilities, both measures and composes; you can ask it at any moment of any chorale.
# - Surprise is $-\ln p$, in nats; it means something on unseen pieces, beside baselines, and split into held and
#   changed.
# - Attention weighs the past by keys and queries, rotations tell how long ago, shifted heads read what came next, and
#   voice heads score intervals; each is a few lines.
# - Training lowers surprise step by step; composing adds a plan; and what comes out is examined with the tools that
#   examine Bach.
# - You have heard three failures: stuck, endless, learned by heart. You know their signs and their remedies.
#
# ## Exercises
#
# Put your answer in place of the three dots and run the cell below it. `.hint(1)` of an exercise gives a hint.
#
# **1. The hardest bar.** Which measure of BWV 281 surprised the Transformer most, by its mean over all tokens of the
# measure? Give the measure's number.

# %% tags=["exercise"]
hardest = ...

# %% tags=["solution"]
hardest = int(piece.measures["number"].iloc[by_bar.argmax()])
hardest

# %% tags=["check"]
hardest_bar = learn.Exercise(
    "the most surprising measure of BWV 281",
    int(piece.measures["number"].iloc[int(by_bar.argmax())]),
    hints=[
        "The figures stand under the score; by_bar holds them in the order of the measures.",
        "The upbeat is measure 0, so the place in by_bar is the number of the measure.",
    ],
)
hardest_bar.check(hardest)

# %% [markdown]
# **2. A less final close.** At the cadence in measure 3 of BWV 66.6 we change Bach's soprano: it sings not F♯4 but A4.
# Which alto note does the Transformer then find likeliest? Give its name as in `names`, such as `"B3"`.

# %% tags=["exercise"]
new_alto = ...

# %% tags=["solution"]
new_alto = names[transformer.next_distribution(raster.pitches[:now], [69]).argmax()]
new_alto

# %% tags=["check"]
right_alto = names[int(transformer.next_distribution(raster.pitches[:now], [69]).argmax())]
less_final = learn.Exercise(
    "the alto under a soprano that turns to A4",
    right_alto,
    hints=[
        "next_distribution takes the past, then a list of the pitches already chosen in this frame.",
        "A4 is MIDI pitch 69; argmax() finds the place of the largest probability, and names has its name.",
    ],
)
less_final.check(new_alto)

# %% [markdown]
# **3. Temperature by hand.** Write a function that takes probabilities (an array that sums to one) and a temperature
# $\tau$, and returns $p_i^{1/\tau}$ divided by their sum.

# %% tags=["exercise"]
def temper(probabilities, temperature):
    return ...

# %% tags=["solution"]
def temper(probabilities, temperature):
    """Probabilities to the power 1 / temperature, made to sum to one again."""
    powers = probabilities ** (1 / temperature)
    return powers / powers.sum()

# %% tags=["check"]
step_or_leap = np.array([0.6, 0.3, 0.1])
cases = {"a timid die (0.5)": 0.5, "an unchanged die (1)": 1.0, "a daring die (3)": 3.0}
tempering = learn.Exercise(
    "probabilities at a temperature",
    {case: sharpen(step_or_leap, value).tolist() for case, value in cases.items()},
    given={case: (step_or_leap, value) for case, value in cases.items()},
    hints=["An array to a power is probabilities ** power.", "The power is 1 / temperature; then divide by the sum."],
)
tempering.check(temper)

# %% [markdown]
# **4. Composer's apprentice.** Find a seed with which `compose(trained, bars=4, key="e", seed=..., drafts=8)` gives a
# piece in E minor that closes with a perfect authentic cadence and has no parallel fifths or octaves. Put the
# *composition* in place of the dots. Listen before you ask the check.

# %% tags=["exercise"]
mine = ...

# %% tags=["solution"]
def clean(piece):
    found = analysis.analyse(piece.score)
    parallel = found.voice_leading["fault"].str.contains("parallel").any()
    return not parallel and found.global_key.name == "e" and found.cadences["type"].tolist()[-1:] == ["PAC"]


drafts = (compose(trained, bars=4, key="e", seed=seed, drafts=8) for seed in range(20))
mine = next(piece for piece in drafts if clean(piece))

# %% tags=["check"]
def judge_chorale(piece):
    found = analysis.analyse(piece.score)
    parallels = found.voice_leading[found.voice_leading["fault"].str.contains("parallel")]
    if found.global_key.name != "e":
        return f"It sounds in {found.global_key.name}; E minor was asked for."
    if len(parallels):
        worst = parallels.iloc[0]
        return f"{worst['fault'].capitalize()}, bar {worst['measure']}, {worst['voices']}."
    closes = found.cadences["type"].tolist()
    return "" if closes[-1:] == ["PAC"] else f"The last cadence is {closes[-1] if closes else 'missing'}, not PAC."

apprentice = learn.Exercise(
    "four clean bars in E minor", judge_chorale, hints=["Try the seeds 1, 2, 3, ... and read what each check says."]
)
apprentice.check(mine)

# %% [markdown]
# ## References
#
# - Ashish Vaswani and others (2017). Attention Is All You Need. *Advances in Neural Information Processing Systems* 30.
# - Jianlin Su and others (2021). RoFormer: Enhanced Transformer with Rotary Position Embedding. arXiv:2104.09864.
# - Cheng-Zhi Anna Huang and others (2018). Music Transformer: Generating Music with Long-Term Structure.
#   arXiv:1809.04281.
# - Catherine Olsson and others (2022). In-context Learning and Induction Heads. *Transformer Circuits Thread*.
# - Ari Holtzman and others (2020). The Curious Case of Neural Text Degeneration. *ICLR*. On top-p.
# - Nicolas Boulanger-Lewandowski, Yoshua Bengio and Pascal Vincent (2012). Modeling Temporal Dependencies in
#   High-Dimensional Sequences. *ICML*. The chorales as a benchmark.
# - Gaëtan Hadjeres, François Pachet and Frank Nielsen (2017). DeepBach: a Steerable Model for Bach Chorales Generation.
#   *ICML*.
# - Darrell Conklin and Ian H. Witten (1995). Multiple Viewpoint Systems for Music Prediction. *Journal of New Music
#   Research* 24(1). Expectation by counting, as our Markov model does it.
# - Leonard B. Meyer (1956). *Emotion and Meaning in Music*. University of Chicago Press.
#
# ## Next
#
# Compose a chorale of your own with a report that any browser opens: `musicml compose --key e --bars 12 --seed 7`. To
# look again at what counting alone can find, go back to [Hearing, seeing and counting a
# score](01_hear_see_count.ipynb).
