"""What a form prepares is prepared once, however often it is sent."""

import asyncio
from dataclasses import replace

import pytest

from controller.domain.emergencies import Emergency, EmergencyId
from controller.domain.errors import Invalid, StudioFailed
from controller.services.emergency.once import KEPT_US, LONGEST_KEY, MOST_KEYS, Once
from tests.controller.fakes import FakeClock
from tests.controller.services.emergency_samples import flood, prepared
from tests.controller.services.station import Station


class Making:
    """Makes another emergency each time it is asked, and counts them."""

    def __init__(self, sample: Emergency) -> None:
        self.sample = sample
        self.made = 0
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.fails = False

    async def __call__(self) -> Emergency:
        await self.may_go_on.wait()
        if self.fails:
            raise StudioFailed("no sound", code="tool_failed")
        self.made += 1
        return replace(self.sample, emergency_id=EmergencyId(f"e-{self.made}"))


@pytest.fixture
async def making(station: Station) -> Making:
    speaker, _ = await station.speaker("Cổng làng")
    return Making(await prepared(station, flood(speaker.area_id)))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def once(clock: FakeClock) -> Once:
    return Once(clock)


async def test_the_same_key_is_answered_with_what_it_made_and_another_makes_another(once: Once, making: Making) -> None:
    assert await once.made("lan", "a", making) == "e-1"
    assert await once.made("lan", "a", making) == "e-1"
    assert await once.made("lan", "b", making) == "e-2"
    assert await once.made("minh", "a", making) == "e-3", "a key is its person's own"
    assert await once.made("lan", "", making) == "e-4"
    assert await once.made("lan", "", making) == "e-5", "without a key nothing is known"


async def test_who_sends_it_again_while_it_is_being_made_waits_for_that(once: Once, making: Making) -> None:
    making.may_go_on.clear()
    asked = [asyncio.create_task(once.made("lan", "a", making)) for _ in range(3)]
    asked[0].get_loop().call_soon(making.may_go_on.set)
    assert await asyncio.gather(*asked) == ["e-1"] * 3
    assert making.made == 1


async def test_what_failed_can_be_sent_again_with_the_same_key(once: Once, making: Making) -> None:
    making.fails = True
    with pytest.raises(StudioFailed):
        await once.made("lan", "a", making)
    making.fails = False
    assert await once.made("lan", "a", making) == "e-1"


async def test_keys_are_kept_for_an_hour(once: Once, making: Making, clock: FakeClock) -> None:
    await once.made("lan", "a", making)
    clock.advance(KEPT_US / 1_000_000 - 1)
    assert await once.made("lan", "a", making) == "e-1"
    clock.advance(1)
    assert await once.made("lan", "a", making) == "e-2"


async def test_the_last_keys_of_each_person_are_kept_and_no_long_ones(once: Once, making: Making) -> None:
    await once.made("minh", "a", making)
    for number in range(MOST_KEYS + 1):
        await once.made("lan", f"k{number}", making)
    assert await once.made("lan", f"k{MOST_KEYS}", making) == f"e-{making.made}"
    assert await once.made("lan", "k1", making) == "e-3"
    assert await once.made("minh", "a", making) == "e-1", "nobody pushes out what another person sent"
    assert await once.made("lan", "k0", making) == f"e-{MOST_KEYS + 3}"
    with pytest.raises(Invalid):
        await once.made("lan", "x" * (LONGEST_KEY + 1), making)
