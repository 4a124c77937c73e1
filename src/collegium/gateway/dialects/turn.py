"""What a model says, out of the chunks of a chat stream: one block after the other.

In a chat stream the deltas of several tool calls may come mixed. The other formats know blocks: one
begins, grows, and ends before the next begins. So a block whose turn it is not has to wait until
the open one is known to be complete; in ordinary streams that is at once, and nothing waits long.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import msgspec

from collegium.gateway.dialects.replies import (
    choice_of,
    object_of,
    objects_of,
    text_of,
    words_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Kind: TypeAlias = Literal["thinking", "text", "refusal", "call"]

# The finish reasons that say that there would have been more.
CUT = ("length", "content_filter")


@dataclass(slots=True)
class Block:
    """A part of an answer that is of one kind; a call of a tool has an `identity` and a `name`.

    `index` is its place in the answer. `cut` says that the answer ended within it.
    """

    kind: Kind
    identity: str = ""
    name: str = ""
    index: int = -1
    cut: bool = False
    pieces: list[str] = field(default_factory=list[str])
    logprobs: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def text(self) -> str:
        """All of it so far; of a call, its arguments."""
        return "".join(self.pieces)

    @property
    def settled(self) -> bool:
        """Whether it can be ended: nothing that comes later has to be in it."""
        if self.kind != "call":
            return True
        if not self.pieces or not self.pieces[-1].rstrip().endswith("}"):
            return False
        try:
            return isinstance(msgspec.json.decode(self.text), dict)
        except (msgspec.DecodeError, RecursionError):
            return False


class Step(NamedTuple):
    """One thing that happened to a block."""

    what: Literal["began", "grew", "ended"]
    block: Block
    text: str = ""
    logprobs: Sequence[dict[str, Any]] = ()


class Turn:
    """An answer as it grows.

    `blocks` are those begun, in order; `finish` is why the model stopped, empty until it is known.
    With `thinking` false, what the model thinks aloud is left out. Whatever in a chunk is not as it
    should be counts as not there.
    """

    def __init__(self, *, thinking: bool = True) -> None:
        self.blocks: list[Block] = []
        self.finish = ""
        self.model = ""
        self.usage: Mapping[str, Any] = {}
        self.stop_sequence: str | None = None
        self.receipt: Any = None
        self._thinking = thinking
        self._steps: list[Step] = []
        self._open: Block | None = None
        self._waiting: list[Block] = []
        self._calls: dict[int, Block] = {}

    def take(self, chunk: Mapping[str, Any]) -> list[Step]:
        """What one chunk adds."""
        self._note(chunk)
        choice = choice_of(chunk)
        if choice:
            self._hear(object_of(choice.get("delta")), choice)
            self._note_finish(choice)
        if self.finish:
            self._settle()
        return self._taken()

    def close(self) -> list[Step]:
        """What there is to add at the end; an answer of nothing is an empty text."""
        if not self.blocks and not self._waiting:
            self._waiting.append(Block("text"))
        self._settle()
        return self._taken()

    @classmethod
    def of(cls, completion: Mapping[str, Any], *, thinking: bool = True) -> Turn:
        """The turn of a completion that came as a whole."""
        turn, choice = cls(thinking=thinking), choice_of(completion)
        turn.take({**completion, "choices": [{**choice, "delta": choice.get("message")}]})
        turn.close()
        return turn

    def _taken(self) -> list[Step]:
        steps, self._steps = self._steps, []
        return steps

    def _note(self, row: Mapping[str, Any]) -> None:
        if not self.model:
            self.model = text_of(row.get("model"))
        if "usage" in row:
            self.usage = object_of(row["usage"]) or self.usage
        if "collegium" in row:
            self.receipt = row["collegium"]

    def _note_finish(self, choice: Mapping[str, Any]) -> None:
        finish = text_of(choice.get("finish_reason"))
        if finish:
            self.finish = finish
            for name in ("stop_reason", "matched_stop"):  # vLLM's word for it, and SGLang's
                self.stop_sequence = text_of(choice.get(name)) or self.stop_sequence

    def _hear(self, said: Mapping[str, Any], choice: Mapping[str, Any]) -> None:
        if self._thinking:
            thought = text_of(said.get("reasoning_content")) or text_of(said.get("reasoning"))
            self._say("thinking", thought)
        logprobs = choice.get("logprobs")
        words = words_of(said.get("content"))
        self._say("text", words, objects_of(object_of(logprobs).get("content")) if logprobs else ())
        self._say("refusal", text_of(said.get("refusal")))
        if "tool_calls" in said:
            for position, call in enumerate(objects_of(said["tool_calls"])):
                self._call(position, call)

    def _say(self, kind: Kind, text: str, logprobs: Sequence[dict[str, Any]] = ()) -> None:
        if not text:
            return
        block = self._open
        if block is None or block.kind != kind:
            late = (block for block in reversed(self._waiting) if block.kind == kind)
            block = next(late, None) or Block(kind)
        self._grow(block, text, logprobs)

    def _call(self, position: int, call: Mapping[str, Any]) -> None:
        function = object_of(call.get("function"))
        identity, name = text_of(call.get("id")), text_of(function.get("name"))
        index = call.get("index")
        key = index if isinstance(index, int) else position
        block = self._calls.get(key)
        # Some servers give every call the same index, or none: another id and a name begin another.
        if block is None or (name and identity and block.name and block.identity != identity):
            block = self._calls[key] = Block("call")
        if block.index < 0:  # later it has been told
            block.identity = block.identity or identity
            block.name = block.name or name
        arguments = function.get("arguments")
        if isinstance(arguments, dict):
            arguments = msgspec.json.encode(arguments).decode()
        self._grow(block, text_of(arguments))

    def _grow(self, block: Block, text: str, logprobs: Sequence[dict[str, Any]] = ()) -> None:
        begun = block.index >= 0
        if begun and block is not self._open:
            return  # only white space can follow a complete call
        if text:
            block.pieces.append(text)
            block.logprobs += logprobs
            if begun:
                self._steps.append(Step("grew", block, text, logprobs))
        if not begun and not any(block is waiting for waiting in self._waiting):
            self._waiting.append(block)
        if self._waiting:
            self._advance()

    def _advance(self, *, at_last: bool = False) -> None:
        """Begin with the blocks that wait, as far as those before them can be ended."""
        while self._waiting:
            if self._open is not None and not (at_last or self._open.settled):
                return
            if self._waiting[0].kind == "call" and not (at_last or self._waiting[0].name):
                return
            if self._open is not None:
                self._steps.append(Step("ended", self._open))
            self._open = block = self._waiting.pop(0)
            block.index = len(self.blocks)
            self.blocks.append(block)
            self._steps.append(Step("began", block))
            if block.pieces:
                self._steps.append(Step("grew", block, block.text, block.logprobs))

    def _settle(self) -> None:
        """End all blocks there are."""
        last = self._waiting[-1] if self._waiting else self._open
        if last is not None and self.finish in CUT:
            last.cut = True
        self._advance(at_last=True)
        if self._open is not None:
            self._steps.append(Step("ended", self._open))
            self._open = None
