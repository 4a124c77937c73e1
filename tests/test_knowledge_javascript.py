"""JavaScript and TypeScript: what is read of them, and what their names mean."""

from __future__ import annotations

import posixpath
import textwrap
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from collegium.knowledge.facts import TOP, FileFacts, Parameter, Symbol
from collegium.knowledge.parse import parse
from collegium.knowledge.resolving import Interface, Run, interface_of

if TYPE_CHECKING:
    from collegium.knowledge.graph import Edge


class Tree:
    """Files in memory, as the resolver asks for them."""

    def __init__(self, files: dict[str, str]) -> None:
        self._facts = {
            path: parse(path, textwrap.dedent(code).lstrip("\n").encode())
            for path, code in files.items()
        }
        self._folders: defaultdict[str, list[str]] = defaultdict(list)
        self._bearers: defaultdict[str, set[str]] = defaultdict(set)
        for path, facts in sorted(self._facts.items()):
            self._folders[posixpath.dirname(path)].append(path)
            for symbol in facts.symbols:
                self._bearers[symbol.name].add(path)

    def facts(self, path: str) -> FileFacts | None:
        return self._facts.get(path)

    def interface(self, path: str) -> Interface | None:
        return interface_of(self._facts[path]) if path in self._facts else None

    def bearers(self, name: str) -> list[str]:
        return sorted(self._bearers[name]) if name in self._bearers else []

    def exists(self, path: str) -> bool:
        return path in self._facts or any(each.startswith(f"{path}/") for each in self._facts)

    def folder(self, path: str) -> list[str]:
        return list(self._folders.get(path, ()))

    def files_named(self, tail: str) -> list[str]:
        return sorted(path for path in self._facts if posixpath.basename(path) == tail)

    def edges(self) -> list[Edge]:
        run = Run(self)
        return [edge for path in sorted(self._facts) for edge in run.resolve(path).edges]


def of_kind(kind: str, files: dict[str, str]) -> set[tuple[str, str]]:
    """Return the sure edges of a kind as "file:symbol" pairs, the file left out where it is one."""
    alone = len(files) == 1
    return {
        (_shown(edge.source, alone=alone), _shown(edge.target, alone=alone))
        for edge in Tree(files).edges()
        if edge.kind == kind and edge.trust != "candidate"
    }


def _shown(node: tuple[str, str], *, alone: bool) -> str:
    file, symbol = node
    return symbol if alone else f"{file}:{symbol}" if symbol and file else file or symbol


def calls(code: str, path: str = "a.js") -> set[tuple[str, str]]:
    return of_kind("calls", {path: code})


def read(code: str, path: str = "a.js") -> FileFacts:
    return parse(path, textwrap.dedent(code).lstrip("\n").encode())


def paths(code: str, path: str = "a.js") -> list[str]:
    return [symbol.path for symbol in read(code, path).symbols]


def symbol(facts: FileFacts, path: str) -> Symbol:
    return next(each for each in facts.symbols if each.path == path)


# What has a name


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("function f() { function g() {} }", ["f", "f.g"]),
        ("const f = () => 1, g = function () {}", ["f", "g"]),
        ("exports.f = function () {}", ["exports.f"]),
        ("module.exports = function named() {}", ["module.exports"]),
        ("A.prototype.f = function () {}", ["A.f"]),
        ("app.f = () => {}", ["app.f"]),
        ("function f() { request.onabort = function () {} }", ["f", "f.request.onabort"]),
        ("const o = { f() {}, g: () => {}, 'h': function () {} }", ["o.f", "o.g", "o.h", "o"]),
        ("export default { read() {} }", ["read"]),
        ("const o = { a: { f() {} } }", ["o.a.f", "o"]),
        ("Object.assign(A.prototype, { f() {} })", ["A.f"]),
        ("class A { #x = 1; static f() {} #g() {} h = () => {} }",
         ["A", "A.#x", "A.f", "A.#g", "A.h"]),
        ("export default class { f() {} }", ["default", "default.f"]),
        ("module.exports = class A { f() {} }", ["A", "A.f"]),
        ("run(function inner() {}); run(() => {})", []),
        ("const { a, b: c } = d", ["a", "c"]),
        ("this.promise.then = (f) => f", []),
        ("export const x = 1", ["x"]),
    ],
)  # fmt: skip
def test_functions_and_classes_are_called_what_they_are_bound_to(
    code: str, expected: list[str]
) -> None:
    assert paths(code) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("interface I { a: A; m(): void }",
         [("interface", "I"), ("variable", "I.a"), ("method", "I.m")]),
        ("type T = { a: A }", [("interface", "T"), ("variable", "T.a")]),
        ("type T = A | B", [("variable", "T")]),
        ("enum E { A, B = 2, 'c' }",
         [("enum", "E"), ("variable", "E.A"), ("variable", "E.B"), ("variable", "E.c")]),
        ("namespace N { export function f() {} }", [("module", "N"), ("function", "N.f")]),
        ("abstract class A { abstract m(): void }", [("class", "A"), ("method", "A.m")]),
        ("declare function f(a: A): B", [("function", "f")]),
        ("function f(a: A): void; function f(a: any) {}", [("function", "f"), ("function", "f")]),
    ],
)  # fmt: skip
def test_what_typescript_declares_is_a_symbol(code: str, expected: list[tuple[str, str]]) -> None:
    assert [(each.kind, each.path) for each in read(code, "a.ts").symbols] == expected


