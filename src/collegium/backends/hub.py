"""Download a file from a model hub; what came before a break is kept and gone on from."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING

import aiohttp

from collegium.backends.filework import PIECE_BYTES, beside, size_of
from collegium.errors import DownloadFailed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONNECT_TIMEOUT_S = 15.0
IDLE_TIMEOUT_S = 60.0
ATTEMPTS = 5
PAUSE_S = 0.5
BY_HAND = "or fetch it another way and give it as file:/PATH"


async def download(url: str, part: Path, tell: Callable[[int, int | None], None]) -> bool:
    """Download `url` to `part`, whole; say whether some of it was there from another time.

    A connection that breaks is taken up again, as long as each attempt brings something.

    Raises:
        DownloadFailed: the hub cannot be reached, or does not give the file.
        OSError: `part` cannot be written.
    """
    memo = Memo(part, url)
    before = size_of(part)
    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=IDLE_TIMEOUT_S
    )
    # A proxy is the user's own business, so the user's own variables say which.
    async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
        for attempt in range(1, ATTEMPTS + 1):
            had = size_of(part)
            try:
                kept = await _attempt(session, url, memo, tell)
            except (aiohttp.ClientError, TimeoutError) as error:
                if size_of(part) <= had or attempt == ATTEMPTS:
                    raise _broken(url, part, error) from error
                await asyncio.sleep(PAUSE_S * attempt)
            else:
                return kept and before > 0
    raise AssertionError("the last attempt returns or raises")


class Memo:
    """A file that may be half here, with the entity tag it had; removed if it is of another URL."""

    def __init__(self, part: Path, url: str) -> None:
        self.part, self.etag = part, ""
        self._url, self._path = url, part.with_name(f"{part.name}.json")
        try:
            known = json.loads(self._path.read_text("utf-8"))
            before, etag = str(known["url"]), str(known["etag"])
        except (OSError, ValueError, LookupError, TypeError):
            before, etag = "", ""
        if before == url:
            self.etag = etag
        else:
            part.unlink(missing_ok=True)

    def save(self) -> None:
        """Keep it for another time."""
        self._path.write_text(json.dumps({"url": self._url, "etag": self.etag}), "utf-8")


async def _attempt(
    session: aiohttp.ClientSession, url: str, memo: Memo, tell: Callable[[int, int | None], None]
) -> bool:
    """Fetch what is missing; say whether what was there was kept."""
    have = size_of(memo.part)
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if memo.etag:
            headers["If-Range"] = memo.etag
    async with session.get(url, headers=headers) as reply:
        if reply.status == 416 and have:
            if _whole_size(reply) == have:
                return True
            memo.part.unlink()
            return await _attempt(session, url, memo, tell)
        _check(reply, url)
        kept = reply.status == 206 and _start(reply) == have
        if reply.status == 206 and not kept:
            raise DownloadFailed(f"{url} was asked for byte {have} onwards and sent other bytes")
        tag = reply.headers.get("ETag", "")
        memo.etag = "" if tag.startswith("W/") else tag
        memo.save()
        done = have if kept else 0
        total = None if reply.content_length is None else done + reply.content_length
        tell(done, total)
        with memo.part.open("ab" if kept else "wb") as file:
            async for data in reply.content.iter_chunked(PIECE_BYTES):
                await beside(file.write, data)
                done += len(data)
                tell(done, total)
    return kept


def _check(reply: aiohttp.ClientResponse, url: str) -> None:
    if reply.status in (401, 403):
        raise DownloadFailed(
            f"{url} is only for those who are signed in (HTTP {reply.status}); accept its terms "
            f"there, {BY_HAND}"
        )
    if reply.status == 404:
        raise DownloadFailed(f"there is no {url} (HTTP 404); check owner, repository and file")
    if reply.status not in (200, 206):
        raise DownloadFailed(f"{url} answered HTTP {reply.status}; try again later, {BY_HAND}")
    if reply.content_type == "text/html":
        raise DownloadFailed(
            f"{url} gave a web page instead of a file: is there a proxy that wants a sign-in? "
            f"Mend that, {BY_HAND}"
        )


def _broken(url: str, part: Path, error: Exception) -> DownloadFailed:
    reason = str(error) or type(error).__name__
    have = size_of(part)
    resume = f"; {have / 1e6:.1f} MB are kept and the next try goes on from there" if have else ""
    return DownloadFailed(
        f"{url} could not be downloaded: {reason}{resume}. Check the network and try again, "
        f"{BY_HAND}"
    )


def _start(reply: aiohttp.ClientResponse) -> int | None:
    match = re.match(r"bytes (\d+)-", reply.headers.get("Content-Range", ""))
    return int(match[1]) if match else None


def _whole_size(reply: aiohttp.ClientResponse) -> int | None:
    match = re.fullmatch(r"bytes \*/(\d+)", reply.headers.get("Content-Range", ""))
    return int(match[1]) if match else None
