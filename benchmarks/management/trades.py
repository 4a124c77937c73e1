"""Experts that people may add to the built-in ten: 190, each with a vocabulary and examples.

A trade and what one may want to know of it make an expert: those of one trade, and those of one
concern, share words, as the experts of one organisation do. The words are made up for this purpose,
and no gate has been trained on them.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[2] / "data" / "routing"
EXAMPLES = 4

TRADES = {
    "bicycle": "derailleur spokes handlebar pedals crankset tyre saddle brake chain gravel",
    "orchard": "apples pruning rootstock blossom grafting pears cider harvest scab ladder",
    "bakery": "sourdough yeast oven croissant flour proofing crumb pastry baguette kneading",
    "sailing": "mast jib rudder keel halyard harbour spinnaker anchor tide mooring",
    "plumbing": "faucet boiler radiator pipe drain valve toilet leak cistern washer",
    "photography": "aperture lens tripod shutter exposure flash darkroom portrait sensor bokeh",
    "beekeeping": "hive queen swarm honey frames varroa smoker brood nectar drones",
    "pottery": "kiln glaze clay wheel stoneware porcelain slip firing bisque trimming",
    "dentistry": "molar crown filling gums braces plaque enamel implant root denture",
    "horses": "mare saddle hoof stable dressage foal bridle gallop farrier hay",
    "cinema": "projector screening popcorn trailer usher matinee reel premiere subtitles seating",
    "forestry": "oak chainsaw logging spruce seedlings timber canopy beetle thinning sawmill",
    "brewery": "hops malt wort fermenter lager keg ale mash barley carbonation",
    "railway": "locomotive carriage signal platform freight timetable junction gauge points",
    "printing": "ink paper offset binding toner plates proofs cyan margin letterpress",
    "aquarium": "coral filter shrimp nitrate tank guppy plankton heater algae reef",
    "theatre": "rehearsal stage costume props curtain audition script spotlight foyer understudy",
    "roofing": "shingles gutter slate chimney rafters flashing attic tiles ridge skylight",
    "optician": "glasses frames contact lens prescription eyesight bifocal cornea iris squint",
}
CONCERNS = {
    "repairs": ("repair broken mend replace spare stuck", "My {} is broken, how do I mend it?"),
    "prices": ("price cost discount quote cheaper fee", "What is the usual price of a new {}?"),
    "safety": ("safety hazard injury protective risk fire", "Is there a hazard in handling {}?"),
    "teaching": ("course lesson apprentice exam tutor", "Which lesson teaches beginners about {}?"),
    "insurance": ("insurance claim policy premium cover", "Does my policy cover damage to {}?"),
    "deliveries": ("delivery parcel shipment courier", "When does the shipment with the {} come?"),
    "staffing": ("shift rota holiday overtime wages", "Who has the shift for {} on Monday?"),
    "suppliers": ("supplier wholesale catalogue stock", "Which supplier has {} in stock?"),
    "permits": ("permit licence regulation inspector", "Do I need a permit for {}?"),
    "customers": ("complaint refund customer review", "A customer wants a refund for {}."),
}
OPENINGS = ("", "Hello, ", "Quick question: ", "Please help me. ", "For the shop: ")


def own_experts(count: int) -> list[dict[str, Any]]:
    """The first `count` of them, as entries of `moe.experts`; every third has examples.

    Raises:
        ValueError: there are not so many.
    """
    every = [(trade, concern) for concern in CONCERNS for trade in TRADES]
    if count > len(every):
        raise ValueError(f"there are {len(every)} experts of one's own, not {count}")
    return [_entry(*pair, taught=not place % 3) for place, pair in enumerate(every[:count])]


def _entry(trade: str, concern: str, *, taught: bool) -> dict[str, Any]:
    words, question = CONCERNS[concern]
    things = TRADES[trade].split()
    vocabulary = dict.fromkeys(words.split(), 3.0) | dict.fromkeys(things, 4.0)
    vocabulary |= {trade: 6.0, f"{trade} {concern}": 8.0}
    entry: dict[str, Any] = {"name": f"{trade}_{concern}", "vocabulary": vocabulary}
    if taught:
        entry["examples"] = [f"{question.format(thing)} ({trade})" for thing in things[:EXAMPLES]]
    return entry


def own_queries(count: int, rng: random.Random) -> list[str]:
    """Different questions for those experts, none of them an example."""
    every = [
        f"{opening}{question.format(thing)} It is for the {trade}."
        for trade, things in TRADES.items()
        for thing in things.split()[EXAMPLES:]
        for _, question in CONCERNS.values()
        for opening in OPENINGS
    ]
    return rng.sample(every, count)


def authored_queries(count: int, rng: random.Random) -> list[str]:
    """Different queries of the ten fields of the built-in experts, as people write them."""
    lines = (DATA / "authored_further.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["text"] for line in rng.sample(lines, count)]
