"""A query that was judged before is not read again, and the decision is the one it would be."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from collegium.backends.pool import Instance, Pool
from collegium.experts.catalog import BUILT_IN
from collegium.experts.computing.arithmetic import Arithmetic
from collegium.experts.computing.texts import Texts
from collegium.experts.fingerprint import fingerprint
from collegium.experts.model_expert import ModelExpert
from collegium.experts.roster import Roster
from collegium.experts.verifying import Plans, VerifyingExpert
from collegium.lexicon import Vocabulary
from collegium.routing.classifier import QueryClassifier
from collegium.routing.memory import Memory
from collegium.routing.policy import RoutingPolicy
from collegium.routing.router import MoERouter
from collegium.testing import ScriptedBackend, ScriptedExpert
from collegium.types import Decision, Message, Query

if TYPE_CHECKING:
    from collegium.experts.base import Expert
    from collegium.routing.classifier import Reading

HAIKU = "Write a haiku about autumn rain"
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def said(*turns: str, system: str = "", **fields: Any) -> Query:
    """A conversation: turns of the user, with an answer after each but the last."""
    messages = [Message("system", system)] if system else []
    for turn in turns[:-1]:
        messages += [Message("user", turn), Message("assistant", "Here you are.")]
    return Query((*messages, Message("user", turns[-1])), **fields)


QUERIES = (
    said(HAIKU),
    said("Fix this Python traceback: IndexError: list index out of range"),
    said("What is 17 * 23?"),
    said("What is 17 * 23?", sampling={"response_format": {"type": "json_object"}}),
    said("What is 17 * 23?", system="Answer every question in French."),
    said("How many letters are in the word 'strawberry'?"),
    said("Translate 'good morning' into Spanish", "and into French?"),
    said("Write a Python function that sorts a list", "and into French?"),
    said("zzqq vvkk jjww yyuu"),
    said("Should I quit my job? I'm worried about money"),
    said("Plan a week in Rome", tools=({"type": "function", "function": {"name": "find"}},)),
    Query((Message("user", [{"type": "text", "text": "Who painted this?"}, IMAGE]),)),
    said("SELECT name FROM users GROUP BY city -- why is this SQL wrong?"),
    said("¿Puedes arreglar este código de Python?"),
)


def faculty() -> list[Expert]:
    """The built-in experts, one of whom computes, and one of somebody's own."""
    experts: list[Expert] = []
    for row in BUILT_IN:
        kind = VerifyingExpert if row.key == "math" else ModelExpert
        one = kind(row.name, row.vocabulary, key=row.key, fallback=row.fallback)
        if isinstance(one, VerifyingExpert):
            one.computers = (Arithmetic(), Texts())
        experts.append(one)
    return [*experts, ScriptedExpert("Wine", confidence=0.2)]


def plain(decision: Decision) -> Decision:
    """A decision without what no two have in common."""
    return replace(decision, query_id="", overhead_ms=0.0)


@pytest.mark.parametrize("seed", range(4))
async def test_a_decision_from_memory_is_the_one_that_would_be_made_anew(seed: int) -> None:
    rng = random.Random(seed)
    roster, policy = Roster(faculty()), RoutingPolicy(switch_gain=0.2, top_k=rng.choice((1, 2)))
    memory = Memory()
    remembering = MoERouter(roster, policy=policy, memory=memory)
    forgetful = MoERouter(roster, policy=policy, memory=Memory(0))
    for _ in range(250):
        one = rng.choice(list(roster))
        match rng.randrange(4):
            case 0:
                one.current_load = rng.choice((0, 1, one.max_load))
            case 1:
                one.update_stats(rng.random() < 0.7, 10.0)
            case 2 if isinstance(one, ScriptedExpert):
                one.confidence = rng.random()
            case 2 if isinstance(one, ModelExpert):
                one.missing = rng.choice(("", "", "", "no codebase has been indexed"))
            case _:
                pass
        query = replace(rng.choice(QUERIES), session=rng.choice((None, "a", "b")))
        terms: dict[str, Any] = {
            "top_k": rng.choice((None, None, 1, 3)),
            "only": rng.choice(((), (), ("coding", "math", "Wine", "advisor"))),
            "assume_ready": rng.random() < 0.2,
        }
        again = await remembering.decide(query, **terms)
        assert plain(again) == plain(await forgetful.decide(query, **terms))
    assert 0 < len(memory) <= 2 * len(QUERIES)


