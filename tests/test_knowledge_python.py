"""What is read of Python: definitions, imports, bindings, what is known of types, calls."""

from __future__ import annotations

import textwrap

import pytest

from collegium.knowledge.facts import TOP, Binding, FileFacts, Parameter, Symbol
from collegium.knowledge.parse import parse


def read(code: str) -> FileFacts:
    return parse("a.py", textwrap.dedent(code).lstrip("\n").encode())


def symbol(facts: FileFacts, path: str) -> Symbol:
    return next(one for one in facts.symbols if one.path == path)


def named(facts: FileFacts, place: int) -> str:
    return "<module>" if place == TOP else facts.symbols[place].path


def calls(facts: FileFacts) -> set[tuple[str, str]]:
    return {(named(facts, use.scope), use.target) for use in facts.uses if use.kind == "call"}


def references(facts: FileFacts) -> set[tuple[str, str]]:
    return {(named(facts, use.scope), use.target) for use in facts.uses if use.kind == "reference"}


def bound(facts: FileFacts) -> dict[str, str]:
    return {one.target: one.value for one in facts.bindings if one.how != "narrow"}


def narrowed(facts: FileFacts) -> list[tuple[str, str, int, int]]:
    return [
        (one.target, one.annotation or one.value, one.line, one.until)
        for one in facts.bindings
        if one.how == "narrow"
    ]


def test_a_function_has_its_signature_parameters_and_documentation() -> None:
    facts = read('''
        @cached(size=3)
        async def fetch(
            url: str, /, *rest: int, limit: "Limit | None" = None, **more
        ) -> Optional[Reply]:
            """Fetch it.

            Slowly.
            """
            return await get(url)
        ''')
    (fetch,) = facts.symbols
    assert (fetch.kind, fetch.start, fetch.line, fetch.body, fetch.end) == ("function", 1, 2, 5, 9)
    assert fetch.signature == (
        'async def fetch(url: str, /, *rest: int, limit: "Limit | None" = None, **more)'
        " -> Optional[Reply]"
    )
    assert fetch.doc == "Fetch it.\n\nSlowly."
    assert fetch.parameters == (
        Parameter("url", "str"),
        Parameter("*rest", "int"),
        Parameter("limit", "(Limit | <None>)", "<None>"),
        Parameter("**more"),
    )
    assert fetch.returns == "(Reply | <None>)"
    assert fetch.results == ("!get(url)",)
    assert fetch.marks == ("cached(size=<int>)",)
    assert (fetch.awaits, fetch.yields, fetch.exported) == (True, False, True)


def test_classes_have_bases_members_and_variables() -> None:
    facts = read('''
        class Base(abc.ABC, Generic[T], metaclass=Meta):
            """It is."""
            size: int = 3
            name: str

            def run(self): ...

            class Inner:
                pass

            @property
            def p(self): ...

            @p.setter
            def p(self, v): ...
        ''')
    base = symbol(facts, "Base")
    assert (base.kind, base.bases, base.doc) == ("class", ("abc.ABC", "Generic[T]"), "It is.")
    assert [(one.path, one.kind) for one in facts.symbols[1:]] == [
        ("Base.size", "variable"),
        ("Base.name", "variable"),
        ("Base.run", "method"),
        ("Base.Inner", "class"),
        ("Base.p", "method"),
        ("Base.p", "method"),
    ]
    assert all(one.parent == 0 for one in facts.symbols[1:])
    assert [(one.target, one.annotation, one.how) for one in facts.bindings] == [
        ("size", "int", "assign"),
        ("name", "str", "field"),
    ]


def test_nested_functions_are_symbols_and_lambdas_are_not() -> None:
    facts = read("""
        def outer():
            def inner():
                a()
            return lambda x: b(x)
        """)
    assert [one.path for one in facts.symbols] == ["outer", "outer.inner"]
    assert calls(facts) == {("outer.inner", "a"), ("outer", "b")}
    assert symbol(facts, "outer").results == ("<function>",)


