"""The plain way: count which expert's keywords occur anywhere in the text, as substrings.

This is what many small routers do. It knows no word boundaries, no phrases, no structure and no
weights: 'class' is found in 'classical', and every hit counts the same.
"""

from __future__ import annotations

KEYWORDS: dict[str, tuple[str, ...]] = {
    "coding": ("code", "function", "python", "javascript", "java", "bug", "class", "debug", "api"),
    "math": ("calculate", "solve", "equation", "sum", "percent", "number", "probability", "math"),
    "reasoning": ("why", "reason", "logic", "argument", "conclude", "if ", "analyze", "puzzle"),
    "planning": ("plan", "schedule", "roadmap", "steps", "organize", "timeline", "itinerary"),
    "data": ("sql", "table", "data", "query", "excel", "csv", "column", "chart", "statistics"),
    "knowledge": ("codebase", "repository", "repo", "module", "file", "defined", "implemented"),
    "research": ("what is", "who", "when", "where", "history", "explain", "research", "fact"),
    "writing": ("write", "story", "poem", "essay", "email", "letter", "blog", "article"),
    "language": ("translate", "summarize", "grammar", "rewrite", "paraphrase", "extract", "text"),
    "advisor": ("should i", "advice", "recommend", "suggest", "ideas", "help me", "feel", "my "),
}
FALLBACK = "advisor"


def rank(text: str) -> list[tuple[str, float]]:
    """Every expert with its share of the hits, best first; all the fallback's where there is none.

    Ties keep the order of the table.
    """
    lowered = text.lower()
    hits = {key: sum(word in lowered for word in words) for key, words in KEYWORDS.items()}
    total = sum(hits.values())
    if not total:
        return [(FALLBACK, 0.0), *((key, 0.0) for key in KEYWORDS if key != FALLBACK)]
    return sorted(((key, count / total) for key, count in hits.items()), key=lambda row: -row[1])
