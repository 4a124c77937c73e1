"""What the heavy extras bring: encoders by name, and fine-tuning. Run by `just test-extras`."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from collegium import Query
from collegium.encoders.onnx import OnnxEncoder
from collegium.encoders.wordpiece import WordPiece
from collegium.errors import GateError
from collegium.learning.augment import altered
from collegium.learning.dataset import Example
from collegium.learning.train import train_gate
from collegium.routing import shelf
from collegium.routing.classifier import QueryClassifier

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.extras

WORDS = (
    "play stop song radio loud wake alarm timer noon snooze rain sun cold wind storm the a my me"
)
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS.split(), *"?!.,"]
EXAMPLES = [
    Example(text, (label,))
    for label, texts in {
        "music": ("play a song", "stop the radio", "loud song!", "play the radio loud", "my song"),
        "clock": ("wake me", "alarm at noon", "snooze the alarm", "a timer", "stop my timer"),
        "weather": ("rain?", "the cold wind", "sun or rain", "a storm", "cold storm?"),
    }.items()
    for text in texts
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small real BERT, as the hub would have it."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    place = tmp_path / "tiny-bert"
    place.mkdir()
    (place / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    BertTokenizerFast(vocab_file=str(place / "vocab.txt")).save_pretrained(place)
    config = BertConfig(
        vocab_size=len(PIECES), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=64,
    )  # fmt: skip
    BertModel(config).save_pretrained(place)
    return place


@pytest.mark.filterwarnings("ignore")
def test_an_encoder_of_a_folder_encodes(folder: Path) -> None:
    encoder = shelf.encoder(str(folder))
    vectors = encoder.encode(["play a song", "", "rain " * 500])
    assert vectors.shape == (3, 32)
    assert np.isfinite(vectors).all()
    again = encoder.encode(["play a song"])
    assert np.allclose(vectors[0], again[0], atol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_a_gate_trained_on_an_encoder_is_found_by_its_name(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLLEGIUM_CACHE", str(tmp_path / "cache"))
    with pytest.raises(GateError, match="collegium train --data"):
        shelf.gate("some/encoder-nobody-trained")
    trained = train_gate(EXAMPLES, shelf.encoder(str(folder)))
    trained.gate.save(shelf.folder_for(str(folder)))
    gate = shelf.gate(str(folder))
    shares = gate.scores(QueryClassifier().read(Query.of("play my song loud")))
    assert max(shares, key=lambda key: shares[key]) == "music"


@pytest.mark.filterwarnings("ignore")
def test_a_name_that_no_hub_knows_is_an_error() -> None:
    with pytest.raises(GateError, match="cannot be loaded"):
        shelf.encoder("/nowhere/at/all")


def tiny() -> tuple[Any, dict[str, Any], WordPiece]:
    import torch

    from collegium.learning.bert import Bert, Shape

    shape = Shape(vocabulary=len(PIECES), positions=64, width=32, inner=64, heads=4, layers=3)
    torch.manual_seed(1)
    bert = Bert(shape)
    names = {
        "query": "attention.self.query", "key": "attention.self.key",
        "value": "attention.self.value", "out": "attention.output.dense",
        "norm_1": "attention.output.LayerNorm", "inner": "intermediate.dense",
        "outer": "output.dense", "norm_2": "output.LayerNorm",
    }  # fmt: skip
    published = {
        "embeddings.word_embeddings.weight": bert.tokens.weight,
        "embeddings.position_embeddings.weight": bert.positions.weight,
        "embeddings.token_type_embeddings.weight": torch.zeros(2, 32),
        "embeddings.LayerNorm.weight": bert.norm.weight,
        "embeddings.LayerNorm.bias": bert.norm.bias,
    }
    for number, layer in enumerate(bert.layers):
        for mine, theirs in names.items():
            for part in ("weight", "bias"):
                value = getattr(getattr(layer, mine), part)
                published[f"encoder.layer.{number}.{theirs}.{part}"] = value
    kept = {name: value.detach().clone() for name, value in published.items()}
    return shape, kept, WordPiece(PIECES)


def test_fine_tuning_learns_and_is_repeatable(tmp_path: Path) -> None:
    from collegium.learning.finetune import Recipe, finetune, logits_and_vectors

    shape, published, pieces = tiny()
    recipe = Recipe(epochs=40, batch=5, rate=1e-3, head_rate=1e-2, tokens=16)
    experts = ("music", "clock", "weather")
    texts = [one.text for one in EXAMPLES]
    told = [
        logits_and_vectors(
            finetune(EXAMPLES, experts, pieces, published, recipe, work=tmp_path, shape=shape),
            texts, pieces, 16,
        )[0]
        for _ in range(2)
    ]  # fmt: skip
    right = [
        experts[row.argmax()] in one.labels for row, one in zip(told[0], EXAMPLES, strict=True)
    ]
    assert sum(right) >= 13
    assert np.allclose(told[0], told[1], atol=1e-3)


@pytest.mark.filterwarnings("ignore")
def test_the_exported_graph_says_what_the_trained_model_says(tmp_path: Path) -> None:
    import torch

    from collegium.encoders.excerpt import token_numbers
    from collegium.learning.bert import Bert, load_published
    from collegium.learning.export import export

    shape, published, pieces = tiny()
    bert = Bert(shape)
    load_published(bert, published)
    bert.eval()
    export(bert, tmp_path / "encoder.onnx", positions=16)
    (tmp_path / "vocabulary.txt").write_text("\n".join(PIECES) + "\n")
    (tmp_path / "encoder.json").write_text(json.dumps({"tokens": 16, "width": 64, "version": "1"}))
    encoder = OnnxEncoder.load(tmp_path, name="tiny")
    for text in ("play a song", "rain", "the cold wind, a storm!"):
        numbers = torch.tensor([token_numbers(pieces, text, 16)])
        with torch.inference_mode():
            mean, first = bert(numbers, torch.tensor([numbers.shape[1]]))
        wanted = np.concatenate((mean[0].numpy(), first[0].numpy()))
        got = encoder.encode([text])[0]
        cosine = wanted @ got / np.linalg.norm(wanted) / np.linalg.norm(got)
        assert cosine > 0.99


def test_alterations_leave_something_to_read() -> None:
    rng = random.Random(0)
    for text in ("a", "Why?", "SELECT 1;", "日本語で", "x" * 3000, "two words"):
        for _ in range(50):
            assert altered(text, rng).strip()
