"""The bench of the fan-out sees what is committed, and its peer speaks MQTT."""

import asyncio
import math
import sqlite3
from pathlib import Path

import pytest

from controller.bench import mosquitto
from controller.bench.fanout import Acknowledgements, exponent
from controller.bench.figures import CannotMeasure


def test_the_exponent_of_growth_is_the_slope_between_logarithms() -> None:
    assert exponent({1_000: 0.1, 3_000: 0.3, 9_000: 0.9}) == pytest.approx(1.0)
    assert exponent({1_000: 1.0, 4_000: 16.0}) == pytest.approx(2.0)
    assert exponent({size: 0.01 * math.sqrt(size) for size in (1_000, 3_000, 9_000)}) == pytest.approx(0.5)


async def test_an_answer_counts_when_it_is_committed_and_not_before(tmp_path: Path) -> None:
    database = tmp_path / "loa.db"
    with sqlite3.connect(database, isolation_level=None) as controller:
        controller.execute("PRAGMA journal_mode=WAL")
        controller.execute("CREATE TABLE delivered (document_id TEXT, device_id TEXT, accepted BOOLEAN)")
        book = Acknowledgements(database)
        controller.execute("BEGIN")
        controller.executemany("INSERT INTO delivered VALUES ('o-1', ?, ?)", [(str(n), n != 1) for n in range(3)])
        assert book.written() == 0
        seen = asyncio.create_task(book.grown(3))
        await asyncio.sleep(0)
        assert not seen.done()
        controller.execute("COMMIT")
        await asyncio.wait_for(seen, 5)
        assert book.written() == 3
        assert book.accepted("o-1") == 2
        book.close()
    controller.close()


def test_packets_are_taken_whole_however_they_arrive() -> None:
    order = mosquitto.publish(b"loa/order", 7, bytes(2_112))
    stream = b"\x20\x02\x00\x00" + order + b"\x90\x03\x00\x01\x01"
    for cut in (1, 3, 5, 6, 40, len(stream) - 1):
        first, left = mosquitto.split(stream[:cut])
        rest, nothing = mosquitto.split(left + stream[cut:])
        assert [head & 0xF0 for head, _ in (*first, *rest)] == [0x20, 0x30, 0x90]
        assert nothing == b""
        assert mosquitto.number_of([*first, *rest][1][1]) == b"\x00\x07"


@pytest.mark.system
async def test_mosquitto_brings_the_order_and_all_answers(tmp_path: Path) -> None:
    try:
        async with mosquitto.peer(tmp_path, 20) as broker:
            for turn in (broker.answered, broker.acknowledged, broker.answered):
                assert 0 < await turn(bytes(2_112)) < 10
    except CannotMeasure as error:
        pytest.skip(str(error))
