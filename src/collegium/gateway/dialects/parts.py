"""The JSON of a request, read part by part; what is wrong is told with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from collegium.errors import InvalidRequest
from collegium.jsonvalues import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_SHOWN_CHARS = 40
_SHOWN_CHOICES = 12


@dataclass(frozen=True, slots=True)
class Part:
    """A JSON object of a request; `where` is its place, such as 'input[2].content[0]'.

    Whatever is null counts as not there. Reading what is of another type than it should be raises
    InvalidRequest.
    """

    row: Mapping[str, Any]
    where: str = ""

    @property
    def kind(self) -> str | None:
        """What its `type` says it is."""
        return self.maybe_text("type")

    def has(self, key: str) -> bool:
        """Whether there is something by that name."""
        return self.row.get(key) is not None

    def place(self, key: str) -> str:
        """Where the value of a key is."""
        return f"{self.where}.{key}" if self.where else key

    def wrong(self, key: str, why: str) -> InvalidRequest:
        """The error that says what is wrong with the value of a key."""
        place = self.place(key)
        return InvalidRequest(f"{place}: {why}", place)

    def unknown(self, key: str, there_are: Sequence[str]) -> InvalidRequest:
        """The error that says what the value of a key could have been."""
        value = self.row.get(key)
        got = named(value).removeprefix("the text ") + " is not to be had here"
        if value is None:
            got = "it is missing"
        shown = [one[:_SHOWN_CHARS] for one in there_are[:_SHOWN_CHOICES]]
        more = ", …" if len(there_are) > _SHOWN_CHOICES else ""
        return self.wrong(key, f"{got}; there are: {', '.join(shown) or 'none'}{more}")

    def text(self, key: str, *, empty: bool = True) -> str:
        """A text that has to be there, and with `empty` false has to say something."""
        value = self.maybe_text(key)
        if value is None:
            raise self.wrong(key, "it is missing; a text belongs there")
        if not value and not empty:
            raise self.wrong(key, "it is empty")
        return value

    def maybe_text(self, key: str) -> str | None:
        """A text, or None."""
        value = self.row.get(key)
        if value is not None and not isinstance(value, str):
            raise self.wrong(key, f"expected a text, got {named(value)}")
        return value

    def maybe_flag(self, key: str) -> bool | None:
        """True, false or None."""
        value = self.row.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(key, f"expected true or false, got {named(value)}")
        return value

    def maybe_count(self, key: str, *, least: int) -> int | None:
        """A whole number of at least `least`, or None."""
        value = self.row.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.wrong(key, f"expected a whole number from {least} on, got {named(value)}")
        return value

    def maybe_object(self, key: str) -> dict[str, Any] | None:
        """An object as it came, or None."""
        value = self.row.get(key)
        if value is not None and not is_object(value):
            raise self.wrong(key, f"expected an object, got {named(value)}")
        return value

    def part(self, key: str) -> Part:
        """An object; one without anything where there is none."""
        return Part(self.maybe_object(key) or {}, self.place(key))

    def parts(self, key: str) -> list[Part]:
        """The objects of a list; none where there is no list."""
        return [
            Part(row, place) if is_object(row) else _refuse(row, place)
            for row, place in self._elements(key, "objects")
        ]

    def texts(self, key: str) -> list[str]:
        """The texts of a list; none where there is no list."""
        return [
            text if isinstance(text, str) else _refuse(text, place, "a text")
            for text, place in self._elements(key, "texts")
        ]

    def _elements(self, key: str, what: str) -> list[tuple[Any, str]]:
        value: object = self.row.get(key)
        if value is None:
            return []
        if not is_array(value):
            raise self.wrong(key, f"expected a list of {what}, got {named(value)}")
        place = self.place(key)
        return [(one, f"{place}[{index}]") for index, one in enumerate(value)]


def passed_on(body: Mapping[str, Any], *, without: Collection[str]) -> dict[str, Any]:
    """The fields of a body that mean the same in a chat body, or mean something to a backend."""
    return {
        name: value for name, value in body.items() if name not in without and value is not None
    }


def named(value: object) -> str:
    """What a JSON value is, in a word or two."""
    if isinstance(value, str):
        cut = value if len(value) <= _SHOWN_CHARS else value[:_SHOWN_CHARS] + "…"
        return f"the text {cut!r}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value:g}" if abs(value) < 1e15 else "a number"
    if is_array(value):
        return "a list"
    return "null" if value is None else "an object"


def _refuse(value: object, place: str, what: str = "an object") -> Any:
    raise InvalidRequest(f"{place}: expected {what}, got {named(value)}", place)