@pytest.mark.parametrize(
    ("call", "element"),
    [
        ("sorted(xs, key=lambda x: x.a)", "*xs"),
        ("map(lambda x: x.a, f(xs))", "*f(xs)"),
        ("xs.ys.sort(key=lambda x: x.a)", "*xs.ys"),
        ("other(xs, key=lambda x: x.a)", ""),
    ],
)
def test_a_lambda_that_is_handed_elements_has_them_for_its_parameter(
    call: str, element: str
) -> None:
    (binding,) = read(call).bindings
    assert binding == Binding(TOP, "x", element, "", 1, "parameter", 1)


def test_defaults_and_decorators_belong_to_the_code_around() -> None:
    facts = read("""
        class A:
            @decorate
            def m(self, x=default()): pass
        """)
    assert calls(facts) == {("A", "default")}
    assert [(use.kind, use.target, named(facts, use.scope)) for use in facts.uses] == [
        ("decorate", "decorate", "A"),
        ("call", "default", "A"),
    ]


def test_imports_of_every_form() -> None:
    facts = read("""
        from __future__ import annotations
        import os.path, sys as system
        from . import here as there
        from ..up.more import one, two
        from all import *
        try:
            import fast
        except ImportError:
            import slow as fast
        def f():
            from local import name
        """)
    assert [(one.module, one.name, one.alias, one.level) for one in facts.imports] == [
        ("os.path", "", "os.path", 0),
        ("sys", "", "system", 0),
        ("", "here", "there", 1),
        ("up.more", "one", "one", 2),
        ("up.more", "two", "two", 2),
        ("all", "*", "", 0),
        ("fast", "", "fast", 0),
        ("slow", "", "fast", 0),
        ("local", "name", "name", 0),
    ]
    assert named(facts, facts.imports[-1].scope) == "f"


def test_all_says_what_is_exported() -> None:
    facts = read("""
        __all__ = ["a", "b"]
        __all__ += other.__all__
        __all__.extend(["c"])
        """)
    assert [(one.name, one.value) for one in facts.exports] == [
        ("a", "a"),
        ("b", "b"),
        ("*", "other"),
        ("c", "c"),
    ]


@pytest.mark.parametrize(
    ("statement", "target", "value"),
    [
        ("x = f(1)", "x", "f(<int>)"),
        ("x = y = f()", "y", "f()"),
        ("x: int = 1", "x", "<int>"),
        ("a, b = f()", "b", "f()[1]"),
        ("a, (b, c) = f()", "c", "f()[1][1]"),
        ("a, b = f(), g()", "a", "<tuple f(), g()>[0]"),
        ("a, *b = f()", "b", "<list *f()>"),
        ("self.x = A()", "self.x", "A()"),
        ("for x in xs: pass", "x", "*xs"),
        ("for k, v in d.items(): pass", "v", "(*d.items())[1]"),
        ("with open(p) as x: pass", "x", ">open(p)"),
        ("with a() as (x, y): pass", "y", "(>a())[1]"),
        ("if (x := f()): pass", "x", "f()"),
        ("x = a if c else b", "x", "(a | b)"),
        ("x = a or B()", "x", "(a | B())"),
        ("x = await f()", "x", "!f()"),
        ("x = a[0].b", "x", "a[0].b"),
        ("x = a[1:]", "x", "a"),
        ("x = [A(), B(), A()]", "x", "<list A(), B()>"),
        ("x = (A, b)", "x", "<tuple A, b>"),
        ("x = {'k': A()}", "x", "<dict A()>"),
        ("x = [i.a for i in xs]", "x", "<list i.a>"),
        ("x = f'{g()}'", "x", "<str>"),
        ("x = b''", "x", "<bytes>"),
        ("x = None", "x", "<None>"),
        ("x = not y", "x", "<bool>"),
        ("x = (f())", "x", "f()"),
        ("x = cast('Foo', y)", "x", "cast(Foo, y)"),
        ("x = TypeVar('x', bound='Foo')", "x", "TypeVar(<str>, bound=Foo)"),
        ("x = partial(f, a, k=B)", "x", "partial(f, a, k=B)"),
        ("type x = A | B", "x", "(A | B)"),
        ("x = A[int](1)", "x", "A[int](<int>)"),
    ],
)
def test_what_a_name_is_bound_to(statement: str, target: str, value: str) -> None:
    assert bound(read(statement))[target] == value


