"""TypeScript, and TSX, as tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from collegium.knowledge.languages.ecmascript import (
    classes,
    functions,
    modules,
    patterns,
    typed,
)
from collegium.knowledge.languages.javascript import JAVASCRIPT

TYPESCRIPT: Final = replace(
    JAVASCRIPT,
    name="typescript",
    wheel="tree_sitter_typescript",
    entry="language_typescript",
    rules={
        **JAVASCRIPT.rules,
        **typed.RULES,
        "abstract_class_declaration": classes.declaration,
        "abstract_method_signature": classes.method,
        "function_signature": functions.declaration,
        "import_alias": modules.import_alias,
        "method_signature": classes.method,
        "public_field_definition": classes.field,
    },
    parameters={
        **JAVASCRIPT.parameters,
        "optional_parameter": patterns.typed_parameter,
        "required_parameter": patterns.typed_parameter,
    },
)
TSX: Final = replace(TYPESCRIPT, name="tsx", entry="language_tsx")