def test_a_definition_has_its_lines_signature_and_documentation() -> None:
    facts = read("""
        /**
         * Joins them.
         * @param {Part} a the first
         * @returns {Promise<Whole>}
         */

        export const join = async (a, b = 1, ...rest) => {
          return a
        }
        """)
    join = symbol(facts, "join")
    assert (join.start, join.line, join.end) == (7, 7, 9)
    assert join.signature == "const join = async (a, b = 1, ...rest)"
    assert join.doc.startswith("Joins them.")
    assert [_told(each) for each in join.parameters] == [
        ("a", "Part", ""), ("b", "", "<number>"), ("*rest", "", ""),
    ]  # fmt: skip
    assert (join.returns, join.awaits, join.exported) == ("Promise[Whole]", True, True)


def _told(parameter: Parameter) -> tuple[str, str, str]:
    return parameter.name, parameter.annotation, parameter.default


def test_modifiers_and_decorators_are_marks() -> None:
    facts = read(
        """
        @Component({a: 1})
        class A {
          @Input() private readonly b: B
          @hook
          static async c() {}
        }
        """,
        "a.ts",
    )
    assert symbol(facts, "A").marks == ("Component(#1)",)
    assert symbol(facts, "A").start == 1
    assert symbol(facts, "A.c").marks == ("hook", "static")
    assert {"hook", "Component", "Input"} <= {u.target for u in facts.uses if u.kind == "decorate"}


def test_every_way_to_import_is_an_import() -> None:
    facts = read("""
        import a, { b, c as d } from './m'
        import * as e from 'm'
        import './side'
        export { f, g as h } from './n'
        export * from './o'
        const i = require('p')
        const { j, k: l } = require('./q')
        const m = require('r').s
        async function load() { const { n } = await import('./t') }
        """)
    assert [(each.module, each.name, each.alias) for each in facts.imports] == [
        ("./m", "default", "a"), ("./m", "b", "b"), ("./m", "c", "d"),
        ("m", "", "e"), ("./side", "", ""),
        ("./n", "f", "f"), ("./n", "g", "h"), ("./o", "*", ""),
        ("p", "", "i"), ("./q", "j", "j"), ("./q", "k", "l"), ("r", "s", "m"),
        ("./t", "n", "n"),
    ]  # fmt: skip
    assert facts.imports[-1].scope != TOP
    assert [each.exported for each in facts.imports[5:8]] == [True, True, True]


def test_broken_code_gives_what_can_be_read_and_its_lines() -> None:
    facts = read("""
        function before() { one() }
        class { ) (
        function after() { two() }
        """)
    assert {"before", "after"} <= {each.name for each in facts.symbols}
    assert facts.damaged


@pytest.mark.parametrize("path", ["a.js", "a.ts", "a.tsx"])
@pytest.mark.parametrize(
    "code",
    ["{a:" * 3000, "a(" * 3000, "a=" * 3000, "x => " * 3000, "[" * 3000 + "] = b", "a?b:" * 3000,
     "function f({" * 1000, "class A extends " * 1000, "a.b" * 9000,
     "\0\x80", "export default", "(" * 5000],
)  # fmt: skip
def test_no_content_is_too_deep_or_too_strange_to_be_read(code: str, path: str) -> None:
    assert read(code, path).path == path


