"""The search: words, vectors, and the order of what fits."""

from __future__ import annotations

import random
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from collegium.knowledge import parse
from collegium.knowledge.graph import Node
from collegium.knowledge.index import Index
from collegium.knowledge.search.lexical import Lexicon, Weighing
from collegium.knowledge.search.manner import manner_of
from collegium.knowledge.search.purpose import is_trial
from collegium.knowledge.search.retrieval import Retrieval
from collegium.knowledge.search.semantic import Vectors, compact, vectors_of
from collegium.knowledge.search.terms import NAME, asked, number_of, parts, stem, terms_of
from collegium.knowledge.search.units import Field, Unit, describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

STORE = '''"""Where orders are kept."""

# Keeps orders in memory.
class OrderStore:
    def __init__(self, limit=100):
        self.orders = {}

    def add(self, order):
        """Keep an order."""
        if len(self.orders) >= 100:
            raise ValueError("the warehouse is full")
        self.orders[order.number] = order  # the newest wins

    def find_by_number(self, number):
        return self.orders.get(number)
'''
MAIL = '''def send_invoice(order, address):
    """Send the bill of an order by electronic mail."""
    message = render(order)
    deliver(message, address)


def render(order):
    return f"Dear {order.customer}"


def deliver(message, address):
    print(address, message)
'''
TAX = "def rate(country):\n    return 19 if country == 'DE' else 20\n"
FILES = {"shop/store.py": STORE, "shop/mail.py": MAIL, "shop/tax.py": TAX}


class LetterEncoder:
    """Vectors of how often each three letters occur."""

    name, version, width, general = "letters", "1", 96, 64

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.width), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for at in range(len(text) - 2):
                row[zlib.crc32(text[at : at + 3].lower().encode()) % self.general] += 1
            row[self.general :] = 7  # not of the part that means the same for all
        return vectors


