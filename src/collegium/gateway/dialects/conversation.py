"""Chat messages, put together from the turns of another format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.gateway.dialects.parts import Part

Piece: TypeAlias = dict[str, Any]


class Conversation:
    """Takes what was said in its order, and makes the messages that a chat model understands.

    What the assistant said and called in a row becomes one message: the results of its calls have
    to follow it at once. System texts in a row become one as well, for many chat templates take
    only one. A chat has no pictures in the results of calls: the user shows them afterwards.
    """

    def __init__(self) -> None:
        self._messages: list[dict[str, Any]] = []
        self._called: set[str] = set()
        self._to_show: list[Piece] = []

    def system(self, text: str) -> None:
        """What the model is told to keep to."""
        if text:
            self._last("system")["content"].append(text)

    def user(self, pieces: Sequence[Piece]) -> None:
        """What the user said and showed."""
        shown, self._to_show = self._to_show, []
        self._messages.append({"role": "user", "content": _plain([*shown, *pieces])})

    def assistant(self, text: str) -> None:
        """What the model said."""
        said = self._last("assistant")["content"]
        if text:
            said.append(text)

    def call(self, identity: str, name: str, arguments: str) -> None:
        """A call of a tool that the model made; `arguments` is JSON as text."""
        function = {"name": name, "arguments": arguments}
        call = {"id": identity, "type": "function", "function": function}
        self._last("assistant").setdefault("tool_calls", []).append(call)
        self._called.add(identity)

    def result(
        self, asked: Part, key: str, pieces: Sequence[Piece], *, error: bool = False
    ) -> None:
        """What came of the call whose id `asked` has under `key`.

        Raises:
            InvalidRequest: no such call was made before.
        """
        identity = asked.text(key)
        if identity not in self._called:
            raise asked.wrong(key, f"no call before it has the id {identity!r}; send the call, too")
        text = "\n".join(piece["text"] for piece in pieces if piece["type"] == "text")
        shown = [piece for piece in pieces if piece["type"] != "text"]
        if shown and not text:
            text = "What came of it is shown below."
        content = f"Error: {text}" if error else text
        self._messages.append({"role": "tool", "tool_call_id": identity, "content": content})
        self._to_show += shown

    def messages(self) -> list[dict[str, Any]]:
        """All that was said."""
        self._show()
        return [_finished(message) for message in self._messages]

    def _last(self, role: str) -> dict[str, Any]:
        self._show()
        if not self._messages or self._messages[-1]["role"] != role:
            self._messages.append({"role": role, "content": []})
        return self._messages[-1]

    def _show(self) -> None:
        if self._to_show:
            self.user([])


def text_piece(text: str) -> Piece:
    """A text as a part of a message."""
    return {"type": "text", "text": text}


def image_piece(url: str, detail: str | None = None) -> Piece:
    """A picture as a part of a message; `url` may hold the picture itself."""
    image = {"url": url} if detail is None else {"url": url, "detail": detail}
    return {"type": "image_url", "image_url": image}


def file_piece(**file: str | None) -> Piece:
    """A file as a part of a message."""
    known = {name: value for name, value in file.items() if value is not None}
    return {"type": "file", "file": known}


def function_tool(asked: Part, *, parameters: str) -> dict[str, Any]:
    """A tool as a chat has it; `parameters` is the key that its schema has in `asked`."""
    known = {
        "name": asked.text("name", empty=False),
        "description": asked.maybe_text("description"),
        "parameters": asked.maybe_object(parameters),
        "strict": asked.maybe_flag("strict"),
    }
    function = {name: value for name, value in known.items() if value is not None}
    return {"type": "function", "function": function}


def _plain(pieces: Sequence[Piece]) -> str | list[Piece]:
    """A single text as text, which every model takes; else the parts."""
    if not pieces:
        return ""
    if len(pieces) == 1 and pieces[0]["type"] == "text":
        text: str = pieces[0]["text"]
        return text
    return list(pieces)


def _finished(message: dict[str, Any]) -> dict[str, Any]:
    role, content = message["role"], message["content"]
    if role == "system":
        return {**message, "content": "\n\n".join(content)}
    if role == "assistant":
        said = "\n".join(content)
        return {**message, "content": None if not said and "tool_calls" in message else said}
    return message