# What names mean within a file


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        # methods, inheritance, super, static, private, getters, fields
        ("class A { f() { this.g(); this.#h() } g() {} #h() {} }",
         {("A.f", "A.g"), ("A.f", "A.#h")}),
        ("class A { f() {} } class B extends A { g() { this.f(); super.f() } }", {("B.g", "A.f")}),
        ("class A { constructor() {} } class B extends A { constructor() { super() } }",
         {("B.constructor", "A.constructor")}),
        ("class A { static f() { this.g() } static g() {} } A.f()",
         {("A.f", "A.g"), ("<module>", "A.f")}),
        ("class A { get b() { return new B() } f() { this.b.g() } } class B { g() {} }",
         {("A.b", "B"), ("A.f", "B.g")}),
        ("class A { b = new B(); f = () => { this.b.g() } } class B { g() {} }",
         {("A", "B"), ("A.f", "B.g")}),
        ("class A { constructor() { this.b = new B() } f() { run(() => this.b.g()) } }\n"
         "class B { g() {} }",
         {("A.constructor", "B"), ("A.f", "B.g")}),
        ("class A { f() { run(function () { this.g() }) } g() {} }", set()),
        # objects
        ("const o = { f() { this.g() }, g: () => {} }; o.f()",
         {("o.f", "o.g"), ("<module>", "o.f")}),
        ("function f() {} const o = { f, h: f }; o.f(); o.h()", {("<module>", "f")}),
        ("const o = { ...p }; o.f(); const p = { f() {} }", {("<module>", "p.f")}),
        ("const o = {}; o.f = function () {}; o.f()", {("<module>", "o.f")}),
        ("const o = Object.assign({}, { f() {} }); o.f()", {("<module>", "f")}),
        ("function make() { return { f() {} } } make().f(); const { f } = make(); f()",
         {("<module>", "make"), ("<module>", "make.f")}),
        ("function f() { read() } const o = { read() {} }", set()),
        # prototypes
        ("function A() { this.b = new B() } A.prototype.f = function () { this.b.g() }\n"
         "function B() { this.c = 1 } B.prototype.g = function () {}; new A().f()",
         {("A", "B"), ("A.f", "B.g"), ("<module>", "A"), ("<module>", "A.f")}),
        ("function A() { this.x = 1 } const proto = A.prototype\n"
         "proto.f = function () {}; new A().f()",
         {("<module>", "A"), ("<module>", "proto.f")}),
        ("function A() { this.x = 1 } A.prototype.f = helper; function helper() {}; new A().f()",
         {("<module>", "A"), ("<module>", "helper")}),
        ("function A() { this.f = function () {}; } new A().f()",
         {("<module>", "A"), ("<module>", "A.f")}),
        ("function A() { this.x = 1 } A.prototype = { f: function () { this.g() }, g() {} }",
         {("A.f", "A.g")}),
        ("function A() { this.x = 1 } A.prototype.f = function () {}; function B() { this.y = 1 }\n"
         "util.inherits(B, A); B.prototype.g = function () { this.f() }", {("B.g", "A.f")}),
        ("function A() { this.x = 1 } A.prototype.f = function () {}; function B() { this.y = 1 }\n"
         "B.prototype = Object.create(A.prototype); B.prototype.g = function () { this.f() }",
         {("B.g", "A.f")}),
        ("const kB = Symbol(); class B { g() {} }\n"
         "class A { constructor() { this[kB] = new B() } [kF]() { this[kB].g() }\n"
         "f() { this[kF]() } }",
         {("A.constructor", "B"), ("A.[kF]", "B.g"), ("A.f", "A.[kF]")}),
        # flow, blocks, closures
        ("let get; class A { static { get = (a) => a } } function f() { get() }", {("f", "A.get")}),
        ("function g() {} const o = { g }, { g: h } = o; h()", {("<module>", "g")}),
        ("class A { f() {} } class B { f() {} } function g(x) { if (x instanceof A) { x.f() } }",
         {("g", "A.f")}),
        ("class A { f() {} } function g(x) { if (!(x instanceof A)) { return }\nx.f() }",
         {("g", "A.f")}),
        ("class A { f() {} } let a = null; function set() { a = new A() } function g() { a.f() }",
         {("set", "A"), ("g", "A.f")}),
        ("class A { f() {} } function g() { let a; if (b) { a = new A() } a.f() }",
         {("g", "A"), ("g", "A.f")}),
        ("class A { f() {} } class B { f() {} }\n"
         "function g() { { const x = new A(); x.f() }\n { const x = new B(); x.f() } }",
         {("g", "A"), ("g", "B"), ("g", "A.f"), ("g", "B.f")}),
        ("class A { f() {} } const all = [new A()]\n"
         "all.forEach(x => x.f()); for (const a of all) a.f()",
         {("<module>", "A"), ("<module>", "A.f")}),
        ("function f(g) { g() } function g() {}", set()),
        ("use(f); function f() { f() }", {("f", "f")}),
        ("const m = (function () { function f() {} return { f, g() { f() } } })(); m.f(); m.g()",
         {("g", "f"), ("<module>", "f"), ("<module>", "g")}),
        # awaited, chains, callbacks that are called with something known
        ("class A { f() {} } async function make() { return new A() }\n"
         "async function g() { (await make()).f() } make().then(a => a.f())",
         {("make", "A"), ("g", "make"), ("g", "A.f"), ("<module>", "make"), ("<module>", "A.f")}),
        ("class A { f() { return this } g() {} } new A().f().g()",
         {("<module>", "A"), ("<module>", "A.f"), ("<module>", "A.g")}),
        ("class A { f() {} }\n/** @param {A} a */\nfunction g(a) { a.f() }", {("g", "A.f")}),
        ("class A { f() {} }\n/** @type {A[]} */\nconst all = []\nall[0].f()",
         {("<module>", "A.f")}),
        ("import _ from 'lodash'; class A { map() {} } _.map([])", set()),
        ("const el = <Panel><Row.Cell/></Panel>; function Panel() {}", {("<module>", "Panel")}),
    ],
)  # fmt: skip
def test_a_call_in_javascript_calls_what_the_language_says(
    code: str, expected: set[tuple[str, str]]
) -> None:
    assert calls(code) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("class A { f() {} } function g(a: A, b?: A | null) { a.f(); b!.f() }", {("g", "A.f")}),
        ("class A { f() {} } class B { constructor(private a: A) {} g() { this.a.f() } }",
         {("B.g", "A.f")}),
        ("interface I { f(): void } class A implements I { f() {} } function g(i: I) { i.f() }",
         {("g", "I.f")}),
        ("class A { f() {} } type T = A; function g(a: T, b: Readonly<A>) { a.f(); b.f() }",
         {("g", "A.f")}),
        ("class A { f() {} } const g = (x: unknown) => { (x as A).f() }", {("g", "A.f")}),
        ("class Box<T> { get(): T {} } class A { f() {} } function g(b: Box<A>) { b.get().f() }",
         {("g", "Box.get"), ("g", "A.f")}),
        ("class A { f() {} } function g<T extends A>(a: T) { a.f() }", {("g", "A.f")}),
        ("class A { f() {} } function each(g: (a: A) => void) {} each(a => a.f())",
         {("<module>", "each"), ("<module>", "A.f")}),
        ("class A { f() {} } interface Rule { run(a: A): void; on: (a: A) => void }\n"
         "const r: Rule = { run(a) { a.f() }, on: (a) => a.f() }",
         {("r.run", "A.f"), ("r.on", "A.f")}),
        ("class A { f() {} } function g(this: A) { this.f() }", {("g", "A.f")}),
        ("class A { f() {} } function g({ a, b: [c] }: { a: A; b: A[] }) { a.f(); c.f() }",
         {("g", "A.f")}),
        ("class A { f() {} } function g(m: Map<string, A>) { m.get('x')?.f() }", {("g", "A.f")}),
        ("namespace N { export function f() {} } N.f()", {("<module>", "N.f")}),
        ("abstract class A { abstract f(): void; g() { this.f() } }", {("A.g", "A.f")}),
    ],
)  # fmt: skip
def test_a_call_in_typescript_calls_what_the_types_say(
    code: str, expected: set[tuple[str, str]]
) -> None:
    assert calls(code, "a.ts") == expected


