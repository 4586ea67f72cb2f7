# %% [markdown]
# # Hearing, seeing and counting a score
#
# **The key idea.** A score can be heard, seen and counted, and the three are views of one thing: a table with a row
# for each note. Whatever a computer learns about music, it learns from such a table, so we begin by reading one as
# musicians.
#
# **You will learn**
# - to load a chorale, look at its page and listen to it while the notes light up;
# - to read the table of notes and to ask it questions: which notes, how long, which intervals, which voice;
# - to tell what counting can find, such as a key, and where it goes wrong;
# - to compare one chorale with another, and with the 371 of a famous edition.
#
# **You need** to read music; a first look at Python helps (variables, calling a function). No machine learning yet.
#
# **Minutes:** about 60.

# %%
import pandas as pd

import musicml
from musicml import analysis, display, learn

learn.setup(seed=0)

# %% [markdown]
# ## One chorale, seen and heard
#
# The last movement of Bach's cantata *Erfreut euch, ihr Herzen* (BWV 66) sets the third stanza of the old Easter
# song *Christ ist erstanden*. We load it by its catalogue name. A score that stands on the last line of a cell
# shows its page.

# %%
chorale = musicml.load("bach/bwv66.6")
chorale

# %% [markdown]
# Now listen. Press play: each note lights up as it sounds, so that you can follow one voice at a time. Listen again
# and follow only the bass; it moves quite differently from the soprano, and soon we shall count how differently.

# %%
musicml.player(chorale)

# %% [markdown]
# > **Try it.** Change `"bach/bwv66.6"` above to `"bach/bwv269"` and run the two cells again. Then change it back:
# > the text below speaks of BWV 66.6.

# %% [markdown]
# ## A score is a table
#
# The same music once more, as the computer keeps it. Each row is a note; a tied note is one row, because it sounds
# once.

# %%
notes = chorale.notes
notes.head(8)

# %% [markdown]
# The columns say where and how long a note sounds, and how it is written:
#
# - `onset` and `duration` count quarter notes from the beginning ([onset](GLOSSARY.md#onset)).
# - `pitch` is a key on the piano, counted so that middle C is 60 ([MIDI pitch](GLOSSARY.md#midi-pitch)).
# - `step`, `alter` and `octave` spell it: C sharp 5 is step C, alter 1, octave 5 ([spelling](GLOSSARY.md#spelling)).
# - `part` is the row of `chorale.parts`: 0 is the soprano, 3 the bass.
# - `measure` and `beat` are as a conductor says them; measure 0 is the upbeat ([anacrusis](GLOSSARY.md#anacrusis)).
#
# The piece begins in measure 0 on beat 4, with four notes at onset 0: one for each voice.

# %%
len(notes), chorale.end

# %% [markdown]
# There are 163 notes in 36 quarter notes. How are they shared between the voices?

# %%
voices = chorale.parts["name"]
notes["part"].map(voices).value_counts().reindex(voices)

# %% tags=["docassert"]
assert (len(notes), chorale.end) == (163, 36.0)
assert notes["part"].value_counts().sort_index().tolist() == [36, 42, 44, 41]
assert (notes.loc[notes["onset"] == 0, "measure"] == 0).all() and (notes.loc[notes["onset"] == 0, "beat"] == 4).all()
assert sorted(notes.loc[notes["onset"] == 0, "part"]) == [0, 1, 2, 3]

# %% [markdown]
# The soprano has the fewest notes and the tenor the most: the tune walks in quarter notes while the voices below it
# fill in.
#
# ## Which notes: pitch classes
#
# A C is a C in every octave. The remainder after dividing the pitch by twelve forgets the octave and keeps the
# [pitch class](GLOSSARY.md#pitch-class). For names we take the spelling, so that E sharp stays E sharp.

# %%
sign = {-1: "♭", 0: "", 1: "♯"}
notes = notes.assign(name=notes["step"] + notes["alter"].map(sign))
counts = notes["name"].value_counts()
counts

