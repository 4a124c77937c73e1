"""The rules that JavaScript and TypeScript have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.languages.ecmascript import (
    bindings,
    calls,
    classes,
    conditions,
    functions,
    modules,
    objects,
    patterns,
    values,
)
from collegium.knowledge.parsing import rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.knowledge.languages.grammar import ParameterRule, Rule, Target

RULES: Final[Mapping[str, Rule]] = {
    "array": rules.collection("Array"),
    "arguments": rules.arguments,
    "arrow_function": functions.anonymous,
    "assignment_expression": bindings.assignment,
    "augmented_assignment_expression": rules.either("left", "right"),
    "await_expression": rules.prefixed("!"),
    "binary_expression": values.binary,
    "break_statement": rules.nothing,
    "call_expression": calls.call,
    "catch_clause": values.caught,
    "class": classes.declaration,
    "class_body": classes.body,
    "class_declaration": classes.declaration,
    "continue_statement": rules.nothing,
    "else_clause": rules.branch,
    "export_statement": modules.export_statement,
    "expression_statement": rules.through(),
    "false": rules.constant("boolean"),
    "for_in_statement": values.loop,
    "function_declaration": functions.declaration,
    "function_expression": functions.anonymous,
    "generator_function": functions.anonymous,
    "generator_function_declaration": functions.declaration,
    "identifier": values.NAME,
    "if_statement": conditions.if_statement,
    "import_statement": modules.import_statement,
    "jsx_closing_element": rules.nothing,
    "jsx_opening_element": values.element,
    "jsx_self_closing_element": values.element,
    "member_expression": values.MEMBER,
    "method_definition": classes.method,
    "new_expression": calls.construction,
    "null": rules.constant("None"),
    "number": rules.constant("number"),
    "object": objects.literal,
    "parenthesized_expression": rules.through(),
    "regex": rules.constant("RegExp"),
    "return_statement": rules.returned,
    "sequence_expression": values.sequence,
    "shorthand_property_identifier_pattern": values.NAME,
    "statement_block": rules.branch,
    "string": rules.constant("string"),
    "subscript_expression": values.subscript,
    "super": rules.name(),
    "switch_case": rules.branch,
    "switch_default": rules.branch,
    "template_string": rules.literal("string"),
    "ternary_expression": conditions.ternary,
    "this": values.own,
    "true": rules.constant("boolean"),
    "undefined": rules.constant("None"),
    "variable_declarator": bindings.declarator,
    "yield_expression": rules.yielded,
}

TARGETS: Final[Mapping[str, Target]] = {
    "array_pattern": patterns.of_array,
    "assignment_pattern": patterns.with_default,
    "identifier": patterns.name,
    "object_assignment_pattern": patterns.with_default,
    "object_pattern": patterns.of_object,
    "parenthesized_expression": rules.within,
    "rest_pattern": patterns.rest,
    "shorthand_property_identifier_pattern": patterns.name,
    "subscript_expression": patterns.keyed,
}

PARAMETERS: Final[Mapping[str, ParameterRule]] = dict.fromkeys(
    ("identifier", "assignment_pattern", "rest_pattern", "object_pattern", "array_pattern"),
    patterns.parameter,
)
