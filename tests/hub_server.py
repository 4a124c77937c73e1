"""A model hub and a package index in one process of its own, well behaved or not.

`hub_server.py FOLDER` serves FOLDER's files and says its port. The hub's owner in an `hf:` source
is how it behaves: plain, slow, norange, cuts, changed, gated, page. A wheel whose name begins with
'slow' comes slowly. Every request is noted in FOLDER/requests.log.
"""

from __future__ import annotations

import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER = Path(sys.argv[1])
SLOW_PIECES = 400


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = self.headers.get("Range", "-")
        with (FOLDER / "requests.log").open("a") as log:
            log.write(f"{self.path} {asked} {self.headers.get('If-Range', '-')}\n")
        parts = self.path.strip("/").split("/")
        if parts[0] == "wheels":
            self._index(parts[1])
        elif parts[0] == "files":
            self._give(FOLDER / parts[1], 0, slowly=parts[1].startswith("slow"))
        else:
            self._hub(parts[0], FOLDER / parts[-1])

    def _hub(self, owner: str, path: Path) -> None:
        if owner == "gated":
            self._say(401, "text/plain", b"sign in")
        elif owner == "page":
            self._say(200, "text/html", b"<html>Please sign in to this network</html>")
        elif not path.exists():
            self._say(404, "text/plain", b"Entry not found")
        else:
            self._file(owner, path)

    def _file(self, owner: str, path: Path) -> None:
        size = path.stat().st_size
        etag = f'"{time.time_ns() if owner == "changed" else size}"'
        start = 0
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if match and owner != "norange" and self.headers.get("If-Range", etag) == etag:
            start = int(match[1])
        if start and start >= size:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        cut = size // 2 if owner == "cuts" and not start else size
        self._give(path, start, slowly=owner == "slow", etag=etag, cut=cut)

    def _give(
        self, path: Path, start: int, *, slowly: bool, etag: str = "", cut: int | None = None
    ) -> None:
        content = path.read_bytes()
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if etag:
            self.send_header("ETag", etag)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        rest = content[start:cut]
        step = max(1, len(rest) // SLOW_PIECES) if slowly else len(rest) or 1
        for place in range(0, len(rest), step):
            self.wfile.write(rest[place : place + step])
            if slowly:
                time.sleep(0.03)
        self.close_connection = cut is not None and cut < len(content)

    def _index(self, distribution: str) -> None:
        stem = distribution.replace("-", "_")
        names = [path.name for path in FOLDER.glob(f"{stem}-*.whl")]
        links = "".join(f'<a href="/files/{name}">{name}</a>' for name in names)
        self._say(200 if names else 404, "text/html", f"<html>{links}</html>".encode())

    def _say(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its name there
        """Say nothing: a client that leaves is what the tests are about."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
