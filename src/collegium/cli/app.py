"""The application: every verb under its name."""

from __future__ import annotations

import typer

from collegium.cli import (
    ask,
    backends,
    config,
    doctor,
    evaluate,
    experiments,
    experts,
    keys,
    models,
    rate,
    route,
    serve,
    status,
    store,
    train,
)


def _version(show: bool) -> None:
    if show:
        from importlib.metadata import version  # noqa: PLC0415 -- costs 20 ms, asked for rarely

        print(f"collegium {version('collegium')}")  # noqa: T201
        raise typer.Exit


def build() -> typer.Typer:
    """The application with all its verbs."""
    app = typer.Typer(
        name="collegium",
        help="A mixture of experts: one question, the few experts who should answer, one answer.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def _options(
        version: bool = typer.Option(
            False, "--version", callback=_version, is_eager=True, help="Show the version and exit."
        ),
    ) -> None:
        pass

    app.command("ask")(ask.ask)
    app.command("route")(route.route)
    app.command("serve")(serve.serve)
    app.command("status")(status.status)
    app.command("rate")(rate.rate)
    app.add_typer(experts.app(), name="experts")
    app.add_typer(backends.app(), name="backends")
    app.add_typer(experiments.app(), name="experiments")
    app.add_typer(store.app(), name="store")
    app.command("train")(train.train)
    app.add_typer(evaluate.app(), name="evaluate")
    app.command("doctor")(doctor.doctor)
    app.add_typer(config.app(), name="config")
    app.add_typer(models.app(), name="models")
    app.add_typer(keys.app(), name="keys")
    return app
