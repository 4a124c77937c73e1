"""Whether a reading's complexity is the difficulty that real models have with a query.

    python benchmarks/routing/difficulty.py --answers DIR [--save] [--json]

Difficulty is the share of the recorded models that answer a query wrong. The two numbers that bring
the complexity to this scale are fitted here, every data set counting the same, and judged on a data
set left out in turn, beside a constant. Needs pandas and pyarrow.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas

from collegium.lexicon import read
from collegium.routing.classifier import complexity_of, weight_of

sys.path.append(str(Path(__file__).parent.parent))  # what benchmarks share lies beside them
from saving import save

SETS = ("gsm", "mmlu-redux", "crux", "math-l5", "zebra-grid")


def fitted(weight: np.ndarray, wrong: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Intercept and slope of a logistic regression on the log of the weight, by Newton's method."""
    padded = np.stack((np.ones(len(weight)), np.log(weight)), axis=1)
    at = np.zeros(2)
    for _ in range(50):
        share = 1 / (1 + np.exp(-padded @ at))
        slope = padded.T @ (counts * (share - wrong))
        at -= np.linalg.solve((padded * (counts * share * (1 - share))[:, None]).T @ padded, slope)
    return at


def ranks(values: np.ndarray) -> np.ndarray:
    """The ranks of values, ties at their mean."""
    return pandas.Series(values).rank().to_numpy()


def measure(folder: Path) -> dict[str, Any]:
    """The numbers, and how well they hold."""
    prompts = pandas.read_parquet(folder / "prompts.parquet")
    answers = pandas.read_parquet(folder / "answers_zeroeval.parquet")
    scores = answers.groupby("prompt_id").score.mean()
    known = prompts.has_text & prompts.prompt_id.isin(scores.index) & prompts.dataset.isin(SETS)
    prompts = prompts[known]
    wrong = 1 - scores.loc[prompts.prompt_id].to_numpy()
    texts, names = [text[:8000] for text in prompts.text], prompts.dataset.to_numpy()
    weight = np.array([weight_of(text, read(text)) for text in texts])
    told = np.array([complexity_of(text, read(text)) for text in texts])
    counts = np.array([1 / (names == name).sum() for name in names])
    apart, constant = np.zeros(len(wrong)), np.zeros(len(wrong))
    for name in SETS:
        rest = names != name
        at = fitted(weight[rest], wrong[rest], counts[rest])
        apart[~rest] = 1 / (1 + np.exp(-at[0] - at[1] * np.log(weight[~rest])))
        constant[~rest] = np.average(wrong[rest], weights=counts[rest])
    bins = [
        {"n": int(inside.sum()), "told": round(float(told[inside].mean()), 3),
         "wrong": round(float(wrong[inside].mean()), 3)}
        for low in np.arange(0, 1, 0.1)
        if (inside := (told >= low) & (told < low + 0.1)).any()
    ]  # fmt: skip
    return {
        "queries": len(wrong),
        "models": int(answers.model.nunique()),
        "fitted": [round(float(one), 4) for one in fitted(weight, wrong, counts)],
        "rank_correlation": round(float(np.corrcoef(ranks(told), ranks(wrong))[0, 1]), 3),
        "within": {
            name: round(
                float(np.corrcoef(ranks(told[names == name]), ranks(wrong[names == name]))[0, 1]), 3
            )
            for name in SETS
        },
        "mean_error": {
            "as_shipped": round(float(np.abs(told - wrong).mean()), 3),
            "set_left_out": round(float(np.abs(apart - wrong).mean()), 3),
            "constant_set_left_out": round(float(np.abs(constant - wrong).mean()), 3),
        },
        "bins": bins,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--answers", type=Path, required=True, help="the folder of *.parquet")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument(
        "--save", action="store_true", help="write results/difficulty-<commit>.json"
    )
    options = parser.parse_args()
    result = measure(options.answers)
    if options.save:
        save("routing", result, kind="difficulty")
    print(json.dumps(result) if options.json else json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