class CountingClassifier(QueryClassifier):
    """Counts what it reads; of somebody's own, so that nothing is remembered with it."""

    def __init__(self) -> None:
        self.read_so_far = 0

    def read(self, query: Query) -> Reading:
        self.read_so_far += 1
        return super().read(query)


async def test_with_a_classifier_of_ones_own_every_query_is_read() -> None:
    classifier = CountingClassifier()
    router = MoERouter(faculty(), classifier=classifier)
    for _ in range(3):
        await router.decide(said(HAIKU))
    assert classifier.read_so_far == 3


async def test_who_computes_an_answer_is_remembered_too() -> None:
    class Reluctant(Arithmetic):
        read_so_far = 0

        def reads(self, query: Query) -> Any:
            self.read_so_far += 1
            return super().reads(query)

    computer, expert = Reluctant(), VerifyingExpert("MathExpert", Vocabulary({"sum": 1.0}))
    expert.computers = (computer,)
    router = MoERouter([expert, ScriptedExpert("Other", confidence=0.9)])
    for _ in range(3):
        assert (await router.decide(said("What is 17 * 23?"))).chosen[0].key == "math"
        assert (await router.decide(said(HAIKU))).chosen[0].key == "other"
    assert computer.read_so_far == 2
    expert.computers = ()
    assert (await router.decide(said("What is 17 * 23?"))).chosen[0].key == "other"


async def test_an_expert_of_ones_own_is_asked_every_time() -> None:
    class Nightly:
        """Not an expert by itself."""

        nights = iter((0.9, 0.1))

        async def can_handle(self, query: Query) -> float:
            return next(self.nights)

    class Owl(Nightly, ModelExpert):
        pass

    class Computing(ModelExpert):
        days = iter((True, False))

        def computes(self, query: Query) -> bool:
            return next(self.days)

    words = Vocabulary({"haiku": 1.0})
    for own, other in ((Owl("Own", words), "other"), (Computing("Own", words), "other")):
        router = MoERouter([own, ScriptedExpert("Other", confidence=0.5)])
        chosen = [(await router.decide(said(HAIKU))).chosen[0].key for _ in range(2)]
        assert chosen == ["own", other]


def test_who_writes_a_word_of_its_own_and_no_grounds_has_none() -> None:
    class Own(ModelExpert):
        async def can_handle(self, query: Query) -> float:
            return 1.0

    class Known(Own):
        @property
        def grounds(self) -> object:
            return "the text"

    class Heir(ModelExpert):
        pass

    words = Vocabulary({"haiku": 1.0})
    assert ModelExpert("A", words).grounds == Heir("A", words).grounds == words
    assert Own("A", words).grounds is None
    assert Known("A", words).grounds == "the text"
    assert ScriptedExpert("A").grounds is None


async def test_a_new_vocabulary_is_noticed_at_once() -> None:
    one, other = ModelExpert("A", Vocabulary({"haiku": 9.0})), ModelExpert("B", Vocabulary({}))
    router = MoERouter([one, other])
    before = await router.decide(said(HAIKU))
    one.vocabulary = Vocabulary({"sonnet": 9.0})
    after = await router.decide(said(HAIKU))
    assert before.chosen[0].assessment > after.ranking[0].assessment


async def test_who_rests_is_passed_over_at_once_and_asked_again_afterwards() -> None:
    expert, other = ModelExpert("A", Vocabulary({"haiku": 9.0})), ScriptedExpert("B")
    expert.pool = Pool([Instance(ScriptedBackend(), "m", "m", 1)])
    router = MoERouter([expert, other])
    seen = []
    for resting in ("", "is being drained", ""):
        expert.resting = resting
        seen.append((await router.decide(said(HAIKU), assume_ready=True)).chosen[0].key)
    assert seen == ["a", "b", "a"]


