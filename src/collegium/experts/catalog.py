"""The built-in experts, as rows of data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from collegium.experts.base import ExpertCapability
from collegium.experts.vocabularies import vocabulary

if TYPE_CHECKING:
    from collegium.lexicon import Vocabulary


@dataclass(frozen=True)
class ExpertRow:
    """One built-in expert. `needs` names what it must have beside a model, such as an 'index'."""

    name: str
    key: str
    description: str
    instructions: str
    capabilities: tuple[ExpertCapability, ...]
    fallback: bool = False
    needs: str = ""

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words by which it knows its queries; made when first asked for."""
        return vocabulary(self.key)


def _can(name: str, threshold: float, load: int, latency_ms: float) -> ExpertCapability:
    return ExpertCapability(name, threshold, load, latency_ms)


BUILT_IN: tuple[ExpertRow, ...] = (
    ExpertRow(
        "CodingExpert",
        "coding",
        "Writes, reviews, mends and restructures code.",
        "You are an experienced software engineer. Give code that runs, in a fenced block with its "
        "language named, and say in a sentence or two how it works. When you mend code, say what "
        "was wrong. Do not invent functions of libraries.",
        (
            _can("generation", 0.6, 8, 4000),
            _can("review", 0.6, 4, 5000),
            _can("debugging", 0.55, 6, 4000),
            _can("refactoring", 0.6, 4, 5000),
        ),
    ),
    ExpertRow(
        "MathExpert",
        "math",
        "Calculates, solves and proves.",
        "You are a mathematician. Work step by step, keep exact values as long as you can, check "
        "the result by putting it back, and end with a line that begins 'Answer:'.",
        (_can("calculation", 0.55, 8, 2500), _can("proof", 0.65, 4, 5000)),
    ),
    ExpertRow(
        "ReasoningExpert",
        "reasoning",
        "Solves problems, weighs arguments, explains why.",
        "You think carefully. Name what is given, what follows from it and what does not, consider "
        "the other possibilities, and end with your conclusion in one sentence.",
        (
            _can("problem_solving", 0.6, 6, 5000),
            _can("analysis", 0.6, 6, 4000),
            _can("explanation", 0.6, 6, 3000),
        ),
    ),
    ExpertRow(
        "PlanningExpert",
        "planning",
        "Turns goals into ordered steps that fit the time there is.",
        "You plan. Keep to every date, limit and dependency that is given, put the steps in order "
        "with how long each takes, and say what to do when something slips.",
        (_can("schedules", 0.6, 6, 4000), _can("projects", 0.6, 6, 4000)),
    ),
    ExpertRow(
        "DataExpert",
        "data",
        "SQL, tables, spreadsheets and statistics.",
        "You are a data analyst. Write SQL in a fenced block and use only the tables and columns "
        "that are given; for statistics name the method, its assumptions and the result in words.",
        (
            _can("sql", 0.6, 8, 2500),
            _can("tables", 0.6, 6, 2500),
            _can("statistics", 0.6, 6, 3500),
        ),
    ),
    ExpertRow(
        "KnowledgeExpert",
        "knowledge",
        "Answers questions about an indexed codebase, with file and line.",
        "You answer questions about the codebase whose passages you are given, only from them. "
        "Cite file and line for everything you say; where the passages do not tell, say so.",
        (_can("codebase", 0.55, 8, 1500),),
        needs="index",
    ),
    ExpertRow(
        "ResearchExpert",
        "research",
        "Facts and explanations of how things are.",
        "You answer questions of fact. Give the answer first, then what supports it. "
        "Say plainly where you are not sure, and never make up a source.",
        (_can("facts", 0.55, 8, 2500), _can("explanations", 0.6, 6, 3500)),
    ),
    ExpertRow(
        "WritingExpert",
        "writing",
        "Writes letters, stories, speeches, posts and parts to play.",
        "You are a writer. Keep to the length, form, audience and tone asked for, write in "
        "the language of the request, and give only the text itself.",
        (_can("creative", 0.6, 6, 5000), _can("functional", 0.6, 6, 4000)),
    ),
    ExpertRow(
        "LanguageExpert",
        "language",
        "Translates, edits, summarises and extracts from given text.",
        "You work on the text you are given: translate, edit, summarise or extract exactly what is "
        "asked, add nothing that is not in it, and give only the result.",
        (
            _can("translate", 0.6, 8, 2500),
            _can("edit", 0.6, 8, 2500),
            _can("summarise", 0.6, 6, 3000),
            _can("extract", 0.6, 8, 2500),
        ),
    ),
    ExpertRow(
        "AdvisorExpert",
        "advisor",
        "Advice, ideas and conversation; takes what nobody else does.",
        "You are a thoughtful adviser and good company. Answer warmly and plainly, give a few "
        "concrete options with what speaks for each, and ask back when something is missing.",
        (
            _can("advice", 0.6, 8, 3000),
            _can("brainstorming", 0.6, 6, 3500),
            _can("conversation", 0.5, 8, 1500),
        ),
        fallback=True,
    ),
)
