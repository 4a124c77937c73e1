"""Names of code within a sentence, and what a name that somebody wrote says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from collegium.knowledge.letters import composed

if TYPE_CHECKING:
    from collections.abc import Iterator

# What stands between quotes is a name if it has no blanks, but for those of a signature or a place.
_QUOTED = re.compile(
    r"""(?P<tick>`{1,3})(?P<a>[^`\n]{1,200})(?P=tick)
      | (?<!\w)"(?P<b>[^"\n]{1,200})"(?!\w) | (?<!\w)'(?P<c>[^'\n]{1,200})'(?!\w)
      | “(?P<d>[^”\n]{1,200})” | ‘(?P<e>[^’\n]{1,200})’ | «(?P<f>[^»\n]{1,200})»
      | „(?P<g>[^“”\n]{1,200})[“”]""",  # noqa: RUF001 -- the quotation marks of many languages
    re.VERBOSE,
)
_WORD = r"[^\W\d][\w$]*"
_CHAIN = re.compile(
    rf"(?:\(\*?{_WORD}\)\.)?[@$#]?{_WORD}(?:(?:\.|::|\#|->){_WORD})*(?:\(\)|!)?(?:::<\w+>)?"
)
_PATH = re.compile(
    rf"(?P<path>(?:[\w.@~$+\[\]-]*[\\/])*[\w.@$+\[\]-]*[\\/]?)"
    rf"(?:(?:::|\#|:){_WORD}(?:(?:\.|::){_WORD})*|:\d+)?"
)
# An identifier in ASCII within writing that puts no blanks between words.
_ASCII = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*(?:(?:\.|::)[A-Za-z_$][A-Za-z0-9_$]*)*(?:\(\))?")
_PLACED = re.compile(r"(?P<name>.*?\S)\s+\(?(?:in|of|from|at)\s+(?P<place>[^\s()]+)\)?")
_ARGUMENTS = re.compile(r"\([^()]*\)$|!$")
_TYPE_ARGUMENTS = re.compile(r"::<[^<>]*>|<[^<>]*>")
_SEPARATOR = re.compile(r"::|->|[.#]")
# Endings of source and of documents, to tell `views.py` from an attribute of `views`. Those that
# are common names of attributes as well are none: `response.json`.
_ENDINGS = frozenset(
    """py pyi js mjs cjs jsx ts mts cts tsx go rs java kt scala rb php cc cpp hpp cs swift md
    markdown rst txt toml yaml yml cfg ini css sql vue svelte""".split()
)
# What names an object by where it is met, and not by what it is.
_RELATIVE = frozenset("self cls this super crate Self".split())
_ABBREVIATIONS = frozenset("e.g i.e a.k.a w.r.t and/or n/a w/o w/ i/o c/c++ he/she he/him".split())


# What prose has as well: "GitHub", and "client/server" beside "lib/utils".
_PROPER = frozenset(
    """GitHub GitLab BitBucket JavaScript TypeScript CoffeeScript PostgreSQL MySQL SQLite MongoDB
    GraphQL OAuth OAuth2 OpenID WebSocket WebSockets OpenSSL OpenAI OpenAPI macOS iOS iPhone iPad
    YouTube LinkedIn PayPal LaTeX NumPy SciPy PyTorch PyPI DevOps WiFi JetBrains""".split()
)
_SLASHED = re.compile(r"[^\W\d_]+(?:/[^\W\d_]+){1,2}")


class Name(NamedTuple):
    """A name within a text: as it is written, where, and whether it stands between quotes."""

    text: str
    start: int
    end: int
    quoted: bool


class Written(NamedTuple):
    """What a written name says: the place it is in, its parts, and a line if it gives one.

    `place` is a path, or '' where none is given; `parts` are empty where a file itself is named.
    """

    place: str
    parts: tuple[str, ...]
    line: int = 0


def names_in(text: str) -> tuple[Name, ...]:
    """The names in a text, in order: what is quoted as code, and what no prose looks like."""
    quoted = [one for match in _QUOTED.finditer(text) if (one := _quoted(match)) is not None]
    names = list(quoted)
    at = 0
    for end in (*((name.start, name.end) for name in quoted), (len(text), len(text))):
        names += _bare(text, at, end[0])
        at = end[1]
    return tuple(sorted(names, key=lambda name: name.start))


def is_one_name(text: str) -> bool:
    """Whether a text is nothing but a name, in quotes or not: `Table`, `Table.add_row`."""
    found = names_in(f"`{text.strip().strip('`')}`")
    return len(found) == 1 and found[0].quoted


def says_nothing(name: str) -> bool:
    """Whether there is nothing in a written name that anything could be called."""
    said = written(name)
    return not said.place and not said.parts


def is_path(text: str) -> bool:
    """Whether a name is that of a file or a folder and not of something that code defines."""
    if "/" in text or "\\" in text:
        return True
    stem, dot, ending = text.rpartition(".")
    return bool(dot and stem) and ending in _ENDINGS


def may_be_prose(name: Name) -> bool:
    """Whether a name could stand in a text that is about no code at all."""
    return not name.quoted and (name.text in _PROPER or bool(_SLASHED.fullmatch(name.text)))


def looks_like_code(word: str) -> bool:
    """Whether a word could hardly be one of prose: snake_case, camelCase, dotted, called."""
    bare = word.removesuffix("()")
    if bare != word or "_" in bare.strip("_") or "$" in bare or bare.startswith(("_", "@", "#")):
        return True
    if any(mark in bare for mark in ("::", "->", "#", ".", "!")):
        return bare not in _ABBREVIATIONS
    # "iPhones" is prose as well, but rare; "HTTP" and "URLs" are not taken for names.
    return bool(re.search(r"[^\W\d_A-Z][A-Z]|[A-Z]{2,}[a-z]{2,}\w", bare))


def written(name: str) -> Written:
    """Take a written name apart: `a/b.py::C.m`, `C#m`, `crate::a::f`, `(*T).M`, `a.py:12`.

    Calls, type arguments and what only says "my own" (`self`, `crate`) are left out.
    """
    # No name has halves of surrogate pairs, and no database takes them.
    text = composed(name.encode("utf-8", "replace").decode("utf-8")).strip().strip("`")
    placed = _PLACED.fullmatch(text)
    if placed is not None:
        return Written(placed["place"].removeprefix("./"), _apart(placed["name"]).parts)
    return _apart(text)


def _apart(text: str) -> Written:
    """A name taken apart that has its place before it, if it has one."""
    text = _TYPE_ARGUMENTS.sub("", _ARGUMENTS.sub("", text)).lstrip("@&*")
    match = re.fullmatch(r"(?P<place>[^:#]+?)(?:(?:::|#|:)(?P<rest>.+))?", text)
    if match is not None and is_path(match["place"]):
        place = match["place"].replace("\\", "/").removeprefix("./")
        rest = match["rest"] or ""
        if rest.isdecimal():
            return Written(place, (), int(rest))
        return Written(place, _parts(rest))
    return Written("", _parts(text))


def _parts(text: str) -> tuple[str, ...]:
    cleaned = text.replace("(", "").replace(")", "").replace("*", "").replace("&", "")
    parts = [part.strip() for part in _SEPARATOR.split(cleaned)]
    while len(parts) > 1 and parts[0] in _RELATIVE:
        del parts[0]
    return tuple(part for part in parts if part and part != "prototype")


def _quoted(match: re.Match[str]) -> Name | None:
    inner = next(
        group for name, group in match.groupdict().items() if name != "tick" and group is not None
    ).strip()
    if not inner or not _one_name(inner):
        return None
    return Name(inner, match.start(), match.end(), quoted=True)


def _one_name(inner: str) -> bool:
    if _PLACED.fullmatch(inner):
        return True
    outside = _TYPE_ARGUMENTS.sub("", _ARGUMENTS.sub("", inner))
    return not re.search(r"[\s,=;{}]", outside) and any(map(str.isalnum, outside))


def _bare(text: str, start: int, end: int) -> Iterator[Name]:
    """The names in a stretch without quotes: whole words, or ASCII among other letters."""
    for match in re.finditer(r"\S+", text[start:end]):
        word, offset = _trimmed(match.group(), start + match.start())
        if _is_name(word):
            yield Name(word, offset, offset + len(word), quoted=False)
        elif not word.isascii() and "://" not in word:
            for inner in _ASCII.finditer(word):
                if looks_like_code(inner.group()):
                    begin = offset + inner.start()
                    yield Name(inner.group(), begin, offset + inner.end(), quoted=False)


def _trimmed(word: str, offset: int) -> tuple[str, int]:
    """A word without the punctuation around it, and where it begins then."""
    begun = word.lstrip("([{<\"'¿¡")
    offset += len(word) - len(begun)
    if word.startswith("(*"):
        begun, offset = word, offset - 1
    bare = re.sub(r"['’]s$", "", begun.rstrip(".,;:?!\"'>]}…"))  # noqa: RUF001
    while bare.endswith(")") and bare.count(")") > bare.count("("):
        bare = bare[:-1].rstrip(".,;:?!\"'")
    return bare, offset


def _is_name(word: str) -> bool:
    if "://" in word or word.lower() in _ABBREVIATIONS:
        return False
    path = _PATH.fullmatch(word)
    if path is not None and is_path(path["path"]):
        return any(map(str.isalpha, path["path"]))
    return bool(_CHAIN.fullmatch(word)) and looks_like_code(word)
