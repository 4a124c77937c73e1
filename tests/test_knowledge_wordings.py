"""Sentences: which are questions of the graph and which are not, and the names in them."""

from __future__ import annotations

import pytest

from collegium.knowledge.search.intent import Question, read
from collegium.knowledge.search.names import names_in, written

ASKED = {
    "callers": """
        What functions call `Session.send`?
        which methods invoke Client.get()
        callers of `foo`
        show me all the callers of the function load_config
        list everything that calls "compile_rule"
        Where is `Router.dispatch` called from?
        Who's calling `flush_buffer`?
        find all the places that call `Foo::bar`
        give me the call sites for `render`
        Is `old_api` called anywhere?
        does anything call `unused_helper`?
        what code calls `handler` in this repo?
        In this codebase, who invokes `Engine.run`?
        by whom is `close()` called
        `parseUrl` callers
        can you tell me which functions are calling `get_user`?
        I want to know who calls `Widget.draw`
        What is `do_it` called by?
        where do we call `init_db`?
        functions calling setup_logging
        calls to `json.dumps`
        Which functions call `Vec<T>::push`?
        please list incoming calls to `handle_event`.
        what else calls `do_thing`?
        who instantiates `HttpClient`?
        where is `HttpClient` instantiated?
        Where do we instantiate `HttpClient`?
        who calls the `slug_of` helper?
        wer ruft `parse` auf?
        Von wem wird `load_all` aufgerufen?
        Welche Funktionen rufen `a_b` auf?
        `render` is called where?
        where do we call `render` from?
        I'd like to know which functions call `render`.
        Could you list the callers of `render` for me?
        Who calls `render`, and where?
        who creates instances of `HttpClient`?
        where are `HttpClient` objects created?
        Welche Funktion ruft `parse_all` auf?
        Was sind die Aufrufer von `parse_all`?
        ¿Quién llama `cargar_todo`?
        D'où est appelée `render_page` ?
        qui appelle `charger_tout` ?
        Où est appelée `render_page` ?
        ¿Quién llama a `cargar_todo`?
    """,
    "callees": """
        What does `Session.send` call?
        which functions does build_app call
        functions called by `main_loop`
        callees of `Foo.bar`
        what is called in `setup_all`?
        List everything that `run_once` calls.
        what does the function process_queue invoke directly?
        what functions does the `reload` method of `Server` call?
        which functions get called from inside `handle_request`?
        What calls does `compile_all` make?
        `do_work` calls what?
        What does X.y call in this codebase?
        welche Funktionen werden von `main_loop` aufgerufen?
        Quelles fonctions sont appelées par `main_loop` ?
        everything `main_loop` calls
        Welche Funktionen ruft `main_loop` auf?
        Quelles fonctions appelle `main_loop` ?
        ¿A qué funciones llama `main_loop`?
        ¿Qué llama `main_loop`?
    """,
    "where": """
        Where is `Router` defined?
        where is parse_args
        in which file is `Foo.bar` defined
        find the definition of get_or_create
        go to the definition of `Foo`
        which file defines `HttpClient`?
        Where can I find `load_yaml`?
        where does `Cache.evict` live?
        what file is `TokenBucket` in?
        Show me where `retry_policy` is implemented
        Where is the class `OrderBook` defined?
        on which line is `foo_bar` defined?
        which module contains `slugify_text`
        in what file can I find `load_yaml`?
        go to `load_yaml`
        In welcher Datei steht `load_yaml`?
        ¿En qué archivo está `load_yaml`?
        wo ist `Router` definiert?
        Où se trouve `load_yaml` ?
        ¿Dónde se define `Router`?
    """,
    "subclasses": """
        Which classes inherit from `Base`?
        what extends `Shape`?
        direct subclasses of AbstractHandler
        Who implements the `Reader` interface?
        what are the implementations of `Storage`?
        list the child classes of `Widget`
        `Widget`'s subclasses
        find classes extending `React.Component`
        Does anything inherit from `Legacy`?
        What is a subclass of `Error`?
        is `Legacy` subclassed anywhere?
        Quelles sont les sous-classes de `Base` ?
        ¿Cuáles son las subclases de `Base`?
        Welche Klassen erben von `Base`?
        Quelles classes héritent de `Base` ?
        ¿Qué clases heredan de `Base`?
    """,
    "bases": """
        what does `Dog` inherit from?
        base classes of `Dog`
        which class does `Dog` extend?
        what is `Dog` a subclass of?
        Wovon erbt `Dog`?
        Welche Klassen erweitert `Dog`?
    """,
    "importers": """
        Which files import `utils.strings`?
        where is `helpers` imported?
        importers of `foo/bar.js`
        modules that import `Config`
        Where do we import `lodash`?
        Which files import `get_logger` from `pkg.log`?
        By which files is `flags.go` imported?
        Which files require `./utils`?
        wer importiert `Config`?
    """,
    "imports": """
        What does `src/app.py` import?
        which modules does `pkg.main` import?
        `lib/index.js`'s imports
        list the imports of src/app.py
        Welche Module importiert `pkg.main`?
        Qu'importe src/app.py ?
        ¿Qué importa src/app.py?
    """,
    "references": """
        Where is `TIMEOUT_S` used?
        who uses `Settings`?
        usages of `Settings`
        find all references to `feature_flag`
        Which functions use the constant `MAX_SIZE`?
        where in the code is `Settings` referenced?
        Wo wird `Settings` verwendet?
        Who uses the `slug_of` helper?
        what breaks if I change `slug_of`?
        What will break when we rename `Settings`?
        what would be affected if I remove `feature_flag`?
        what is affected by changing `feature_flag`?
        what happens if I change `feature_flag`?
        what would happen if we removed `feature_flag`?
        impact of changing `feature_flag`
        who would be affected by a change to `feature_flag`?
        what refers to `feature_flag`?
        is `feature_flag` still used?
        Was passiert, wenn ich `feature_flag` ändere?
    """,
    "documents": """
        What documents `Router.add`?
        which docs mention `Router.add`?
        documentation for `load_yaml`
    """,
    "overrides": """
        what overrides `Base.run`?
        where is `to_dict` overridden?
    """,
    "members": """
        What does src/app.py define?
        what is defined in `pkg.app`?
        which functions are in src/app.py?
        list the classes in `src/app.py`
        functions and classes defined in pkg.app
        what methods does `Router` have?
        list all methods of the class `Router`
        members of `Router`
    """,
    "tests": """
        Which tests cover `foo_bar`?
        what tests `foo_bar`?
        which tests call `foo_bar`?
        tests for `foo_bar`
        is `foo_bar` tested?
        where is `foo_bar` tested?
        do we have any tests for `foo_bar`?
        which unit tests cover `foo_bar`?
    """,
}
NOT_ASKED = """
    why does `foo` call `bar` twice?
    how is `Router` used?
    what does `Router` do?
    what is `Router`?
    how do I call `parse_args`?
    when is `close` called?
    Explain `Client.get`
    where is authentication handled
    where is the user logged in
    where are errors handled
    where is authentication implemented
    code that parses command line arguments
    function that calls the api with retries
    base class for all exceptions
    definition of done
    import data from csv
    who is responsible for closing the connection
    find unused functions
    call the callback when the request finishes
    Fix `parse_args` to call `exit` only once
    Calls `foo` in a loop until it succeeds
    Where is `foo` defined? I need to add a parameter.
    Which functions don't call `foo`?
    `foo` is called with wrong arguments
    what happens when `foo` is called
    `Router.add`
    find parse_args
    how does `foo` call `bar`?
    does `foo` call `bar` twice?
    does `foo` call `bar` before `baz`?
    where are the options defined
    where are colors used
    which files define options
    where is the help printed
    who calls the shots
    Welche Funktionen benutzt `foo`?
    Welche Methoden überschreibt `Foo`?
    Quelles fonctions utilise `foo` ?
    ¿Qué usa `foo`?
    write tests for `foo`
    how do I test `foo`?
    test `foo`
    which tests of `foo` fail?
    what happens if `foo` fails?
    what happens if I change `foo` to return None
    what arguments does `foo` take?
    what is in `foo`?
    what methods does `Foo` need?
    how do I get from here to `foo`?
    members of the team
    does `foo` import `bar` indirectly?
    what tests fail if `foo` changes?
    which function should I call instead of `foo`?
    where is `foo` called without a newline?
    what happens after `foo` calls `bar`?
    what functions does it have?
    can I use `foo` in `bar`?
    how many functions call `foo`?
    what is the difference between `foo` and `bar`
    subclass of dict that preserves order
    what calls
    who calls it
    what calls this function?
    where is it defined?
    what does the function call
    who uses this
    indirect callers of `foo`
    what does `foo` instantiate?
    what breaks if I change the order
    what breaks if I change `foo` to return None
    who breaks `foo`?
    change `foo` if it breaks
    all of https://example.com/where_is
"""


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