async def test_an_expert_that_was_replaced_under_its_key_is_judged_anew() -> None:
    roster = Roster([ModelExpert("A", Vocabulary({"haiku": 9.0})), ScriptedExpert("B")])
    router = MoERouter(roster)
    assert (await router.decide(said(HAIKU))).chosen[0].key == "a"
    roster.remove("A")
    roster.add(ModelExpert("A", Vocabulary({"sonnet": 9.0})))
    assert (await router.decide(said(HAIKU))).chosen[0].key == "b"


async def test_a_gate_is_asked_again_unless_it_says_that_it_is_settled() -> None:
    class Asked:
        times = 0

        def scores(self, reading: Reading) -> dict[str, float]:
            self.times += 1
            return {"a": 0.7, "b": 0.3}

    class Settled(Asked):
        settled = True

    for gate, times in ((Asked(), 3), (Settled(), 1)):
        router = MoERouter([ScriptedExpert("A"), ScriptedExpert("B")], gate=gate)
        for _ in range(3):
            await router.decide(said(HAIKU))
        assert gate.times == times


async def test_the_longest_unused_judgement_is_forgotten_first() -> None:
    memory = Memory(2)
    router = MoERouter(faculty(), memory=memory)
    for text in ("one", "two", "one", "three", "four", "five"):
        await router.decide(said(text))
    assert len(memory) == 2


def test_queries_that_are_read_alike_have_one_fingerprint() -> None:
    query = said("Plan a week in Rome", "shorter")
    for other in (
        said("Plan a week in Rome", "shorter", session="s", deadline_s=3.0, objective="cheap"),
        said("Plan a week in Rome", "shorter", sampling={"temperature": 0.3, "seed": 7}),
        replace(query, id="another", budget_usd=0.1),
    ):
        assert fingerprint(other) == fingerprint(query)


def test_queries_that_may_be_read_differently_have_fingerprints_of_their_own() -> None:
    text = {"type": "text", "text": "Who painted this?"}
    deep: dict[str, Any] = {}
    for _ in range(3000):
        deep = {"type": deep}
    queries = [
        *QUERIES,
        said("ab", "c"),
        said("a", "bc"),
        Query((Message("user", "a\n'user'2:bc"),)),
        Query((Message("user", "a"), Message("user", "bc"))),
        Query((Message("user", "a"), Message("system", "bc"))),
        Query((Message("user", [text]),)),
        Query((Message("user", [text, IMAGE, IMAGE]),)),
        said(HAIKU, sampling={"response_format": {"type": "json_schema"}}),
        said(HAIKU, sampling={"response_format": deep}),
        said(HAIKU, sampling={"response_format": {"type": "text", "strict": True}}),
        said(HAIKU, sampling={"tool_choice": "required"}),
        said(HAIKU, sampling={"tool_choice": {"type": "function", "function": {"name": "f"}}}),
    ]
    assert len({fingerprint(query) for query in queries}) == len(queries)


async def test_a_choice_of_tool_by_name_is_no_mistake() -> None:
    query = said("What is 17 * 23?", sampling={"tool_choice": {"type": "function"}})
    assert (await MoERouter(faculty()).decide(query)).chosen[0].assessment < 1
    assert Arithmetic().reads(query) is None


def test_plans_are_known_by_what_is_asked_and_not_by_who_asks() -> None:
    plans = Plans((Arithmetic(),))
    found = plans.of(said("What is 17 * 23?"))
    assert found is not None
    assert plans.of(said("What is 17 * 23?", session="s")) is found
    assert plans.of(said("What is 17 * 24?")) is not found
    assert plans.of(said("What is 17 * 23?", system="Answer in French.")) is None
    for number in range(40):
        assert plans.of(said(f"What is {number} * 23?")) is not None
    again = plans.of(said("What is 17 * 23?"))
    assert again is not None
    assert again[0] is found[0]
