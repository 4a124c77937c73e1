"""The knowledge graph of a codebase: what anybody else asks of this room."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from collegium.errors import EmptyQuery, UnknownSymbol
from collegium.knowledge.index import Index
from collegium.knowledge.index.report import SILENT
from collegium.knowledge.letters import composed
from collegium.knowledge.search import places, questions, targets
from collegium.knowledge.search.findings import Finding, Findings
from collegium.knowledge.search.intent import Question, about, read
from collegium.knowledge.search.names import is_one_name, names_in
from collegium.knowledge.search.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event
    from typing import Self

    from collegium.knowledge.graph import Node
    from collegium.knowledge.index import Progress, Report, Summary
    from collegium.knowledge.search.phrases import Intent
    from collegium.knowledge.search.retrieval import Hit, Retrieval
    from collegium.knowledge.search.semantic import Encoder

__all__ = ["Finding", "Findings", "KnowledgeGraph", "Question"]

# Nobody reads a longer question: of what is longer, the rest is not looked at.
MOST_CHARS: Final = 10_000
# A text that names more things than this is no question about them.
MOST_NAMES: Final = 16
# A name with more bearers than this tells little of which is meant.
MOST_BEARERS: Final = 20
SNIPPET_LINES: Final = 12


class KnowledgeGraph:
    """Answers questions about one codebase, from any thread, while it changes.

    Args:
        index: of the codebase; it is closed with the graph.
        encoder: makes the encoder of the index's vectors when a search first wants it; without
            it, searches go by words alone.
    """

    def __init__(self, index: Index, *, encoder: Callable[[], Encoder] | None = None) -> None:
        self.index = index
        self._maker = encoder
        self._encoder: Encoder | None = None
        self._lock = Lock()
        self._retrieval: Retrieval | None = None
        self._vocabulary: Vocabulary | None = None

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        encoder: Callable[[], Encoder] | None = None,
        cache: Path | None = None,
        create: bool = False,
    ) -> Self:
        """The graph of the codebase at `path`; one that knows nothing yet if `create` is true.

        Raises:
            NotIndexed: there is no index of it, and `create` is false.
            TreeRefused: the folder is missing, is none, or may not be read.
            IndexUnusable: the index cannot be opened or made.
        """
        return cls(Index.open(Path(path), cache=cache, create=create), encoder=encoder)

    @property
    def root(self) -> Path:
        """The folder of the codebase."""
        return self.index.root

    @property
    def generation(self) -> int:
        """Grows with every change of what is known."""
        return self.index.generation

    def update(self, *, progress: Progress = SILENT) -> Report:
        """Take up what changed in the folder; see `Index.update`."""
        return self.index.update(progress=progress)

    def rebuild(self, *, progress: Progress = SILENT) -> Report:
        """Forget what is known, and read the folder anew."""
        return self.index.rebuild(progress=progress)

    def embed(self, *, progress: Progress = SILENT, stop: Event | None = None) -> int:
        """Compute the vectors that are missing, if there is an encoder; how many."""
        encoder = self._made_encoder()
        if encoder is None:
            return 0
        return self.index.embed(encoder, progress=progress, stop=stop)

    @property
    def goes_by_meaning(self) -> bool:
        """Whether there is an encoder, and a first vector by it."""
        encoder = self._made_encoder()
        if encoder is None:
            return False
        from collegium.knowledge.search.semantic import label  # noqa: PLC0415 -- numpy, 80 ms

        return self.index.vector_count(label(encoder)) > 0

    def close(self) -> None:
        """Let the index go."""
        self.index.close()

    def summary(self) -> Summary:
        """How much is known."""
        return self.index.summary()

    async def query_semantic(
        self, text: str, limit: int = 10, *, lines: int = SNIPPET_LINES
    ) -> Findings:
        """Answer a question in any words; see `search`."""
        return await asyncio.to_thread(self.search, text, limit, lines=lines)

    def search(self, text: str, limit: int = 10, *, lines: int = SNIPPET_LINES) -> Findings:
        """Answer a question in any words.

        What asks outright for callers, definitions and the like gets the graph's exact answer;
        everything else the `limit` units of code and documents that fit best, best first, each
        with so many of its first `lines`. With none, these say only where they are.

        Of a longer text the first 10,000 characters are read; the note says so.

        Raises:
            EmptyQuery: the text says nothing.
        """
        whole, text = len(text.strip()), _read(text)
        if not text:
            raise EmptyQuery("the query is empty; it needs a question, a name or some words")
        question = self.reads(text)
        if question is not None:
            return self.answer(question)
        found = self.retrieve(text, limit, lines=lines)
        if whole <= MOST_CHARS:
            return found
        only = f"only the first {MOST_CHARS:,} characters of the query were read"
        return replace(found, note="; ".join(filter(None, (found.note, only))))

    def warm(self) -> None:
        """Load what a search needs, so that the first takes no longer than those after it."""
        self.retrieve("warm", 1, lines=0)

    def reads(self, text: str) -> Question | None:
        """The exact question that a text asks outright, None where it asks anything else.

        Where only the name's being one makes it a question ("who calls main"), the tree has it.
        """
        question = read(_read(text))
        if question is None or question.sure or questions.is_called_so(self.index, question):
            return question
        return None

    def knows(self, question: Question) -> bool:
        """Whether something here bears the name that is asked about."""
        return questions.is_known(self.index, question)

    def answer(self, question: Question) -> Findings:
        """The graph's answer; not `exact` where nothing bears the name, and the note says so."""
        begin = time.perf_counter()
        found = questions.answer(self.index, question)
        return replace(found, took_ms=_since(begin))

    def retrieve(self, text: str, limit: int = 10, *, lines: int = SNIPPET_LINES) -> Findings:
        """The units of code and documents that fit a text best, best first; see `search`."""
        begin = time.perf_counter()
        text = _read(text)
        called = self._called(text)
        hits = self._search().find(text, limit, called or self.mentions(text), alone=bool(called))
        found = tuple(self._detailed(hit, lines) if lines else _placed(hit) for hit in hits)
        note = "" if found else "nothing here is like that"
        return Findings("search", text, found, note=note, took_ms=_since(begin))

    def ask(self, intent: Intent, name: str, *, deep: bool = False) -> Findings:
        """The graph's answer about a name, in a file or module if it says so ("f (in a/b.py)").

        Where nothing bears the name, but it stands in the code, it is not `exact`, and these
        places are `perhaps`.

        Raises:
            EmptyQuery: there is no name.
            UnknownSymbol: nothing bears the name; the message names the nearest.
        """
        return _told(self.answer(about(intent, name, deep=deep)))

    def callers(self, name: str) -> Findings:
        """What calls a function, method or class; see `ask`."""
        return self.ask("callers", name)

    def callees(self, name: str) -> Findings:
        """What a function, method or class calls; see `ask`."""
        return self.ask("callees", name)

    def subclasses(self, name: str, *, deep: bool = False) -> Findings:
        """What inherits from a type; with `deep` over any number of steps; see `ask`."""
        return self.ask("subclasses", name, deep=deep)

    def importers(self, name: str) -> Findings:
        """The files that import a module, or a symbol of one; see `ask`."""
        return self.ask("importers", name)

    def where(self, name: str) -> Findings:
        """The definitions of a name; see `ask`."""
        return self.ask("where", name)

    def references(self, name: str) -> Findings:
        """What uses a name in any way; see `ask`."""
        return self.ask("references", name)

    def members(self, name: str) -> Findings:
        """What a file or a type defines; see `ask`."""
        return self.ask("members", name)

    def tests(self, name: str) -> Findings:
        """The tests that use a definition themselves; see `ask`."""
        return self.ask("tests", name)

    def path(self, source: str, target: str) -> Findings:
        """The shortest chain of calls from one definition to another.

        Raises:
            EmptyQuery: there is no name.
            UnknownSymbol: nothing bears one of the names, or none was found among those looked at.
        """
        return _told(self.answer(about("path", target, by=source)))

    def mentions(self, text: str) -> tuple[Node, ...]:
        """The symbols and files that a text names as one names code; of nodes, each once.

        A name that many bear says little, and is passed over.
        """
        found: dict[Node, None] = {}
        for name in names_in(_read(text))[:MOST_NAMES]:
            nodes = self._named(name.text)
            if len(nodes) <= MOST_BEARERS:
                found.update(dict.fromkeys(nodes))
        return tuple(found)

    def strength(self, text: str) -> float:
        """How strongly a text is about this codebase, from 0 to 1, by the words of its names.

        They are those that there were at the last `renew`; the first time it takes 20 us a name.
        """
        return self._words().share(_read(text))

    def renew(self) -> None:
        """Have `strength` go by the names that there are now, if anybody has asked for it."""
        if self._vocabulary is not None:
            self._vocabulary = Vocabulary(self.index.names())

    def snippet(self, file: str, start: int, end: int) -> str:
        """The lines of a file from `start` to `end`, both included, as the index has them."""
        return self.index.text(file, start, end)

    def holds(self, file: str, line: int) -> bool:
        """Whether the index has that line of that file."""
        return 0 < line <= self.lines_of(file)

    def lines_of(self, file: str) -> int:
        """How many lines a file has; 0 where the index has no such file."""
        facts = self.index.facts(file)
        return facts.lines if facts is not None else 0

    def files_ending(self, tail: str) -> tuple[str, ...]:
        """The files whose path is, or ends with the whole parts of, `tail`."""
        near = self.index.files_holding(tail)
        return tuple(path for path in near if f"/{path}".endswith(f"/{tail}"))

    def _called(self, text: str) -> tuple[Node, ...]:
        """The symbols that a text is the name of, and nothing else, in just these letters."""
        if not is_one_name(text):
            return ()
        sought = targets.symbols(self.index, text)
        return () if sought.remark else tuple(dict.fromkeys(one.node for one in sought.targets))

    def _named(self, name: str) -> list[Node]:
        named = [target.node for target in targets.symbols(self.index, name).targets]
        return named or places.files(self.index, name)

    def _search(self) -> Retrieval:
        encoder = self._made_encoder()
        with self._lock:
            if self._retrieval is None:
                from collegium.knowledge.search import retrieval  # noqa: PLC0415 -- numpy, 80 ms

                self._retrieval = retrieval.Retrieval(self.index, encoder)
            return self._retrieval

    def _made_encoder(self) -> Encoder | None:
        with self._lock:
            if self._encoder is None and self._maker is not None:
                self._encoder = self._maker()
            return self._encoder

    def _words(self) -> Vocabulary:
        if self._vocabulary is None:
            self._vocabulary = Vocabulary(self.index.names())
        return self._vocabulary

    def _detailed(self, hit: Hit, lines: int) -> Finding:
        symbol = self.index.symbol(hit.file, hit.symbol)
        end = min(hit.end, hit.start + lines - 1)
        return replace(
            _placed(hit),
            kind=symbol.kind if symbol is not None else "module",
            line=symbol.line if symbol is not None else hit.start,
            signature=symbol.signature if symbol is not None else "",
            snippet=self.index.text(hit.file, hit.start, end),
        )


def _placed(hit: Hit) -> Finding:
    """A hit as a place, with what the index need not be asked for."""
    return Finding(
        *(hit.file, hit.symbol),
        line=hit.start,
        start=hit.start,
        end=hit.end,
        score=hit.score,
        why=hit.why,
    )


def _told(found: Findings) -> Findings:
    if not found.exact and not found.perhaps:
        raise UnknownSymbol(found.note)
    return found


def _read(text: str) -> str:
    """What of a text is read, as names are written that are compared."""
    return composed(text.strip()[:MOST_CHARS])


def _since(begin: float) -> float:
    return (time.perf_counter() - begin) * 1000.0
