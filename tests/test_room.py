"""Memory for processes of models: asked for before every start, and had until the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

import pytest

from collegium.backends.room import Room
from collegium.errors import NoRoom

if TYPE_CHECKING:
    from collections.abc import Callable


class Process:
    """A process that is there as far as it is said to be."""

    def __init__(self, model: str = "here/m", number: int = 1, taken_mb: float | None = None):
        self.place = (model, number)
        self.state: Literal["asleep", "starting", "running"] = "starting"
        self.taken_mb = taken_mb


def room_of(there_mb: float | Callable[[], float] | None, **settings: float) -> Room:
    memory = there_mb if callable(there_mb) else lambda: there_mb
    return Room(memory, **{"reserve_mb": 100.0, "patience_s": 5.0, **settings})


async def running(room: Room, model: str = "here/other", taken_mb: float = 0.0) -> Process:
    one = Process(model, taken_mb=taken_mb)
    await room.enter(one, 1.0)
    one.state = "running"
    return one


async def test_one_more_starts_where_there_is_memory_for_it() -> None:
    room = room_of(400.0)
    await running(room)
    await room.enter(Process(), 300.0)


async def test_without_memory_nothing_is_started_beside_what_runs() -> None:
    room = room_of(399.0)
    await running(room)
    with pytest.raises(NoRoom) as refused:
        await room.enter(Process(), 300.0)
    assert str(refused.value) == (
        "another instance of here/m takes about 300 MB; there are 399 MB, of which 100 MB are to "
        "stay free"
    )


async def test_where_nothing_runs_the_first_one_starts_all_the_same_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    room = room_of(10.0)
    await room.enter(Process(), 300.0)
    assert "takes about 300 MB; there are 10 MB" in caplog.text
    assert "it is started all the same, since nothing else runs" in caplog.text
    with pytest.raises(NoRoom):
        await room.enter(Process(number=2), 300.0)


async def test_what_is_being_started_counts_with_what_it_has_yet_to_take() -> None:
    room = room_of(650.0)
    first = Process()
    await room.enter(first, 300.0)
    with pytest.raises(NoRoom, match="300 MB go to what is being started"):
        await room.enter(Process(number=2), 300.0)
    first.taken_mb = 250.0
    await room.enter(Process(number=2), 300.0)


async def test_one_takes_what_its_like_has_taken() -> None:
    room = room_of(500.0)
    await running(room, "here/m", taken_mb=500.0)
    with pytest.raises(NoRoom, match="takes about 500 MB"):
        await room.enter(Process(number=2), 1.0)
    await room.enter(Process(number=2), 50.0)  # it is configured otherwise: no telling


async def test_one_whose_place_is_taken_waits_until_that_one_has_ended() -> None:
    there_mb = 150.0
    room = room_of(lambda: there_mb)
    old = await running(room, "here/m")
    entering = asyncio.create_task(room.enter(Process(), 300.0))
    await asyncio.sleep(0.05)
    assert not entering.done()
    there_mb = 450.0
    room.leave(old)
    await asyncio.wait_for(entering, 5)


async def test_one_whose_place_is_taken_for_long_is_refused() -> None:
    room = room_of(150.0, patience_s=0.05)
    await running(room, "here/m")
    with pytest.raises(NoRoom):
        await asyncio.wait_for(room.enter(Process(), 300.0), 5)


async def test_one_that_crashed_keeps_its_room() -> None:
    room = room_of(400.0)
    await running(room)
    crashed = Process()
    room.stay(crashed, 300.0)
    with pytest.raises(NoRoom):
        await room.enter(Process(number=2), 300.0)
    room.leave(crashed)
    await room.enter(Process(number=2), 300.0)


async def test_where_nobody_knows_of_memory_that_is_said_once_and_nothing_is_refused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    room = room_of(None)
    for number in range(3):
        await room.enter(Process(number=number), 1e9)
    assert caplog.text.count("nobody knows how much memory is left") == 1