def plant(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    plant(tmp_path / "root", FILES)
    return tmp_path / "root"


@pytest.fixture
def index(root: Path, tmp_path: Path) -> Iterator[Index]:
    index = Index.open(root, cache=tmp_path / "cache", create=True)
    index.update()
    yield index
    index.close()


def found(retrieval: Retrieval, text: str, *named: Node) -> list[str]:
    return [hit.symbol for hit in retrieval.find(text, 5, named)]


def units_of(path: str, text: str) -> dict[str, Unit]:
    return {unit.symbol: unit for unit in describe(parse.parse(path, text.encode()), text)}


def counts(unit: Unit, field: Field) -> dict[int, int]:
    entries = np.frombuffer(unit.terms, "<u8").tolist()
    return {entry >> 16: entry & 255 for entry in entries if entry >> 8 & 255 == field}


def holds(unit: Unit, field: Field, word: str) -> bool:
    return all(number_of(term) in counts(unit, field) for term in terms_of(word))


def test_names_are_cut_into_words_in_any_style_and_script() -> None:
    assert parts("getHTTPResponse_v2") == ["get", "http", "response", "v", "2"]
    assert parts("__init__") == ["init"]
    assert parts("größeÄndern") == ["größe", "ändern"]
    assert parts("имяФайла") == ["имя", "файла"]
    assert parts("日本語") == ["日本", "本語"]
    assert parts("_") == []


def test_words_of_one_family_have_one_stem() -> None:
    for family in (
        ("parse", "parses", "parsed", "parsing", "parser", "parsers"),
        ("file", "files"),
        ("class", "classes"),
        ("query", "queries"),
        ("stop", "stopped", "stopping"),
        ("deliver", "delivers", "delivered", "delivering"),
        ("box", "boxes"),
    ):
        assert len({stem(word) for word in family}) == 1, family
    assert stem("status") != stem("stat")


def test_a_name_is_found_by_its_parts_and_by_all_of_it_however_it_is_written() -> None:
    assert set(terms_of("parse_url")) == set(terms_of("parseURL"))
    assert "=parseurl" in asked("how do I parse url strings")
    assert "=parseurl" in asked("parseUrl")


def test_common_words_of_a_question_are_passed_over_unless_there_are_no_others() -> None:
    assert set(asked("the order of a store")) >= {"order", "stor"}
    assert "the" not in asked("the order")
    assert asked("the store\u2019s order") == asked("the store order")
    assert "t" not in asked("the order doesn't close")
    assert "what" in asked("what")


@pytest.mark.parametrize("text", ["", "   ", "🙂", "\ud800", "\x00", "(", "'" * 50, "x" * 100_000])
def test_any_text_has_terms(text: str) -> None:
    assert isinstance(asked(text), dict)
    for term in asked(text):
        assert 0 <= number_of(term) < 1 << 32


def test_units_are_the_module_and_each_symbol_but_variables() -> None:
    units = units_of("a.py", STORE + "LIMIT = 3\n")
    assert list(units) == [
        "<module>",
        "OrderStore",
        "OrderStore.__init__",
        "OrderStore.add",
        "OrderStore.find_by_number",
    ]


def test_a_unit_has_its_own_lines_and_not_those_of_what_stands_in_it() -> None:
    units = units_of("a.py", STORE)
    assert holds(units["OrderStore.add"], Field.STRING, "warehouse")
    assert not holds(units["OrderStore"], Field.STRING, "warehouse")
    assert holds(units["OrderStore"], Field.MEMBERS, "find_by_number")


def test_terms_are_told_by_where_they_stand() -> None:
    units = units_of("shop/store.py", STORE)
    add = units["OrderStore.add"]
    assert holds(add, Field.NAME, "add")
    assert holds(add, Field.WHERE, "OrderStore")
    assert holds(add, Field.FILE, "shop")
    assert holds(add, Field.SIGNATURE, "order")
    assert holds(add, Field.DOC, "keep")
    assert holds(add, Field.COMMENT, "newest")
    assert holds(add, Field.BODY, "ValueError")
    assert not holds(add, Field.BODY, "newest")


def test_documentation_is_counted_once_wherever_it_stands() -> None:
    python = units_of("a.py", STORE)["OrderStore.add"]
    assert not holds(python, Field.STRING, "keep")
    go = units_of("a.go", "package a\n\n// Keep holds an order.\nfunc Keep() {}\n")
    assert holds(go["Keep"], Field.DOC, "order")
    assert not holds(go["Keep"], Field.COMMENT, "order")
    assert not holds(go["<module>"], Field.COMMENT, "order")


def test_comments_right_above_a_symbol_are_its_own() -> None:
    units = units_of("a.py", STORE)
    own = units["OrderStore"]
    assert holds(own, Field.DOC, "memory") or holds(own, Field.COMMENT, "memory")
    assert not holds(units["<module>"], Field.COMMENT, "memory")


def test_quotes_in_comments_and_comment_signs_in_strings_split_nothing() -> None:
    text = "def f():\n    # don't\n    g('# no comment')\n    h()  # it's \"here\n    last()\n"
    unit = units_of("a.py", text)["f"]
    assert holds(unit, Field.STRING, "comment")
    assert holds(unit, Field.BODY, "last")
    script = "function f() {\n  // don't\n  g(`a ${b} '`, 'http://x'); last()\n}\n"
    assert holds(units_of("a.js", script)["f"], Field.BODY, "last")


def test_names_in_other_scripts_are_found() -> None:
    units = units_of("a.py", "def größe_ändern(日本語の名前):\n    return 日本語の名前\n")
    assert holds(units["größe_ändern"], Field.NAME, "größe")
    assert holds(units["größe_ändern"], Field.SIGNATURE, "日本")


def test_sections_of_documents_are_units_too() -> None:
    units = units_of("guide.md", "# Guide\n\nIntro.\n\n## Retries\n\nHow often it is tried.\n")
    retries = next(unit for symbol, unit in units.items() if symbol.endswith("Retries"))
    assert retries.kind == "section"
    assert holds(retries, Field.COMMENT, "often") or holds(retries, Field.DOC, "often")


def test_what_stands_above_a_heading_is_not_the_section_below() -> None:
    units = units_of("guide.md", "# Guide\n\n## Ways\n\n* walking\n## Means\n### Tools\n\nNone.\n")
    (tools,) = (unit for symbol, unit in units.items() if symbol.endswith("Tools"))
    (means,) = (unit for symbol, unit in units.items() if symbol.endswith("> Means"))
    assert not holds(means, Field.COMMENT, "walking")
    assert not holds(tools, Field.COMMENT, "means")


@pytest.mark.parametrize(
    "text", ["", "\n", "def", "class A:\n", "\ufeffx = 1\n", "def f(:\n  '''\n"]
)
def test_any_file_has_at_least_the_unit_of_its_rest(text: str) -> None:
    assert "<module>" in units_of("a.py", text)


def packed(words: Sequence[str]) -> bytes:
    unit = units_of("a.py", f"def {words[0]}():\n    " + "; ".join(words) + "\n")[words[0]]
    return unit.terms


def test_a_changed_lexicon_is_as_one_made_anew() -> None:
    rng = random.Random(5)
    vocabulary = [f"word{letter}" for letter in "abcdefghijklmnopqrst"]
    texts = [rng.choices(vocabulary, k=rng.randint(1, 12)) for _ in range(60)]
    blobs = [packed(words) for words in texts]
    lexicon, alive = Lexicon.of(blobs[:30]), list(range(30))
    for first in range(30, 60, 6):
        gone = rng.sample(alive, 4)
        lexicon = lexicon.changed(gone, blobs[first : first + 6])
        alive = [at for at in alive if at not in gone] + list(range(first, first + 6))
    fresh = Lexicon.of([blobs[at] for at in alive])
    weighing = Weighing(np.ones(len(Field), np.float32), np.full(len(Field), 0.5, np.float32), 2.0)
    numbers = [number_of(term) for word in vocabulary[:7] for term in terms_of(word)]
    changed = lexicon.bm25(lexicon.matches(numbers), weighing)
    assert np.allclose(changed[alive], fresh.bm25(fresh.matches(numbers), weighing), atol=1e-5)
    assert np.flatnonzero(changed).tolist() == [at for at in alive if changed[at] > 0]


def test_a_rare_word_says_more_than_a_common_one() -> None:
    lexicon = Lexicon.of([packed(["common", "rare"]), packed(["common"]), packed(["common"])])
    matches = lexicon.matches([number_of(stem(word)) for word in ("common", "rare", "absent")])
    common, rare, absent = matches.rarity.tolist()
    assert rare > common > 0
    assert absent == 0


def test_a_vector_of_bytes_means_what_the_vector_means() -> None:
    encoder, texts = LetterEncoder(), ["send an invoice", "find an order", "tax of a country"]
    vectors = Vectors.none(2).longer(2).filled(dict(enumerate(compact(encoder, texts))))
    query = vectors_of(encoder, ["find the order"])[0]
    expected = vectors_of(encoder, texts) @ query
    assert len(query) == encoder.general
    assert np.allclose(vectors.similarities(query)[:3], expected, atol=0.01)
    assert vectors.similarities(query)[3] == 0
    assert vectors.known.tolist() == [True, True, True, False]


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ("Returns the number of orders that were kept since the last call", "description"),
        ("A queue that gives the most urgent task first.", "description"),
        ("Fix crash when the header is missing. It should be ignored instead.", "change"),
        ("http: Prevent the pool from leaking connections after a failed handshake", "change"),
        ("Do not follow redirects to another host with credentials", "change"),
        ("Forbid keys with spaces in the filter of attributes", "change"),
        ("Does not keep what was read before", "description"),
        ("how are sessions stored", "topic"),
        ("do sessions expire?", "topic"),
        ("retry logic", "topic"),
        ("OrderStore", "topic"),
    ],
)
def test_the_manner_of_a_text_is_told_by_the_text(text: str, sort: str) -> None:
    manner = manner_of(text)
    assert sum(manner) == pytest.approx(1)
    assert getattr(manner, sort) == max(manner)


