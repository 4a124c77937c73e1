"""The gate, the classifier and the calibration, on queries written for these tests."""

from __future__ import annotations

import time
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collegium.experts.base import ExpertCapability
from collegium.experts.catalog import BUILT_IN
from collegium.lexicon import Vocabulary, compiled_term, read
from collegium.routing.calibration import HEURISTIC
from collegium.routing.classifier import QueryClassifier
from collegium.routing.gate import KeywordGate
from collegium.testing import gate_checks
from collegium.types import Message, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEYS = "coding math reasoning planning data knowledge research writing language advisor".split()


def built_in_gate() -> KeywordGate:
    return KeywordGate({row.key: row.vocabulary for row in BUILT_IN})


def shares(text: str) -> Mapping[str, float]:
    return built_in_gate().scores(QueryClassifier().read(Query.of(text)))


@pytest.mark.parametrize("check", gate_checks())
def test_the_keyword_gate_keeps_its_promises(
    check: Callable[[Callable[[], KeywordGate]], None],
) -> None:
    check(built_in_gate)


def test_without_a_known_word_every_expert_has_the_same_share() -> None:
    for text in ("zzqq vvkk jjww yyuu ooii eerr ttyy", "zzqq"):
        blank = shares(text)
        assert set(blank) == set(KEYS)
        assert max(blank.values()) == min(blank.values()) == pytest.approx(0.1)


def test_a_single_word_of_little_weight_is_known_too() -> None:
    gate = KeywordGate({"own": Vocabulary({"deadlock": 1.0}), "other": Vocabulary({"wine": 1.0})})
    result = gate.scores(QueryClassifier().read(Query.of("another deadlock tonight")))
    assert result["own"] > result["other"]


def test_a_gate_without_vocabularies_has_no_shares() -> None:
    reading = QueryClassifier().read(Query.of("hello"))
    assert KeywordGate({}).scores(reading) == {}


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("coding", "Write a Python function that removes duplicates from a list"),
        ("coding", "My docker build fails with a TypeError in main.py, how do I debug it?"),
        ("math", "What is the derivative of x^3 + 2x?"),
        ("math", "A train travels 120 miles in 2 hours. What is its average speed?"),
        ("reasoning", "Three houses in a row. The clues: the red one is left of the blue one."),
        ("planning", "Make a study plan for the next six weeks, two hours a day"),
        ("data", "SELECT name FROM users GROUP BY city -- why is this SQL wrong?"),
        ("knowledge", "Where in this repo is the retry logic implemented?"),
        ("research", "Who invented the telescope and when was it first used?"),
        ("writing", "Write a short story about a lighthouse keeper"),
        ("language", "Translate into English: 'Der Hund schläft.'"),
        ("language", "Summarize the following passage in two sentences: ..."),
        ("advisor", "Should I quit my job? I'm worried about money"),
        ("coding", "refactor this class so that it is thread-safe"),
        ("coding", "git: undo the last commit but keep my changes"),
        ("coding", "¿Puedes arreglar este código de Python?"),
        ("math", "Wie viel sind 15 % von 240 Euro?"),
        ("math", "Prove that the square root of 2 is irrational."),
        ("reasoning", "All cats are grey. Tom is grey. Does it follow that Tom is a cat?"),
        ("reasoning", "Which logical fallacy is this: everybody buys it, so it must be good?"),
        ("planning", "Créame un plan de estudio de 6 semanas para el examen"),
        ("planning", "Plan a three-day itinerary for Lisbon with a toddler"),
        ("data", "In Excel, how do I sum a column only for rows where the date is in May?"),
        ("data", "How do I read a p-value of 0.03 in a t-test?"),
        ("knowledge", "which module calls load_config, and who else depends on it?"),
        ("knowledge", "Wo wird im Repo das Token erneuert?"),
        ("research", "What is the difference between a comet and an asteroid?"),
        ("research", "¿Quién inventó la imprenta y cuándo?"),
        ("writing", "Напиши короткое стихотворение о море"),
        ("writing", "Draft a friendly email to my landlord about the broken heating"),
        ("language", "Is it 'affect' or 'effect' in this sentence?"),
        ("language", "Traduis cette phrase en anglais : je suis en retard."),
        ("advisor", "hello, how are you today?"),
        ("advisor", "Gift ideas for my dad who likes gardening, under 50 euros"),
        ("advisor", "Soll ich den neuen Job annehmen oder lieber bleiben?"),
        ("writing", "Schreib ein Gedicht über den Herbst"),
        ("language", "请把这段话翻译成英文"),
    ],
)
def test_a_plain_query_goes_to_its_expert(key: str, text: str) -> None:
    result = shares(text)
    assert max(result, key=lambda one: result[one]) == key, dict(result)


@pytest.mark.parametrize(
    "text",
    ["Translate this into French", "Write a poem about rain", "Solve the equation x + 2 = 5"],
)
def test_casing_politeness_and_blanks_do_not_change_the_choice(text: str) -> None:
    def first(words: str) -> str:
        result = shares(words)
        return max(result, key=lambda one: result[one])

    variants = [text.upper(), f"Please, {text.lower()}", f"  {text}  \n", f"Hi! Could you {text}?"]
    assert {first(variant) for variant in variants} == {first(text)}


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_shares_are_shares_on_any_text(text: str) -> None:
    values = shares(text or "x").values()
    assert sum(values) == pytest.approx(1)
    assert all(value >= 0 for value in values)


