"""Ask the college from a script: `python examples/ask.py "Why is the sky blue?"`."""

import asyncio
import sys

from collegium import Collegium


async def main(question: str) -> None:
    async with Collegium.from_config() as college:
        response = await college.ask(question)
    print(f"{response.expert} ({response.model}):\n{response.text}")


asyncio.run(main(" ".join(sys.argv[1:]) or "Why is the sky blue?"))
