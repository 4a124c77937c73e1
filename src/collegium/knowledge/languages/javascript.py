"""JavaScript with JSX, as a table."""

from __future__ import annotations

from typing import Final

from collegium.knowledge.languages.ecmascript import classes, jsdoc
from collegium.knowledge.languages.ecmascript.table import PARAMETERS, RULES, TARGETS
from collegium.knowledge.languages.grammar import Grammar

JAVASCRIPT: Final = Grammar(
    name="javascript",
    wheel="tree_sitter_javascript",
    rules={**RULES, "field_definition": classes.field},
    targets=TARGETS,
    parameters=PARAMETERS,
    documentation=jsdoc.documentation,
    comments=frozenset({"comment", "html_comment"}),
    joins=("?.",),
    own=frozenset({"this", "super"}),
    hints=jsdoc.hints,
    finish=jsdoc.definitions,
)
