"""Bytes to text: by a byte order mark, as UTF-8, by a declaration, and as Latin-1 at last."""

from __future__ import annotations

import codecs
import re
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# PEP 263, and the same habit of Ruby and Emacs: in a comment on one of the first two lines.
_DECLARED: Final = re.compile(rb"\A(?:[^\n]*\n)?[ \t\f]*(?:#|//)[^\n]*?coding[:=][ \t]*([-\w.]+)")


def text_of(source: bytes) -> str:
    """Return the text of a file. Bytes that fit no encoding become the letters of Latin-1."""
    for mark, encoding in _MARKS:
        if source.startswith(mark):
            return source.removeprefix(mark if encoding == "utf-8" else b"").decode(
                encoding, "replace"
            )
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError:
        return _otherwise(source)


def _otherwise(source: bytes) -> str:
    declared = _DECLARED.match(source)
    if declared is not None:
        try:
            text = source.decode(declared[1].decode("ascii"))
            text.encode()  # some encodings make half a pair of surrogates, which nobody can write
        except (LookupError, UnicodeError):
            pass
        else:
            return text
    return source.decode("latin-1")
