"""The class shape that this field has always used works as it stands."""

from __future__ import annotations

from collegium import Answer, Collegium, Expert, ExpertCapability, MoERouter, Query, Response


class GreetingExpert(Expert):
    """Answers greetings with a Response."""

    def __init__(self) -> None:
        super().__init__("GreetingExpert")
        self.capabilities = [
            ExpertCapability(
                name="greeting", confidence_threshold=0.7, max_load=10, average_latency_ms=5
            )
        ]

    async def can_handle(self, query: Query) -> float:
        return 0.9 if "hello" in query.text.lower() else 0.1

    async def process(self, query: Query) -> Response:
        return Response(
            text="Hello yourself.",
            expert=self.name,
            model="none",
            confidence=0.9,
            metadata={"mood": "good"},
        )


class EchoExpert(Expert):
    """Answers anything else with an Answer."""

    def __init__(self) -> None:
        super().__init__("EchoExpert")

    async def can_handle(self, query: Query) -> float:
        return 0.3

    async def process(self, query: Query) -> Answer:
        return Answer(expert=self.name, model="none", text=query.text, confidence=0.3)


async def test_experts_of_the_classic_shape_are_routed_to() -> None:
    router = MoERouter([GreetingExpert(), EchoExpert()])
    chosen = await router.route(Query.of("Hello there"), top_k=2)
    assert [expert.name for expert, _ in chosen] == ["GreetingExpert", "EchoExpert"]
    assert chosen[0][1] > chosen[1][1] > 0
    response = await chosen[0][0].process(Query.of("Hello there"))
    assert response.text == "Hello yourself."


async def test_experts_of_the_classic_shape_answer_in_a_college() -> None:
    async with Collegium(MoERouter([GreetingExpert(), EchoExpert()])) as college:
        greeted = await college.ask("Hello there")
        echoed = await college.ask("anything else")
        both = await college.ask("Hello there", top_k=2)
    assert (greeted.text, greeted.expert, greeted.model) == (
        "Hello yourself.",
        "GreetingExpert",
        "none",
    )
    assert (echoed.text, echoed.expert) == ("anything else", "EchoExpert")
    assert both.expert == "GreetingExpert"
    assert [one["expert"] for one in both.metadata["alternative_responses"]] == ["EchoExpert"]


def test_a_response_needs_a_text_and_an_expert_and_the_rest_has_defaults() -> None:
    response = Response(text="x", expert="GreetingExpert")
    assert (response.model, response.confidence, response.metadata) == ("", 1.0, {})
    assert (response.answers, response.receipt) == ((), None)
    assert GreetingExpert().key == "greeting"