def test_reading_and_scoring_take_little_time() -> None:
    gate = built_in_gate()
    texts = [
        f"Number {n}: write a function that sorts a list of words, please. " * 5 for n in range(50)
    ]
    started = time.perf_counter()
    for text in texts:
        gate.scores(QueryClassifier().read(Query.of(text)))
    assert (time.perf_counter() - started) / len(texts) < 0.01  # 2 ms where nothing else runs


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is the capital of the country?", "en"),
        ("Wie ist das Wetter und ist es nicht kalt?", "de"),
        ("¿Cómo es el clima de una isla y por qué?", "es"),
        ("これは何ですか", "ja"),
        ("这是什么", "zh"),
        ("что это такое", "ru"),
        ("xyzzy", "und"),
    ],
)
def test_the_language_is_told_by_script_and_function_words(text: str, language: str) -> None:
    assert QueryClassifier().read(Query.of(text)).language == language


def test_a_reading_tells_the_kind_the_code_and_the_difficulty() -> None:
    reader = QueryClassifier()
    code = reader.read(Query.of("```python\nx = 1\n``` why does this fail?"))
    assert (code.kind, code.has_code) == ("code", True)
    assert reader.read(Query.of("SELECT a FROM b")).kind == "sql"
    easy = reader.read(Query.of("hello"))
    hard = reader.read(Query.of("If a, then b, but if 3 + 4 = x and y < 5, prove c. " * 6))
    assert 0 <= easy.complexity < hard.complexity <= 1
    assert (easy.kind, easy.has_code) == ("chat", False)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=12),
    st.floats(0, 0.3),
)
def test_a_promise_is_a_probability_and_more_is_never_less(
    ranked: list[tuple[float, float]], more: float
) -> None:
    ranked = sorted(ranked, reverse=True)
    promise = HEURISTIC.probability(ranked)
    assert 0 < promise < 1
    (score, share), rest = ranked[0], ranked[1:]
    assert HEURISTIC.probability([(score + more, share), *rest]) >= promise
    assert HEURISTIC.probability([(score, min(1, share + more)), *rest]) >= promise


def test_the_words_of_the_built_in_experts_are_spelled_as_they_are_read() -> None:
    for row in BUILT_IN:
        for term, weight in row.vocabulary.terms.items():
            assert compiled_term(term) == term, (row.key, term)
            assert -3 <= weight <= 5, (row.key, term)
            assert (2 * weight).is_integer(), (row.key, term)
            assert weight, (row.key, term)


def test_no_word_of_a_built_in_expert_stands_twice() -> None:
    for row in BUILT_IN:
        page = files("collegium.experts.vocabularies").joinpath(f"{row.key}.txt").read_text("utf-8")
        lines = [line[6:] for line in page.splitlines() if not line.startswith("#")]
        words = [word.strip() for line in lines for word in line.split(";") if word.strip()]
        assert len(words) == len(set(words)) == len(row.vocabulary.terms), row.key


def test_the_ten_built_in_experts_are_whole() -> None:
    assert [row.key for row in BUILT_IN] == KEYS
    assert [row.key for row in BUILT_IN if row.fallback] == ["advisor"]
    assert [row.key for row in BUILT_IN if row.needs] == ["knowledge"]
    for row in BUILT_IN:
        assert row.instructions.startswith("You ")
        assert row.capabilities
        assert all(isinstance(one, ExpertCapability) for one in row.capabilities)
        assert len(row.vocabulary.terms) > 40
    coding = BUILT_IN[0]
    assert [one.name for one in coding.capabilities] == [
        "generation",
        "review",
        "debugging",
        "refactoring",
    ]
    assert coding.vocabulary.evidence(read("python")) > 0


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("What is 17 % of 340?", "number"),
        ("Which is heavier?\nA) iron\nB) wool\nC) both the same", "choice"),
        ("Write a Python function that reverses a list: def rev(xs):", "code"),
        ("List three rivers of Spain. Return valid JSON only.", "json"),
        ("Why is the sky blue?", "text"),
    ],
)
def test_a_reading_tells_the_form_of_the_answer(text: str, form: str) -> None:
    assert QueryClassifier().read(Query.of(text)).answer_form == form


def test_a_response_format_says_the_form_itself() -> None:
    query = Query.of("three rivers", sampling={"response_format": {"type": "json_object"}})
    assert QueryClassifier().read(query).answer_form == "json"


def test_a_reading_tells_whether_tools_are_needed() -> None:
    read = QueryClassifier().read
    assert read(Query.of("A train covers 120 km in 1.5 hours. How fast is it in km/h?")).needs_tools
    assert not read(Query.of("Who wrote The Trial?")).needs_tools
    assert read(Query.of("hi", tools=({"type": "function"},))).needs_tools


def test_a_reading_knows_the_turns_before() -> None:
    said = tuple(Message(role, text) for role, text in (
        ("user", "plan my week"), ("assistant", "Monday ..."), ("user", "and the weekend?"),
    ))  # fmt: skip
    reading = QueryClassifier().read(Query(messages=said))
    assert (reading.asked, reading.before) == ("and the weekend?", ("plan my week",))
