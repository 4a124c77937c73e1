"""One more voice for two conclusions that are too close to call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.aggregation.conflict import said_by
from collegium.aggregation.quoting import asked_with, quoted
from collegium.errors import CollegiumError

if TYPE_CHECKING:
    import random

    from collegium.aggregation.conflict import Agreement
    from collegium.aggregation.panel import Panel
    from collegium.types import Answer


async def adjudicate(panel: Panel, agreement: Agreement, rng: random.Random) -> Answer | None:
    """Lay the first two conclusions before the most reliable voice, a new one if there is one.

    Returns its checked answer; None where there is nobody whom time and budget allow to ask, or
    who was asked failed.
    """
    voices = (*panel.unasked, *panel.by_reliability(panel.voices))
    judge = next((voice for voice in voices if panel.affords(voice)), None)
    if panel.closed or judge is None or panel.left_s <= 0:
        return None
    sides = [
        (f"conclusion {n}", said_by(group, agreement.form))
        for n, group in enumerate(agreement.groups[:2], 1)
    ]
    instruction = (
        "Two answers to the question above disagree. Work the question out yourself, then compare: "
        "either may be right, or neither. End with your own final answer."
    )
    question = asked_with(panel.query, f"{instruction}\n\n{quoted(sides, rng)}")
    try:
        answer = await panel.verified(await panel.ask(judge, question))
    except CollegiumError as error:
        panel.note(f"adjudication failed: {error}")
        return None
    panel.note(f"{answer.expert} was asked to adjudicate between two conclusions")
    return answer
