"""`collegium experts`: who is on duty, and who joins."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from collegium import config as configuration
from collegium.cli import duty, options
from collegium.cli.administration import COLLEGIUM_KEY, KeyEnv, server
from collegium.cli.college import college
from collegium.cli.terminal import running, say, say_json, stderr, stdout, verb
from collegium.errors import ConfigError, DataError
from collegium.experts.catalog import BUILT_IN
from collegium.experts.model_expert import ModelExpert
from collegium.gating import gate_of
from collegium.routing.classifier import QueryClassifier
from collegium.routing.gate import LearnsByExample
from collegium.types import Query, key_of

if TYPE_CHECKING:
    from rich.table import Table

    from collegium.config import Config
    from collegium.experts.base import Expert
    from collegium.system import Collegium

FEWEST = 3


def app() -> typer.Typer:
    """The verbs under `collegium experts`; alone it shows them."""
    verbs = typer.Typer(invoke_without_command=True)
    verbs.callback()(experts)
    verbs.command("add")(add)
    duty.register(verbs)
    return verbs


@verb
def experts(
    context: typer.Context,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Show the experts: whether each is ready, what it can do, and which models it answers with.

    Examples:
    `collegium experts --json`

    `collegium experts add WineExpert --examples wine.txt`
    """
    del debug  # `verb` reads it
    if context.invoked_subcommand is None:
        running(_show(college(config), as_json=as_json))