def test_what_is_described_is_found_by_words_alone(index: Index) -> None:
    retrieval = Retrieval(index)
    assert found(retrieval, "send the bill by mail")[0] == "send_invoice"
    assert found(retrieval, "OrderStore")[0] == "OrderStore"
    assert found(retrieval, "finds an order by its number")[0] == "OrderStore.find_by_number"
    assert found(retrieval, "fix: raise another error if the warehouse is full")[0] == (
        "OrderStore.add"
    )


def test_a_hit_says_where_it_is_and_why(index: Index) -> None:
    hit = Retrieval(index).find("invoice for an electronic address", 1)[0]
    assert (hit.file, hit.symbol, hit.start, hit.end) == ("shop/mail.py", "send_invoice", 1, 4)
    assert hit.why == "name: invoice; signature: address; documentation: electronic"
    assert hit.score > 0


def test_a_reason_shows_which_part_of_a_name_matched(index: Index) -> None:
    def why(text: str, symbol: str) -> str:
        return next(hit.why for hit in Retrieval(index).find(text) if hit.symbol == symbol)

    assert why("NO_INVOICE", "send_invoice") == "name: invoice (of NO_INVOICE)"
    assert why("mailInvoiceSend", "send_invoice") == (
        "name: invoice, send (of mailInvoiceSend); path: mail (of mailInvoiceSend)"
    )
    assert why("SendInvoice", "send_invoice") == "name: SendInvoice"
    assert why("send_invoice", "send_invoice") == "name: send_invoice"


