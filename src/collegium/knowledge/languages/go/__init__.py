"""Go: packages of folders, methods with receivers, embedded types.

Slices, arrays and maps are all written `map[KEY, ELEMENT]`, a channel `chan[ELEMENT]`, a type of
functions `func[RESULT]`, several results `struct[A, B]`, since no name of a program can be one of
these words; a pointer is written as what it points to, a conversion or assertion as `T()`.
"""

from __future__ import annotations

from typing import Final

from collegium.knowledge.languages.go import declarations, expressions, statements, types
from collegium.knowledge.languages.go.words import PREDECLARED
from collegium.knowledge.languages.grammar import Grammar
from collegium.knowledge.parsing import documentation, rules

GO: Final = Grammar(
    name="go",
    wheel="tree_sitter_go",
    documentation=documentation.above,
    own=PREDECLARED,
    public=declarations.is_exported,
    rules={
        "package_clause": declarations.package,
        "import_spec": declarations.import_,
        "function_declaration": declarations.function,
        "method_declaration": declarations.method,
        "type_declaration": declarations.each(declarations.type_),
        "field_declaration": declarations.field,
        "method_elem": declarations.function,
        "var_declaration": declarations.each(declarations.variables),
        "var_spec_list": declarations.each(declarations.variables),
        "const_declaration": declarations.constants,
        "short_var_declaration": statements.short,
        "receive_statement": statements.received,
        "range_clause": statements.range_,
        "type_switch_statement": statements.type_switch,
        "func_literal": expressions.closure,
        "return_statement": statements.return_,
        "identifier": rules.name(),
        "type_identifier": rules.name(),
        "selector_expression": rules.member("operand", "field"),
        "qualified_type": rules.member("package", "name"),
        "parenthesized_expression": rules.through(),
        "parenthesized_type": rules.through(),
        "pointer_type": rules.through(),
        "type_elem": rules.through(),
        "type_constraint": rules.through(),
        "literal_element": rules.through(),
        "type_parameter_declaration": types.type_parameter,
        "parameter_list": types.results,
        "function_type": types.function_type,
        "slice_type": types.sequence("element"),
        "array_type": types.sequence("element"),
        "implicit_length_array_type": types.sequence("element"),
        "struct_type": declarations.anonymous_struct,
        "interface_type": declarations.interface,
        "type_arguments": types.of_receiver,
        "map_type": types.map_,
        "channel_type": types.channel,
        "generic_type": rules.applied(),
        "call_expression": expressions.call,
        "argument_list": rules.arguments,
        "variadic_argument": rules.through(),
        "type_conversion_expression": expressions.conversion,
        "composite_literal": expressions.composite,
        "index_expression": rules.item("operand", "index"),
        "slice_expression": rules.through("operand"),
        "unary_expression": expressions.unary,
        "binary_expression": expressions.binary,
        "type_assertion_expression": expressions.assertion,
        "if_statement": rules.branch,
        "for_statement": rules.branch,
        "expression_switch_statement": rules.branch,
        "select_statement": rules.branch,
        "expression_case": rules.branch,
        "default_case": rules.branch,
        "communication_case": rules.branch,
        "block": rules.branch,
        "int_literal": rules.constant("int"),
        "float_literal": rules.constant("float64"),
        "imaginary_literal": rules.constant("complex128"),
        "rune_literal": rules.constant("rune"),
        "interpreted_string_literal": rules.constant("string"),
        "raw_string_literal": rules.constant("string"),
        "true": rules.constant("bool"),
        "false": rules.constant("bool"),
        "nil": rules.constant("None"),
        "iota": rules.constant("int"),
        "label_name": rules.nothing,
    },
    parameters={
        "parameter_declaration": types.parameter,
        "variadic_parameter_declaration": types.rest,
    },
)
