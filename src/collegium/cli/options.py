"""The options that several verbs take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The configuration; else COLLEGIUM_CONFIG, ./collegium.yaml, the user's, defaults.",
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback when something fails.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Offline = Annotated[bool, typer.Option("--offline", help="Fetch nothing; fail instead.")]
TopK = Annotated[
    int | None, typer.Option("--top-k", min=1, help="How many experts to choose, at most.")
]
Only = Annotated[
    list[str] | None,
    typer.Option("--expert", metavar="NAME", help="Only these experts (may be repeated)."),
]