@pytest.mark.parametrize(
    ("intent", "text"), [(intent, text) for intent, asked in ASKED.items() for text in lines(asked)]
)
def test_a_question_of_the_graph_is_read_in_many_wordings(intent: str, text: str) -> None:
    question = read(text)
    assert question is not None
    assert question.intent == intent
    assert question.sure


@pytest.mark.parametrize("text", lines(NOT_ASKED))
def test_what_says_more_or_asks_otherwise_is_no_question_of_the_graph(text: str) -> None:
    assert read(text) is None


def test_a_plain_word_may_be_a_name_but_only_an_index_knows() -> None:
    assert read("who calls main?") == Question("callers", "main", sure=False)
    assert read("who calls helper?") == Question("callers", "helper", sure=False)
    assert read("which classes inherit from Client") == Question("subclasses", "Client", sure=False)


def test_a_question_says_where_the_name_is_or_where_answers_may_lie() -> None:
    assert read("callers of `get` (in src/api.py)") == Question("callers", "get", "src/api.py")
    assert read("Which functions call the `send` method of `Client`?") == Question(
        "callers", "send", "Client"
    )
    assert read("who calls `Client`'s `get`") == Question("callers", "get", "Client")
    assert read("which functions in tests/test_api.py call `get`?") == Question(
        "callers", "get", within="tests/test_api.py"
    )


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("does `f_g` call `h_i`?", "callers"),
        ("Does f_g ever call h_i directly?", "callers"),
        ("is `h_i` called by `f_g`?", "callers"),
        ("where does `f_g` call `h_i`?", "callers"),
        ("does `f_g` use `h_i`?", "references"),
        ("does `f_g` import `h_i`?", "importers"),
        ("is `f_g` a subclass of `h_i`?", "subclasses"),
        ("does `f_g` inherit from `h_i`?", "subclasses"),
        ("how does `f_g` reach `h_i`?", "path"),
        ("how do I get from `f_g` to `h_i`?", "path"),
        ("show me the call path from `f_g` to `h_i`", "path"),
        ("is `h_i` reachable from `f_g`?", "path"),
        ("does `f_g` eventually call `h_i`?", "path"),
        ("does `f_g` call `h_i` indirectly?", "path"),
        ("ruft f_g h_i auf?", "callers"),
        ("Ruft die Funktion `f_g` eigentlich `h_i` auf?", "callers"),
        ("Wird `h_i` von `f_g` aufgerufen?", "callers"),
        ("wo ruft `f_g` `h_i` auf?", "callers"),
        ("benutzt `f_g` `h_i`?", "references"),
        ("importiert `f_g` `h_i`?", "importers"),
        ("erbt `f_g` von `h_i`?", "subclasses"),
        ("leitet `f_g` von `h_i` ab?", "subclasses"),
        ("ist `f_g` eine Unterklasse von `h_i`?", "subclasses"),
        ("ist `h_i` die Basisklasse von `f_g`?", "subclasses"),
        ("est-ce que f_g appelle h_i ?", "callers"),
        ("`f_g` appelle-t-il `h_i` ?", "callers"),
        ("est-ce que `h_i` est appelée par `f_g` ?", "callers"),
        ("est-ce que `f_g` utilise `h_i` ?", "references"),
        ("Est-ce que `f_g` importe `h_i` ?", "importers"),
        ("est-ce que `f_g` hérite de `h_i` ?", "subclasses"),
        ("`f_g` est-elle une sous-classe de `h_i` ?", "subclasses"),
        ("¿llama f_g a h_i?", "callers"),
        ("¿`f_g` llama a `h_i`?", "callers"),
        ("¿es llamada `h_i` por `f_g`?", "callers"),
        ("¿`f_g` usa `h_i`?", "references"),
        ("¿usa `f_g` `h_i`?", "references"),
        ("¿importa `f_g` `h_i`?", "importers"),
        ("¿hereda `f_g` de `h_i`?", "subclasses"),
        ("¿es `f_g` una subclase de `h_i`?", "subclasses"),
    ],
)
def test_a_question_may_be_whether_one_does_something_with_another(text: str, intent: str) -> None:
    question = read(text)
    assert question is not None
    assert (question.intent, question.name, question.by) == (intent, "h_i", "f_g")


