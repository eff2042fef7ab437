"""What watches over the program: services that end, a loop that is held up, a disk that fills."""

import asyncio
import time

import pytest

from controller.metrics import Page, escape, resident_bytes
from controller.supervise import DiskWatch, LoopWatch, ServiceEnded, all_of, permanent


async def nothing():
    return None


async def fails():
    raise ValueError("broken")


async def test_a_permanent_service_that_returns_is_a_failure():
    with pytest.raises(ServiceEnded, match="pages"):
        await permanent("pages", nothing())


async def test_one_that_fails_fails_with_its_own_error_and_one_that_is_cancelled_is_cancelled():
    with pytest.raises(ValueError, match="broken"):
        await permanent("pages", fails())
    task = asyncio.create_task(permanent("pages", asyncio.sleep(60)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_loop_that_is_held_up_is_told_once_and_kept(caplog):
    watch = LoopWatch()
    for lag_s in (0.0, 0.9, 0.8, 0.0):
        watch._note(lag_s)
    assert watch.worst_s == 0.9
    assert len(caplog.records) == 1
    for _ in range(200):
        watch._note(0.0)
    assert watch.worst_s == 0.0


async def test_the_loop_watch_sees_what_blocks_the_loop():
    watch = LoopWatch()
    task = asyncio.create_task(watch.run())
    await asyncio.sleep(0)
    time.sleep(0.7)  # what nobody should do: the watch was due before this returns
    async with asyncio.timeout(5):
        while not watch.worst_s:
            await asyncio.sleep(0)
    task.cancel()
    assert watch.worst_s > 0.1


def test_a_disk_that_fills_is_told_once_and_again_when_it_is_well(tmp_path, caplog):
    caplog.set_level("INFO")
    watch = DiskWatch(tmp_path, least_bytes=100)
    for free in (99, 98, 100, 1_000):
        watch.note(free)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert not watch.low
    assert watch.free_bytes == 1_000


async def test_ready_is_everything_and_what_is_not_is_named(caplog):
    async def yes():
        return True

    async def no():
        return False

    assert await all_of([("a", yes), ("b", yes)])
    assert not await all_of([("the database", no), ("b", yes)])
    assert "the database" in caplog.text


def test_the_page_of_figures_follows_the_text_format():
    page = Page()
    page.gauge("loa_links", "Links.", 3)
    page.counters("loa_ended_total", "By why.", "why", {'a"b\\c\nd': 2, "a": 1})
    assert page.text() == (
        "# HELP loa_links Links.\n# TYPE loa_links gauge\nloa_links 3\n"
        "# HELP loa_ended_total By why.\n# TYPE loa_ended_total counter\n"
        'loa_ended_total{why="a"} 1\nloa_ended_total{why="a\\"b\\\\c\\nd"} 2\n'
    )
    assert escape("plain") == "plain"
    assert resident_bytes() > 1_000_000
