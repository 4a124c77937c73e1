"""Where a verb's query comes from."""

from __future__ import annotations

import sys

import typer

from collegium.errors import QueryError


def query_text(argument: str | None) -> str:
    """The query given as an argument, or read from stdin where that is `-` or a pipe.

    Raises:
        QueryError: stdin is not UTF-8.
        typer.BadParameter: there is no query.
    """
    if argument is not None and argument != "-":
        return argument
    if argument is None and sys.stdin.isatty():
        raise typer.BadParameter("no query; write it after the command, or pipe it in")
    raw = sys.stdin.buffer.read()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise QueryError(
            f"stdin is not UTF-8: byte 0x{raw[error.start]:02x} at position {error.start}; "
            "convert it first, with iconv for example"
        ) from error
