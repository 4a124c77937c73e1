"""Computing the vectors of units, in batches, beside everything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from collegium.knowledge.index.contents import text_key
from collegium.knowledge.index.lock import alone
from collegium.knowledge.index.report import Stopped
from collegium.knowledge.index.rows import facts_of, source_of
from collegium.knowledge.search.units import describe
from collegium.storage.connections import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from collegium.knowledge.index.report import Progress
    from collegium.knowledge.index.store import Store
    from collegium.knowledge.search.semantic import Encoder

# How many texts are encoded before their vectors are written: so many a killed process loses.
BATCH: Final = 32

# Units without a vector.
_MISSING: Final = """
    FROM live_units WHERE NOT EXISTS
    (SELECT 1 FROM vectors WHERE encoder = ? AND vectors.text_key = live_units.text_key)
"""


@dataclass(frozen=True, slots=True)
class Embedding:
    """Fills in the vectors of an encoder; `stopped` is asked between batches."""

    store: Store
    encoder: Encoder
    progress: Progress
    stopped: Callable[[], bool]

    def run(self) -> int:
        """Encode what has no vector yet, newest changes first; how many texts that were."""
        # Not before there is something to encode: it needs NumPy.
        from collegium.knowledge.search.semantic import compact, label  # noqa: PLC0415 -- above

        name = label(self.encoder)
        with self.store.reading() as connection:
            total = connection.execute(
                f"SELECT count(DISTINCT text_key) {_MISSING}", (name,)
            ).fetchone()[0]
        done = 0
        for batch in self._batches(name):
            vectors = zip(batch, compact(self.encoder, list(batch.values())), strict=True)
            if not self._kept([(name, key, vector) for key, vector in vectors]):
                break
            done += len(batch)
            self.progress(min(done, total), total, "embedding")
        return done

    def _kept(self, rows: Sequence[tuple[str, bytes, bytes]]) -> bool:
        """Write vectors, after whoever updates the index; false where it was to stop before."""
        try:
            with (
                alone(self.store.path, self._go_on),
                self.store.writing() as connection,
                transaction(connection),
            ):
                connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)", rows)
        except Stopped:
            return False
        return True

    def _go_on(self) -> None:
        if self.stopped():
            raise Stopped

    def _batches(self, name: str) -> Iterator[dict[bytes, str]]:
        """Texts without a vector by their keys, until there are none or it is to stop."""
        waiting, met = dict[bytes, str](), set[bytes]()
        for file in self._files(name):
            for key, text in self._texts(name, file).items():
                if key not in met:
                    waiting[key] = text
                    met.add(key)
                if len(waiting) == BATCH:
                    if self.stopped():
                        return
                    yield waiting
                    waiting = {}
        if waiting and not self.stopped():
            yield waiting

    def _files(self, name: str) -> list[str]:
        with self.store.reading() as connection:
            rows = connection.execute(
                f"SELECT DISTINCT file {_MISSING} ORDER BY changed DESC, file", (name,)
            )
            return [path for (path,) in rows]

    def _texts(self, name: str, file: str) -> dict[bytes, str]:
        """The texts of a file that have no vector; described anew, since they are not kept."""
        with self.store.snapshot() as connection:
            rows = connection.execute(f"SELECT text_key {_MISSING} AND file = ?", (name, file))
            missing = {key for (key,) in rows}
            facts, source = facts_of(connection, file), source_of(connection, file)
        if facts is None:
            return {}
        texts = (unit.text for unit in describe(facts, source))
        return {key: text for text in texts if (key := text_key(text)) in missing}
