"""`collegium doctor`: what is there, what is not, and what to do about it."""

from __future__ import annotations

import asyncio
import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import typer

from collegium import config as configuration
from collegium.backends.directory import EMBEDDED_DEFAULT
from collegium.backends.discover import DEFAULT_PORTS
from collegium.cli import options
from collegium.cli.college import college
from collegium.cli.progress import megabytes
from collegium.cli.terminal import harmless, running, say_json, stdout, verb
from collegium.errors import CollegiumError, ConfigError, NoExpertAvailable
from collegium.experts.model_expert import ModelExpert

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from collegium.config import Config
    from collegium.experts.base import Expert
    from collegium.system import Collegium
    from collegium.verification.sandbox import Sandbox

MARKS = {"ok": "✓", "note": "·", "warn": "!", "fail": "✗"}
COLOURS = {"ok": "green", "note": "dim", "warn": "yellow", "fail": "red"}

# So long a model's server may take to say that it is there.
LOOK_S = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: its `state` is ok, note, warn or fail; `advice` says what to do."""

    what: str
    state: str
    found: str
    advice: str = ""


@verb
def doctor(
    as_json: options.AsJson = False,
    config: options.ConfigFile = None,
    debug: options.Debug = False,
) -> None:
    """Look at all an answer needs: configuration, servers, embedded model, cache, keys, sandbox.

    Ends with 0 when some expert can answer, 2 when the configuration is wrong, 3 otherwise.

    Example:
    `collegium doctor --json`
    """
    del debug  # `verb` reads it
    running(_examine(config, as_json=as_json))


async def _examine(path: Path | None, *, as_json: bool) -> None:
    findings = [_python()]
    code = 0
    try:
        where = configuration.find(path)
        settings = configuration.load(where)
    except ConfigError as error:
        findings.append(Finding("configuration", "fail", str(error), "mend the lines named"))
        code = error.exit_code
    else:
        findings.append(Finding("configuration", "ok", str(where or "none: defaults in force")))
        team = college(path)
        findings += [finding async for finding in _team(team, settings)]
        await team.aclose()
        if all(expert.not_ready for expert in team.router.roster):
            code = NoExpertAvailable.exit_code
    if as_json:
        say_json({"ok": code == 0, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            _tell(finding)
    if code:
        raise typer.Exit(code)


async def _team(team: Collegium, settings: Config) -> AsyncGenerator[Finding]:
    yield _engine()
    for finding in _files(team):
        yield finding
    for name, backend in settings.backends.items():
        variable = getattr(backend, "api_key_env", None)
        if variable and configuration.secret(variable) is None:
            yield Finding(f"key of {name}", "warn", f"{variable} is not set", f"export {variable}")
    for name, models in (await team.directory.listings()).items():
        yield _server(name, models)
    if not await team.directory.servers():
        ports = ", ".join(f"{name} {port}" for name, port in DEFAULT_PORTS.items())
        advice = "start one for better answers, e.g. `ollama serve`"
        yield Finding("model servers", "note", f"none on the usual ports ({ports})", advice)
    if team.staff is not None:
        yield await sandbox(team.staff.workbench.sandbox, unsafe=settings.moe.verification.unsafe)
        if settings.moe.verification.unsafe:
            yield _unsafe()
        await team.staff.settle()
    for expert in team.router.roster:
        if expert.not_ready:
            yield Finding(f"expert {expert.key}", "warn", f"not ready: {expert.not_ready}")
        elif expert.needs_no_model and (why := await _modelless(expert)):
            found = f"answers, but without a model: {why}"
            yield Finding(f"expert {expert.key}", "warn", found)
    ready = [expert.key for expert in team.router.roster if not expert.not_ready]
    state = "ok" if ready else "fail"
    yield Finding("experts", state, f"{len(ready)} ready: {', '.join(ready) or 'none'}")


async def _modelless(expert: Expert) -> str:
    """Why no model of an expert's would answer; empty where one would, or it never has any."""
    if not isinstance(expert, ModelExpert):
        return ""
    if expert.pool is None:
        return expert.no_pool
    try:
        async with asyncio.timeout(LOOK_S):
            healthy = await expert.pool.healthy()
    except (CollegiumError, TimeoutError):
        healthy = False
    return "" if healthy else f"none of {', '.join(expert.pool.names)} is there"


def _python() -> Finding:
    return Finding("Python", "ok", f"{platform.python_version()} at {sys.executable}")


def _engine() -> Finding:
    if find_spec("xllamacpp") is not None:
        return Finding("embedded llama.cpp", "ok", "installed")
    advice = "pip install 'collegium[local]'"
    return Finding("embedded llama.cpp", "warn", "xllamacpp is not installed", advice)


def _files(team: Collegium) -> list[Finding]:
    store = team.directory.store
    problem = store.unwritable()
    free = shutil.disk_usage(_existing(store.directory)).free
    findings = [
        Finding("model cache", "fail", problem, "free space, or set COLLEGIUM_CACHE")
        if problem
        else Finding("model cache", "ok", f"{store.directory} ({megabytes(free)} free)")
    ]
    if store.cached(EMBEDDED_DEFAULT):
        findings.append(Finding("embedded model", "ok", f"{EMBEDDED_DEFAULT} is here"))
    else:
        size = megabytes(store.files[EMBEDDED_DEFAULT].size_bytes)
        advice = f"`ask` fetches it by itself, or `collegium models pull {EMBEDDED_DEFAULT}`"
        found = f"{EMBEDDED_DEFAULT} ({size}) is not here yet"
        findings.append(Finding("embedded model", "note", found, advice))
    return findings


async def sandbox(place: Sandbox, *, unsafe: bool) -> Finding:
    """What holds models' code where it is run; where nothing is proved to, what follows of that."""
    isolation = await place.isolation()
    if isolation.proved:
        return Finding("sandbox", "ok", f"models' code is held by {' and '.join(isolation.means)}")
    follows = (
        "but models' code is run all the same"
        if unsafe
        else "so models' code is not run, and verdicts that take running it are 'unknown'"
    )
    advice = "it takes Linux with user namespaces, or Linux 6.2 or later with Landlock"
    found = f"isolation is not proved, {follows}: {isolation.why}"
    return Finding("sandbox", "warn", found, advice)


def _unsafe() -> Finding:
    found = "true: where isolation is not proved, models' code is run as you, with limits alone"
    return Finding("moe.verification.unsafe", "warn", found, "leave it out, or set it to false")


def _existing(directory: Path) -> Path:
    return next(one for one in (directory, *directory.parents) if one.exists())


def _server(name: str, models: tuple[str, ...]) -> Finding:
    if not models:
        return Finding(f"backend {name}", "warn", "does not say what models it has", "is it up?")
    some = ", ".join(models[:5]) + (", …" if len(models) > 5 else "")
    return Finding(f"backend {name}", "ok", f"{len(models)} models: {some}")


def _tell(finding: Finding) -> None:
    console = stdout()
    mark = MARKS[finding.state]
    console.print(f"{mark} {finding.what}: {harmless(finding.found)}", style=COLOURS[finding.state])
    if finding.advice:
        console.print(f"    → {finding.advice}")