@pytest.mark.parametrize(
    ("annotation", "expression"),
    [
        ("int", "int"),
        ("'Foo'", "Foo"),
        ("'a.Foo[B]'", "a.Foo[B]"),
        ("Optional[Foo]", "(Foo | <None>)"),
        ("t.Union[A, 'B']", "(A | B)"),
        ("A | None", "(A | <None>)"),
        ("Sequence[A] | None", "(Sequence[A] | <None>)"),
        ("list['Foo']", "list[Foo]"),
        ("dict[str, list[A]]", "dict[str, list[A]]"),
        ("Callable[[A, B], C]", "Callable[<list A, B>, C]"),
        ("Annotated[A, f()]", "A"),
        ("Literal['a']", "_"),
        ("'not a type'", "_"),
        ("None", "<None>"),
    ],
)
def test_what_an_annotation_says(annotation: str, expression: str) -> None:
    (binding,) = read(f"x: {annotation}").bindings
    assert binding.annotation == expression


def test_conditions_tell_types_where_they_hold() -> None:
    facts = read("""
        def f(x, y, z):
            if isinstance(x, A) and y:
                x.a()
            elif type(y) is b.B:
                y.b()
            if not isinstance(z, (C, D)):
                return
            z.c()
            assert isinstance(y, E)
            y.e()
        """)
    assert narrowed(facts) == [
        ("x", "A", 2, 3),
        ("x", "A", 2, 2),
        ("y", "b.B", 4, 5),
        ("z", "<not (C | D)>", 6, 7),
        ("z", "(C | D)", 8, 10),
        ("y", "E", 9, 10),
    ]


def test_the_other_branch_of_a_negated_condition_is_told_too() -> None:
    facts = read("""
        if not isinstance(x, A):
            pass
        else:
            x.a()
        """)
    assert narrowed(facts) == [("x", "<not A>", 1, 2), ("x", "A", 3, 4)]


def test_patterns_bind_and_tell_types() -> None:
    facts = read("""
        match self.x:
            case Point(x=px) as point:
                pass
            case [first, *rest] | {"k": first}:
                pass
            case Color.RED:
                pass
            case A() | B():
                pass
        """)
    assert narrowed(facts) == [
        ("px", "Point().x", 2, 3),
        ("point", "Point", 2, 3),
        ("self.x", "Point", 2, 3),
        ("first", "self.x[0]", 4, 5),
        ("rest", "_", 4, 5),
        ("first", "_", 4, 5),
        ("self.x", "(A | B)", 8, 9),
    ]
    assert ("<module>", "Color.RED") in references(facts)


def test_comprehensions_and_handlers_bind_only_within_themselves() -> None:
    facts = read("""
        xs = [
            x.a for x in items
            if isinstance(x, A)
        ]
        try:
            pass
        except (E, F) as error:
            error.e()
        """)
    assert narrowed(facts) == [
        ("x", "*items", 1, 4),
        ("x", "A", 1, 4),
        ("error", "(E() | F())", 7, 8),
    ]


def test_bindings_that_may_be_passed_over_hold_to_the_end_of_their_block() -> None:
    facts = read("""
        def f():
            x = 1
            if c:
                x = 2
                while d:
                    x = 3
            with e:
                x = 4
        """)
    assert [(one.line, one.until) for one in facts.bindings] == [(2, 0), (4, 6), (6, 6), (8, 0)]


def test_global_names_are_bound_at_the_top() -> None:
    facts = read("""
        def f():
            global state
            state = 1
        """)
    assert facts.bindings == (Binding(TOP, "state", "<int>", "", 3),)
    assert symbol(facts, "state").parent == TOP


def test_local_names_are_no_references() -> None:
    facts = read("""
        def f(a):
            b = a
            return b, GLOBAL, b.c
        """)
    assert references(facts) == {("f", "GLOBAL"), ("f", "b.c")}


