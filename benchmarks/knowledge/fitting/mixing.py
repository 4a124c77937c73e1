"""How sharply the weights of the manners should be mixed, given how likely a text is of each.

    python benchmarks/knowledge/fitting/mixing.py EVIDENCE... [--needed meaning]

Shares are raised to a power and scaled to sum to 1: at 1 they are as likely as they are, at 100
the likeliest manner alone decides, and `true` are the weights of the manner that it is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fit import loaded, scored, show
from gather import MANNERS, Looked
from measures import measured

from collegium.knowledge.search.fitted import NAMED
from collegium.knowledge.search.manner import Manner, manner_of
from collegium.knowledge.search.ranking import weights_of

POWERS = (0.5, 1.0, 1.5, 2.0, 3.0, 100.0)


def sharpened(manner: Manner, power: float) -> Manner:
    """The shares, raised to a power."""
    raised = [share**power for share in manner]
    return Manner(*[share / sum(raised) for share in raised])


def figures(title: str, looked: list[Looked], power: float) -> None:
    """Print the measures at a power; 0 for the weights of what it is."""
    rows = []
    for one in looked:
        manner = MANNERS[one.question["manner"]]
        if power:
            manner = sharpened(manner_of(one.question["text"]), power)
        weights = dict(weights_of(manner, with_vectors="meaning" in one.columns))
        for name, weight in NAMED.items():  # `scored` adds these
            weights[name] -= weight
        rows.append(measured(one, scored(one, weights)))
    show(title, rows, [])


def main() -> None:
    """Print the measures of each manner at each power."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("evidence", type=Path, nargs="+")
    parser.add_argument("--needed", default="", help="only questions with this column")
    options = parser.parse_args()
    for manner in MANNERS:
        looked = [
            one for folder in options.evidence for one in loaded(folder, manner, options.needed)
        ]
        if looked:
            for power in (*POWERS, 0.0):
                title = f"{manner}, power {power:g}" if power else f"{manner}, true"
                figures(title, looked, power)


if __name__ == "__main__":
    main()