@pytest.mark.parametrize(
    ("text", "intent", "name", "by"),
    [
        ("does Task.apply_async use Signature?", "references", "Signature", "Task.apply_async"),
        ("does Table inherit from JupyterMixin?", "subclasses", "JupyterMixin", "Table"),
        ("erbt Table von JupyterMixin?", "subclasses", "JupyterMixin", "Table"),
        ("is Table.add_row called by Console?", "callers", "Table.add_row", "Console"),
    ],
)
def test_one_of_two_names_may_be_a_plain_word_with_a_capital(
    text: str, intent: str, name: str, by: str
) -> None:
    question = read(text)
    assert question is not None
    assert (question.intent, question.name, question.by) == (intent, name, by)
    assert not question.sure


@pytest.mark.parametrize(
    "text",
    [
        "does Task.apply_async use retries?",
        "does Task.apply_async call `run` Twice?",
        "does Task.apply_async use Please?",
        "Does Task.apply_async work?",
    ],
)
def test_another_word_beside_a_name_is_no_second_name(text: str) -> None:
    question = read(text)
    assert question is None or not question.by


def test_members_are_asked_for_by_their_kind() -> None:
    def kinds(text: str) -> set[str]:
        question = read(text)
        assert question is not None
        return set(question.kinds)

    assert kinds("which methods does `Router` have?") == {"method"}
    assert kinds("functions and methods in src/app.py") == {"function", "method"}
    assert kinds("what does src/app.py define?") == set()