@pytest.mark.parametrize(
    ("asked_for", "in_code"),
    [
        ("colour", "color"),
        ("coloured", "colored"),
        ("behaviour", "behavior"),
        ("normalise", "normalize"),
        ("Normalising", "normalizing"),
        ("serialisation", "serialization"),
        ("centre", "center"),
        ("cancelling", "canceling"),
        ("analyse", "analyze"),
        ("color", "colour"),
        ("normalizes", "normalises"),
        ("labeled", "labelled"),
    ],
)
def test_a_word_is_found_in_its_other_spelling_where_the_code_has_only_that(
    index: Index, root: Path, asked_for: str, in_code: str
) -> None:
    plant(root, {"shop/paint.py": f"def {in_code}_of(x): ...\n"})
    index.update()
    hit = Retrieval(index).find(f"what is {asked_for}?", 1)[0]
    assert (hit.symbol, hit.why) == (f"{in_code}_of", f"name: {in_code}")


def test_a_word_that_the_code_has_is_looked_for_as_it_is_spelled(index: Index, root: Path) -> None:
    plant(root, {"shop/paint.py": "def colour(x): ...\ndef color(x): ...\n"})
    index.update()
    assert found(Retrieval(index), "which colour")[0] == "colour"


def test_nothing_is_found_where_no_word_fits_and_no_vector_is_there(index: Index) -> None:
    assert Retrieval(index).find("quantum chromodynamics") == []
    assert Retrieval(index).find("") == []


def test_vectors_find_what_shares_no_word(index: Index) -> None:
    encoder = LetterEncoder()
    retrieval = Retrieval(index, encoder)
    assert retrieval.find("delivering") != []
    assert retrieval.find("invoicex") == []
    index.embed(encoder)
    hits = retrieval.find("invoicex", 3)
    assert hits[0].symbol == "send_invoice"
    assert hits[0].why == "similar in meaning"


def test_vectors_wait_until_nearly_all_are_there(index: Index) -> None:
    encoder = LetterEncoder()
    stopped = [False]

    class Stopping(LetterEncoder):
        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            stopped[0] = True
            return super().encode(texts)

    retrieval = Retrieval(index, Stopping())
    retrieval.find("order")
    assert not stopped[0]
    index.embed(encoder)
    retrieval.find("order")
    assert stopped[0]


def test_a_change_is_found_at_the_next_question(index: Index, root: Path) -> None:
    retrieval = Retrieval(index)
    assert found(retrieval, "refund") == []
    plant(root, {f"more/part{at}.py": f"def part_{at}():\n    pass\n" for at in range(12)})
    index.update()
    assert found(retrieval, "part 7")[0] == "part_7"
    plant(root, {"shop/mail.py": "def refund(order):\n    return order.price\n"})
    index.update()
    assert found(retrieval, "refund")[0] == "refund"
    assert found(retrieval, "send_invoice") == []
    (root / "shop/mail.py").unlink()
    index.update()
    assert found(retrieval, "refund") == []


