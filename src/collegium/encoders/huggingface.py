"""Any encoder of the Hugging Face hub by name, or of a folder (the `hf` extra)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from collegium.errors import GateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TOKENS = 128
_BATCH = 16


class HuggingFaceEncoder:
    """The mean of a transformer's last states.

    Args:
        name: its name on the hub, or the folder it is in.
        tokenizer: its tokenizer.
        model: the transformer.
    """

    def __init__(self, name: str, tokenizer: Any, model: Any) -> None:
        self.name, self.version = name, str(getattr(model.config, "_commit_hash", None) or "")
        self._tokenizer, self._model = tokenizer, model
        self.width = self.general = int(model.config.hidden_size)
        places = int(getattr(model.config, "max_position_embeddings", TOKENS))
        self._tokens = min(TOKENS, places)

    @classmethod
    def load(cls, name: str) -> HuggingFaceEncoder:
        """The encoder of a hub name such as `microsoft/codebert-base`, or of a folder.

        Raises:
            GateError: the extra is not installed, or there is no such encoder.
        """
        try:
            import torch  # noqa: F401, PLC0415 -- gigabytes that nobody else needs
            from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415
        except ImportError as error:
            raise GateError(
                f"the encoder {name!r} needs the extra: pip install 'collegium[hf]'"
            ) from error
        try:
            tokenizer = AutoTokenizer.from_pretrained(name)
            model = AutoModel.from_pretrained(name)
        except (OSError, ValueError) as error:
            raise GateError(f"the encoder {name!r} cannot be loaded: {error}") from error
        made = cls(name, tokenizer, model.float().eval())
        try:
            made.encode(["a text to try it with"])
        except Exception as error:  # whatever a model that is no encoder raises
            raise GateError(f"{name!r} is no encoder that can be used: {error!r}") from error
        return made

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, width) mean vectors; of a long text, its first 128 tokens or what it takes."""
        import torch  # noqa: PLC0415

        vectors = np.zeros((len(texts), self.width), np.float32)
        for start in range(0, len(texts), _BATCH):
            batch = [readable(text) for text in texts[start : start + _BATCH]]
            fed = self._tokenizer(
                batch, padding=True, truncation=True, max_length=self._tokens, return_tensors="pt"
            )
            with torch.inference_mode():
                states = self._model(**fed).last_hidden_state
            real = fed["attention_mask"][..., None].to(states.dtype)
            mean = (states * real).sum(1) / real.sum(1).clamp(min=1)
            vectors[start : start + _BATCH] = mean.numpy()
        return vectors


def readable(text: str) -> str:
    """The text as a tokeniser takes it: never empty, and no half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode("utf-8") or " "
