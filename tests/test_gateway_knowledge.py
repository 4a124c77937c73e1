"""`collegium serve` with an expert of a codebase: what its model is sent, and what is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from gateway_server import Server, serving

from collegium.knowledge.codebase import KnowledgeGraph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Stats = Callable[[], dict[str, Any]]

CONFIG = """
backends: {{up: {{kind: http, url: "{upstream}"}}}}
moe:
  router: {{type: heuristic}}
  experts:
    - name: KnowledgeExpert
      models: [{model}]
      knowledge: {{path: "{folder}", semantic: false}}
"""
CART = '''"""Carts."""


def rounded(price: float) -> int:
    """Round a price half up, as the tax office wants it."""
    return int(price * 100 + 0.5)


def total(prices: list[float]) -> int:
    return sum(rounded(price) for price in prices)
'''
EXPLAIN = "Explain how a price comes to be rounded as the tax office wants it"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "cart.py").write_text(CART)
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLLEGIUM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def server(
    upstream: str, shop: Path, cache: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    config = CONFIG.format(upstream=upstream, folder=shop, model="up/echo")
    with serving(tmp_path_factory.mktemp("knowing"), config) as running:
        yield running


@pytest.mark.parametrize("name", ["auto", "collegium/knowledge", "collegium/fast"])
@pytest.mark.parametrize("fields", [{}, {"n": 2}, {"logprobs": True}], ids=str)
def test_its_model_is_given_the_passages_and_what_it_says_is_checked(
    server: Server, stats: Stats, name: str, fields: dict[str, Any]
) -> None:
    reply = server.chat(name, EXPLAIN, collegium={"explain": True}, **fields)
    assert reply.status == 200, reply.json
    sent = json.dumps(stats()["last_body"]["messages"])
    assert "cart.py:4-6" in sent
    assert "price * 100 + 0.5" in sent
    receipt = reply.json["collegium"]["receipt"]
    assert receipt["strategy"] != "express"
    assert receipt["verdicts"], receipt


def test_what_the_graph_knows_it_says_without_its_model(server: Server, stats: Stats) -> None:
    before = stats()["requests"]
    reply = server.chat("auto", "who calls `rounded`?")
    assert stats()["requests"] == before
    assert reply.json["model"] == "computed/graph"
    assert "cart.py:10" in reply.json["choices"][0]["message"]["content"]


@pytest.mark.parametrize("model", ["local/smollm2-135m", "gone/reader", "ollama/reader"])
def test_it_is_ready_and_answers_where_there_is_no_model_at_all(
    model: str, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLLEGIUM_CACHE", str(tmp_path / "cache"))
    config = CONFIG.format(upstream="http://127.0.0.1:9/v1", folder=shop, model=model)
    config = config.replace("{up:", "{gone:")
    with serving(tmp_path / "alone", config) as running:
        exact = running.chat("auto", "who calls `rounded`?")
        found = running.chat("auto", EXPLAIN, collegium={"explain": True})
        streamed = running.chat("auto", EXPLAIN, stream=True)
    assert "cart.py:10" in exact.json["choices"][0]["message"]["content"]
    assert "cart.py:4" in found.json["choices"][0]["message"]["content"]
    assert b"cart.py:4" in streamed.body


def test_doctor_says_that_it_answers_without_a_model_and_why(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLLEGIUM_CACHE", str(tmp_path / "cache"))
    graph = KnowledgeGraph.open(shop, cache=tmp_path / "cache", create=True)
    graph.update()
    graph.close()
    config = tmp_path / "c.yaml"
    text = CONFIG.format(upstream="http://127.0.0.1:9/v1", folder=shop, model="up/reader")
    config.write_text(text)
    command = [sys.executable, "-m", "collegium", "doctor", "--json", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    told = json.loads(done.stdout)
    assert told["ok"] is True
    (finding,) = [one for one in told["findings"] if one["what"] == "expert knowledge"]
    assert finding["state"] == "warn"
    assert "without a model" in finding["found"]
    assert "up/reader" in finding["found"]


OWN = """
from dataclasses import replace

from collegium.experts.model_expert import ModelExpert
from collegium.lexicon import Vocabulary
from collegium.types import Message

class Owl(ModelExpert):
    def prompt_of(self, query):
        prompt = super().prompt_of(query)
        return replace(prompt, messages=(*prompt.messages, Message("user", "Hoot.")))

def owl():
    return Owl("OwlExpert", Vocabulary({"night": 2.0}))
"""


def test_an_installed_expert_that_makes_its_own_prompt_has_it_sent(
    upstream: str, stats: Stats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = tmp_path / "site" / "owl-1.0.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: owl\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text("[collegium.experts]\nowl = owling:owl\n")
    (tmp_path / "site" / "owling.py").write_text(OWN)
    paths = (str(tmp_path / "site"), os.environ.get("PYTHONPATH", ""))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in paths if path))
    config = (
        f'backends: {{up: {{kind: http, url: "{upstream}"}}}}\n'
        "moe:\n  router: {type: heuristic}\n"
        "  experts: [{name: OwlExpert, use: owl, models: [up/echo]}]\n"
    )
    with serving(tmp_path / "own", config) as running:
        reply = running.chat("collegium/owl", "who flies at night?")
    assert reply.status == 200, reply.json
    assert stats()["last_body"]["messages"][-1]["content"] == "Hoot."