# %%
axes = counts.plot.bar(rot=0, xlabel="pitch class", ylabel="notes", title="Notes of BWV 66.6 by pitch class")
learn.picture(
    axes.figure,
    "Bar chart of the ten pitch classes of BWV 66.6 by number of notes: C sharp 32, F sharp 29, B 28, A 22, "
    "E 16, G sharp 14, D 12, E sharp 6, A sharp 3, D sharp 1.",
)

# %% tags=["docassert"]
stated = {"C♯": 32, "F♯": 29, "B": 28, "A": 22, "E": 16, "G♯": 14, "D": 12, "E♯": 6, "A♯": 3, "D♯": 1}
assert counts.to_dict() == stated

# %% [markdown]
# Seven names stand out: C♯ F♯ B A E G♯ D, the notes of a signature with three sharps. Three are guests. The six E♯
# are leading tones of F♯ minor; listen for one in the cadence of measure 3. On the piano an E♯ is the same key as
# an F, but this chorale has no F at all, and a table without spelling could not tell you so.

# %%
notes.loc[notes["name"] == "E♯", ["measure", "beat", "part", "pitch"]]

# %% [markdown]
# We can mark what we counted. `engrave` takes a colour for each note by its `id`; the words under the page name the
# same notes.

# %%
leading = notes.loc[notes["name"] == "E♯", "id"]
display.engrave(chorale, colours=dict.fromkeys(leading, "crimson"))

# %% tags=["docassert"]
assert set(counts.index[:7]) == {"C♯", "F♯", "B", "A", "E", "G♯", "D"} and "F" not in counts
assert 3 in notes.loc[notes["name"] == "E♯", "measure"].tolist()
assert chorale.keys["fifths"].tolist() == [3]

# %% [markdown]
# ## How a voice moves: intervals
#
# An [interval](GLOSSARY.md#interval) is the difference of two pitches, counted here in semitones. `diff()` takes each
# value minus the one before it, which is just what a melodic interval is.

# %%
soprano = notes[notes["part"] == 0]
intervals = soprano["pitch"].diff()
intervals.abs().value_counts().sort_index()

# %% [markdown]
# Of the 35 intervals, 20 are [steps](GLOSSARY.md#step) (one or two semitones), 5 repeat the note, and 10 are
# [leaps](GLOSSARY.md#leap) of three semitones or more. Where do the leaps stand?

# %%
leaps = soprano[intervals.abs() > 2]
leaps.assign(interval=intervals)[["measure", "beat", "name", "interval"]]

# %%
display.engrave(chorale, colours=dict.fromkeys(leaps["id"], "crimson"))

# %% tags=["docassert"]
sizes = intervals.dropna().abs()
assert (len(sizes), sizes.between(1, 2).sum(), (sizes == 0).sum(), (sizes > 2).sum()) == (35, 20, 5, 10)
assert sizes.max() == 5 and leaps.loc[intervals.abs() == 5, "measure"].tolist() == [4, 5]

# %% [markdown]
# No leap is wider than five semitones, a perfect fourth: down into measure 4, beat 3, and up again onto the first
# beat of measure 5. What the ear takes as "a singable tune" begins to have numbers. The four voices side by side:

# %%
by_voice = notes.groupby("part")["pitch"].diff().abs().groupby(notes["part"])
steps = by_voice.apply(lambda sizes: sizes.dropna().between(1, 2).mean())
jumps = by_voice.apply(lambda sizes: (sizes.dropna() > 2).mean())
pd.DataFrame({"share of steps": steps, "share of leaps": jumps}).set_index(voices).round(2)

# %% tags=["docassert"]
assert jumps.round(2).tolist() == [0.29, 0.27, 0.14, 0.4]

# %% [markdown]
# The bass leaps most, 40 in a hundred: it carries the roots of the chords. The tenor, in the middle, leaps least.
#
# ## How long: rhythm and phrases
#
# Durations are counted in the same way. Most notes are quarters (1.0), a third are eighths (0.5), and a few are
# longer.

