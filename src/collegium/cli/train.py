"""`collegium train`: a gate for experts of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from collegium.cli import options
from collegium.cli.progress import counting
from collegium.cli.terminal import say, say_json, stderr, verb
from collegium.errors import DataError


@verb
def train(
    data: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE.jsonl", help="Labelled queries (may be repeated)."),
    ] = None,
    encoder: Annotated[
        str,
        typer.Option(metavar="NAME", help="builtin, or a Hugging Face encoder's name or folder."),
    ] = "builtin",
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where to put the gate; else where its encoder's go."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the folds that are held out.")] = 0,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Train a gate on your own queries, and say how good it is on those held out.

    A line is `{"text": ..., "labels": ["best", "also_right"]}`, with a "source" where there are
    several. Two to a thousand experts; the encoder stays as it is, so that it takes seconds. Use
    the gate with `router: {type: neural, model: DIR}`.

    Examples:
    `collegium train --data my.jsonl --out my_gate`

    `collegium train --data my.jsonl --encoder microsoft/codebert-base`
    """
    del debug  # `verb` reads it
    if not data:
        raise typer.BadParameter("say which queries to learn from: --data FILE.jsonl")
    if out is None and encoder == "builtin":
        raise typer.BadParameter("say where to put the gate: --out DIR")
    from collegium.learning.dataset import read_examples  # noqa: PLC0415 -- numpy
    from collegium.learning.train import FOLDS, train_gate  # noqa: PLC0415
    from collegium.routing import shelf  # noqa: PLC0415

    examples = [one for path in data for one in read_examples(path)]
    folder = out or shelf.folder_for(encoder)
    if folder.exists() and not folder.is_dir():
        raise DataError(f"cannot write the gate to {folder}: it is a file")
    with counting("training", FOLDS + 2) as advance:
        trained = train_gate(examples, shelf.encoder(encoder), seed=seed, advance=advance)
    try:
        trained.gate.save(folder)
    except OSError as error:
        raise DataError(f"cannot write the gate to {folder}: {error.strerror}") from error
    report = trained.report
    if as_json:
        say_json({"gate": str(folder), **report})
        return
    low, high = report["accuracy_any_95"]
    console = stderr()
    console.print(f"{report['experts']} experts, {report['examples']} examples")
    console.print(
        f"held out ({report['held_out']}): accuracy {report['accuracy_any']:.3f} "
        f"[{low:.3f}, {high:.3f}], top-2 {report['top_2']:.3f}, ECE {report['ece']:.3f}"
    )
    worst = sorted(report["recall"].items(), key=lambda item: item[1])[:5]
    console.print("weakest: " + ", ".join(f"{key} {value:.2f}" for key, value in worst))
    say(f"{folder}\n")