# What names mean across files


@pytest.mark.parametrize(
    ("exporting", "importing"),
    [
        ("export function f() {}", "import { f } from './m.js'; f()"),
        ("export function f() {}", "import { f as g } from './m'; g()"),
        ("export function f() {}", "import * as m from './m'; m.f()"),
        ("export function f() {}", "import('./m').then(m => m.f())"),
        ("export default function f() {}", "import anything from './m'; anything()"),
        ("function f() {} export default f", "import g from './m'; g()"),
        ("function f() {} export default { f }", "import m from './m'; m.f()"),
        ("function f() {} export { f as default }", "import g from './m'; g()"),
        ("function f() {} export { f as g }", "import { g } from './m'; g()"),
        ("function f() {} module.exports = f", "const g = require('./m'); g()"),
        ("function f() {} module.exports = { f }", "const { f: g } = require('./m'); g()"),
        ("function f() {} module.exports = { f }", "require('./m').f()"),
        ("function f() {} exports.g = f", "const m = require('./m'); m.g()"),
        ("function f() {} exports = module.exports = {}; exports.f = f", "require('./m').f()"),
        ("function f() {} module.exports = f", "import g from './m'; g()"),
    ],
)
def test_what_one_file_exports_another_calls(exporting: str, importing: str) -> None:
    files = {"lib/m.js": exporting, "lib/a.js": importing}
    assert of_kind("calls", files) == {("lib/a.js:<module>", "lib/m.js:f")}
    assert ("lib/a.js", "lib/m.js") in of_kind("imports", files)