# %%
notes["duration"].value_counts()

# %% [markdown]
# The [fermatas](GLOSSARY.md#fermata) mark where a line of the hymn ends. They cut the tune into phrases for us. (In
# this encoding only the soprano carries the sign; a table holds what its editor wrote down.)

# %%
soprano.loc[soprano["fermata"], ["measure", "beat", "name"]]

# %% tags=["docassert"]
assert notes["duration"].value_counts().to_dict() == {1.0: 98, 0.5: 56, 2.0: 9}
assert soprano["fermata"].sum() == notes["fermata"].sum() == 6

# %% [markdown]
# Six fermatas, six lines. They rest on C♯, A, F♯, C♯, G♯ and F♯: the tonic F♯ is reached in the third line and at
# the end.
#
# ## What counting can find: the key
#
# If the notes of a piece favour some pitch classes, they hint at its key. Carol Krumhansl asked listeners how well
# each pitch class fits a key; Joshua Albrecht and Daniel Shanahan counted how often composers use it. Comparing our
# counts with such a [key profile](GLOSSARY.md#key-profile) for all 24 keys gives a first guess. `global_key` does
# so, and also asks what a musician would ask: how does the piece begin and end, and what is its signature?

# %%
key = analysis.global_key(chorale)
print(key, "| confidence", round(key.confidence, 2), "|", key.evidence)

# %% [markdown]
# F♯ minor; the signature alone could not have told it from A major. Now take signature and spelling away, and give
# the function the first two lines of the hymn only, eight quarter notes:

# %%
excerpt = notes.loc[notes["onset"] < 8, ["onset", "duration", "pitch", "part"]]
beginning = musicml.Score.from_table(excerpt, chorale.measures.head(3), parts=chorale.parts)
guess = analysis.global_key(beginning)
print(guess, "| confidence", round(guess.confidence, 2))

# %%
musicml.player(beginning)

# %% tags=["docassert"]
assert key.name == "f#" and guess.name == "A" and guess.confidence > 0.9
assert soprano.loc[soprano["fermata"], "name"].tolist() == ["C♯", "A", "F♯", "C♯", "G♯", "F♯"]

# %% [markdown]
# A major, with high confidence, and your ears agree: both lines close in A major, and F♯ minor is found later.
# **This is what goes wrong** with one key for one piece: music moves. A number is an answer to the question we
# asked, not always to the one we meant.
#
# ## Beside another chorale
#
# *Aus meines Herzens Grunde* (BWV 269) is in G major and in triple time.

# %%
other = musicml.load("bach/bwv269")
other

# %%
musicml.player(other)

# %% [markdown]
# To compare a piece in F♯ minor with one in G major, count from the tonic: subtract it, and forget the octave.

# %%
def degrees(score):
    """Share of each pitch class, counted in semitones above the tonic."""
    above = (score.notes["pitch"] - analysis.global_key(score).tonic) % 12
    return above.value_counts(normalize=True).reindex(range(12), fill_value=0)

# %%
both = pd.DataFrame({"BWV 66.6, F♯ minor": degrees(chorale), "BWV 269, G major": degrees(other)})
axes = both.plot.bar(rot=0, xlabel="semitones above the tonic", ylabel="share of the notes", ylim=(0, 0.28))
learn.picture(
    axes.figure,
    "Bars for two chorales over the twelve semitones above the tonic. The minor one has a bar at 3, the minor third; "
    "only the major one has a tall bar at 4, the major third. In both the fifth, 7, is tall.",
)

# %% tags=["docassert"]
minor, major = both.columns
assert both.loc[3, minor] > 0.1 > both.loc[3, major] and both.loc[4, major] > 0.1 > both.loc[4, minor]
assert (both.loc[7] > 0.15).all() and other.measures["time_signature"].iloc[0] == "3/4"

