"""Talks to a collegium that serves, for the verbs that change it or ask how it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlencode, urlsplit

import typer

from collegium import config as configuration
from collegium.errors import (
    BackendGarbled,
    BackendTimeout,
    BackendUnavailable,
    CollegiumError,
    ConfigError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.request import OpenerDirector, Request

# One more instance may have a large model to load; how everything stands is told at once.
TIMEOUT_S, TOLD_WITHIN_S = 300.0, 10.0
MOST_BYTES = 64 * 1024 * 1024
HERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 -- not to listen there
COLLEGIUM_KEY = "COLLEGIUM_KEY"


def _every(root: type[CollegiumError]) -> tuple[type[CollegiumError], ...]:
    return (root, *(one for below in root.__subclasses__() for one in _every(below)))


ERRORS = {error.code: error for error in _every(CollegiumError)}

Url = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Where collegium serves; else gateway.host and gateway.port."),
]
KeyEnv = Annotated[
    str,
    typer.Option("--key-env", metavar="VAR", help="The variable that holds an API key for it."),
]


@dataclass(frozen=True, slots=True)
class Server:
    """A collegium that serves at `url`, asked with a key where there is one."""

    url: str
    key: str | None = None
    timeout_s: float = TIMEOUT_S

    def get(self, *steps: str) -> Any:
        """What is at a path; see `send`."""
        return self.send("GET", steps)

    def send(
        self,
        method: str,
        steps: tuple[str, ...],
        body: Mapping[str, Any] | None = None,
        **flags: bool,
    ) -> Any:
        """The JSON that comes of a request to /api/STEPS, with the flags that are true.

        Raises:
            BackendUnavailable: nobody serves there.
            BackendTimeout: it does not answer.
            BackendGarbled: what answers is no collegium.
            CollegiumError: it was refused; the class is that of the code it was refused with.
        """
        from urllib.error import URLError  # noqa: PLC0415 -- 40 ms, only where a server is asked

        request = self._request(method, steps, body, flags)
        try:
            with _opener().open(request, timeout=self.timeout_s) as reply:
                status, raw = reply.status, reply.read(MOST_BYTES)
        except TimeoutError as error:
            raise self._silent() from error
        except URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise self._silent() from error
            raise BackendUnavailable(
                f"no collegium serves at {self.url} ({_why(error.reason)}); start it with "
                "`collegium serve`, or say where it is with --url"
            ) from error
        except (OSError, HTTPException) as error:
            raise BackendGarbled(f"{self.url} broke off its reply: {error!r}") from error
        if status >= 300:
            raise self._refused(status, raw)
        return self._read(raw)

    def _request(
        self,
        method: str,
        steps: tuple[str, ...],
        body: Mapping[str, Any] | None,
        flags: Mapping[str, bool],
    ) -> Request:
        from urllib.request import Request  # noqa: PLC0415

        asked = urlencode({name: "true" for name, wanted in flags.items() if wanted})
        path = "/".join(quote(step, safe="") for step in ("api", *steps))
        headers = {"accept": "application/json", "content-type": "application/json"}
        if self.key:
            headers["authorization"] = f"Bearer {self.key}"
        data = json.dumps(body or {}).encode() if method in ("POST", "PUT") else None
        where = f"{self.url}/{path}" + (f"?{asked}" if asked else "")
        return Request(where, data, headers, method=method)  # noqa: S310 -- the scheme was checked

    def _read(self, raw: bytes) -> Any:
        try:
            return json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise BackendGarbled(f"what serves at {self.url} is no collegium") from error

    def _refused(self, status: int, raw: bytes) -> CollegiumError:
        """The error that was told; its class is known by its code."""
        try:
            told = json.loads(raw)["error"]
            message, code = str(told["message"]), str(told["code"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return BackendGarbled(
                f"what serves at {self.url} answers with HTTP {status}, and not as a collegium does"
            )
        if status == 401:
            message += "; put a key into COLLEGIUM_KEY, or name its variable with --key-env"
        return ERRORS.get(code, CollegiumError)(message)

    def _silent(self) -> BackendTimeout:
        return BackendTimeout(f"{self.url} has not answered within {self.timeout_s:g} s")


def server(
    url: str | None, key_env: str, config: Path | None, *, timeout_s: float = TIMEOUT_S
) -> Server:
    """The server that a command line means: the one named, else the one of the configuration.

    Raises:
        BadParameter: the address is none.
        ConfigError: the configuration is wrong, or the variable holds no key.
    """
    key = configuration.secret(key_env)
    if key is None and key_env != COLLEGIUM_KEY:
        raise ConfigError(f"{key_env} is not set; put an API key into it, or leave out --key-env")
    if url is None:
        gateway = configuration.load(configuration.find(config)).gateway
        host = HERE.get(gateway.host, gateway.host)
        where = f"[{host}]" if ":" in host else host
        return Server(f"http://{where}:{gateway.port}", key, timeout_s)
    if not _is_address(url):
        raise typer.BadParameter(
            f"--url {url!r} is not the address of a server, such as http://127.0.0.1:8100"
        )
    return Server(url.rstrip("/").removesuffix("/v1"), key, timeout_s)


def told_in(file: Path, what: str) -> dict[str, Any]:
    """What a YAML file tells of `what`, whether right or wrong, for the server to judge.

    Raises:
        ConfigError: it cannot be read, or is no YAML.
    """
    from collegium.config.document import parse  # noqa: PLC0415 -- needs YAML

    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the {what} {str(file)!r} cannot be read: {error}") from error
    parsed = parse(text, source=str(file))
    if parsed.problems:
        raise parsed.error(parsed.problems)
    told: dict[str, Any] = parsed.data
    return told


def _is_address(url: str) -> bool:
    """Whether that is where a server may be; with a name and a password in it, it is not."""
    try:
        parts = urlsplit(url)
        there = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return there and not (parts.username or parts.password or parts.query or parts.fragment)


def _opener() -> OpenerDirector:
    """Asks the server itself: through no proxy, and never another place it is sent to."""
    from urllib import request  # noqa: PLC0415 -- 40 ms, only where a server is asked

    opener = request.OpenerDirector()
    for handler in (request.HTTPHandler(), request.HTTPSHandler()):
        opener.add_handler(handler)
    return opener


def _why(reason: object) -> str:
    return str(getattr(reason, "strerror", None) or reason)
