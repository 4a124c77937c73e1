"""The plain baseline: count the keywords of each expert that stand anywhere in the text."""

from __future__ import annotations

KEYWORDS = {
    "coding": ["code", "function", "python", "bug", "debug", "program", "javascript", "class"],
    "math": ["calculate", "math", "equation", "solve", "sum", "number", "how many", "probability"],
    "reasoning": ["why", "reason", "logic", "explain", "analyze", "because", "if"],
    "planning": ["plan", "schedule", "steps", "organize", "roadmap", "strategy", "goal"],
    "data": ["sql", "data", "table", "query", "csv", "statistics", "database", "column"],
    "knowledge": ["codebase", "repository", "where is", "module", "file", "implemented"],
    "research": ["what is", "who", "when", "history", "research", "fact", "define"],
    "writing": ["write", "essay", "story", "poem", "email", "letter", "blog"],
    "language": ["translate", "summarize", "grammar", "rewrite", "paraphrase", "edit"],
    "advisor": ["advice", "should i", "recommend", "suggest", "help", "ideas", "hello"],
}


def keyword_ranking(text: str) -> tuple[str, ...]:
    """The experts by how many of their keywords are in the text; advisor where there is none."""
    lower = text.lower()
    counts = {key: sum(word in lower for word in words) for key, words in KEYWORDS.items()}
    ranking = sorted(counts, key=lambda key: -counts[key])
    if counts[ranking[0]] == 0:
        ranking.sort(key=lambda key: key != "advisor")
    return tuple(ranking)
