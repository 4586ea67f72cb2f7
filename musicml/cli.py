"""The `musicml` command: the same functions as in a notebook, for a terminal and for other programs."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from musicml import __version__
from musicml.errors import MusicmlError

if TYPE_CHECKING:
    from musicml.analysis import Analysis
    from musicml.display import Finding
    from musicml.training import Pieces

app = typer.Typer(
    name="musicml",
    help="Learn how machines learn music: compose, analyse, train and evaluate.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

UsageError: type[Any] = typer.BadParameter.__mro__[1]
"""What typer raises for options and arguments that it cannot understand; it gives this class no public name."""

Data = Annotated[
    Path | None,
    typer.Option(help="Jsb16thSeparated.json of the JSB benchmark; without it, the same pieces of music21's corpus."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


def main() -> None:
    """Run the command line; an error that a person can mend is one line on standard error, and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a sign shows another, and goes on
    try:
        sys.exit(app(sys.argv[1:] or ["--help"], standalone_mode=False))
    except MusicmlError as error:
        message = str(error)
    except UsageError as error:
        command = error.ctx.command_path if error.ctx else "musicml"
        message = f"{error.format_message().rstrip('.')}. See {command} --help."
    print("musicml: " + " ".join(message.split()), file=sys.stderr)
    sys.exit(2)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False) -> None:
    if version:
        print(f"musicml {__version__}")
        raise typer.Exit


@app.command()
def compose(
    model: Annotated[str, typer.Option(help="A shipped model, or the path of your own .safetensors.")]
    = "chorale-transformer",
    bars: Annotated[int, typer.Option(help="Length in bars of 4/4, from 2.")] = 8,
    key: Annotated[str, typer.Option(help="G, Eb, f#, ...: upper case major, lower case minor.")] = "G",
    seed: Annotated[int, typer.Option(help="The same seed gives the same piece.")] = 1,
    temperature: Annotated[float, typer.Option(help="Below 1 safer, above 1 more daring.")] = 0.85,
    top_p: Annotated[float, typer.Option(help="Draw only from the likeliest pitches that reach this share.")] = 0.99,
    out: Annotated[Path, typer.Option(help="The folder to write into.")] = Path("out"),
    as_json: AsJson = False,
) -> None:
    """Compose a four-part chorale and write score, MIDI, page, sound and report.

    Example: musicml compose --key Eb --bars 12 --seed 7 --out my-chorale
    """
    from musicml import generation, models
    from musicml.analysis import analyse as analyse_score
    from musicml.display.publishing import publish

    with _progress(bars * 16, "composing", quiet=as_json) as update:
        loaded = models.load(model)
        piece = generation.compose(loaded, bars, key, seed, temperature, top_p, on_frame=lambda done, _: update(done))
    found = analyse_score(piece.score)
    from musicml.display import labels_of, surprise_finding

    per_token = -float(piece.log_prob.mean())
    facts = {**piece.settings, "negative log-likelihood (nats per token)": round(per_token, 3), "musicml": __version__}
    files = publish(
        piece.score, out, stem="chorale",
        labels=labels_of(found.roman_numerals, found.cadences),
        findings=[surprise_finding(piece.score, piece.log_prob), *_findings(found)],
        facts=facts, card=_short_card(loaded.card),
        introduction="A chorale that a machine composed after learning from J. S. Bach. Nobody edited it.",
    )  # fmt: skip
    if as_json:
        _print_json({"settings": piece.settings, "nats_per_token": per_token, "key": found.global_key.name,
                     "cadences": len(found.cadences), "faults": len(found.voice_leading),
                     "files": [str(file) for file in files]})  # fmt: skip
        return
    print(f"{piece.score.title}: {len(found.cadences)} cadences, {len(found.voice_leading)} voice-leading faults, "
          f"{per_token:.3f} nats per token.")  # fmt: skip
    print("Wrote " + ", ".join(str(file) for file in files[:-1]))
    print(f"Open {files[-1]} in a browser to see, hear and read about it.")