# %% [markdown]
# In each pair the left bar is the minor piece. The third tells the modes apart at a glance: it stands 3 semitones above
# the tonic on the left, 4 on the right.
#
# ## Beside all of them
#
# Two pieces are an anecdote. Albert Riemenschneider's edition has 371 chorales; he prints some of them twice or more,
# and 350 are different. Ours is not one of them, so that we compare it with others only.
#
# From each we keep only the sizes of the intervals in its tune. The tune is the soprano's, and that is not always the
# first part: in some chorales horns or violins stand above it.

# %%
corpus = musicml.Corpus("bach-chorales").unique()


def tune_intervals(score):
    """The size in semitones of each interval in the soprano."""
    row = score.parts.index[score.parts["name"].str.startswith("Soprano")][0]
    return score.notes.loc[score.notes["part"] == row, "pitch"].diff().dropna().abs().astype(int)

# %% [markdown]
# **The next cell takes about 20 seconds the first time**, with a progress bar, because every file has to be parsed.
# The result is kept on disk: from the second time on it takes two or three seconds.

# %%
tunes = {name: tune_intervals(score) for name, score in zip(corpus.names, corpus, strict=True)}
len(tunes)

# %%
in_all = pd.concat(tunes).value_counts(normalize=True).reindex(range(13), fill_value=0)
axes = in_all.rename_axis("semitones").plot.bar(rot=0, ylabel="share of the intervals", title="350 chorale tunes")
learn.picture(
    axes.figure,
    "Bar chart of the melodic intervals in 350 chorale tunes by size in semitones. Two is by far the commonest "
    "(46 percent), then one (24) and repetition (15); three, four and five have 3 to 5 percent each.",
)

# %%
leap_share = pd.Series({name: (sizes > 2).mean() for name, sizes in tunes.items()})
ours = (intervals.abs() > 2).sum() / intervals.count()
print(f"Leaps: {leap_share.mean():.0%} on average, {ours:.0%} in BWV 66.6.")
print(f"BWV 66.6 leaps more than {(leap_share < ours).mean():.0%} of them.")

# %% tags=["docassert"]
every = pd.concat(tunes)
assert len(tunes) == 350 and "bach/bwv66.6" not in tunes
assert [round(100 * in_all[size]) for size in range(6)] == [15, 24, 46, 4, 3, 5]
assert in_all.loc[6:].sum() < 0.03 and round(100 * every.between(1, 2).mean()) == 70
assert round(100 * leap_share.mean()) == 15
assert round(100 * (leap_share < ours).mean()) == 97
assert soprano["fermata"].shift(fill_value=False)[leaps.index].sum() == 3

# %% [markdown]
# Seven intervals in ten are steps, and leaps are 15 in a hundred. The tune of BWV 66.6 leaps more than 97 of a
# hundred others. Before you make a theory of that, look at the page once more: three of its ten leaps stand right
# after a fermata, where the singers breathe and a new line begins. Is that a leap of the melody? A number never
# asks such a question; you do.

# %% [markdown]
# ## What you take away
#
# - A score is a page, a sound and a table; the `id` of a note ties the three together.
# - Selecting rows, differences and counts answer many questions: how long, which intervals, which voice, where.
# - Spelling, onset and voice carry meaning that bare numbers lose: E sharp is not F, and an interval needs to know
#   its voice.
# - Counts suggest a key, and a piece may leave that key: every answer has a scope and a confidence.
# - A number about one piece begins to mean something beside the same number for many.
#
# ## Exercises
#
# Put your answer in place of the three dots and run the cell below it. A check that says "Not yet" tells you where to
# look; `leaping_bass.hint(1)` in a new cell gives a hint, `hint(2)` a stronger one.
#
# **1. The leaping bass.** How many leaps, intervals of more than two semitones, does the bass of BWV 66.6 make?

# %% tags=["exercise"]
bass_leaps = ...

# %% tags=["solution"]
bass = notes[notes["part"] == 3]
bass_leaps = (bass["pitch"].diff().abs() > 2).sum()
bass_leaps

