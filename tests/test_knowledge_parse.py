"""The engine: encodings, broken and hostile content, expressions, and a language as one table."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from collegium.errors import MissingGrammar
from collegium.knowledge import expressions
from collegium.knowledge.facts import TOP, FileFacts, Parameter
from collegium.knowledge.languages import language_of
from collegium.knowledge.languages.grammar import Grammar
from collegium.knowledge.parse import LONGEST, parse, read, text_of
from collegium.knowledge.parsing import rules
from collegium.knowledge.parsing.documentation import above


def calls(facts: FileFacts) -> set[str]:
    return {use.target for use in facts.uses if use.kind == "call"}


def paths(facts: FileFacts) -> list[str]:
    return [symbol.path for symbol in facts.symbols]


@pytest.mark.parametrize(
    ("path", "head", "language"),
    [
        ("a/b.py", b"", "python"),
        ("stubs/b.pyi", b"", "python"),
        ("B.PY", b"", "python"),
        ("a.tsx", b"", "tsx"),
        ("bin/tool", b"#!/usr/bin/env python3\n", "python"),
        ("bin/tool", b"#!/usr/bin/env -S node --harmony\n", "javascript"),
        ("bin/tool", b"#!/bin/sh\n", None),
        ("README", b"", "text"),
        ("docs/index.rst", b"", "restructuredtext"),
        ("package.json", b"", "manifest"),
        ("bin/text", b"#!/usr/bin/python\n", "python"),
        ("other.json", b"", None),
        (".py", b"", None),
        ("picture.png", b"", None),
    ],
)
def test_the_language_of_a_file_is_told_by_its_name_or_its_first_line(
    path: str, head: bytes, language: str | None
) -> None:
    assert language_of(path, head) == language


@pytest.mark.parametrize(
    "text",
    [
        "a.b.c",
        "*d.items()",
        "(*d.items())[1]",
        "f(x, key=<int>)",
        "(A | B[C, D] | <None>)",
        "(!f()).x",
        ">open(_)",
        "<list A(), b>",
        "<str>.join(x)",
        "this.#x",
        "名.值",
    ],
)
def test_expressions_are_written_as_they_are_read(text: str) -> None:
    assert expressions.written(expressions.parse(text)) == text


def test_a_prefix_holds_less_tightly_than_what_follows() -> None:
    assert expressions.parse("*a.b") == ("element", ("attribute", ("name", "a"), "b"))
    assert expressions.parse("(*a)[0]") == (
        "item",
        ("element", ("name", "a")),
        (("index", 0),),
    )
    assert expressions.parse("f(k=A)") == (
        "call",
        ("name", "f"),
        (("keyword", "k", ("name", "A")),),
    )


@pytest.mark.parametrize("text", ["", "a..b", "(((", "f(", "a b", "a" + ".b" * 100, "((" * 600])
def test_what_is_no_expression_cannot_be_told(text: str) -> None:
    assert expressions.parse(text) == ("unknown",)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("é".encode(), "é"),
        (b"\xef\xbb\xbfx = 1", "x = 1"),
        ("x = 'é'".encode("utf-16"), "x = 'é'"),
        (b"# -*- coding: cp1251 -*-\nx = '\xe9'", "# -*- coding: cp1251 -*-\nx = 'й'"),
        (b"# coding: nonsense\nx = '\xe9'", "# coding: nonsense\nx = 'é'"),
        (b"x = '\xe9'", "x = 'é'"),
    ],
)
def test_bytes_become_text_by_what_they_say_of_themselves(source: bytes, text: str) -> None:
    assert text_of(source) == text


def test_names_in_any_script_are_read() -> None:
    facts = parse("a.py", "class Größe:\n  def 名前(self): self.値()\n".encode())
    assert paths(facts) == ["Größe", "Größe.名前"]
    assert calls(facts) == {"self.値"}


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\n\x0c"])
def test_lines_count_alike_whatever_ends_them(ending: bytes) -> None:
    facts = parse("a.py", ending.join([b"def f():", b"\tg()", b"def h(): pass", b""]))
    assert [(symbol.path, symbol.line, symbol.end) for symbol in facts.symbols] == [
        ("f", 1, 2),
        ("h", 3, 3),
    ]


def test_broken_code_gives_what_can_be_read_and_where_it_is_broken() -> None:
    facts = parse("a.py", b"def good(): g()\n\ndef bad(:\n\nclass Fine:\n  def m(self): pass\n")
    assert {"good", "Fine", "Fine.m"} <= set(paths(facts))
    assert "g" in calls(facts)
    assert facts.damaged == (3,)


def test_an_empty_file_has_no_facts() -> None:
    assert parse("a.py", b"") == FileFacts("a.py", "python", 0)


def test_a_file_of_no_language_has_no_facts() -> None:
    assert parse("a.png", b"\x89PNG\n") == FileFacts("a.png", "", 1)


def test_a_file_that_is_too_long_is_damaged_and_not_read() -> None:
    facts = parse("a.py", b"x = '" + b"a" * LONGEST + b"'\n")
    assert facts.symbols == ()
    assert facts.damaged == (1,)


NESTED = 10_000
DEEP = {
    "parentheses": b"x = " + b"(" * NESTED + b"f()" + b")" * NESTED,
    "lists": b"x = " + b"[" * NESTED + b"f()" + b"]" * NESTED,
    "calls": b"x = " + b"f(" * 3000 + b")" * 3000,
    "members": b"x = f()" + b".a" * NESTED,
    "chains": b"f()" + b".a()" * 3000,
    "items": b"x = f()" + b"[0]" * 3000,
    "sums": b"x = f()" + b" + a" * NESTED,
    "conditions": b"x = f()" + b" and a" * 1000,
    "types": b"x: " + b"L[" * 3000 + b"A" + b"]" * 3000 + b" = f()",
    "targets": b"(" * 2000 + b"a" + b",)" * 2000 + b" = f()",
    "patterns": b"match f():\n  case " + b"[" * 2000 + b"a" + b"]" * 2000 + b": pass",
    "functions": b"".join(b" " * i + b"def f():\n" for i in range(300)) + b" " * 300 + b"f()",
}


@pytest.mark.parametrize("source", DEEP.values(), ids=DEEP)
def test_what_is_nested_deep_is_read_and_never_too_deep(source: bytes) -> None:
    assert "f" in calls(parse("a.py", source + b"\n"))


def test_what_is_defined_too_deep_is_no_symbol_but_its_code_is_read() -> None:
    depth = 400
    opened = b"".join(b"function f%d(){" % at for at in range(depth))
    facts = parse("a.js", opened + b"g()" + b"}" * depth)
    assert max(symbol.path.count(".") for symbol in facts.symbols) == 100
    assert calls(facts) == {"g"}


@pytest.mark.parametrize("path", ["a.py", "a.md", "a.rst", "a.txt"])
def test_no_content_raises(path: str) -> None:
    rng = random.Random(7)
    letters = b"()[]{}:;.,\"'#=+-*/\n abcdef@\\`\0\xff"
    for _ in range(60):
        source = bytes(rng.choice(letters) for _ in range(rng.randrange(400)))
        assert parse(path, source).path == path


def test_every_prefix_of_a_file_can_be_read() -> None:
    source = b'@d(1)\nasync def f(a: "T[B]" = 1, *b) -> C | None:\n  """D."""\n'
    source += b"  x: int = [i for i in b]\n"
    source += b"  match x:\n    case A(b=c) as d: return d\n  with e as (g, h): yield\n"
    for end in range(len(source)):
        parse("a.py", source[:end])


def test_long_expressions_are_not_kept() -> None:
    facts = parse("a.py", b"x = f(" + b"g(aaaaaaaaaa)." * 60 + b"h)\n")
    assert all(len(binding.value) <= 240 for binding in facts.bindings)


TOY = Grammar(
    name="toy",
    wheel="tree_sitter_rust",
    documentation=above,
    comments=frozenset({"line_comment"}),
    own=frozenset({"self"}),
    public=str.isupper,
    parameters={
        "parameter": lambda reading, node: [
            Parameter(
                reading.text(node.children[0]),
                reading.annotation(node.child_by_field_name("type")),
            )
        ],
    },
    rules={
        "identifier": rules.name(),
        "type_identifier": rules.name(),
        "field_expression": rules.member("value", "field"),
        "call_expression": rules.call(),
        "arguments": rules.arguments,
        "let_declaration": rules.assignment("pattern", "value", declares=False),
        "struct_item": rules.type_(body="body"),
        "function_item": rules.function(),
        "return_expression": rules.returned,
        "expression_statement": rules.through(),
    },
)
TOY_SOURCE = b"""
// Greets somebody.
fn GREET(who: Person) -> Text {
    let name: Text = who.name.trim();
    let shout = loud(name);
    return shout.with(mark);
}
"""


def test_a_language_is_one_table() -> None:
    facts = read("hello.toy", TOY_SOURCE, TOY)
    (greet,) = facts.symbols
    assert (greet.kind, greet.path, greet.line, greet.end) == ("function", "GREET", 3, 7)
    assert greet.doc == "Greets somebody."
    assert greet.signature == "fn GREET(who: Person) -> Text"
    assert greet.parameters == (Parameter("who", "Person"),)
    assert greet.returns == "Text"
    assert greet.results == ("shout.with(mark)",)
    assert greet.exported
    assert [(one.target, one.value, one.annotation) for one in facts.bindings] == [
        ("name", "who.name.trim()", "Text"),
        ("shout", "loud(name)", ""),
    ]
    assert {(use.kind, use.target, use.lines) for use in facts.uses} == {
        ("reference", "Person", (3,)),
        ("reference", "Text", (3, 4)),
        ("call", "who.name.trim", (4,)),
        ("call", "loud", (5,)),
        ("call", "shout.with", (6,)),
        ("reference", "mark", (6,)),
    }


def test_a_grammar_that_is_not_installed_is_named() -> None:
    missing = Grammar(name="cobol", wheel="tree_sitter_cobol", rules={}, documentation=above)
    with pytest.raises(MissingGrammar, match=r"cobol needs the extra: pip install 'collegium\["):
        read("a.cob", b"", missing)


def test_code_at_the_top_belongs_to_the_file() -> None:
    facts = parse("a.py", b"f()\n")
    assert [use.scope for use in facts.uses] == [TOP]


def test_reading_imports_no_grammar_before_it_is_used() -> None:
    script = (
        "import sys; from collegium.knowledge import parse; parse.parse('a.md', b'# A');"
        "assert not [m for m in sys.modules if m.startswith('tree_sitter')]"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