@pytest.mark.parametrize(
    ("module", "file"),
    [
        ("./b", "src/b.ts"),
        ("./b.js", "src/b.ts"),
        ("./c", "src/c/index.tsx"),
        ("..", "index.js"),
        ("@/c", "src/c/index.tsx"),
        ("~lib", "lib/main.ts"),
        ("pkg", "packages/pkg/src/main.ts"),
        ("pkg/util", "packages/pkg/src/util.ts"),
        ("@scope/self", "index.js"),
    ],
)
def test_a_module_is_found_as_runtimes_and_compilers_find_it(module: str, file: str) -> None:
    files = {
        "package.json": '{"name": "@scope/self", "main": "./index.js"}',
        "tsconfig.json": """{
            // where the sources are
            "compilerOptions": {"paths": {"@/*": ["./src/*"], "~lib": ["lib/main"],}},
        }""",
        "packages/pkg/package.json": """{"name": "pkg", "exports": {
            ".": {"types": "./dist/main.d.ts", "default": "./dist/main.js"},
            "./util": "./dist/util.js"}}""",
        "packages/pkg/src/main.ts": "",
        "packages/pkg/src/util.ts": "",
        "index.js": "",
        "lib/main.ts": "",
        "src/b.ts": "",
        "src/c/index.tsx": "",
        "src/a.ts": f"import x from '{module}'",
    }
    assert ("src/a.ts", file) in of_kind("imports", files)


def test_what_is_outside_stays_outside() -> None:
    files = {
        "a.js": "import { readFile } from 'node:fs'; import x from './gone'; readFile(); x()",
        "b.js": "export function readFile() {}",
    }
    edges = Tree(files).edges()
    assert [edge for edge in edges if edge.kind == "calls" and edge.trust == "resolved"] == []
    assert ("a.js", "node:fs") in of_kind("imports", files)


def test_re_exports_are_followed_to_the_definition_and_may_go_round_in_circles() -> None:
    files = {
        "a.js": "import { f, ns } from './index.js'; f(); ns.g()",
        "index.js": "export * from './b.js'; export * as ns from './c.js'",
        "b.js": "export { f } from './c.js'; export * from './index.js'",
        "c.js": "export function f() {} export const g = () => {}",
    }
    assert of_kind("calls", files) == {("a.js:<module>", "c.js:f"), ("a.js:<module>", "c.js:g")}
    assert {("a.js", "index.js"), ("a.js", "c.js:f")} <= of_kind("imports", files)


def test_inheritance_crosses_files_and_interfaces() -> None:
    files = {
        "a.ts": """
            import { B } from './b'
            export class A extends B implements I { f() {} }
            interface I { f(): void }
            """,
        "b.ts": "export abstract class B { abstract f(): void }",
    }
    assert of_kind("inherits", files) == {("a.ts:A", "b.ts:B"), ("a.ts:A", "a.ts:I")}
    assert ("a.ts:A.f", "b.ts:B.f") in of_kind("overrides", files)


def test_types_in_comments_come_from_other_files_without_importing_them() -> None:
    files = {
        "a.js": """
            /** @typedef {import('./b.js').B} B */
            /** @param {B} b  @param {import("./b.js").C} c */
            function g(b, c) { b.f(); c.f() }
            """,
        "b.js": "export class B { f() {} } export class C { f() {} }",
    }
    assert of_kind("calls", files) == {("a.js:g", "b.js:B.f"), ("a.js:g", "b.js:C.f")}
    assert of_kind("imports", files) == set()


def test_old_inheritance_is_inheritance() -> None:
    code = """
        function A() { this.a = 1 }
        A.prototype.f = function () {}
        function B() { A.call(this); this.b = 2 }
        util.inherits(B, A)
        B.prototype.f = function () {}
        class C extends B {}
        """
    assert of_kind("inherits", {"a.js": code}) == {("B", "A"), ("C", "B")}
    assert ("B.f", "A.f") in of_kind("overrides", {"a.js": code})