def test_a_plain_word_with_a_capital_within_a_sentence_is_looked_for() -> None:
    assert read("where is settings defined?") == Question("where", "settings", sure=False)
    assert read("where is Router?") == Question("where", "Router", sure=False)
    assert read("where is the Router class") == Question("where", "Router", sure=False)
    assert read("where is router?") is None
    assert read("Wo ist Router?") is None  # a noun like any other


def test_only_types_have_answers_over_several_steps() -> None:
    assert read("all transitive subclasses of `Node`") == Question("subclasses", "Node", deep=True)
    assert read("descendants of `Node`") == Question("subclasses", "Node", deep=True)
    assert read("what are the ancestors of `Node`?") == Question("bases", "Node", deep=True)
    assert read("what does `f` call transitively") is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Fix parse_args, please (see src/cli.py:12).", ["parse_args", "src/cli.py:12"]),
        ("`get` is not Client.get() or Foo::bar", ["get", "Client.get()", "Foo::bar"]),
        ("use e.g. the HTTP API and/or version 3.11, i.e. nothing", []),
        ("see https://example.com/a_b for more", []),
        (
            "camelCase, HTTPServer and iPhone's __init__",
            ["camelCase", "HTTPServer", "iPhone", "__init__"],
        ),
        ("谁调用了parse_args？", ["parse_args"]),
        ("what the user said: “load_all” or «dump_all»", ["load_all", "dump_all"]),
        ("größe_in_cm and `имя`", ["größe_in_cm", "имя"]),
        ("it's the dog's bowl and the cats' toy", []),
        ("", []),
    ],
)
def test_names_are_told_from_prose(text: str, names: list[str]) -> None:
    found = names_in(text)
    assert [name.text for name in found] == names
    assert all(name.text in text[name.start : name.end] for name in found)


@pytest.mark.parametrize(
    ("name", "place", "parts", "line"),
    [
        ("Client.get()", "", ("Client", "get"), 0),
        ("Foo::bar", "", ("Foo", "bar"), 0),
        ("Foo#bar", "", ("Foo", "bar"), 0),
        ("(*Context).JSON", "", ("Context", "JSON"), 0),
        ("Vec<T>::push", "", ("Vec", "push"), 0),
        ("crate::model::User", "", ("model", "User"), 0),
        ("self.send", "", ("send",), 0),
        ("@app.route", "", ("app", "route"), 0),
        ("View.prototype.lookup", "", ("View", "lookup"), 0),
        ("response.json", "", ("response", "json"), 0),
        ("a/b.py::C.m", "a/b.py", ("C", "m"), 0),
        ("a/b.py:12", "a/b.py", (), 12),
        ("./lib/utils.js", "lib/utils.js", (), 0),
        ("f (in a/b.py)", "a/b.py", ("f",), 0),
        ("C.m (in a/b.py)", "a/b.py", ("C", "m"), 0),
    ],
)
def test_a_written_name_is_taken_apart(
    name: str, place: str, parts: tuple[str, ...], line: int
) -> None:
    assert written(name) == (place, parts, line)


def test_what_prose_has_as_well_is_a_name_only_where_the_code_has_it() -> None:
    for text, name in (
        ("who uses GitHub?", "GitHub"),
        ("what depends on client/server?", "client/server"),
        ("which files import lib/utils?", "lib/utils"),
    ):
        question = read(text)
        assert question is not None
        assert (question.name, question.sure) == (name, False)
    for text in ("who uses `GitHub`?", "which files import lib/utils.js?", "who calls getUser?"):
        question = read(text)
        assert question is not None
        assert question.sure


def test_any_name_is_taken_apart() -> None:
    assert written("in " * 5000).place == "in"
    for name in ("`" * 9000, "(" * 9000, "::<" * 3000, "a.b/" * 2500 + "c", "", " ", "\ud800"):
        assert written(name)


def test_reading_survives_anything() -> None:
    for text in ("", "?", "`", "``` ```", "(" * 300, "who calls " + "`" * 40, "\x00", "what\ud800"):
        assert read(text) is None
