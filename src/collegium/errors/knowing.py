"""What is wrong with a codebase that is to be known, or with what is kept of it."""

from __future__ import annotations

from collegium.errors.asking import NotFound
from collegium.errors.root import CollegiumError


class KnowledgeError(CollegiumError):
    """What is asked about a codebase cannot be told."""

    code = "knowledge_error"


class NotIndexed(KnowledgeError):
    """There is no index of that folder, or none yet."""

    status, code, exit_code = 404, "not_indexed", 2


class TreeRefused(KnowledgeError):
    """The folder cannot be indexed: it is missing, no folder, or may not be read."""

    status, code, exit_code = 400, "tree_refused", 2


class IndexUnusable(KnowledgeError):
    """The index cannot be opened, read or written."""

    status, code = 503, "index_unusable"


class MissingGrammar(KnowledgeError):
    """Code cannot be read or followed, since what that takes is not installed."""

    code, exit_code = "missing_grammar", 2


class UnknownSymbol(NotFound):
    """Nothing in the codebase has that name."""

    code, exit_code = "unknown_symbol", 1