def test_every_call_is_read_once_whatever_it_stands_in() -> None:
    facts = read("""
        a(b(c)).d(e()[f()])(g=h(), *i(), **j())
        x[k()] = l() + -m()
        del n()[0]
        raise O() from p()
        assert q(), r()
        type(s).t = u()
        print(f"{v()!r:>{w()}}")
        """)
    found = [(use.target.rpartition(".")[2], use.lines) for use in facts.uses if use.kind == "call"]
    assert all(len(lines) == 1 for _, lines in found)
    names = {name for name, _ in found}
    assert set("abdefhijklmOpqruvw") - names == set()
    assert "type" in names


def test_a_call_is_where_its_name_is() -> None:
    facts = read("""
        (first()
            .second()
            .third())
        """)
    assert {use.target: use.lines for use in facts.uses} == {
        "first": (1,),
        "first().second": (2,),
        "first().second().third": (3,),
    }


def test_generators_tell_what_they_yield() -> None:
    facts = read("""
        def f():
            yield A()
            yield from b()
            return C()
        """)
    assert symbol(facts, "f").yields
    assert symbol(facts, "f").results == ("A()", "*b()")


def test_type_parameters_are_bound_where_they_hold() -> None:
    facts = read("def f[T: Base](x: T) -> T: ...")
    assert [(one.target, one.value, one.annotation) for one in facts.bindings] == [
        ("T", "<typevar>", "Base")
    ]


def test_documentation_is_the_first_string_or_the_comments_above() -> None:
    facts = read('''
        #!/usr/bin/env python
        # Not this one.

        # About f,
        # in two lines.
        def f():
            return 1  # nor this

        def g():
            # nor this
            r"""Raw."""
        ''')
    assert symbol(facts, "f").doc == "About f,\nin two lines."
    assert symbol(facts, "g").doc == "Raw."


def test_comments_are_no_part_of_a_signature() -> None:
    facts = read("""
        class A:  # noqa
            # About f.
            def f(
                self,  # this
                x: int,
            ) -> int:  # that
                # and this
                return x
        """)
    assert symbol(facts, "A").signature == "class A"
    assert symbol(facts, "A.f").signature == "def f(self, x: int) -> int"
    assert symbol(facts, "A.f").doc == "About f."


@pytest.mark.parametrize(
    "doc",
    [
        ":param Foo x: it\n:param y: it\n:type y: a.Bar or None\n:rtype: :class:`~a.Baz`",
        ":type x: Foo\n:type y: a.Bar | None\n:rtype: a.Baz",
    ],
)
def test_docstrings_tell_types_where_there_is_no_annotation(doc: str) -> None:
    facts = read(
        'def f(x, y, z: int):\n    """Do.\n\n    ' + doc.replace("\n", "\n    ") + '\n    """\n'
    )
    (f,) = facts.symbols
    assert [one.annotation for one in f.parameters] == ["Foo", "(a.Bar | <None>)", "int"]
    assert f.returns == "a.Baz"


@pytest.mark.parametrize(
    "section",
    [
        "Args:\n    x (Foo): it\n    y (a.Bar, optional): it, or (not)\n    z (some thing): it",
        "Parameters\n----------\nx : Foo\n    It.\ny : a.Bar, optional\nz : list of str",
    ],
)
def test_sections_of_docstrings_tell_types(section: str) -> None:
    doc = ("Do.\n\n" + section).replace("\n", "\n    ")
    (f,) = read('def f(x, y, z):\n    """' + doc + '\n    """\n').symbols
    assert [one.annotation for one in f.parameters] == ["Foo", "a.Bar", ""]


def test_a_definition_ends_with_its_code() -> None:
    facts = read("""
        def f():
            return 1

            # about what follows

        x = 1
        """)
    assert symbol(facts, "f").end == 2


def test_overloads_share_a_path() -> None:
    facts = read("""
        @overload
        def f(x: int) -> int: ...
        @overload
        def f(x: str) -> str: ...
        def f(x): return x
        """)
    assert [(one.path, one.marks) for one in facts.symbols] == [
        ("f", ("overload",)),
        ("f", ("overload",)),
        ("f", ()),
    ]
