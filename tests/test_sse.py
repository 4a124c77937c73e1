"""Server-sent events: the same ones, however the bytes are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium.backends.sse import EventReader
from collegium.errors import BackendGarbled

LINES = st.sampled_from(
    [
        *("data: one", "data:two", "data", "data:  spaced", "data: π🌦", "data: a:b", "data:"),
        *(": a comment", ":", "event: ping", "id: 7", "retry: 10", "database: no", "", "", ""),
    ]
)
STREAMS = st.lists(st.tuples(LINES, st.sampled_from(["\n", "\r", "\r\n"])), max_size=20)


def events(raw: bytes, cuts: list[int] | None = None) -> list[str]:
    reader = EventReader()
    places = [0, *sorted(cut % (len(raw) + 1) for cut in cuts or []), len(raw)]
    found: list[str] = []
    for start, end in pairwise(places):
        found += reader.feed(raw[start:end])
    return found


def lines_to_events(lines: list[str]) -> list[str]:
    """What the standard says, the slow and plain way."""
    found: list[str] = []
    data: list[str] = []
    for line in lines:
        field, _, value = line.partition(":")
        if line and field == "data":
            data.append(value.removeprefix(" "))
        elif not line and data:
            found.append("\n".join(data))
            data = []
    return found


@given(STREAMS, st.booleans(), st.lists(st.integers(0, 1000)))
def test_any_cutting_gives_the_same_events(
    rows: list[tuple[str, str]], bom: bool, cuts: list[int]
) -> None:
    # An empty line ended by LF after a line ended by CR would read as one CRLF.
    ended = [*rows, ("", "\n"), (": end", "\n")]
    safe = [
        (line, "\r\n" if ending == "\r" and not ended[place + 1][0] else ending)
        for place, (line, ending) in enumerate(ended[:-1])
    ]
    raw = "".join(line + ending for line, ending in [*safe, ended[-1]]).encode()
    expected = lines_to_events([line for line, _ in ended])
    assert events((b"\xef\xbb\xbf" if bom else b"") + raw, cuts) == expected


@given(st.lists(st.integers(0, 1000)))
def test_a_letter_of_many_bytes_may_be_cut(cuts: list[int]) -> None:
    assert events("\ufeffdata: 数学🌦\r\n\r\ndata: ok\r\rdata: é\n\n".encode(), cuts) == [
        "数学🌦",
        "ok",
        "é",
    ]


def test_an_event_that_is_not_ended_is_not_given() -> None:
    assert events(b"data: one\n\ndata: two\n") == ["one"]


def test_a_byte_order_mark_counts_only_at_the_beginning() -> None:
    assert events(b"\xef\xbb\xbfdata: \xef\xbb\xbfx\n\n") == ["\ufeffx"]


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("line", [b"x" * 101, b"data: " + b"x" * 101 + b"\n", b"data: xx\n" * 60])
def test_an_event_that_is_too_large_is_refused(line: bytes, size: int) -> None:
    reader = EventReader(where="backend 'x'", max_event_bytes=100)
    pieces = [line[start : start + size] for start in range(0, len(line), size)]
    with pytest.raises(BackendGarbled, match="backend 'x' is larger than 100 bytes"):
        list(map(reader.feed, pieces))


def test_a_complete_event_that_is_too_large_is_refused() -> None:
    with pytest.raises(BackendGarbled, match="larger"):
        EventReader(max_event_bytes=100).feed(b"data: " + b"x" * 101 + b"\n\n")


def test_empty_lines_of_data_count_too() -> None:
    reader = EventReader(max_event_bytes=100)
    with pytest.raises(BackendGarbled):
        reader.feed(b"data:\n" * 102)


def test_many_events_below_the_limit_are_fine() -> None:
    reader = EventReader(max_event_bytes=100)
    assert reader.feed(b"data: " + b"x" * 60 + b"\n\n") == ["x" * 60]
    assert reader.feed((b"data: " + b"x" * 60 + b"\n\n") * 9) == ["x" * 60] * 9


def test_what_is_not_utf8_is_refused() -> None:
    with pytest.raises(BackendGarbled, match="not UTF-8"):
        EventReader().feed(b"data: \xff\xfe\n\n")
