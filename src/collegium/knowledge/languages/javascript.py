"""JavaScript with JSX, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.languages.ecmascript import classes, functions, jsdoc
from collegium.knowledge.languages.ecmascript.table import PARAMETERS, RULES, TARGETS
from collegium.knowledge.languages.grammar import Grammar

if TYPE_CHECKING:
    from collegium.knowledge.parsing.reading import Reading


def _finish(reading: Reading) -> None:
    jsdoc.definitions(reading)
    functions.mark_constructors(reading)


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
    finish=_finish,
)
