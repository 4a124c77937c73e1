"""The grammars of tree-sitter, loaded when first used; nothing else imports them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from collegium.errors import MissingGrammar
from collegium.knowledge.parsing.rules import Chain, inside, keep_comment, nothing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Language, Node

    from collegium.knowledge.languages.grammar import Grammar, ParameterRule, Rule, Target

_ERROR: Final = 0xFFFF  # the number of the node that tree-sitter puts around what it cannot read


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a grammar by the numbers of its types of nodes.

    `stems` are the rules that write a name or a chain of names without noting that it is read.
    """

    grammar: Grammar
    language: Language
    rules: Mapping[int, Rule]
    stems: Mapping[int, Rule]
    targets: Mapping[int, Target]
    parameters: Mapping[int, ParameterRule]

    def tree(self, source: bytes) -> Node:
        """Return the root of the tree of a text."""
        from tree_sitter import Parser  # noqa: PLC0415 -- an extra, and only for who reads code

        return Parser(self.language).parse(source).root_node


@cache
def tables(grammar: Grammar) -> Tables:
    """Load a grammar. Raises MissingGrammar where its wheel, or tree-sitter, is not installed."""
    try:
        from tree_sitter import Language  # noqa: PLC0415 -- an extra, and only for who reads code

        wheel = import_module(grammar.wheel)
    except ImportError as error:
        raise MissingGrammar(
            f"reading {grammar.name} needs the extra: pip install 'collegium[knowledge]', "
            f"or in a clone '.[knowledge]' ({error.name} is not installed)"
        ) from error
    capsule: object = getattr(wheel, grammar.entry)()
    language = Language(capsule)
    kinds = [
        (number, language.node_kind_for_id(number) or "")
        for number in range(language.node_kind_count)
        if language.node_kind_is_named(number) and language.node_kind_is_visible(number)
    ]
    rules = {number: _rule(grammar, kind) for number, kind in kinds} | {_ERROR: inside}
    chains = {number: rule for number, rule in rules.items() if isinstance(rule, Chain)}
    read = {number: chain.read for number, chain in chains.items()}
    return Tables(
        grammar,
        language,
        {number: rule for number, rule in rules.items() if rule is not nothing} | read,
        {number: chain.stem for number, chain in chains.items()},
        {number: grammar.targets[kind] for number, kind in kinds if kind in grammar.targets},
        {number: grammar.parameters[kind] for number, kind in kinds if kind in grammar.parameters},
    )


def _rule(grammar: Grammar, kind: str) -> Rule:
    return keep_comment if kind in grammar.comments else grammar.rules.get(kind, inside)
