"""Python, as a table; what a table cannot say of its types and patterns is in `pythonic`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collegium.knowledge.facts import TOP, Parameter
from collegium.knowledge.languages.grammar import Grammar, Rule
from collegium.knowledge.languages.pythonic import calls, conditions, docstrings, patterns, types
from collegium.knowledge.letters import compatible
from collegium.knowledge.parsing import rules, writing
from collegium.knowledge.parsing.documentation import first_string
from collegium.knowledge.parsing.frames import Given
from collegium.knowledge.parsing.nodes import first
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading

_assigned: Final = rules.assignment()


def _string(reading: Reading, node: Node) -> str:
    prefix = reading.text(node)[:3].lower().partition('"')[0].partition("'")[0]
    if "f" in prefix or "t" in prefix:
        reading.inside(node)
    return "<bytes>" if "b" in prefix else "<str>"


def _bare_parameter(reading: Reading, node: Node) -> tuple[Parameter, ...]:
    return (Parameter(reading.text(node)),)


def _parameter(reading: Reading, node: Node) -> tuple[Parameter, ...]:
    name = node.children[0]
    annotation = reading.annotation(node.child_by_field_name("type"))
    default = reading.default(node.child_by_field_name("value"))
    return (Parameter(reading.text(name), annotation, default),)


def _class(reading: Reading, node: Node) -> str:
    name = node.child_by_field_name("name")
    if name is None:
        return reading.inside(node)
    reading.define(
        node,
        name,
        kind="class",
        bases=_bases(reading, node.child_by_field_name("superclasses")),
        head=(node.child_by_field_name("type_parameters"),),
        body=node.child_by_field_name("body"),
    )
    return UNKNOWN


def _bases(reading: Reading, node: Node | None) -> tuple[str, ...]:
    bases: list[str] = []
    for child in () if node is None else node.named_children:
        if child.type == "keyword_argument":
            reading.value(child)
        elif child.type not in reading.grammar.comments:
            bases.append(reading.stem(child))
    return tuple(bases)


def _decorated(reading: Reading, node: Node) -> str:
    marks: list[str] = []
    for child in node.named_children:
        if child.type == "decorator" and (decorator := first(child)) is not None:
            marks.append(reading.stem(decorator))
            reading.use("decorate", marks[-1], decorator)
    definition = node.child_by_field_name("definition")
    if definition is not None:
        with reading.prefaced(node, marks=tuple(marks)):
            reading.value(definition)
    return UNKNOWN


def _import(reading: Reading, node: Node) -> str:
    for child in node.children_by_field_name("name"):
        module, alias = _named(reading, child)
        reading.take(module, "", alias or module, child)
    return UNKNOWN


def _import_from(reading: Reading, node: Node) -> str:
    source = node.child_by_field_name("module_name")
    written = "" if source is None else "".join(reading.text(source).split())
    module = written.lstrip(".")
    level = len(written) - len(module)
    for child in node.children_by_field_name("name"):
        name, alias = _named(reading, child)
        reading.take(module, name, alias or name, child, level=level)
    if any(child.type == "wildcard_import" for child in node.named_children):
        reading.take(module, "*", "", node, level=level)
    return UNKNOWN


def _named(reading: Reading, node: Node) -> tuple[str, str]:
    name, alias = node.child_by_field_name("name"), node.child_by_field_name("alias")
    return reading.text(name or node), "" if alias is None else reading.text(alias)


def _assignment(reading: Reading, node: Node) -> str:
    left = node.child_by_field_name("left")
    if left is not None and reading.scope == TOP and reading.text(left) == "__all__":
        calls.exports(reading, node.child_by_field_name("right"))
    return _assigned(reading, node)


def _assignment_in_place(reading: Reading, node: Node) -> str:
    left = node.child_by_field_name("left")
    if left is not None and reading.scope == TOP and reading.text(left) == "__all__":
        calls.exports(reading, node.child_by_field_name("right"))
    return reading.inside(node)


def _walrus(reading: Reading, node: Node) -> str:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None or value is None:
        return reading.inside(node)
    written = reading.value(value)
    reading.bind(reading.text(name), written, name)
    return written


def _comprehension(kind: str) -> Rule:
    def rule(reading: Reading, node: Node) -> str:
        span = reading.line(node), reading.end(node)
        for clause in node.named_children:
            if clause.type == "for_in_clause":
                _clause(reading, clause, span)
            elif clause.type == "if_clause":
                conditions.narrow(reading, first(clause), True, *span)
                reading.inside(clause)
        held = reading.field(node, "body")
        return writing.literal(kind, [held])

    return rule


def _clause(reading: Reading, node: Node, span: tuple[int, int]) -> None:
    target, over = node.child_by_field_name("left"), node.child_by_field_name("right")
    if target is None or over is None:
        return
    value = writing.prefixed("*", reading.value(over))
    reading.assign(target, Given(value, span=span))
    reading.others(node, target, over)


def _with(reading: Reading, node: Node) -> str:
    body = node.child_by_field_name("body")
    reading.others(node, body)
    return UNKNOWN if body is None else reading.inside(body)


def _with_item(reading: Reading, node: Node) -> str:
    manager = node.child_by_field_name("value")
    if manager is None or manager.type != "as_pattern":
        return reading.inside(node)
    value, alias = first(manager), manager.child_by_field_name("alias")
    if value is not None and alias is not None:
        rules.within(reading, alias, Given(writing.prefixed(">", reading.value(value))))
    return UNKNOWN


def _except(reading: Reading, node: Node) -> str:
    caught = node.child_by_field_name("value")
    alias = None
    if caught is not None and caught.type == "as_pattern":
        alias = caught.child_by_field_name("alias")
        caught = first(caught)
    errors = [] if caught is None else types.parts(reading, caught)
    for child in node.named_children:
        if child.type == "block":
            reading.value(child)
    if alias is not None and errors:
        value = writing.either(writing.call(error) for error in errors)
        reading.narrow(reading.text(alias), "", reading.line(alias), reading.end(node), value=value)
    return UNKNOWN


def _conditional(reading: Reading, node: Node) -> str:
    choices = [child for child in node.named_children if child.type != "comment"]
    if len(choices) != 3:
        return reading.inside(node)
    first, condition, second = choices
    conditions.narrow(reading, condition, True, reading.line(node), reading.end(node))
    reading.value(condition)
    return writing.either([reading.value(first), reading.value(second)])


def _boolean(reading: Reading, node: Node) -> str:
    left, operator = node.child_by_field_name("left"), node.child_by_field_name("operator")
    truth = operator is not None and operator.type == "and"
    conditions.narrow(reading, left, truth, reading.line(node), reading.end(node))
    return writing.either([reading.field(node, "left"), reading.field(node, "right")])


def _operation(reading: Reading, node: Node) -> str:
    left, right = reading.field(node, "left"), reading.field(node, "right")
    operator = node.child_by_field_name("operator")
    if operator is not None and operator.type == "|":
        return writing.either([left, right])
    return left if left.startswith("<") else UNKNOWN


def _elsewhere(reading: Reading, node: Node) -> str:
    for child in node.named_children:
        if node.type == "global_statement":
            reading.elsewhere(reading.text(child), TOP)
        else:
            reading.elsewhere(reading.text(child), reading.scope_around)
    return UNKNOWN


def _alias(reading: Reading, node: Node) -> str:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    name = first(left) if left is not None else None
    if name is None or right is None:
        return reading.inside(node)
    if name.type == "generic_type":
        name = first(name) or name
    elif name.type != "identifier":  # `type(x).y = z`, where `type` is the function
        reading.use("call", "type", name)
        return reading.inside(node)
    reading.bind(reading.text(name), reading.value(right), name, statement=node)
    return UNKNOWN


PYTHON: Final = Grammar(
    name="python",
    wheel="tree_sitter_python",
    documentation=first_string,
    own=frozenset({"self", "cls"}),
    public=lambda name: not name.startswith("_"),
    defaults_outside=True,
    letters=compatible,
    hints=docstrings.hints,
    parameters={
        "identifier": _bare_parameter,
        "list_splat_pattern": _bare_parameter,
        "dictionary_splat_pattern": _bare_parameter,
        "typed_parameter": _parameter,
        "default_parameter": _parameter,
        "typed_default_parameter": _parameter,
    },
    targets={
        "pattern_list": rules.unpacking,
        "tuple_pattern": rules.unpacking,
        "list_pattern": rules.unpacking,
        "tuple": rules.unpacking,
        "list": rules.unpacking,
        "expression_list": rules.unpacking,
        "parenthesized_expression": rules.within,
        "as_pattern_target": rules.within,
        "list_splat_pattern": rules.many,
        "list_splat": rules.many,
    },
    rules={
        "function_definition": rules.function(),
        "class_definition": _class,
        "decorated_definition": _decorated,
        "type_parameter": types.type_parameters,
        "type_alias_statement": _alias,
        "import_statement": _import,
        "import_from_statement": _import_from,
        "future_import_statement": rules.nothing,
        "global_statement": _elsewhere,
        "nonlocal_statement": _elsewhere,
        "block": rules.branch,
        "expression_statement": rules.through(),
        "assignment": _assignment,
        "augmented_assignment": _assignment_in_place,
        "named_expression": _walrus,
        "for_statement": rules.loop(),
        "if_statement": conditions.condition,
        "elif_clause": conditions.condition,
        "while_statement": conditions.condition,
        "assert_statement": conditions.assertion,
        "match_statement": patterns.match,
        "with_statement": _with,
        "with_item": _with_item,
        "except_clause": _except,
        "return_statement": rules.returned,
        "yield": rules.yielded,
        "lambda": rules.anonymous(),
        "identifier": rules.name(),
        "attribute": rules.member("object", "attribute"),
        "call": calls.call,
        "argument_list": rules.arguments,
        "keyword_argument": rules.keyword(),
        "subscript": types.subscript,
        "slice": rules.slice_,
        "await": rules.prefixed("!"),
        "parenthesized_expression": rules.through(),
        "conditional_expression": _conditional,
        "boolean_operator": _boolean,
        "binary_operator": _operation,
        "comparison_operator": rules.literal("bool"),
        "not_operator": rules.literal("bool"),
        "type": types.type_,
        "string": _string,
        "concatenated_string": rules.literal("str"),
        "integer": rules.constant("int"),
        "float": rules.constant("float"),
        "true": rules.constant("bool"),
        "false": rules.constant("bool"),
        "none": rules.constant("None"),
        "list": rules.collection("list"),
        "set": rules.collection("set"),
        "dictionary": rules.collection("dict"),
        "pair": rules.through("value"),
        "tuple": rules.collection("tuple", by_place=True),
        "expression_list": rules.collection("tuple", by_place=True),
        "list_comprehension": _comprehension("list"),
        "set_comprehension": _comprehension("set"),
        "dictionary_comprehension": _comprehension("dict"),
        "generator_expression": _comprehension("generator"),
    },
)
