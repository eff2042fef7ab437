"""What every speaker has at hand: the siren and the signature tunes, told to a few speakers at a time."""

from dataclasses import replace
from pathlib import Path

from agents.protocol.documents import Assignment, Play
from agents.protocol.ids import AreaId
from agents.protocol.values import ClipRef, RenditionName
from controller.domain.bulletins import Tune
from controller.domain.sounds import SIREN, SoundState
from tests.controller.fakes import FakeDevice
from tests.controller.services.content import upload
from tests.controller.services.station import Station

OPUS24 = RenditionName.OPUS24


async def added(station: Station, folder: Path, name: str, area_id: AreaId | None = None) -> Tune:
    """A tune that has been made and is offered."""
    path = upload(folder, f"{name}.wav", b"RIFF" + name.encode())
    tune = await station.desk.tunes.add(name, path, path.name, "an", area_id)

    async def ready() -> bool:
        return (await station.desk.tunes.get(tune.tune_id)).sound.state is SoundState.READY

    await station.until(ready)
    return await station.desk.tunes.get(tune.tune_id)


def ref_of(tune: Tune) -> ClipRef:
    assert tune.sound.clips is not None
    return tune.sound.clips.part.choose(OPUS24)


def pinned(device: FakeDevice) -> tuple[ClipRef, ...]:
    assert device.assignment is not None
    return device.assignment.pinned


def assignments(device: FakeDevice) -> int:
    return sum(isinstance(document, Assignment) for document in device.received)


async def until_pinned(station: Station, device: FakeDevice, *wanted: ClipRef) -> None:
    async def told() -> bool:
        return set(pinned(device)) == set(wanted)

    await station.until(told)


def standard(station: Station) -> tuple[ClipRef, ...]:
    """The siren, and the tune that comes with Loa."""
    return station.desk.pins.of((), OPUS24)


async def test_a_new_speaker_is_told_to_keep_the_siren_first_and_then_the_tunes(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    siren = station.desk.pins.siren
    assert siren is not None
    (chime,) = await station.desk.tunes.all()

    assert pinned(device) == (siren.choose(speaker.rendition), ref_of(chime))


async def test_what_is_no_emergency_brings_no_siren(station: Station) -> None:
    speaker, device = await station.speaker("Chợ")
    await station.send(speaker)
    assert (await station.until_ordered(device, Play)).siren is None


async def test_the_siren_is_made_once(station: Station) -> None:
    made = station.desk.pins.siren
    await station.restart()
    assert station.desk.pins.siren == made


async def test_a_siren_that_could_not_be_made_is_made_at_the_next_start(station: Station) -> None:
    async with station.store.transaction() as tx:
        siren = await tx.sounds.get(SIREN)
        await tx.sounds.put(replace(siren, state=SoundState.FAILED, clips=None))
    await station.restart()
    assert station.desk.pins.siren is not None


async def test_a_tune_that_comes_or_goes_is_told(station: Station, tmp_path: Path) -> None:
    _, device = await station.speaker("Chợ")
    before = standard(station)

    tune = await added(station, tmp_path, "mới")
    await until_pinned(station, device, *before, ref_of(tune))
    await station.desk.tunes.withdraw(tune.tune_id, "an")

    await until_pinned(station, device, *before)


async def test_a_tune_of_an_area_is_kept_only_there(station: Station, tmp_path: Path) -> None:
    speaker, here = await station.adopt("Chợ", "Thôn Đông")
    _, elsewhere = await station.adopt("Đình", "Thôn Tây")
    for device in (here, elsewhere):
        await station.connect(device)

    tune = await added(station, tmp_path, "riêng", speaker.area_id)

    await until_pinned(station, here, *standard(station), ref_of(tune))
    assert pinned(elsewhere) == standard(station)


async def test_one_that_is_away_learns_of_it_when_it_connects(station: Station, tmp_path: Path) -> None:
    _, device = await station.speaker("Chợ")
    await station.disconnect(device)
    tune = await added(station, tmp_path, "mới")

    async def signed() -> bool:
        async with station.store.reading() as tx:
            stored = await tx.documents.latest_assignment(device.device_id)
        return stored is not None and ref_of(tune) in stored[0].pinned

    await station.until(signed)
    await station.connect(device)

    assert ref_of(tune) in pinned(device)


async def until_told(station: Station, devices: list[FakeDevice], tune: Tune, count: int) -> list[FakeDevice]:
    """Waits until so many of them keep the tune; returns the others."""

    async def told() -> bool:
        return sum(ref_of(tune) in pinned(device) for device in devices) == count

    await station.until(told)
    return [device for device in devices if ref_of(tune) not in pinned(device)]


async def test_many_speakers_are_told_a_few_at_a_time(station: Station, tmp_path: Path) -> None:
    devices = [(await station.speaker(f"Loa {number}"))[1] for number in range(23)]
    tune = await added(station, tmp_path, "mới")

    last = await until_told(station, devices, tune, 20)
    assert {pinned(device) for device in last} == {tuple(ref for ref in standard(station) if ref != ref_of(tune))}

    station.clock.advance(1)
    await until_told(station, devices, tune, 23)


async def test_who_connects_meanwhile_waits_for_its_turn(station: Station, tmp_path: Path) -> None:
    """Ten thousand that connect after a change must not each be signed for at once."""
    devices = [(await station.speaker(f"Loa {number}"))[1] for number in range(21)]
    tune = await added(station, tmp_path, "mới")
    (last,) = await until_told(station, devices, tune, 20)
    await station.disconnect(last)

    await station.connect(last)

    assert ref_of(tune) not in pinned(last)
    assert assignments(last) == 1
