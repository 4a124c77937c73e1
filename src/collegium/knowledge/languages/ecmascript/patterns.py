"""What may stand left of "=" and between the parentheses of a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collegium.knowledge.facts import Parameter
from collegium.knowledge.languages.ecmascript.functions import plain_chain
from collegium.knowledge.languages.ecmascript.members import key_of
from collegium.knowledge.parsing import writing
from collegium.knowledge.parsing.frames import Given
from collegium.knowledge.parsing.nodes import first
from collegium.knowledge.parsing.writing import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from collegium.knowledge.parsing.reading import Reading


def name(reading: Reading, node: Node, given: Given) -> None:
    """Bind a plain name: what `let` or `const` declares in a block is not there after it."""
    reading.bind(
        reading.text(node),
        given.value,
        node,
        annotation=given.annotation,
        how="parameter" if _ends_with_block(given.statement) else "assign",
        statement=given.statement,
    )


def keyed(reading: Reading, node: Node, given: Given) -> None:
    """Bind `a[b]`, as a member that is called "[b]"; with any other key it may be anything."""
    of, index = node.child_by_field_name("object"), node.child_by_field_name("index")
    reading.value(node)
    chain = "" if of is None else plain_chain(reading, of)
    if chain and index is not None and index.type == "identifier":
        key = f"{chain}.[{reading.text(index)}]"
        reading.bind(key, given.value, node, annotation=given.annotation)


def _ends_with_block(statement: Node | None) -> bool:
    if statement is not None and statement.type == "variable_declarator":
        statement = statement.parent
    if statement is None or statement.type != "lexical_declaration":
        return False
    around = statement.parent
    return around is not None and around.type not in {"program", "export_statement"}


def of_object(reading: Reading, node: Node, given: Given) -> None:
    """Bind `{a, b: c, ...d}` to the members of those names."""
    for part in node.named_children:
        key = part.child_by_field_name("key") or part.child_by_field_name("left") or part
        if part.type == "rest_pattern":
            rest(reading, part, given)
        elif part.type not in reading.grammar.comments:
            value = _member(given.value, key_of(reading, key))
            if "(" not in value:
                reading.use("reference", value, key)
            reading.assign(part.child_by_field_name("value") or part, given.part(value))


def _member(of: str, name: str) -> str:
    return UNKNOWN if of in {"", UNKNOWN} else writing.member(of, name)


def of_array(reading: Reading, node: Node, given: Given) -> None:
    """Bind `[a, , b]` by the places of its parts."""
    place = 0
    for part in node.children:
        if part.type == ",":
            place += 1
        elif part.type == "rest_pattern":
            rest(reading, part, given)
        elif part.is_named:
            reading.assign(part, given.part(writing.item(given.value or UNKNOWN, str(place))))


def rest(reading: Reading, node: Node, given: Given) -> None:
    """Bind what is left of a whole, which counts as the whole."""
    target = first(node)
    if target is not None:
        reading.assign(target, given.part(given.value))


def with_default(reading: Reading, node: Node, given: Given) -> None:
    """Bind `a = 1` in a pattern: to what is given, or to the default."""
    target = node.child_by_field_name("left")
    default = reading.field(node, "right")
    known = [value for value in (given.value, default) if value not in {"", UNKNOWN}]
    if target is not None:
        reading.assign(target, given.part(writing.either(known) if known else UNKNOWN))


def parameter(reading: Reading, node: Node) -> Iterator[Parameter]:
    """Read a parameter of whatever form; one that is taken apart has a hidden name."""
    yield _parameter(reading, node, "", "")


def _parameter(reading: Reading, node: Node, annotation: str, default: str) -> Parameter:
    match node.type:
        case "rest_pattern" if (target := first(node)) is not None:
            return Parameter(f"*{reading.text(target)}", annotation, default)
        case "assignment_pattern" if (target := node.child_by_field_name("left")) is not None:
            value = reading.default(node.child_by_field_name("right"))
            return _parameter(reading, target, annotation, value)
        case "object_pattern" | "array_pattern":
            hidden = f"{reading.hidden()}p"  # as no literal is called
            reading.assign(node, Given(hidden))
            return Parameter(hidden, annotation, default)
        case _:
            return Parameter(reading.text(node), annotation, default)


def typed_parameter(reading: Reading, node: Node) -> Iterator[Parameter]:
    """Read a parameter with a type; one with a modifier is a field of the class as well."""
    pattern = node.child_by_field_name("pattern")
    if pattern is None:
        return
    annotation = reading.annotation(node.child_by_field_name("type"))
    default = reading.default(node.child_by_field_name("value"))
    found = _parameter(reading, pattern, annotation, default)
    if any(child.type in {"accessibility_modifier", "readonly"} for child in node.children):
        reading.bind(f"this.{found.name}", found.name, node, annotation=annotation)
    yield found
