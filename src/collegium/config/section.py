"""What every part of the configuration is."""

from typing import Any, cast

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """A part of the configuration: its keys are known, and so are their types."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,  # a secret in the wrong place must not be repeated
        defer_build=True,  # what a run does not use is not built
    )

    @model_validator(mode="before")
    @classmethod
    def _nothing_means_default(cls, value: Any) -> Any:
        """`router:` with nothing under it is an empty section, not a wrong one."""
        if not isinstance(value, dict):
            return value
        given = cast("dict[object, Any]", value)
        sections = {name for name, field in cls.model_fields.items() if field.default_factory}
        return {key: one for key, one in given.items() if one is not None or key not in sections}
