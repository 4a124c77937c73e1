"""`collegium serve`: the college behind one OpenAI-compatible endpoint."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from collegium import config as configuration
from collegium.cli import options
from collegium.cli.terminal import harmless, stderr, verb
from collegium.config.source import Source


@verb
def serve(
    host: Annotated[
        str | None, typer.Option(help="The address to listen at; else gateway.host (127.0.0.1).")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="The port, 0 for any; else gateway.port (8100)."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="How many processes serve; else gateway.workers (1).")
    ] = None,
    keys_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The keys; else gateway.keys_file.")
    ] = None,
    config: options.ConfigFile = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The one model that every expert answers with."),
    ] = None,
    offline: options.Offline = False,
    debug: options.Debug = False,
) -> None:
    """Serve the college over HTTP: one OpenAI-compatible endpoint.

    Applications change their base URL to http://127.0.0.1:8100/v1 and name the model `auto`.

    Example: `collegium serve --port 8100`
    """
    from collegium.gateway.security import (  # noqa: PLC0415 -- 100 ms
        KeyStore,
        keys_path,
        local,
        require_keys,
    )
    from collegium.gateway.server import Plan, listening  # noqa: PLC0415
    from collegium.gateway.server import serve as run  # noqa: PLC0415

    path = configuration.find(config)
    told = {"host": host, "port": port, "workers": workers}
    source = Source(path, {name: value for name, value in told.items() if value is not None})
    read = source.read()
    if debug:
        read = _talkative(read)
    gateway = read.gateway
    keys = keys_file or keys_path(read.gateway.keys_file)
    require_keys(gateway.host, KeyStore(keys, open_door=local(gateway.host)))
    listener = listening(gateway.host, gateway.port)
    address, bound = listener.getsockname()[:2]
    with tempfile.TemporaryDirectory(prefix="serving-collegium-") as shared:
        plan = Plan(
            read,
            source,
            keys,
            configuration.state_dir(),
            shared=Path(shared) if gateway.workers > 1 else None,
            model=model,
            offline=offline,
        )

        def ready() -> None:
            where = f"[{address}]" if ":" in address else address
            words = f"collegium serves at http://{where}:{bound}/v1 (process {os.getpid()})"
            stderr().print(harmless(words))
            sys.stderr.flush()

        run(plan, listener, workers=gateway.workers, drain_s=gateway.drain_s, ready=ready)


def _talkative(config: configuration.Config) -> configuration.Config:
    """The configuration, with everything logged."""
    gateway = config.gateway
    logs = gateway.logs.model_copy(update={"level": "debug"})
    return config.model_copy(update={"gateway": gateway.model_copy(update={"logs": logs})})