def test_what_is_named_but_not_called_is_a_reference() -> None:
    code = """
        function handler() {}
        const limits = { most: 1, least }, least = 2
        register(handler, limits.least)
        function f(g = handler) { const { b } = new B(); return b }
        class B { b = handler }
        """
    found = of_kind("references", {"a.js": code})
    assert {("<module>", "handler"), ("<module>", "limits"), ("f", "handler")} <= found
    assert ("B", "handler") in found
    assert ("<module>", "handler") not in of_kind("calls", {"a.js": code})


def test_cyclic_inheritance_and_aliases_end() -> None:
    assert (
        calls(
            "class A extends B { f() { this.x() } } class B extends A {} const a = b, b = a; a.y()"
        )
        == set()
    )
    assert calls("type A = B; type B = A; function f(a: A) { a.g() }", "a.ts") == set()


@pytest.mark.parametrize(
    "above",
    [
        "inherits(Cat, Animal)",
        "Cat.prototype = Object.create(Animal.prototype)",
        "Cat.prototype = new Animal()",
        "Object.setPrototypeOf(Cat.prototype, Animal.prototype)",
    ],
)
def test_a_function_with_a_prototype_makes_values_though_it_never_says_this(above: str) -> None:
    code = f"""
        function Animal() {{}}
        Animal.prototype.eat = function () {{}}
        function Cat() {{}}
        {above}
        Cat.prototype.hunt = function () {{ this.eat() }}
        function act() {{ new Cat().eat() }}
        """
    assert {("Cat.hunt", "Animal.eat"), ("act", "Animal.eat")} <= calls(code)
    assert of_kind("inherits", {"a.js": code}) == {("Cat", "Animal")}


@pytest.mark.parametrize(
    "code",
    [
        "const all = names.map((name) => new Door(name)); all.forEach((door) => door.open())",
        "for (const door of names.map(function (name) { return new Door(name) })) door.open()",
        "class House { doors = names.map((name) => new Door(name)); m() { this.doors[0].open() } }",
        "fetch(x).then((answer) => new Door(answer)).then((door) => door.open())",
        "function make() { return new Door() } names.map(make)[0].open()",
    ],
)
def test_map_and_then_give_what_the_function_gives(code: str) -> None:
    assert "Door.open" in {target for _, target in calls(f"class Door {{ open() {{}} }} {code}")}


@pytest.mark.parametrize(
    "code",
    [
        "const all = new Map<string, Door>(); all.get('a')!.open()",
        "class House { all = new Set<Door>(); m() { this.all.forEach((one) => one.open()) } }",
        "class Box<T> { held!: T } new Box<Door>().held.open()",
        "type Act = <T extends Door>(one: T) => void; const act: Act = (one) => one.open()",
    ],
)
def test_what_has_types_for_arguments_holds_values_of_them(code: str) -> None:
    found = calls(f"class Door {{ open() {{}} }} {code}", "a.ts")
    assert "Door.open" in {target for _, target in found}


@pytest.mark.parametrize(
    ("code", "called"),
    [
        ("if (x instanceof Gate) return\nx.shut()", {"Door.shut"}),
        ("if (x instanceof Gate) {\n} else {\nx.shut()\n}", {"Door.shut"}),
        ("if (x instanceof Gate || now) throw x\nx.shut()", {"Door.shut"}),
        ("if (x instanceof Gate && now) return\nx.shut()", {"Door.shut", "Gate.shut"}),
        ("if (!(x instanceof Gate)) return\nx.shut()", {"Gate.shut"}),
        ("if (x instanceof Gate) now()\nx.shut()", {"Door.shut", "Gate.shut"}),
    ],
)
def test_what_a_value_was_found_not_to_be_it_is_not(code: str, called: set[str]) -> None:
    classes = "class Door { shut() {} } class Gate { shut() {} }"
    found = calls(f"{classes} function act(x: Door | Gate, now) {{\n{code}\n}}", "a.ts")
    assert {target for _, target in found} == called


def test_an_object_made_from_one_that_is_not_seen_has_its_own_members() -> None:
    code = """
        const answer = Object.create(ServerResponse.prototype)
        answer.send = function () {}
        answer.json = function () { return this.send() }
        answer.json()
        """
    assert calls(code) == {("answer.json", "answer.send"), ("<module>", "answer.json")}
