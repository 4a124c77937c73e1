"""An expert of one's own beside the built-in ones: `python examples/own_expert.py`."""

import asyncio
from datetime import date

from collegium import Answer, Collegium, Expert, Query


class CalendarExpert(Expert):
    """Knows what day it is, without a model."""

    def __init__(self, today: date) -> None:
        super().__init__("CalendarExpert")
        self.today = today

    async def can_handle(self, query: Query) -> float:
        text = query.text.lower()
        return 0.95 if "what day" in text or "today's date" in text else 0.0

    async def process(self, query: Query) -> Answer:
        return Answer(self.name, "calendar", f"It is {self.today:%A, %d %B %Y}.")


async def main() -> None:
    college = Collegium.from_config(experts=[CalendarExpert(date.today())])
    decision = await college.decide("What day is it?")
    print(f"routed to {decision.chosen[0].key}, confidence {decision.confidence:.2f}")
    response = await CalendarExpert(date.today()).process(Query.of("What day is it?"))
    print(response.text)
    await college.aclose()


asyncio.run(main())
