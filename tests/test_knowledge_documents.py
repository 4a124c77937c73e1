"""Documents: sections by heading, and the names of code that their prose mentions."""

from __future__ import annotations

import textwrap

import pytest

from collegium.knowledge.documents.mentions import mentioned
from collegium.knowledge.facts import TOP, FileFacts
from collegium.knowledge.parse import parse


def read(path: str, text: str) -> FileFacts:
    return parse(path, textwrap.dedent(text).lstrip("\n").encode())


def sections(facts: FileFacts) -> list[tuple[str, int, int]]:
    return [(one.path, one.start, one.end) for one in facts.symbols]


def mentions(facts: FileFacts) -> list[tuple[str, str, tuple[int, ...]]]:
    return [
        ("" if use.scope == TOP else facts.symbols[use.scope].name, use.target, use.lines)
        for use in facts.uses
    ]


def test_headings_of_markdown_make_sections() -> None:
    facts = read(
        "a.md",
        """
        ---
        title: `not.this`
        # nor this
        ---
        # The `Client` [guide](x.md)
        Sub
        ===
        text
        ## Deep ##
        #no heading
        - list
        ---
        <h2 align="center">Banner</h2>
        """,
    )
    assert sections(facts) == [
        ("The Client guide", 5, 5),
        ("Sub", 6, 13),
        ("Sub > Deep", 9, 12),
        ("Sub > Banner", 13, 13),
    ]
    assert {one.kind for one in facts.symbols} == {"section"}


def test_fenced_code_has_no_headings_and_mentions_nothing() -> None:
    facts = read(
        "a.md",
        """
        # One
        ````python
        # not.this
        ```
        `nor.this()`
        ````
        ~~~
        # nor this
        """,
    )
    assert sections(facts) == [("One", 1, 8)]
    assert facts.uses == ()


@pytest.mark.parametrize(
    ("prose", "names"),
    [
        ("Use `Client.get(url)` or ``bar()``.", ["Client.get", "bar"]),
        ("[`Vec::push`](x) and `Array#map`", ["Vec.push", "Array.map"]),
        (":func:`~flask.url_for` :meth:`get <Client.get>`", ["flask.url_for", "Client.get"]),
        ("`pip install x` `a b` `-x` `1.2` `./x`", []),
        ("a ` b", []),
        ("`名前`", ["名前"]),
    ],
)
def test_names_of_code_in_prose(prose: str, names: list[str]) -> None:
    assert list(mentioned(prose)) == names


def test_titles_of_restructuredtext_make_sections_by_their_adornment() -> None:
    facts = read(
        "a.rst",
        """
        =====
        Title
        =====

        First :class:`A`
        ----------------

        Second
        ------
        Deeper
        ~~~~~~

        Third
        -----
        """,
    )
    assert sections(facts) == [
        ("Title", 1, 14),
        ("Title > First A", 5, 7),
        ("Title > Second", 8, 12),
        ("Title > Second > Deeper", 10, 12),
        ("Title > Third", 13, 14),
    ]


def test_directives_document_what_they_name_and_code_mentions_nothing() -> None:
    facts = read(
        "api.rst",
        """
        API
        ===

        .. autoclass:: Flask
           :members:

        .. py:function:: flask.run(host)

        .. code-block:: python

            x = ``not.this``

        Example::

            `nor.this`

        See :func:`that`.
        """,
    )
    assert mentions(facts) == [
        ("API", "Flask", (4,)),
        ("API", "flask.run", (7,)),
        ("API", "that", (17,)),
    ]


def test_what_stands_above_the_first_heading_belongs_to_the_file() -> None:
    facts = read("a.md", "Uses `f`.\n\n# One\n\n`f` and `f`, `g`\n")
    assert mentions(facts) == [("", "f", (1,)), ("One", "f", (5,)), ("One", "g", (5,))]


def test_plain_text_is_one_piece_unless_its_titles_are_underlined() -> None:
    assert read("README", "Just text.\n\nMore of it.\n").symbols == ()
    assert sections(read("notes.txt", "Notes\n=====\n\ntext\n")) == [("Notes", 1, 4)]


def test_a_document_counts_its_lines() -> None:
    assert read("a.md", "").lines == 0
    assert read("a.md", "a\n").lines == 1
    assert read("a.md", "a\nb").lines == 2
