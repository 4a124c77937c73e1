"""Where a PostgreSQL server is, out of a URL."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from collegium.errors import StorageError

PORT = 5432
SSL_MODES = ("disable", "prefer", "require", "verify-ca", "verify-full")
OPTIONS = ("host", "sslmode", "sslrootcert")
SHAPE = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full"


@dataclass(frozen=True, slots=True)
class Address:
    """A server, a database on it, and who uses it. A `host` that is a path is a socket's folder.

    `ssl_mode` is one of libpq's; with 'prefer' and 'require' nobody looks whose certificate it is.
    """

    user: str
    password: str | None
    host: str
    port: int
    database: str
    ssl_mode: str = "prefer"
    ssl_root: str | None = None

    @classmethod
    def of(cls, url: str) -> Address:
        """The address that a URL means.

        Raises:
            StorageError: it means none; the message does not repeat a password.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or PORT
        except ValueError as error:
            raise StorageError(f"storage.url is not like {SHAPE}: {error}") from None
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        user = unquote(parts.username or "")
        if not user:
            raise StorageError(f"storage.url names no user; it is like {SHAPE}")
        if unknown := sorted(options.keys() - set(OPTIONS)):
            raise StorageError(
                f"storage.url has the option {unknown[0]!r}; there are {', '.join(OPTIONS)}"
            )
        ssl_mode = options.get("sslmode", "prefer")
        if ssl_mode not in SSL_MODES:
            raise StorageError(
                f"storage.url has sslmode {ssl_mode!r}; it is one of {', '.join(SSL_MODES)}"
            )
        return cls(
            user,
            None if parts.password is None else unquote(parts.password),
            unquote(parts.hostname or options.get("host", "localhost")),
            port,
            unquote(parts.path.removeprefix("/")) or user,
            ssl_mode,
            options.get("sslrootcert"),
        )

    @property
    def shown(self) -> str:
        """The URL without the password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self._is_folder:
            return f"postgresql://{self.user}@:{self.port}/{self.database}?host={host}"
        return f"postgresql://{self.user}@{host}:{self.port}/{self.database}"

    def arguments(self) -> dict[str, Any]:
        """What the driver takes."""
        told: dict[str, Any] = {
            "user": self.user,
            "password": self.password,
            "database": self.database,
        }
        if self._is_folder:
            socket = f"{self.host}/.s.PGSQL.{self.port}"
            return {**told, "unix_sock": socket, "ssl_context": False}
        return {**told, "host": self.host, "port": self.port, "ssl_context": self._ssl_context()}

    @property
    def _is_folder(self) -> bool:
        return self.host.startswith("/")

    def _ssl_context(self) -> ssl.SSLContext | bool | None:
        """False: not encrypted; None: if the server can; True: encrypted; or to whom."""
        plain: dict[str, bool | None] = {"disable": False, "prefer": None, "require": True}
        if self.ssl_mode in plain:
            return plain[self.ssl_mode]
        context = ssl.create_default_context(cafile=self.ssl_root)
        context.check_hostname = self.ssl_mode == "verify-full"
        return context
