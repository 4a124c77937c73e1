"""Where trained gates are found, and the encoders they need."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from collegium import plugins
from collegium.config import cache_dir
from collegium.encoders.base import Encoder
from collegium.encoders.onnx import LazyEncoder
from collegium.errors import GateError
from collegium.routing.network import GatingNetwork

BUILTIN = Path(__file__).parent.parent / "gates" / "builtin"
BUILTIN_ENCODER = "builtin"
_UNSAFE = re.compile(r"[^A-Za-z0-9-]+")


def gate(model: str = "builtin") -> GatingNetwork:
    """The gate that `moe.router.model` names.

    Args:
        model: 'builtin'; the folder of a gate that `collegium train` wrote; or an encoder's name,
            which means the gate trained on it.

    Raises:
        GateError: there is none, or it is broken; the message says what to run.
    """
    if model == "builtin":
        return GatingNetwork.load(BUILTIN, encoder)
    folder = Path(model).expanduser()
    if (folder / "gate.npz").is_file():
        return GatingNetwork.load(folder, encoder)
    trained = folder_for(model)
    if (trained / "gate.npz").is_file():
        return GatingNetwork.load(trained, encoder)
    if folder.is_dir():
        raise GateError(f"there is no gate in {folder}: gate.npz is missing")
    raise GateError(
        f"there is no gate in {str(folder.absolute())!r}, and none has been trained on an encoder "
        f"called {model!r}; run: collegium train --data FILE.jsonl --encoder {model} for an "
        "encoder's, or collegium train --data FILE.jsonl --out DIR for a folder"
    )


def folder_for(encoder_name: str) -> Path:
    """Where `collegium train --encoder NAME` puts its gate."""
    digest = hashlib.sha256(encoder_name.encode("utf-8", "replace")).hexdigest()[:8]
    return cache_dir() / "gates" / f"{_UNSAFE.sub('-', encoder_name)}-{digest}"


def encoder(name: str) -> Encoder:
    """The encoder of a name: 'builtin', an installed one's, or a Hugging Face model's.

    Raises:
        GateError: it cannot be had.
        PluginError: it is installed and does not load.
    """
    if name == BUILTIN_ENCODER:
        return LazyEncoder(BUILTIN, name=name)
    if name in plugins.names("encoders"):
        made = plugins.load("encoders", name)()
        if not isinstance(made, Encoder):
            raise GateError(
                f"the encoder {name!r} is a {type(made).__name__} that is no encoder; it takes "
                "name, version, width, general and encode"
            )
        return made
    from collegium.encoders.huggingface import HuggingFaceEncoder  # noqa: PLC0415 -- an extra

    return HuggingFaceEncoder.load(name)
