"""Which model servers run here, and which of their models fits."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from collegium.backends import discover as module
from collegium.backends.discover import Server, chat_models, discover, prefer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@asynccontextmanager
async def speaking(reply: bytes | None) -> AsyncIterator[int]:
    """A port that answers whatever comes with these bytes, or never."""
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if reply is None:
            await ended.wait()
        elif await reader.read(1):
            writer.write(reply)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        ended.set()
        await asyncio.sleep(0.01)


async def test_a_server_is_found_with_its_models(upstream: str) -> None:
    port = int(upstream.removesuffix("/v1").rpartition(":")[2])
    (server,) = await discover({"ollama": port, "vllm": closed_port()})
    assert (server.name, server.url) == ("ollama", upstream)
    assert {"echo", "tools"} <= set(server.models)


async def test_nothing_is_found_where_nothing_listens() -> None:
    start = time.monotonic()
    assert await discover({"ollama": closed_port(), "vllm": closed_port()}) == ()
    assert time.monotonic() - start < 0.4


async def test_a_port_that_takes_connections_and_says_nothing_is_no_server(
    upstream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LISTING_TIMEOUT_S", 0.3)
    port = int(upstream.removesuffix("/v1").rpartition(":")[2])
    async with speaking(None) as silent:
        start = time.monotonic()
        found = await discover({"vllm": silent, "ollama": port})
        assert time.monotonic() - start < 1
    assert [server.name for server in found] == ["ollama"]


@pytest.mark.parametrize(
    "reply",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"data": 5}',
    ],
)
async def test_a_port_that_speaks_something_else_is_no_server(reply: bytes) -> None:
    async with speaking(reply) as port:
        assert await discover({"vllm": port}) == ()


async def test_a_server_without_models_is_a_server() -> None:
    row = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"data": null}'
    async with speaking(row) as port:
        assert await discover({"ollama": port}) == (
            Server("ollama", f"http://127.0.0.1:{port}/v1", ()),
        )


def test_models_that_do_not_converse_are_left_out() -> None:
    others = ["nomic-embed-text", "bge-m3", "all-minilm:l6", "whisper-1", "tts-1", "jina-reranker"]
    assert chat_models([*others, "llama3.2:3b", "qwen3:8b"]) == ("llama3.2:3b", "qwen3:8b")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("coding", "qwen2.5-coder:7b"),
        ("data", "qwen2.5-coder:7b"),
        ("math", "qwen2.5-math:1.5b"),
        ("reasoning", "deepseek-r1:14b"),
        ("creative", "deepseek-r1:14b"),
        ("an_expert_of_yours", "deepseek-r1:14b"),
    ],
)
def test_the_fittest_model_is_of_the_right_kind_and_then_the_largest(
    key: str, expected: str
) -> None:
    models = [
        *("llama3.2:3b", "qwen2.5-coder:1.5b", "qwen2.5-coder:7b", "qwen2.5-math:1.5b"),
        *("deepseek-r1:14b", "deepseek-r1:8b"),
    ]
    assert prefer(key, models) == expected
    assert prefer(key, models[::-1]) == expected


def test_what_is_there_is_better_than_nothing() -> None:
    assert prefer("writing", ["starcoder2:3b"]) == "starcoder2:3b"
    assert prefer("math", ["deepseek-r1:8b", "llama3.1:70b"]) == "deepseek-r1:8b"
    with pytest.raises(ValueError, match="no models"):
        prefer("coding", [])
