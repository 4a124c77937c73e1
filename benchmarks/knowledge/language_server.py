"""A client of a language server that tells where names are defined."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlparse


@dataclass(frozen=True)
class Place:
    """A place in a file: the line counts from 1, the column from 0, in units of UTF-16."""

    file: Path
    line: int
    column: int


class LanguageServer(AbstractContextManager["LanguageServer"]):
    """A server that speaks the protocol over its standard input and output, in `root`.

    Args:
        command: how it is started.
        root: the folder that it works on.
        settings: what it gets for each section it asks after.
    """

    def __init__(self, command: list[str], root: Path, settings: dict[str, Any]) -> None:
        self._settings, self._asked = settings, 0
        self._answers: dict[int, Any] = {}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=root,
        )
        folder = {"uri": root.as_uri(), "name": root.name}
        able = {"workspace": {"configuration": True, "workspaceFolders": True}}
        self._answer(
            self._ask(
                "initialize",
                processId=None,
                rootUri=root.as_uri(),
                workspaceFolders=[folder],
                capabilities=able,
            )
        )
        self._tell("initialized")

    def definitions(self, text: str, places: Iterable[Place]) -> Iterator[list[Place]]:
        """Where the names at places of one file, whose text is given, are defined."""
        places = list(places)
        if not places:
            return
        document = {"uri": places[0].file.as_uri()}
        whole = {**document, "languageId": "python", "version": 1, "text": text}
        self._tell("textDocument/didOpen", textDocument=whole)
        # All are asked before the first is answered, so that nobody waits for anybody.
        numbers = [self._ask_at(document, place) for place in places]
        for number in numbers:
            yield [_place(one) for one in _listed(self._answer(number))]
        self._tell("textDocument/didClose", textDocument=document)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the server."""
        self._process.kill()
        self._process.communicate()

    def _ask_at(self, document: dict[str, str], place: Place) -> int:
        at = {"line": place.line - 1, "character": place.column}
        return self._ask("textDocument/definition", textDocument=document, position=at)

    def _ask(self, method: str, **parameters: Any) -> int:
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": parameters})
        return self._asked

    def _tell(self, method: str, **parameters: Any) -> None:
        self._send({"method": method, "params": parameters})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 -- it was opened with one
        pipe.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        pipe.flush()

    def _answer(self, number: int) -> Any:
        while number not in self._answers:
            message = self._received()
            if "method" not in message:
                self._answers[message["id"]] = message.get("result")
            elif "id" in message:  # it asks, too: after its settings above all
                items = message.get("params", {}).get("items", [])
                told = [self._settings.get(one.get("section"), {}) for one in items]
                self._send({"id": message["id"], "result": told or None})
        return self._answers.pop(number)

    def _received(self) -> dict[str, Any]:
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101 -- it was opened with one
        length = 0
        while line := pipe.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            raise SystemExit("the language server has ended")
        message: dict[str, Any] = json.loads(pipe.read(length))
        return message


def _listed(found: Any) -> list[Any]:
    if not found:
        return []
    return found if isinstance(found, list) else [found]


def _place(location: dict[str, Any]) -> Place:
    start = location["range"]["start"]
    path = Path(unquote(urlparse(location["uri"]).path))
    return Place(path.resolve(), start["line"] + 1, start["character"])