# %% tags=["check"]
leaping_bass = learn.Exercise(
    "the number of leaps in the bass of BWV 66.6",
    int((notes.loc[notes["part"] == 3, "pitch"].diff().abs() > 2).sum()),
    hints=[
        "Do for the bass what the lesson did for the soprano: select its notes, then take differences.",
        "A leap down is a leap: use abs() before you compare with 2, and sum() to count what is True.",
    ],
)
leaping_bass.check(bass_leaps)

# %% [markdown]
# **2. How far each voice reaches.** Write a function that takes a score and the number of a part, and returns the
# [range](GLOSSARY.md#range) of that part: its highest pitch minus its lowest, in semitones.

# %% tags=["exercise"]
def part_range(score, part):
    return ...

# %% tags=["solution"]
def part_range(score, part):
    """Highest minus lowest pitch of a part, in semitones."""
    pitches = score.notes.loc[score.notes["part"] == part, "pitch"]
    return pitches.max() - pitches.min()

# %% tags=["check"]
spans = notes.groupby("part")["pitch"].agg(lambda pitches: int(pitches.max() - pitches.min()))
ranges = learn.Exercise(
    "the range of each voice",
    dict(zip(voices, spans, strict=True)),
    given={name: (chorale, part) for part, name in enumerate(voices)},
    hints=["Select the part first, then ask its column pitch for max() and min()."],
)
ranges.check(part_range)

# %% [markdown]
# **3. Where the lines close.** Which notes does the *bass* have under the six fermatas? Give their names in order,
# as a list such as `["F♯", "B"]`. (The column `name` that we added has them.)

# %% tags=["exercise"]
resting_places = ...

# %% tags=["solution"]
line_ends = soprano.loc[soprano["fermata"], "onset"]
resting_places = bass.loc[bass["onset"].isin(line_ends), "name"].tolist()
resting_places

# %% tags=["check"]
ends = soprano.loc[soprano["fermata"], "onset"].tolist()
bass_under = [notes[(notes["part"] == 3) & (notes["onset"] <= onset)].iloc[[-1]] for onset in ends]

def right_places(answer):
    if len(answer) != len(ends):
        return f"There are {len(ends)} fermatas and you have {len(answer)} notes."
    for mine, row in zip(answer, bass_under, strict=True):
        if complaint := learn.difference(mine, row["name"].iloc[0]):
            return f"{learn.where(chorale, row)}: {complaint}"
    return ""

closing = learn.Exercise(
    "the bass under the fermatas",
    right_places,
    hints=["At each onset where the soprano has a fermata, which note of part 3 sounds?"],
)
closing.check(resting_places)

# %% [markdown]
# **4. Tunes without a leap.** Which of the 350 tunes never leap? Give a list of their names; then load one, sing it
# or play it.

# %% tags=["exercise"]
never_leap = ...

# %% tags=["solution"]
never_leap = leap_share.index[leap_share == 0].tolist()
never_leap

# %% tags=["check"]
no_leaps = learn.Exercise(
    "the tunes without a leap",
    sorted(leap_share.index[leap_share == 0]),
    hints=["`leap_share` has the share of leaps of each tune, with the names as its index."],
)
no_leaps.check(never_leap if never_leap is ... else sorted(never_leap))

# %% [markdown]
# ## References
#
# - Michael Scott Cuthbert and Christopher Ariza (2010). music21: A Toolkit for Computer-Aided Musicology and
#   Symbolic Music Data. *Proceedings of ISMIR*.
# - Carol L. Krumhansl (1990). *Cognitive Foundations of Musical Pitch*. Oxford University Press.
# - Joshua Albrecht and Daniel Shanahan (2013). The Use of Large Corpora to Train a New Type of Key-Finding Algorithm.
#   *Music Perception* 31(1).
# - David Huron (2006). *Sweet Anticipation: Music and the Psychology of Expectation*. MIT Press. On why melodies
#   move by step.
#
# ## Next
#
# A machine that has read these tables can write new ones:
# [the Transformer that composes chorales](02_transformer.ipynb) shows how.
