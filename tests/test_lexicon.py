"""Words are whole words, shapes are shapes, and no text breaks the reading."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collegium.errors import ConfigError
from collegium.experts.catalog import BUILT_IN
from collegium.lexicon import SIGNS, Concordance, Vocabulary, assess, read, reading_text
from collegium.lexicon.words import COURTESIES, cut
from collegium.types import Message, Query


def test_a_word_counts_only_where_it_is_whole() -> None:
    vocabulary = Vocabulary({"class": 2.0, "two words": 3.0})
    assert vocabulary.evidence(read("Bach is classical music")) == 0
    assert vocabulary.evidence(read("a Class of its own")) == 2
    assert vocabulary.evidence(read("just TWO  words, then")) == 3


def test_a_stem_counts_for_every_word_that_begins_with_it() -> None:
    vocabulary = Vocabulary({"recurs*": 1.0})
    assert vocabulary.evidence(read("a recursive call")) == 1
    assert vocabulary.evidence(read("recursion")) == 1
    assert vocabulary.evidence(read("the recu")) == 0


@pytest.mark.parametrize(
    "text", ["Translate this", "please translate this", "Hi, could you translate this?"]
)
def test_an_opener_counts_at_the_beginning_and_politeness_does_not_hide_it(text: str) -> None:
    assert Vocabulary({"^translate": 1.0}).evidence(read(text)) == 1


def test_courtesies_are_spelled_as_they_are_read() -> None:
    for phrase in COURTESIES:
        assert " ".join(cut(phrase)) == phrase


def test_an_opener_does_not_count_in_the_middle() -> None:
    assert Vocabulary({"^translate": 1.0}).evidence(read("Who can really translate this?")) == 0


def test_scripts_without_spaces_match_by_phrase() -> None:
    vocabulary = Vocabulary({"翻 译": 2.0})
    assert vocabulary.evidence(read("请把下面的话翻译成英文")) == 2
    assert vocabulary.evidence(read("译者翻书")) == 0


def test_an_opener_counts_in_the_last_sentence_too() -> None:
    vocabulary = Vocabulary({"^translate": 1.0})
    assert vocabulary.evidence(read("This is from a leaflet. Please translate it.")) == 1


def test_a_contraction_is_the_words_it_stands_for() -> None:
    vocabulary = Vocabulary({"what is the": 1.0, "author": 2.0})
    assert vocabulary.evidence(read("What's the author's name?")) == 3
    assert vocabulary.evidence(read("whats the authors name")) == 1


def test_letters_with_marks_are_letters_however_they_are_written() -> None:
    assert Vocabulary({"écris": 1.0}).evidence(read("E\u0301cris une lettre")) == 1
    assert Vocabulary({"अनुवाद": 1.0}).evidence(read("इसका अनुवाद करो")) == 1
    assert Vocabulary({"entreprise": 1.0}).evidence(read("le nom de l'entreprise")) == 1


def test_a_word_deep_in_a_long_text_counts_for_less() -> None:
    vocabulary = Vocabulary({"python": 2.0})
    filler = "word " * 200
    assert 0 < vocabulary.evidence(read(f"{filler} python {filler}")) < 2
    assert vocabulary.evidence(read(f"python {filler}")) == 2


@pytest.mark.parametrize(
    "supplied",
    [
        '"The python is a large snake that lives in the forests of the south."',
        "```\nimport python\n```",
        "\n\nThe python is a large snake that lives in the forests of the south.",
    ],
)
def test_a_text_that_is_only_supplied_counts_for_less(supplied: str) -> None:
    vocabulary = Vocabulary({"translate": 2.0, "python": 2.0})
    assert vocabulary.evidence(read(f"Translate this: {supplied}")) == 3


def test_of_a_long_story_what_asks_counts_in_full() -> None:
    story = "My python is ill. " + "We drove there and it rained all day. " * 6
    vocabulary = Vocabulary({"python": 2.0, "vet": 2.0, "rained": 2.0})
    assert vocabulary.evidence(read(f"{story} Should I go to a vet?")) == 2 + 2 + 1


@pytest.mark.parametrize(
    ("sign", "text"),
    [
        ("<code_fence>", "see ```x = 1```"),
        ("<code>", "def f(x):\n    return x"),
        ("<stack_trace>", "ValueError: bad"),
        ("<sql>", "SELECT name FROM users"),
        ("<schema>", "users(id, name, age)"),
        ("<table>", "| a | b |\n|---|---|\n| 1 | 2 |"),
        ("<json>", '{"a": 1}'),
        ("<formula>", "what is 3 + 4"),
        ("<choices>", "Which? (A) one (B) two"),
        ("<file_path>", "in src/app/main.py"),
        ("<identifier>", "what does get_user do"),
        ("<numbers>", "3 apples and 4 pears"),
        ("<short>", "hello there"),
        ("<question>", "is it so?"),
        ("<passage>", f'Shorten this: "{"text " * 20}"'),
        ("<wh_question>", "Who was it"),
        ("<wh_question>", "这是什么"),
        ("<yes_no>", "is it far"),
        ("<fact_question>", "Where was the first railway built?"),
        ("<technical_question>", "which module calls it?"),
        ("<to_you>", "who made you"),
        ("<greeting>", "Hello!"),
        ("<duration>", "in 6 weeks"),
        ("<clock>", "at 9:30"),
        ("<word_limit>", "in 200 words"),
        ("<money>", "for $20"),
        ("<quote>", "'a stitch in time saves nine'"),
        ("<list>", "- milk\n- bread\n"),
        ("<blank>", "it is ___ here"),
        ("<sequence>", "2, 4, 8, 16"),
        ("<url>", "https://example.org"),
        ("<dialogue>", "Ann: hello there\nBob: hi you"),
        ("<word_problem>", "3 boxes hold 12 apples each. How many apples are there?"),
        ("<aggregate>", "average rating of each restaurant"),
        ("<first_person>", "I am tired"),
    ],
)
def test_a_shape_is_seen_where_it_is_and_not_in_plain_prose(sign: str, text: str) -> None:
    assert sign in SIGNS
    assert sign in read(text).signs
    prose = "Tell us something nice about the long winter nights in the far north of Norway."
    assert sign not in read(prose).signs


@given(st.text(max_size=400))
@settings(max_examples=200, deadline=None)
def test_no_text_breaks_the_reading(text: str) -> None:
    wording = read(text)
    assert wording.words >= 0
    assert wording == read(text)
    assert wording.signs <= SIGNS


@pytest.mark.parametrize("text", ["\0\x1b[31m", "\ud800", "\u202eעברית", "🙂" * 50, "a" * 200_000])
def test_odd_texts_are_read_too(text: str) -> None:
    assert read(text).words >= 0


HARD = [
    "some words and more, ",
    "\n",
    "1",
    "...",
    "'a b",
    '"',
    "“",
    "(",
    "| a",
    "a/",
    "A) a\n",
    "a, ",
]


@pytest.mark.parametrize("piece", HARD)
def test_a_megabyte_is_read_quickly_whatever_it_is(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    started = time.perf_counter()
    read(text)
    assert time.perf_counter() - started < 0.25


@pytest.mark.parametrize(
    ("term", "why"),
    [
        ("", "0 words"),
        ("a b c d e", "5 words"),
        ("<nonsense>", "no sign"),
        ("ab*", "short"),
        ("two wor*", "several"),
    ],
)
def test_a_term_that_is_none_is_refused(term: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        Vocabulary({term: 1.0})


def test_compiled_terms_need_no_checking() -> None:
    terms = {"翻 译": 2.0, "^how many": 1.0, "recurs*": 1.0}
    assert Vocabulary.of_compiled(terms) == Vocabulary(terms)
    text = "how many recursive calls has 翻译"
    assert Vocabulary.of_compiled(terms).evidence(read(text)) == 4


def test_a_weight_that_is_no_number_is_refused() -> None:
    with pytest.raises(ConfigError, match="'word' is nan"):
        Vocabulary({"word": float("nan")})


def test_matches_tell_the_strongest_first() -> None:
    vocabulary = Vocabulary({"fix": 1.0, "python": 3.0, "absent": 9.0})
    assert vocabulary.matches(read("fix my python")) == (("python", 3.0), ("fix", 1.0))


WORDS = st.sampled_from(
    ["fix", "python", "wine", "recurs*", "^fix", "<code>", "<question>", "my wine"]
)
VOCABULARIES = st.dictionaries(
    st.sampled_from("abc"), st.dictionaries(WORDS, st.floats(-3, 9), max_size=6), max_size=3
)
TEXTS = st.sampled_from(
    (
        "fix my python",
        "fix my wine?",
        "recursion: how does it end?",
        'please fix "def f(): return 1"',
        f"python {'said the old man, and nobody knew why. ' * 40} wine?",
        "",
    )
)


@given(VOCABULARIES, TEXTS)
def test_a_concordance_finds_what_every_vocabulary_finds_by_itself(
    terms: dict[str, dict[str, float]], text: str
) -> None:
    vocabularies = {key: Vocabulary(one) for key, one in terms.items()}
    concordance, wording = Concordance(vocabularies), read(text)
    for key, one in vocabularies.items():
        found = sorted(concordance.found(wording).get(key, ()), key=lambda at: (-at[1], at[0]))
        assert tuple(found) == one.matches(wording)
        assert concordance.evidence(wording).get(key, 0) == one.evidence(wording)
        assert concordance.speaks(wording, [key]) == one.speaks(wording)


def test_a_concordance_of_the_built_in_experts_tells_their_own_evidence() -> None:
    concordance = Concordance({row.key: row.vocabulary for row in BUILT_IN})
    for text in ("Fix this Python traceback", "¿Puedes traducir esto?", "Plan a week in Rome"):
        told = concordance.evidence(read(text))
        assert told == {
            row.key: found for row in BUILT_IN if (found := row.vocabulary.evidence(read(text)))
        } | {key: 0.0 for key, value in told.items() if not value}


def test_an_assessment_grows_with_the_evidence_and_stays_below_1() -> None:
    values = [assess(evidence) for evidence in (-3, 0, 1, 3, 10, 1000)]
    assert values == sorted(values)
    assert values[1] == pytest.approx(0.046, abs=0.001)
    assert values[-1] < 1


def test_a_short_reply_is_read_with_the_question_before_it() -> None:
    messages = [Message("user", "Write a poem"), Message("assistant", "How long?")]
    assert "poem" in reading_text(Query((*messages, Message("user", "ten lines"))))
    longer = Message("user", "now tell me about the French revolution instead")
    assert "poem" not in reading_text(Query((*messages, longer)))