@verb
def add(
    name: Annotated[str, typer.Argument(help="What it is called, such as WineExpert.")],
    examples: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help='Queries it should have: lines of text, or of {"text": ...}.'
        ),
    ],
    model: Annotated[
        list[str] | None,
        typer.Option("--model", help="A model it answers with (may be repeated)."),
    ] = None,
    instructions: Annotated[
        str | None, typer.Option(help="What its models are told first.")
    ] = None,
    description: Annotated[str | None, typer.Option(help="What it is for, in one line.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how well it would be known; write nothing.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where collegium serves: it joins there, and not a file."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="With --url: also in another's place.")
    ] = False,
    key_env: KeyEnv = COLLEGIUM_KEY,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Add an expert that the gate knows by a few queries: 5 to 20, and nothing is trained again.

    It is written at the end of the configuration's experts, the rest of the file as it was; a
    server that runs by that file takes it by itself. Says how many of the queries, each left out in
    turn, would come to it. With --url no file is touched: it joins the server there.

    Examples:
    `collegium experts add WineExpert --examples wine.txt --model ollama/llama3.2`

    `collegium experts add WineExpert --examples wine.txt --url http://127.0.0.1:8100`
    """
    del debug  # `verb` reads it
    if url is None and replace:
        raise typer.BadParameter("--replace goes with --url; change the file by hand")
    if url is not None and dry_run:
        raise typer.BadParameter("--dry-run says how well a file's gate would know it: no --url")
    from collegium.config.editing import with_expert, write_whole  # noqa: PLC0415 -- needs YAML

    texts = example_texts(examples)
    entry: dict[str, Any] = {"name": name}
    if description:
        entry["description"] = description
    if instructions:
        entry["instructions"] = instructions
    if model:
        entry["models"] = model
    entry["examples"] = texts
    if url is not None:
        told = server(url, key_env, config).send("POST", ("experts",), entry, replace=replace)
        say_json(told) if as_json else say(f"{name} is on duty at {url}\n")
        return
    found = configuration.find(config)
    path = found or Path("collegium.yaml")
    configuration.load(found)
    # As bytes: line ends and a mark at the beginning stay what they are.
    before = found.read_bytes().decode("utf-8") if found else ""
    made = with_expert(before, entry, built_in=[row.name for row in BUILT_IN], source=str(path))
    settings = configuration.read(made, source=str(path))
    known = known_by_examples(settings, key_of(name), texts)
    if not dry_run:
        write_whole(path, made)
    if as_json:
        say_json({"config": str(path), "written": not dry_run, "examples": len(texts), **known})
        return
    right, lost = known["left_out_and_right"], known["went_to"]
    stderr().print(f"{right} of {len(texts)} examples, each left out in turn, come to {name}")
    for key, count in sorted(lost.items(), key=lambda item: -item[1]):
        stderr().print(f"  {count} would go to {key}")
    say(f"{path}\n" if not dry_run else f"would be written to {path}\n")


def example_texts(path: Path) -> list[str]:
    """The queries of a file, one a line, each once.

    Raises:
        DataError: it cannot be read, or has fewer than three.
    """
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the examples {str(path)!r} cannot be read: {error}") from error
    texts: list[str] = []
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("{"):
            try:
                row: Any = json.loads(line)
            except ValueError as error:
                raise DataError(f"{path}: line {number} is not JSON: {error}") from error
            text = row.get("text")
            if not isinstance(text, str):
                raise DataError(f"{path}: line {number} has no 'text'")
            texts.append(text.strip())
        else:
            texts.append(line.strip())
    texts = list(dict.fromkeys(text for text in texts if text))
    if len(texts) < FEWEST:
        raise DataError(
            f"{path} has {len(texts)} different queries; give 5 to 20, and {FEWEST} at least"
        )
    return texts


def known_by_examples(settings: Config, key: str, texts: list[str]) -> dict[str, Any]:
    """How many examples, each left out in turn, would come to their expert; and where others go."""
    gate = gate_of(settings)
    if not isinstance(gate, LearnsByExample):
        if not settings.moe.enabled:
            raise ConfigError(
                "moe.enabled is false: there is one expert and no gate to know another"
            )
        raise ConfigError(
            f"the gate {settings.moe.router.type!r} does not learn by examples; use `type: neural`,"
            " or give the expert a `vocabulary`"
        )
    others = {
        entry.key or key_of(entry.name): entry.examples
        for entry in settings.moe.experts
        if entry.examples and (entry.key or key_of(entry.name)) != key
    }
    reader, went = QueryClassifier(), Counter[str]()
    for place, text in enumerate(texts):
        rest = texts[:place] + texts[place + 1 :]
        known = gate.with_examples({**others, key: rest})
        shares = known.scores(reader.read(Query.of(text)))
        went[max(shares, key=lambda one: shares[one])] += 1
    right = went.pop(key, 0)
    return {"left_out_and_right": right, "went_to": dict(went)}


async def _show(team: Collegium, *, as_json: bool) -> None:
    if team.staff is not None:
        await team.staff.settle()
    rows = [_row(expert) for expert in team.router.roster]
    await team.aclose()
    if as_json:
        say_json({"experts": rows})
    else:
        stdout().print(_table(rows))


def _row(expert: Expert) -> dict[str, Any]:
    model = expert if isinstance(expert, ModelExpert) else None
    return {
        "key": expert.key,
        "name": expert.name,
        "description": model.description if model else "",
        "ready": not expert.not_ready,
        "lacks": expert.not_ready,
        "fallback": expert.fallback,
        "models": list(model.pool.names) if model and model.pool else [],
        "max_load": expert.max_load,
        "capabilities": [
            {
                "name": capability.name,
                "confidence_threshold": capability.confidence_threshold,
                "max_load": capability.max_load,
                "average_latency_ms": capability.average_latency_ms,
            }
            for capability in expert.capabilities
        ],
    }


def _table(rows: list[dict[str, Any]]) -> Table:
    from rich import box  # noqa: PLC0415 -- 40 ms, only where something is shown
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("expert", "name", "can", "models", "state"):
        table.add_column(name)
    for row in rows:
        table.add_row(
            Text(row["key"], style="bold"),
            Text(row["name"]),
            Text(", ".join(one["name"] for one in row["capabilities"])),
            Text(", ".join(row["models"])),
            Text(("ready" if row["ready"] else row["lacks"]) + (", fallback" * row["fallback"])),
        )
    return table
