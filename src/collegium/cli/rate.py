"""`collegium rate`: how good an answer was."""

from __future__ import annotations

from typing import Annotated

import typer

from collegium.cli import options
from collegium.cli.administration import COLLEGIUM_KEY, KeyEnv, Url, server
from collegium.cli.terminal import harmless, say, say_json, verb

WORDS = {"good": 1.0, "up": 1.0, "bad": 0.0, "down": 0.0}


@verb
def rate(
    query_id: Annotated[
        str, typer.Argument(help="The answer's header x-collegium-decision-id, or its `id`.")
    ],
    rating: Annotated[str, typer.Argument(metavar="good|bad|0..1", help="How good it was.")],
    expert: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose answer, where several gave one.")
    ] = None,
    url: Url = None,
    key_env: KeyEnv = COLLEGIUM_KEY,
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Say how good an answer was; experts are ranked by it, and the gate may learn from it.

    Examples:
    `collegium rate 4f1c2a... good`

    `collegium rate 4f1c2a... 0.3 --expert CodingExpert`
    """
    del debug  # `verb` reads it
    body = {"id": query_id, "rating": share_of(rating), **({"expert": expert} if expert else {})}
    told = server(url, key_env, config).send("POST", ("ratings",), body)
    if as_json:
        say_json(told)
        return
    whose = f" of {harmless(told['expert'])}" if told["expert"] else ""
    say(f"rated {told['rating']:g}: the answer{whose}, with a weight of {told['weight']:g}\n")


def share_of(rating: str) -> float:
    """A rating in a word or as a number, as a number from 0 to 1."""
    if rating in WORDS:
        return WORDS[rating]
    try:
        share = float(rating)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise typer.BadParameter(f"{rating!r} is neither good, bad nor a number from 0 to 1")
    return share