def test_a_search_that_took_up_changes_finds_what_a_new_one_finds(index: Index, root: Path) -> None:
    rng = random.Random(11)
    encoder, retrieval = LetterEncoder(), Retrieval(index, LetterEncoder())
    words = ["order", "invoice", "address", "country", "limit", "number", "render", "message"]
    for step in range(12):
        body = "".join(
            f"def {rng.choice(words)}_{at}({rng.choice(words)}):\n    {rng.choice(words)}()\n"
            for at in range(rng.randint(1, 4))
        )
        plant(root, {f"made/{rng.randrange(9)}.py": body})
        index.update()
        if step % 3 == 0:
            index.embed(encoder)
        text = " ".join(rng.choices(words, k=3))
        kept, made = retrieval.find(text, 8), Retrieval(index, LetterEncoder()).find(text, 8)
        assert {hit[:4] for hit in kept} == {hit[:4] for hit in made}
        assert [hit.score for hit in kept] == pytest.approx([hit.score for hit in made], abs=1e-3)


def test_what_a_text_is_known_to_name_comes_first(index: Index) -> None:
    retrieval = Retrieval(index)
    named = Node("shop/mail.py", "deliver")
    assert found(retrieval, "order number", named)[0] != "deliver"
    assert found(retrieval, "message", named)[0] == "deliver"
    assert found(retrieval, "zzz", named)[0] == "deliver"


def test_definitions_of_one_name_in_one_place_are_one_hit(index: Index, root: Path) -> None:
    text = "if x:\n    def shipping(): return 1\nelse:\n    def shipping(): return 2\n"
    plant(root, {"shop/ship.py": text})
    index.update()
    assert found(Retrieval(index), "shipping").count("shipping") == 1


def test_a_question_about_a_topic_finds_files_that_are_about_it(index: Index, root: Path) -> None:
    plant(root, {f"notes/n{at}.py": f"def note_{at}(order): pass\n" for at in range(5)})
    index.update()
    files = [hit.file for hit in Retrieval(index).find("how are orders stored", 3)]
    assert files[0] == "shop/store.py"


@pytest.mark.parametrize(
    "text", ["", "\ud800", "🙂🙃", "注文を探す", "заказ", "a" * 50_000, "order " * 3_000, "\x00("]
)
def test_any_question_is_answered(index: Index, text: str) -> None:
    retrieval = Retrieval(index, LetterEncoder())
    assert isinstance(retrieval.find(text), list)


def test_an_index_without_files_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    index = Index.open(tmp_path / "empty", cache=tmp_path / "cache", create=True)
    index.update()
    retrieval = Retrieval(index, LetterEncoder())
    assert retrieval.find("anything", named=[Node("a.py", "f")]) == []
    index.close()


def test_the_same_question_has_the_same_answer(index: Index) -> None:
    first = Retrieval(index).find("order number of an invoice")
    assert Retrieval(index).find("order number of an invoice") == first


def test_names_are_found_in_text_of_any_script() -> None:
    assert NAME.findall("größe, 注文 x_1!") == ["größe", "注文", "x_1"]


def test_tests_come_after_what_they_test_unless_they_are_asked_for(
    index: Index, root: Path
) -> None:
    plant(
        root,
        {
            "tests/test_mail.py": (
                "def test_the_bill_of_an_order_is_sent_by_electronic_mail():\n"
                '    """Send the bill of an order by electronic mail."""\n'
            )
        },
    )
    index.update()
    retrieval = Retrieval(index)
    text = "send the bill of an order by electronic mail"
    assert found(retrieval, text)[0] == "send_invoice"
    assert found(retrieval, f"which test checks to {text}")[0].startswith("test_the_bill")


@pytest.mark.parametrize(
    "path",
    [
        "tests/x.py",
        "a/test_x.py",
        "a/x_test.go",
        "web/x.spec.ts",
        "web/__tests__/x.js",
        "src/test/java/X.java",
        "a/CartTest.java",
    ],
)
def test_tests_are_told_by_their_path(path: str) -> None:
    assert is_trial(path)


@pytest.mark.parametrize(
    "path", ["a/latest.py", "contest/x.go", "a/attestation.ts", "a/testimony.py", "Protest.java"]
)
def test_what_only_has_test_in_its_name_is_no_test(path: str) -> None:
    assert not is_trial(path)
