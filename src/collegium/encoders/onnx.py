"""An encoder in a folder: an ONNX graph, its WordPiece vocabulary and its sizes; on one thread."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import numpy as np

from collegium.encoders.excerpt import token_numbers
from collegium.encoders.wordpiece import WordPiece
from collegium.errors import GateError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


class OnnxEncoder:
    """The mean and the first of a transformer's last states, side by side.

    Args:
        name: which encoder it is.
        session: the graph: `numbers` of (texts, length) to `vector` and `first`.
        pieces: its vocabulary.
        tokens: the most tokens it reads of a text.
        version: which weights they are.
    """

    def __init__(
        self, name: str, session: Any, pieces: WordPiece, tokens: int, version: str = ""
    ) -> None:
        self.name, self.version = name, version
        self._session, self._pieces, self._tokens = session, pieces, tokens
        # Training pulls the mean to what the published encoder gave; the first state is free.
        self.general = int(session.get_outputs()[0].shape[1])
        self.width = 2 * self.general

    @classmethod
    def load(cls, folder: Path, *, name: str) -> OnnxEncoder:
        """The encoder of `encoder.onnx`, `vocabulary.txt` and `encoder.json`.

        Raises:
            GateError: one of them is missing, broken, or no encoder.
        """
        # The only heavy import of a decision: not before a neural gate is wanted.
        from importlib import import_module  # noqa: PLC0415

        # Some builds send events to their makers, unless this is set before they are loaded.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        onnxruntime: Any = import_module("onnxruntime")  # it tells no types
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Texts are of all lengths: an arena keeps what the longest took, and patterns one for each.
        options.enable_cpu_mem_arena = options.enable_mem_pattern = False
        graph = folder / "encoder.onnx"
        try:
            pieces = WordPiece.load(folder / "vocabulary.txt")
            facts = facts_of(folder)
            session = onnxruntime.InferenceSession(
                str(graph), options, providers=["CPUExecutionProvider"]
            )
            _give_back()
            return cls(name, session, pieces, facts.tokens, facts.version)
        except Exception as error:  # onnxruntime has a class of its own for each way to be broken
            raise GateError(f"the encoder in {folder} cannot be loaded: {error}") from error

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, width) vectors: of each text its mean state, then its first."""
        numbers = [token_numbers(self._pieces, text, self._tokens) for text in texts]
        vectors = np.zeros((len(texts), self.width), np.float32)
        # One by one: what is quantised takes its range from the whole batch, and a text's vector
        # must not depend on its neighbours.
        for place, one in enumerate(numbers):
            fed = {"numbers": np.array([one], np.int64)}
            vectors[place] = np.concatenate(self._session.run(None, fed), axis=1)[0]
        return vectors


class LazyEncoder:
    """The encoder in a folder, loaded when the first text comes: many queries need none.

    Those of one folder have one graph in memory, for as long as any of them is there.
    """

    def __init__(self, folder: Path, *, name: str) -> None:
        facts = facts_of(folder)
        self._folder, self.name, self.version = folder, name, facts.version
        self.width, self.general = facts.width, facts.width // 2
        if not (folder / "encoder.onnx").is_file():
            raise GateError(f"the encoder in {folder} cannot be loaded: encoder.onnx is missing")

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors; see `OnnxEncoder.encode`."""
        return self._encoder.encode(texts)

    @cached_property
    def _encoder(self) -> OnnxEncoder:
        key = (self._folder.resolve(), self.name, self.version)
        with _loading:
            made = _loaded.get(key)
            if made is None:
                made = _loaded[key] = OnnxEncoder.load(self._folder, name=self.name)
        if made.width != self.width:
            raise GateError(
                f"the encoder in {self._folder} is broken: encoder.json says {self.width} numbers, "
                f"and the graph gives {made.width}"
            )
        return made


# A gate, and every expert of a codebase, wants the same 30 megabytes.
_loaded: WeakValueDictionary[tuple[Path, str, str], OnnxEncoder] = WeakValueDictionary()
_loading = Lock()


def _give_back() -> None:
    """Hand the memory that loading took, and that is free again, back to the system: ten megabytes.

    Only the C library of Linux has to be told.
    """
    if sys.platform != "linux":
        return
    from ctypes import CDLL  # noqa: PLC0415 -- nothing else here needs it

    trim: Any = getattr(CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


@dataclass(frozen=True, slots=True)
class Facts:
    """What `encoder.json` says: the most tokens it reads, how wide its vectors are, its version."""

    tokens: int
    width: int
    version: str


def facts_of(folder: Path) -> Facts:
    """The facts of the encoder in a folder.

    Raises:
        GateError: `encoder.json` does not say them.
    """
    try:
        told = json.loads((folder / "encoder.json").read_text("utf-8"))
        return Facts(int(told["tokens"]), int(told["width"]), str(told["version"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GateError(f"the encoder in {folder} cannot be loaded: {error!r}") from error
