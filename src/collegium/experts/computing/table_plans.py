"""What is to be computed over tables that a question gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from collegium.experts.computing.sql_tokens import Token

if TYPE_CHECKING:
    from collegium.experts.computing.relations import Relation

Statement: TypeAlias = tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class SqlPlan:
    """A query to run over tables, given as they are or as the script that makes them.

    With `counts`, how many rows it returns is the answer; `bare`, it is to be said alone.
    """

    script: tuple[Statement, ...]
    tables: tuple[Relation, ...]
    query: Statement
    counts: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True)
class TablePlan:
    """A question of one `kind` about one table, and the words that say which one it is.

    A `bare` answer is to be said alone.
    """

    table: Relation
    kind: str
    words: dict[str, str] = field(default_factory=dict[str, str])
    bare: bool = False
