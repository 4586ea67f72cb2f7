"""What the listener remembers: counted by hand on small pieces, and checked against a plain search on real ones."""

from __future__ import annotations

import numpy as np
import pytest

from musicml.encoding.listening import LONGEST_ECHO, MEMORIES, START, USUAL_PITCH, Context, Listener, contexts
from musicml.encoding.symbols import SILENCE, Frames
from musicml.training import Pieces

# Four sixteenths: a held chord, a passing note in the soprano, a rest of the alto, a new chord.
PHRASE = np.array([[72, 67, 64, 48], [72, 67, 64, 48], [74, SILENCE, 64, 48], [76, 67, 60, 45]])


@pytest.fixture(scope="module")
def pieces(benchmark: Pieces) -> list[Frames]:
    return [piece[:80] for piece in benchmark.train[:6]]


def same(first: Context, second: Context) -> bool:
    return all(np.array_equal(value, getattr(second, name)) for name, value in vars(first).items())


def test_before_the_first_note_nothing_is_known() -> None:
    first = Listener(2).context()
    assert (first.previous == START).all() and (first.before == START).all()
    assert (first.reference == USUAL_PITCH).all() and not first.hold.any() and not first.memory.any()
    assert (first.echo == SILENCE).all() and not first.echo_length.any()


def test_a_phrase_is_remembered_as_a_musician_would_tell_it() -> None:
    known = contexts([PHRASE])[0]
    assert known.hold.tolist() == [[0] * 4, [1] * 4, [2] * 4, [1, 1, 3, 3]]
    assert known.previous[3].tolist() == [74, SILENCE, 64, 48] and known.before[3].tolist() == [72, 67, 64, 48]
    assert known.reference[3].tolist() == [74, 67, 64, 48]  # the alto rests, and still knows its last pitch
    assert known.move[3].tolist() == [2, 67 - 66, 64 - 60, 48 - 52]  # the first note counts from the usual pitch


def test_memories_fade_at_their_own_pace() -> None:
    listener = Listener(1)
    for frame in PHRASE[:3]:
        listener.hear(frame[None])
    memory = listener.context().memory[0]
    for row, (survival, voices) in enumerate(MEMORIES):
        counts = np.zeros(12)
        for frame in PHRASE[:3]:
            counts *= survival
            for pitch in frame[3:] if voices == "bass" else frame:
                if pitch != SILENCE:
                    counts[pitch % 12] += 1
        assert memory[row] == pytest.approx(3 * counts / (counts.sum() + 1e-3), abs=1e-5)


def test_the_echo_is_the_latest_of_the_longest_matches(pieces: list[Frames]) -> None:
    """A plain search over all earlier moments finds the same echo as the listener, which counts along."""
    piece = np.concatenate([pieces[0][:40], pieces[0][:24], pieces[1][:8], pieces[0][8:20]])
    known = contexts([piece])[0]
    for time in range(2, len(piece)):
        for row, voices in enumerate((slice(0, 4), slice(0, 1))):
            lengths = [_match(piece[:time, voices], end) for end in range(time)]
            best = max(lengths)
            assert known.echo_length[time, row] == min(best, LONGEST_ECHO)
            if best:
                latest = max(end for end in range(time) if lengths[end] == best)
                assert known.echo[time, row].tolist() == piece[latest].tolist()
            else:
                assert (known.echo[time, row] == SILENCE).all()


def _match(past: Frames, end: int) -> int:
    """For how many frames the past before `end` ends like the whole past."""
    length = 0
    while length < end and np.array_equal(past[end - 1 - length], past[len(past) - 1 - length]):
        length += 1
    return length


def test_a_repeated_strain_is_foretold(pieces: list[Frames]) -> None:
    """When a strain is repeated, the echo says what follows, long before the repeat is over."""
    strain = pieces[2][:48]
    known = contexts([np.concatenate([strain, strain])])[0]
    assert np.array_equal(known.echo[64:96, 0], strain[16:])
    assert (known.echo_length[64:96, 0] >= 16).all()


def test_one_definition_hears_frames_and_whole_pieces(pieces: list[Frames]) -> None:
    """Pieces of other lengths beside it, and more frames than the listener first has room for, change nothing."""
    long = np.concatenate([pieces[0], pieces[1]])
    together, alone = contexts([pieces[3][:20], long]), contexts([long])
    assert same(together[1], alone[0])
    listener = Listener(1)
    for time, frame in enumerate(long):
        assert listener.time == time
        assert same(listener.context(), alone[:, time])
        listener.hear(frame[None])


def test_nothing_is_known_of_the_future(pieces: list[Frames]) -> None:
    changed = pieces[4].copy()
    changed[30:] = pieces[5][30:80]
    before, after = contexts([pieces[4]]), contexts([changed])
    assert same(before[:, :31], after[:, :31])
    assert not np.array_equal(before.previous[:, 31:], after.previous[:, 31:])


def test_selected_pieces_go_on_as_if_they_had_been_alone(pieces: list[Frames]) -> None:
    batch = np.stack(pieces[:3])
    listener = Listener(3)
    for time in range(40):
        listener.hear(batch[:, time])
    listener.select(np.array([2, 0, 2]))
    for time in range(40, 70):
        listener.hear(batch[[2, 0, 1], time])
    mixed = np.concatenate([pieces[2][:40], pieces[1][40:71]])
    assert same(listener.context()[1], contexts([pieces[0]])[0, 70])
    assert same(listener.context()[2], contexts([mixed])[0, 70])


@pytest.mark.parametrize("semitones", [-3, 5])
def test_a_transposed_past_is_known_transposed(pieces: list[Frames], semitones: int) -> None:
    moved = [np.where(piece >= 0, piece + semitones, piece) for piece in pieces]
    expected, heard = contexts(pieces).transposed(semitones), contexts(moved)
    for name in ("previous", "before", "hold", "echo", "echo_length"):
        assert np.array_equal(getattr(heard, name), getattr(expected, name)), name
    assert heard.memory == pytest.approx(expected.memory, abs=1e-6)
    # The imagined pitch before the first note is no part of the music: it stays where voices lie.
    assert np.array_equal(heard.reference[:, 1:], expected.reference[:, 1:])
    assert np.array_equal(heard.move[:, 60], expected.move[:, 60])
