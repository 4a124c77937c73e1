"""Which file counts, what is in it, and how it looks written out again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from collegium.config import environment
from collegium.config.sections import Config
from collegium.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collegium.config.document import Document

FILE_NAME = "collegium.yaml"
LIMIT_BYTES = 1024 * 1024


def find(
    explicit: Path | str | None = None,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    config_dir: Path | None = None,
) -> Path | None:
    """The configuration file that counts, or None where there is none.

    That is `explicit`; else the one COLLEGIUM_CONFIG names; else `collegium.yaml` in `cwd`; else
    the one in the user's `config_dir`. What is None is taken from the process and the user.

    Raises:
        ConfigError: the file that `explicit` or COLLEGIUM_CONFIG names does not exist.
    """
    here = Path() if cwd is None else cwd
    named = environment.variables(env).get("COLLEGIUM_CONFIG", "")
    if explicit is not None or named:
        path = here / environment.expanded(named if explicit is None else explicit)
        if not _exists(path):
            whence = " (COLLEGIUM_CONFIG names it)" if explicit is None else ""
            raise ConfigError(
                f"the configuration file {str(path)!r} does not exist{whence}; name one that does, "
                "or none for the defaults"
            )
        return path
    folder = environment.config_dir() if config_dir is None else config_dir
    return next((one for one in (here / FILE_NAME, folder / FILE_NAME) if _exists(one)), None)


def load(path: Path | None) -> Config:
    """The configuration in a file; without one, the defaults.

    Raises:
        ConfigError: it cannot be read, or is wrong; `problems` has every mistake.
    """
    return Config() if path is None else read(_text(path), source=str(path))


def read(text: str, *, source: str = FILE_NAME) -> Config:
    """The configuration that a YAML text is; `source` is what messages call it.

    Raises:
        ConfigError: it is wrong; `problems` has a line for every mistake, with its place.
    """
    # Without a file there is no YAML to know about, and most first runs have no file.
    from collegium.config import document  # noqa: PLC0415

    return _checked(document.parse(text, source=source))


def read_data(data: Any, *, source: str) -> Config:
    """The configuration that plain values are, such as JSON has; `source` as in `read`.

    Raises:
        ConfigError: it is wrong; `problems` has every mistake.
    """
    from collegium.config import document  # noqa: PLC0415 -- as in `read`

    return _checked(document.Document(source, data, {}))


def _checked(parsed: Document) -> Config:
    from collegium.config import crosschecks, wording  # noqa: PLC0415 -- as in `read`

    problems = [*parsed.problems, *crosschecks.cross_checks(parsed)]
    try:
        config = Config.model_validate(parsed.data)
    except ValidationError as error:
        problems += wording.in_plain_words(error.errors(include_url=False), schema())
        raise parsed.error(problems) from error
    if problems:
        raise parsed.error(problems)
    return config


def schema() -> dict[str, Any]:
    """The JSON schema of the configuration."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Config.model_json_schema(),
        "title": FILE_NAME,
    }


def to_yaml(config: Config) -> str:
    """The configuration as YAML, defaults and all; `read` makes the same one of it.

    Secrets are not in it, since they are not in a `Config`: only their variables' names are.
    """
    import yaml  # noqa: PLC0415 -- most runs write none

    text: str = yaml.safe_dump(config.model_dump(), sort_keys=False, allow_unicode=True, width=100)
    return text


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LIMIT_BYTES + 1)
    except IsADirectoryError as error:
        raise ConfigError(f"{str(path)!r} is a folder; name the file in it") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{str(path)!r} cannot be read: {reason}") from error
    if len(raw) > LIMIT_BYTES:
        raise ConfigError(f"{str(path)!r} is larger than 1 MiB; is it the right file?")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = f"{path}:{line}: byte 0x{raw[error.start]:02x} is not UTF-8; save it as UTF-8"
        raise ConfigError(f"{path} is not UTF-8:", (problem,)) from error


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a folder one may not look into, or a name no file can have
        return False
