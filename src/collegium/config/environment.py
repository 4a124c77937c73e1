"""What the environment says: where files are kept, where models come from, and keys.

Every function takes the variables as `env`, and means the process's own where it is None.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path, user_config_path, user_state_path

from collegium.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

HUB_URL = "https://huggingface.co"


def variables(env: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """The variables to read: `env`, or the process's own as they are now."""
    return os.environ if env is None else env


def expanded(path: Path | str) -> Path:
    """The path with its `~` replaced, where there is such a home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def secret(variable: str, env: Mapping[str, str] | None = None) -> str | None:
    """The key that a variable holds, without the blanks around it; None if unset or empty.

    Raises:
        ConfigError: it cannot be a key, since it could not be sent in a header. The message does
            not repeat it.
    """
    value = variables(env).get(variable, "").strip()
    if not (value.isascii() and value.isprintable()):
        raise ConfigError(
            f"the value of {variable} is not a key: a key has neither line breaks nor characters "
            "beyond ASCII"
        )
    return value or None


def cache_dir(env: Mapping[str, str] | None = None) -> Path:
    """Where downloads are kept: COLLEGIUM_CACHE, else the user's cache folder."""
    named = variables(env).get("COLLEGIUM_CACHE", "")
    return expanded(named) if named else user_cache_path("collegium", appauthor=False)


def config_dir() -> Path:
    """The user's configuration folder."""
    return user_config_path("collegium", appauthor=False)


def state_dir() -> Path:
    """The folder for what is written down while collegium runs."""
    return user_state_path("collegium", appauthor=False)


def hub_url(env: Mapping[str, str] | None = None) -> str:
    """Where `hf:` files come from: HF_ENDPOINT, else the public hub; without a '/' at its end."""
    return (variables(env).get("HF_ENDPOINT", "").strip() or HUB_URL).rstrip("/")
