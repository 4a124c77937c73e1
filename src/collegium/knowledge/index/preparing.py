"""Loading what the next edit will take, so that it need not wait for that."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from collegium.errors import MissingGrammar

if TYPE_CHECKING:
    from collections.abc import Iterable


def prepare(paths: Iterable[str]) -> None:
    """Load the languages that files of these names are of, and the resolver; they are not read.

    A grammar that is not installed is passed over: whoever reads such a file will say so.
    """
    import_module("collegium.knowledge.index.edges")
    from collegium.knowledge.index.contents import content_of  # noqa: PLC0415 -- for who follows

    kinds = {path.rpartition("/")[2].rpartition(".")[2]: path for path in paths}
    for path in kinds.values():
        with suppress(MissingGrammar):
            content_of(path, b"")
