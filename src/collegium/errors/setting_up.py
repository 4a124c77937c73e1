"""What is wrong with the parts: configuration, files, gates, the record."""

from __future__ import annotations

from collegium.errors.root import CollegiumError


class ConfigError(CollegiumError):
    """The configuration is wrong; `problems` holds one line for every mistake found."""

    code = "config_error"
    exit_code = 2

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__("\n".join((message, *(f"  {problem}" for problem in problems))))
        self.problems = problems


class PluginError(CollegiumError):
    """An extension is not installed, or does not load."""

    code = "plugin_error"
    exit_code = 2


class ModelFileError(CollegiumError):
    """A model file could not be had."""

    status, code = 503, "model_file_error"


class ModelNotCached(ModelFileError):
    """The model file is not in the cache, and fetching it was not allowed."""

    code, exit_code = "model_not_cached", 3


class DownloadFailed(ModelFileError):
    """The model file could not be downloaded."""

    code = "download_failed"


class ChecksumMismatch(ModelFileError):
    """The model file is not the one that was promised."""

    code = "checksum_mismatch"


class CacheNotWritable(ModelFileError):
    """The cache directory takes no more: no permission, or no space."""

    code = "cache_not_writable"


class SandboxUnavailable(CollegiumError):
    """Isolation could not be proved, so code that is not trusted is not run."""

    status, code = 503, "sandbox_unavailable"


class DataError(CollegiumError):
    """A file of labelled queries is missing or wrong."""

    status, code, exit_code = 400, "data_error", 2


class GateError(CollegiumError):
    """A trained gate, or the encoder it needs, is missing or broken."""

    code, exit_code = "gate_error", 2


class StorageError(CollegiumError):
    """The record of what happened cannot be opened, read or written."""

    status = 503
    code = "storage_error"