@app.command()
def analyse(
    file: Annotated[str, typer.Argument(help="A score (MusicXML, MIDI, ...) or a name such as bach/bwv66.6.")],
    out: Annotated[Path | None, typer.Option(help="Also write page, sound and report into this folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Find key, cadences, Roman numerals and voice-leading faults of a score.

    Example: musicml analyse bach/bwv66.6 --out bwv66
    """
    from musicml.analysis import analyse as analyse_score
    from musicml.corpus import load
    from musicml.display import labels_of
    from musicml.display.publishing import publish

    score = load(file)
    found = analyse_score(score)
    files = publish(
        score, out, stem=Path(file).stem, findings=_findings(found), facts={"file": file, "musicml": __version__},
        labels=labels_of(found.roman_numerals, found.cadences),
    ) if out else []  # fmt: skip
    tables = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
    key = tables.pop("global_key")
    if as_json:
        _print_json({
            "title": score.title, "key": {"name": key.name, "confidence": key.confidence},
            **{name: json.loads(table.to_json(orient="records")) for name, table in tables.items()},
            "files": [str(path) for path in files],
        })  # fmt: skip
        return
    print(f"{score.title}: {key} (confidence {key.confidence:.2f})")
    for name in ("cadences", "roman_numerals", "voice_leading"):
        table = tables[name].drop(columns=["onset", "end"], errors="ignore")
        print(f"\n{name.replace('_', ' ').capitalize()}: {len(table)}")
        if len(table):
            print(table.to_string(index=False))
    if files:
        print(f"\nOpen {files[-1]} in a browser to see, hear and read about it.")


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="The recipe: chorale-markov or chorale-transformer.")],
    data: Data = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run; by default runs/NAME.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A minute's worth, to see that everything works.")] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Train a model by its recipe; a run that was interrupted goes on where it stopped.

    Example: musicml train chorale-transformer --data Jsb16thSeparated.json
    """
    from musicml.training import read_recipe
    from musicml.training import train as run

    recipe = read_recipe(name)
    recipe = recipe.quick() if quick else recipe
    folder = out or Path("runs") / name
    pieces = _pieces(data)
    model = run(recipe, pieces, folder, show_progress=not as_json)
    file = folder / f"{name}.safetensors"
    valid = model.card["valid_nats_per_token"]
    if as_json:
        _print_json({"model": str(file), "valid_nats_per_token": valid, "run": model.card["run"]})
        return
    print(f"{name}: {valid} nats per token on the valid pieces.")
    print(f"Compose with it: musicml compose --model {file}")


@app.command()
def evaluate(
    name: Annotated[str, typer.Argument(help="A shipped model, or the path of your own .safetensors.")],
    data: Data = None,
    split: Annotated[str, typer.Option(help="valid, or test once everything has been chosen.")] = "valid",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Measure how well a model foresees chorales it has never seen (nats per token; fewer is better).

    Example: musicml evaluate chorale-transformer --data Jsb16thSeparated.json
    """
    from musicml import models
    from musicml.evaluation import likelihood

    if split not in ("train", "valid", "test"):
        raise MusicmlError(f"split {split!r} is not known. Choose valid, test or train.")
    model = models.load(name)
    pieces = _pieces(data)
    figures = likelihood(model, getattr(pieces, split), show_progress=not as_json)
    if as_json:
        _print_json({"model": name, "data": pieces.source, "split": split, **dataclasses.asdict(figures)})
        return
    low, high = figures.interval
    print(f"{name} on {split} of {pieces.source}: {figures.pieces} pieces, {figures.tokens} tokens")
    print(f"  nats per token  {figures.per_token:.4f}   (95 % interval over pieces {low:.3f} to {high:.3f})")
    print(f"  nats per frame  {figures.per_frame:.4f}")
    print(f"  held tokens     {figures.held:.4f}   ({figures.held_share:.0%} of all)")
    print(f"  changed tokens  {figures.changed:.4f}")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at what this machine has: what is missing, what works without it, and the command that mends it.

    Example: musicml doctor
    """
    from musicml.doctor import diagnose, render

    checks = diagnose()
    if as_json:
        _print_json({"checks": [check._asdict() for check in checks]})
    else:
        print(render(checks))


def _pieces(data: Path | None) -> Pieces:
    from musicml.training import benchmark_pieces, read_benchmark

    return read_benchmark(data) if data else benchmark_pieces()


def _findings(found: Analysis) -> list[Finding]:
    from musicml.display import fault_finding, harmony_findings

    harmony = harmony_findings(found.global_key, found.local_keys, found.roman_numerals, found.cadences)
    return [*harmony, fault_finding(found.voice_leading)]


def _short_card(card: dict[str, Any]) -> dict[str, Any]:
    """The card without the long history of its run."""
    run = {name: value for name, value in card.get("run", {}).items() if name != "history"}
    return {**card, "run": run}


def _print_json(content: dict[str, Any]) -> None:
    print(json.dumps(content, ensure_ascii=False, indent=2))


class _progress:  # noqa: N801 (used like a function)
    """A bar that is told how much is done in all."""

    def __init__(self, total: int, words: str, *, quiet: bool) -> None:
        from tqdm.auto import tqdm

        self._bar = tqdm(total=total, desc=words, unit="frame", disable=quiet or None, leave=False, delay=1)

    def __enter__(self) -> Any:
        return lambda done: self._bar.update(done - self._bar.n)

    def __exit__(self, *_: object) -> None:
        self._bar.close()


if __name__ == "__main__":
    main()
